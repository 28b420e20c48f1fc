"""One folder for all that is temporary in a run of the tests.

Servers and services make folders where $TMPDIR says, and leave them when they are killed: so that
is a folder that goes with the run. A run that is killed leaves it, and the next run removes it.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "wheelyard-tests-"
# The number of the process that it belongs to, then what makes it unique.
_NAME = re.compile(rf"{_PREFIX}([0-9]+)-\w+")
_MEMORY = Path("/dev/shm")
# A run keeps some five GiB until its end.
_ROOM, _SPARE = 6 << 30, 12 << 30


def in_memory() -> Path | None:
    """Return the root of temporary files in memory; None without plenty of it, or on a Mac.

    Databases and stores write through to the disk all the time, and nothing here tests a disk.
    """
    try:
        facts = Path("/proc/meminfo").read_text()
        (available,) = re.findall(r"^MemAvailable: +([0-9]+) kB$", facts, re.MULTILINE)
        is_roomy = shutil.disk_usage(_MEMORY).free > _ROOM and int(available) << 10 > _SPARE
    except (OSError, ValueError):
        return None
    return _MEMORY if is_roomy and os.access(_MEMORY, os.W_OK) else None


@contextmanager
def one_folder(root: Path) -> Iterator[Path]:
    """Have this process, and those that it starts, make temporary files in a folder of its own."""
    _remove_those_of_the_dead(root)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=root))
    # PostgreSQL, which refuses to be root, has its own folder in it, and must get there.
    folder.chmod(0o711)
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    variable = os.environ.get("TMPDIR")  # noqa: TID251  what is started inherits it
    os.environ["TMPDIR"] = str(folder)  # noqa: TID251  as above
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        if variable is None:
            del os.environ["TMPDIR"]  # noqa: TID251  as above
        else:
            os.environ["TMPDIR"] = variable  # noqa: TID251  as above
        shutil.rmtree(folder, ignore_errors=True)


def _remove_those_of_the_dead(root: Path) -> None:
    for folder in root.glob(f"{_PREFIX}*"):
        owner = _NAME.fullmatch(folder.name)
        if owner is not None and not _lives(int(owner[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        # Somebody else's, or no number of a process at all.
        return True
    return True
