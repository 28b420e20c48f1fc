"""READMEs as HTML, rendered once each by a process that may be stopped.

Whoever publishes writes them, and neither docutils nor Pygments is written for hostile input: a
regular expression that never ends would hold all threads of this process. What takes more of the
processor than a README may is shown as it is, on a busy machine as on an idle one: the process has
a bound of its own (readme_html.py), and the clock's is far above it.
"""

import json
import signal
import subprocess
import sys
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Final

import structlog
from markupsafe import Markup

from wheelyard_core.domain.wording import printable

log = structlog.get_logger()

_LONGEST: Final = 512 << 10
_LONGEST_SHOWN: Final = 4 << 20
# Four of the processor's, of which a machine with a load of ten gives this process a tenth.
SECONDS: Final = 45.0
# How long one page waits for the READMEs of others.
_TURN_SECONDS: Final = 10.0
_AT_ONCE: Final = 2
_KEPT: Final = 32 << 20
_MOST_KEPT: Final = 4096
_AGAIN_SECONDS: Final = 60.0
# How a process ends that used up its share of the processor.
_SPENT: Final = (-signal.SIGXCPU, -signal.SIGKILL)
_COMMAND: Final = (sys.executable, "-m", "wheelyard_api.people.readme_html")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of a README. What the machine was too busy for is tried again, a bit later."""

    html: str | None
    until: float | None = None

    @property
    def size(self) -> int:
        return len(self.html or "")

    def counts(self) -> bool:
        return self.until is None or monotonic() < self.until


class Readmes:
    """Renders READMEs, and remembers what came out, up to a bound."""

    def __init__(self, seconds: float = SECONDS, kept: int = _KEPT) -> None:
        self._seconds = seconds
        self._kept = kept
        self._size = 0
        self._outcomes: OrderedDict[bytes, _Outcome] = OrderedDict()
        self._lock = Lock()
        self._turn = BoundedSemaphore(_AT_ONCE)

    def html(self, text: str, content_type: str | None) -> Markup | None:
        """Return the README as safe HTML, or None when it is to be shown as it is."""
        if len(text) > _LONGEST:
            return None
        key = sha256(f"{content_type}\n{text}".encode("utf-8", "surrogatepass")).digest()
        outcome = self._known(key)
        # Many are not worth waiting for: a page without its README rendered is a page.
        if outcome is None and self._turn.acquire(timeout=min(self._seconds, _TURN_SECONDS)):
            try:
                # Somebody may have rendered it while we waited for our turn.
                outcome = self._known(key) or self._render(text, content_type)
            finally:
                self._turn.release()
            self._keep(key, outcome)
        # The other process sanitised it.
        return Markup(outcome.html) if outcome and outcome.html else None  # noqa: S704  as above

    def _render(self, text: str, content_type: str | None) -> _Outcome:
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
            log.warning(
                "readme_not_rendered", error=type(error).__name__, detail=_last_words(error)
            )
            if isinstance(error, subprocess.CalledProcessError) and error.returncode in _SPENT:
                # It would take as much of the processor again.
                return _Outcome(None)
            return _Outcome(None, monotonic() + _AGAIN_SECONDS)
        is_shown = isinstance(answer, str) and len(answer) <= _LONGEST_SHOWN
        return _Outcome(answer if is_shown else None)

    def _known(self, key: bytes) -> _Outcome | None:
        with self._lock:
            outcome = self._outcomes.get(key)
            if outcome is None or not outcome.counts():
                return None
            self._outcomes.move_to_end(key)
            return outcome

    def _keep(self, key: bytes, outcome: _Outcome) -> None:
        with self._lock:
            previous = self._outcomes.pop(key, None)
            self._outcomes[key] = outcome
            self._size += outcome.size - (previous.size if previous else 0)
            while self._size > self._kept or len(self._outcomes) > _MOST_KEPT:
                _, oldest = self._outcomes.popitem(last=False)
                self._size -= oldest.size


def _last_words(error: Exception) -> str:
    """Return the end of what the other process said."""
    said = getattr(error, "stderr", None)
    lines = said.decode("utf-8", "replace").splitlines() if isinstance(said, bytes) else []
    return printable(lines[-1]) if lines else ""
