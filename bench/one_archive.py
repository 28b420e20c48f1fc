"""Read one archive as the worker does, in a process of its own, and say what it took.

`python -m bench.one_archive <file>` prints JSON: milliseconds of the processor, mebibytes beyond
those before, and whether it was refused.
"""

import json
import os
import sys
import time
from pathlib import Path

from tests.support.processes import forget_peak, peak_memory

from wheelyard_core.domain.errors import InvalidDistribution
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.verify import verify


def main(path: Path) -> None:
    filename = DistributionFilename.parse(path.name)
    refused = False
    with path.open("rb") as content:
        forget_peak(os.getpid())
        before = peak_memory(os.getpid())
        began = time.process_time()
        try:
            verify(content, filename, ArchiveLimits())
        except InvalidDistribution:
            refused = True
        milliseconds = 1000 * (time.process_time() - began)
    mebibytes = (peak_memory(os.getpid()) - before) / (1 << 20)
    answer = {"milliseconds": milliseconds, "mebibytes": mebibytes, "refused": refused}
    print(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
