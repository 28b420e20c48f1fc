"""The file of the peppers, which is read again when it changes."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import structlog

from wheelyard_core.domain.peppers import Peppers

log = structlog.get_logger()

# An orchestrator takes a minute or two to bring a changed file to every replica.
SETTLE_SECONDS: Final = 300.0
_Look: TypeAlias = tuple[int, int, int] | None


class _Read(NamedTuple):
    peppers: Peppers
    look: _Look = None
    settles: float = 0.0


class PepperFile:
    """Gives the ring as the file has it now.

    A file that cannot be read, or has nothing in it, changes nothing: what was read last holds.
    """

    def __init__(self, file: Path, read: Peppers) -> None:
        self._file = file
        # Replaced whole: other threads find what belongs together.
        self._read = _Read(read)

    def __call__(self) -> Peppers:
        """Return the ring; a look at the file's time is all that it costs."""
        try:
            found = self._file.stat()
            # The inode and the size, too: another file may have the same time.
            look, written = (found.st_mtime_ns, found.st_ino, found.st_size), found.st_mtime
        except OSError:
            look, written = None, 0.0
        if look != self._read.look:
            self._read = self._again(look, written)
        return replace(self._read.peppers, settled=time.time() >= self._read.settles)

    def _again(self, look: _Look, written: float) -> _Read:
        try:
            peppers = Peppers.parse(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            # Once for each change, and never what is in it.
            log.warning("peppers_not_read", error=getattr(error, "strerror", None) or "no pepper")
            return self._read._replace(look=look)
        return _Read(peppers, look, written + SETTLE_SECONDS)
