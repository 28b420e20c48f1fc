"""READMEs as HTML, rendered once each by a process that may be stopped.

Whoever publishes writes them, and neither docutils nor Pygments is written for hostile input: a
regular expression that never ends would hold all threads of this process. What cannot be rendered
in time is shown as it is.
"""

import json
import subprocess
import sys
from collections import OrderedDict
from hashlib import sha256
from threading import BoundedSemaphore, Lock
from typing import Final

import structlog
from markupsafe import Markup

log = structlog.get_logger()

_LONGEST: Final = 512 << 10
_SECONDS: Final = 6.0
_AT_ONCE: Final = 2
_KEPT: Final = 32 << 20
_COMMAND: Final = (sys.executable, "-m", "wheelyard_api.people.readme_html")


class Readmes:
    """Renders READMEs, and remembers what came out, up to a bound."""

    def __init__(self, seconds: float = _SECONDS, kept: int = _KEPT) -> None:
        self._seconds = seconds
        self._kept = kept
        self._size = 0
        self._rendered: OrderedDict[bytes, str | None] = OrderedDict()
        self._lock = Lock()
        self._turn = BoundedSemaphore(_AT_ONCE)

    def html(self, text: str, content_type: str | None) -> Markup | None:
        """Return the README as safe HTML, or None when it is to be shown as it is."""
        if len(text) > _LONGEST:
            return None
        key = sha256(f"{content_type}\n{text}".encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if key in self._rendered:
                self._rendered.move_to_end(key)
                return _markup(self._rendered[key])
        # Many are not worth waiting for: a page without its README rendered is a page.
        if not self._turn.acquire(timeout=self._seconds):
            return None
        try:
            rendered = self._render(text, content_type)
        finally:
            self._turn.release()
        self._keep(key, rendered)
        return _markup(rendered)

    def _render(self, text: str, content_type: str | None) -> str | None:
        try:
            done = subprocess.run(  # noqa: S603  our own program
                _COMMAND,
                input=json.dumps([text, content_type]).encode(),
                capture_output=True,
                timeout=self._seconds,
                check=True,
            )
            answer = json.loads(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            log.warning("readme_not_rendered", error=type(error).__name__)
            return None
        return answer if isinstance(answer, str) else None

    def _keep(self, key: bytes, rendered: str | None) -> None:
        with self._lock:
            if key not in self._rendered:
                self._rendered[key] = rendered
                self._size += len(rendered or "")
            while self._size > self._kept:
                _, oldest = self._rendered.popitem(last=False)
                self._size -= len(oldest or "")


def _markup(rendered: str | None) -> Markup | None:
    # The other process sanitised it.
    return None if rendered is None else Markup(rendered)  # noqa: S704  as above
