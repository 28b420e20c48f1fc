"""`make bench`: how long uploads take, how many reads a second, how soon bombs are refused.

Everything goes through the front door, and bare nginx serves the same bytes in the same run: the
ratio says more than the figure on a machine that others use, too.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from bench.archives import measure_archives
from bench.figures import Figure, Report
from bench.machinery import memory_of
from bench.pages import measure_pages
from bench.reads import measure_reads
from bench.stacks import Stack, Start, distributed, embedded
from bench.uploads import measure_uploads
from bench.watching import measure_watching


def main(arguments: list[str]) -> int:
    """Measure; 1 when a target was missed."""
    options = _options(arguments)
    for program in ("wrk", "nginx"):
        if shutil.which(program, path=f"{os.defpath}:/usr/sbin") is None:
            sys.exit(f"make bench needs {program}: install the package of that name.")
    # So that a measurement that is ended, or takes too long, stops what it started, too.
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, _stop)
    signal.alarm(60 * options.minutes)
    report = Report()
    kinds = [("embedded", embedded), *([("distributed", distributed)] * options.distributed)]
    for name, start in kinds:
        _measure(name, start, report, options)
    with tempfile.TemporaryDirectory() as folder:
        measure_archives(report, Path(folder))
    measure_watching(report)
    measure_pages(report)
    print(f"\n{len(report.missed)} targets were missed", flush=True)
    return 1 if report.missed else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--distributed", action="store_true", help="on PostgreSQL, two Redis and MinIO, too"
    )
    parser.add_argument("--seconds", type=int, default=2, help="how long each reading takes")
    parser.add_argument("--quick", action="store_true", help="no file of more than 5 MB")
    parser.add_argument("--minutes", type=int, default=20, help="the most that all of it may take")
    return parser.parse_args(arguments)


def _measure(name: str, start: Start, report: Report, options: argparse.Namespace) -> None:
    began = time.monotonic()
    with start() as stack:
        report.begin(name)
        report.add(Figure("serving after", time.monotonic() - began, "s"))
        _show_memory("idle", stack)
        measure_uploads(stack, report, quick=options.quick)
        measure_reads(stack, report, options.seconds, quick=options.quick)
        _show_memory("after all that", stack)


def _show_memory(when: str, stack: Stack) -> None:
    found = memory_of(process.pid for process in stack.wheelyard.processes.values())
    print(f"\nmemory, {when}: {sum(one.resident for one in found)} MiB", flush=True)
    for one in found:
        print(f"  {one.name:<58} {one.resident:>6} MiB   peak {one.peak} MiB", flush=True)


def _stop(number: int, _frame: FrameType | None) -> None:
    if number == signal.SIGALRM:
        print("\ntoo long: see --minutes", flush=True)
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
