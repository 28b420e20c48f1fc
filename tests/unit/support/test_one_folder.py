"""What a run of the tests leaves behind: nothing, and the next one sees to it."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.one_folder import one_folder

_HOLDING = """
import sys
from pathlib import Path
from tests.support.one_folder import one_folder
with one_folder(Path(sys.argv[1])) as folder:
    (folder / "data").mkdir()
    print(folder, flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_run(root: Path) -> Iterator[tuple[Path, "subprocess.Popen[str]"]]:
    """Start a process with such a folder below *root*; it ends with its standard input."""
    command = [sys.executable, "-c", _HOLDING, str(root)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield Path(process.stdout.readline().strip()), process


def a_run_here(root: Path) -> None:
    with one_folder(root) as folder:
        assert tempfile.mkdtemp().startswith(f"{folder}/")
        ask = [sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())"]
        assert subprocess.check_output(ask, text=True).strip() == str(folder)


def test_a_run_that_ends_leaves_nothing(tmp_path: Path) -> None:
    a_run_here(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_run_removes_what_a_killed_one_has_left(tmp_path: Path) -> None:
    with another_run(tmp_path) as (left, process):
        process.kill()
    assert (left / "data").is_dir()

    a_run_here(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_run_leaves_alone_what_is_in_use_or_not_of_a_run(tmp_path: Path) -> None:
    others = [tmp_path / "wheelyard-tests-x", tmp_path / "wheelyard-tests-"]
    for other in others:
        other.mkdir()
    with another_run(tmp_path) as (used, _):
        a_run_here(tmp_path)

        assert (used / "data").is_dir()
    assert sorted(tmp_path.iterdir()) == sorted(others)
