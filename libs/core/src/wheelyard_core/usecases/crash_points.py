"""Named places between two steps of an upload or first start, where a test has a process die.

Production passes `nothing_happens`. Only where a test's environment names points in
`WHEELYARD_TEST_CRASH_AT` do the entry points pass something else (`bootstrap.crash_point_from`).
"""

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

CrashPoint: TypeAlias = Callable[[str], None]


def nothing_happens(_point: str) -> None:
    """Go on."""


def each_of(points: Sequence[CrashPoint]) -> CrashPoint:
    """Return a crash point that reaches all of *points*."""

    def reach(here: str) -> None:
        for point in points:
            point(here)

    return reach


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
