"""Fuzzing that is guided by the lines that it reaches: `python -m tests.fuzz.guided RUNS`.

Only `make fuzz` runs it, and only where atheris can be imported: it has wheels for some platforms,
so no lock holds it (`pip install atheris` into the environment of your own).
"""

import importlib
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_SECONDS = 25
_LONGEST = 4096
# Whose lines are watched; to watch all that is imported takes longer than to fuzz it.
_READERS = [
    *("wheelyard_core.domain", "wheelyard_core.formats", "wheelyard_core.simple"),
    *("wheelyard_api.uploads", "wheelyard_indexer.ranges", "werkzeug.sansio"),
]


def main(arguments: list[str]) -> int:
    """Try every target, each in a process of its own, which atheris ends; 1 for a fault."""
    if len(arguments) > 1:
        _fuzz(arguments[0], arguments[1:])
    if find_spec("atheris") is None:
        sys.stdout.write("atheris is not installed: nothing was guided\n")
        return 0
    targets = importlib.import_module("tests.fuzz.targets").TARGETS
    failed = [name for name in targets if not _passes(name, arguments[0])]
    sys.stdout.write(f"guided: {len(targets)} targets, faults in {failed or 'none'}\n")
    return 1 if failed else 0


def _passes(name: str, runs: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder)
        targets = importlib.import_module("tests.fuzz.targets").TARGETS
        for number, seed in enumerate(targets[name][1]):
            (corpus / str(number)).write_bytes(seed)
        options = [f"-runs={runs}", f"-timeout={_SECONDS}", f"-max_len={_LONGEST}"]
        # Where a fault's bytes are written, and what is said of each beginning.
        options += [
            f"-artifact_prefix={tempfile.gettempdir()}/fault-{name}-",
            "-print_final_stats=1",
        ]
        command = [sys.executable, "-m", "tests.fuzz.guided", name, *options, str(corpus)]
        return subprocess.run(command, check=False).returncode == 0


def _fuzz(name: str, options: list[str]) -> None:
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=_READERS):
        targets = importlib.import_module("tests.fuzz.targets").TARGETS
    atheris.Setup([sys.argv[0], *options], targets[name][0])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
