"""How soon hostile archives are refused, and in how much memory, beside a good wheel as large."""

import json
import random
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from bench.figures import Figure, Report, at_most
from tests.support.distributions import ADistribution, Built
from tests.support.hostile import HOSTILE

# Those of the table that ask for the most: expansion, counts, headers, what is read whole.
_CASES = (
    "wheel: a bomb as a whole",
    "wheel: a bomb as a member",
    "wheel: an overlapping bomb",
    "wheel: a million members",
    "wheel: a list of 30 MB",
    "wheel: RECORD of too many rows",
    "wheel: METADATA too large",
    "wheel: ten thousand tags",
    "sdist: a bomb as a whole",
    "sdist: a bomb as a member",
    "sdist: too many members",
    "sdist: pax records by the million",
    "sdist: a labyrinth of links",
)
_LIMIT_SECONDS = 120
_MOST_MILLISECONDS = 5_000
_MOST_MEBIBYTES = 64


@dataclass(frozen=True, slots=True)
class Reading:
    """What it took to read an archive."""

    milliseconds: float
    mebibytes: float
    refused: bool


def measure_archives(report: Report, folder: Path) -> None:
    """Read each in a process of its own, as its bytes are found by a worker: in a file."""
    report.begin(
        "hostile archives: time of the processor, memory beyond the program's", "good wheel"
    )
    table = {case.name: case.build for case in HOSTILE}
    cases = {name: table[name] for name in _CASES}
    for name, build in (cases | {"wheel: 99,996 members not in RECORD": _unlisted}).items():
        built = build()
        hostile, good = _read(folder, built), _read(folder, _good(built.size))
        assert hostile.refused, name
        assert not good.refused, built.size
        size = f"{name}, {max(1, built.size // 1000):,} kB"
        most = at_most(_MOST_MILLISECONDS)
        report.add(
            Figure(f"{size}: refused in", hostile.milliseconds, "ms", good.milliseconds, most)
        )
        most = at_most(_MOST_MEBIBYTES)
        report.add(Figure("    memory for it", hostile.mebibytes, "MiB", good.mebibytes, most))


def _unlisted() -> Built:
    """Return the most members that are read at all, of which the last file says all is wrong."""
    members = tuple((f"demo/{number}.py", b"") for number in range(99_996))
    return replace(ADistribution(), extra_members=members).with_record("").wheel()


def _good(size: int) -> Built:
    """Return a wheel without a flaw of about so many bytes, and not fewer than a wheel needs."""
    least = ADistribution().wheel().size
    return ADistribution().with_payload(random.Random(1).randbytes(max(1, size - least))).wheel()


def _read(folder: Path, built: Built) -> Reading:
    path = folder / built.filename
    path.write_bytes(built.content)
    command = [sys.executable, "-m", "bench.one_archive", str(path)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=_LIMIT_SECONDS
    )
    path.unlink()
    return Reading(**json.loads(done.stdout))
