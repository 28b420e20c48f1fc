"""Tells when the registry serves, and what to type then."""

import shlex
from collections.abc import Callable
from http.client import HTTPException
from time import monotonic
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from wheelyard_standalone.layout import Layout

_START_SECONDS = 30.0


def wait_until_serving(url: str, give_up: Callable[[float], bool]) -> bool:
    """Return True as soon as the registry answers; False when it is too late or *give_up* says so.

    *give_up* is told how long it may think.
    """
    deadline = monotonic() + _START_SECONDS
    while monotonic() < deadline and not give_up(0.05):
        try:
            with urlopen(f"{url}/livez", timeout=1):  # noqa: S310  our own address
                return True
        except HTTPError:
            return True
        except (OSError, HTTPException):
            continue
    return False


def ready_lines(layout: Layout) -> str:
    """Return what a person can paste."""
    host = urlsplit(layout.url).netloc
    values = dict(
        line.split("=", 1)
        for line in layout.credentials.read_text(encoding="utf-8").splitlines()
        if "=" in line
    )
    project, token = values["WHEELYARD_PROJECT_ID"], "$WHEELYARD_TOKEN"
    index = f"http://__token__:{token}@{host}/api/v4/projects/{project}/packages/pypi/simple"
    upload = f"{layout.url}/api/v4/projects/{project}/packages/pypi"
    return f"""
Wheelyard serves on {layout.url}   (Ctrl-C stops it; everything stays in {layout.data}/)

  . {shlex.quote(str(layout.credentials))}     # WHEELYARD_TOKEN and friends

  publish   TWINE_USERNAME=__token__ TWINE_PASSWORD="{token}" \\
            twine upload --repository-url {upload} dist/*
            uv publish --publish-url {upload} -u __token__ -p "{token}" dist/*
  install   pip install --index-url "{index}" <package>
            uv pip install --index-url "{index}" <package>
"""
