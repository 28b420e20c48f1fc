"""What the tests of uploads send, and what lies on the disk meanwhile."""

import os
import random
from functools import cache
from pathlib import Path

from tests.support.distributions import ADistribution
from tests.support.forms import AForm
from tests.support.wheelyard import Wheelyard

DEMO = ADistribution()
WHEEL = DEMO.wheel()
FORM = AForm.of(WHEEL)
OTHER = DEMO.with_payload(b"other = 1\n").wheel()


def on_disk(wheelyard: Wheelyard) -> set[Path]:
    """Return every file of the blob store and of the spool, unfinished ones included."""
    data = wheelyard.folder / "d"
    # Folders may go while they are walked, which `walk` takes for empty ones.
    return {
        Path(folder, file)
        for name in ("blobs", "spool")
        for folder, _, files in os.walk(data / name)
        for file in files
    }


@cache
def noise(size: int) -> bytes:
    """Return bytes that do not compress, the same in every run."""
    return random.Random(7).randbytes(size)
