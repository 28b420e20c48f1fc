"""`make dashboards-preview`: pictures of the dashboards, of a Wheelyard that runs for a minute.

A Wheelyard and a Prometheus of our own, some traffic, every query asked as Grafana asks it, and a
page for each dashboard, drawn here and photographed by a headless Chromium.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import requests
from scripts.dashboards.__main__ import DASHBOARDS
from scripts.dashboards.drawing import page
from tests.alerts.rules import FILES
from tests.support.distributions import ADistribution, Built
from tests.support.scraping import metrics_ports
from tests.support.servers.chromium import find_chromium
from tests.support.servers.finding import Machine
from tests.support.servers.prometheus import Prometheus
from tests.support.wheelyard import Wheelyard, start_embedded

_ROOT: Final = Path(__file__).parent.parent.parent
_OUT: Final = _ROOT / "build" / "dashboards"
_SECONDS: Final = 60.0
_SIMPLE: Final = {"Accept": "application/vnd.pypi.simple.v1+json"}


def main() -> int:
    """Make the pictures; 1 when there is no Prometheus."""
    program = shutil.which("prometheus")
    if program is None:
        sys.stderr.write("There is no prometheus: install the system's package.\n")
        return 1
    chromium = find_chromium(Machine(dict(os.environ), _ROOT))  # noqa: TID251  an entry point
    _OUT.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wy-preview-")))
        wheelyard = start_embedded(folder / "w")
        stack.callback(wheelyard.stop)
        prometheus = stack.enter_context(Prometheus(program, metrics_ports(wheelyard), FILES))
        began = time.time()
        _be_busy(wheelyard, began + _SECONDS)
        for dashboard in DASHBOARDS:
            drawn = folder / f"{dashboard.name}.html"
            height = page(dashboard, prometheus, began, drawn)
            _photograph(chromium, drawn, _OUT / f"{dashboard.name}.png", height)
            print(_OUT / f"{dashboard.name}.png")
    return 0


def _be_busy(wheelyard: Wheelyard, until: float) -> None:
    """Publish, be refused, install, ask with a wrong token."""
    with requests.Session() as session:
        number = 0
        while time.time() < until:
            number += 1
            built = ADistribution().named(f"demo-{number % 5}", f"1.{number}").wheel()
            if number % 7 == 0:
                broken = ADistribution().named("broken", f"1.{number}")
                built = broken.without("RECORD").wheel()
            _publish(session, wheelyard, built)
            for reader in range(number % 10 + 1):
                token = "wyp_wrong" if reader == 8 else wheelyard.token  # noqa: PLR2004  a wrong one
                address = f"{wheelyard.upload_url}/simple/{built.name}/"
                answer = session.get(
                    address, headers=_SIMPLE, auth=("__token__", token), timeout=30
                )
                if answer.ok and (files := answer.json()["files"]):
                    session.get(
                        requests.compat.urljoin(address, files[-1]["url"]),
                        auth=("__token__", token),
                        timeout=30,
                    )
            time.sleep(0.2)


def _publish(session: requests.Session, wheelyard: Wheelyard, built: Built) -> None:
    session.post(
        wheelyard.upload_url,
        data={
            ":action": "file_upload",
            "name": built.name,
            "version": built.version,
            "filetype": built.filetype,
            "sha256_digest": built.sha256,
        },
        files={"content": (built.filename, built.content)},
        auth=("__token__", wheelyard.token),
        timeout=60,
    )


def _photograph(chromium: Path, drawn: Path, picture: Path, height: int) -> None:
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
    subprocess.run(
        [
            str(chromium),
            *options,
            f"--window-size=1500,{height}",
            f"--screenshot={picture}",
            drawn.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )


if __name__ == "__main__":
    sys.exit(main())
