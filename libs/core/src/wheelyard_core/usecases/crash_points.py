"""Named places between two steps of an upload, where a test may have a process die.

Production passes `nothing_happens`; only a test's environment (`WHEELYARD_TEST_CRASH_AT`) makes a
service pass something else, and `bootstrap` decides which.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

CrashPoint: TypeAlias = Callable[[str], None]


def nothing_happens(_point: str) -> None:
    """Go on."""


def die_once_at(point: str, marker: Path) -> CrashPoint:
    """Return a crash point that kills this process at *point*, once for all that share *marker*."""

    def reach(here: str) -> None:
        if here != point:
            return
        try:
            marker.touch(exist_ok=False)
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    return reach
