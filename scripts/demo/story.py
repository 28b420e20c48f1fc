"""What the demonstration prints: a line a step with its time, and a table at the end."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic


class Wrong(Exception):
    """Something did not go as it must."""


class Step:
    """One thing that is done; `result` is told behind its name."""

    def __init__(self) -> None:
        self.result = ""

    def tell(self, result: str) -> None:
        self.result = result


@contextmanager
def step(name: str) -> Iterator[Step]:
    """Tell what is done, what came of it, and how long it took."""
    doing, began = Step(), monotonic()
    try:
        yield doing
    except BaseException:
        print(f"  {'FAILED':>7}  {name}", flush=True)
        raise
    print(f"  {monotonic() - began:6.1f}s  {name:<36} {doing.result}", flush=True)


def expect(truth: object, otherwise: str) -> None:
    """Raise Wrong unless it is true."""
    if not truth:
        raise Wrong(otherwise)


def table(rows: list[tuple[str, ...]]) -> None:
    """Print rows in columns; the first is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print(
            "  "
            + "  ".join(
                f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)
            ).rstrip()
        )
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))
    sys.stdout.flush()
