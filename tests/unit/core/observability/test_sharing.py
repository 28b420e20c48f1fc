"""Real processes: the library's values follow the process that counts."""

import subprocess
import sys
from pathlib import Path

from tests.support.inherited import inherited

PROGRAM = """
import os, sys
from pathlib import Path
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.observability.sharing import SharedValues, prepare_folder

folder = prepare_folder(os.environ, "worker")
metrics = Metrics("worker", [Part.TASKS], shared=True)
shared = SharedValues(folder, metrics.observed)

def child(count):
    pid = os.fork()
    if pid == 0:
        for _ in range(count):
            metrics.count("wheelyard_tasks_total", "verify", "success")
            metrics.observe("wheelyard_task_duration_seconds", 0.02, "verify")
        os._exit(0)
    os.waitpid(pid, 0)

def show():
    print("--", len(list(folder.glob("*.db"))))
    for line in shared.exposition().decode().splitlines():
        if "verify" in line and not line.endswith(" 0.0") and ("success" in line or "count" in line
                or 'le="0.01"' in line or 'le="60.0"' in line or "sum" in line):
            print(line)

for round in range(3):
    for count in (1, 2):
        child(count)
    show()
print("--", len(list(folder.glob("*.db"))))
print("folder", folder)
shown = shared.exposition().decode().splitlines()
print([line for line in shown if 'outcome="failure"' in line][0])
"""


def _run(folder: Path | None) -> list[str]:
    environment = inherited()
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    if folder is not None:
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=True, text=True
    )
    return ended.stdout.splitlines()


def test_the_counts_of_children_that_ended_stay_and_their_files_do_not(tmp_path: Path) -> None:
    lines = _run(tmp_path)

    totals = [line for line in lines if line.startswith("wheelyard_tasks_total")]
    assert [line.rpartition(" ")[2] for line in totals[:3]] == ["3.0", "6.0", "9.0"]
    counts = [line for line in lines if line.startswith("wheelyard_task_duration_seconds_count")]
    assert [line.rpartition(" ")[2] for line in counts] == ["3.0", "6.0", "9.0"]
    # Two of the parent and two of nobody.
    assert [line for line in lines if line.startswith("--")][-1] == "-- 4"


def test_what_nobody_has_counted_is_zero(tmp_path: Path) -> None:
    assert _run(tmp_path)[-1].endswith(" 0.0")


def test_what_an_earlier_process_left_is_wiped(tmp_path: Path) -> None:
    _run(tmp_path)

    again = _run(tmp_path)

    assert next(line for line in again if line.startswith("wheelyard_tasks_total")).endswith(" 3.0")


def test_without_a_folder_there_is_a_private_one() -> None:
    lines = _run(None)

    (folder,) = [line.partition(" ")[2] for line in lines if line.startswith("folder ")]
    assert lines[-1].endswith(" 0.0")
    assert not Path(folder).parent.exists()
