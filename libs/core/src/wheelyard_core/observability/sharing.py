"""Values of metrics that several processes of one worker share, through files.

Each child writes files of its own and the parent shows their sum. Children come and go (a pool
recycles them), and their counts must stay: the library leaves their files for ever, which fills a
disk. Here the parent adds them up into files of no process, numbered 0.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from wheelyard_core.observability.metrics import Observed

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_NOBODY: Final = 0


def prepare_folder(environment: MutableMapping[str, str], service: str) -> Path:
    """Return an empty folder for the values of *service*, and tell prometheus_client of it.

    Below the folder that is configured, else a private one. To be called by the parent alone,
    before it makes its metrics.
    """
    given = environment.get(VARIABLE)
    parent = Path(given) if given else _private_folder()
    folder = parent / service
    folder.mkdir(parents=True, exist_ok=True)
    # A restarted container finds the files of the one before.
    for file in folder.glob("*.db"):
        file.unlink()
    environment[VARIABLE] = str(folder)
    return folder


def _private_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="wheelyard-metrics-"))
    parent = os.getpid()

    def remove() -> None:
        # Forked children inherit this call, and must leave the folder to the others.
        if os.getpid() == parent:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


class SharedValues:
    """The sum of what all processes of the folder have counted."""

    def __init__(self, folder: Path, observed: Observed) -> None:
        self._folder = folder
        self._lock = Lock()
        self._registry = CollectorRegistry()
        MultiProcessCollector(self._registry, str(folder))
        self._registry.register(observed)
        ProcessCollector(registry=self._registry)

    def exposition(self) -> bytes:
        """Return everything as Prometheus reads it."""
        self.add_up_dead()
        with self._lock:
            return generate_latest(self._registry)

    def add_up_dead(self) -> None:
        """Replace the files of processes that have ended by their sum."""
        # Under the lock: half-way, everything would be counted twice.
        with self._lock:
            for file in self._folder.glob("*.db"):
                kind, _, pid = file.stem.rpartition("_")
                if int(pid) == _NOBODY or _is_alive(int(pid)):
                    continue
                if not kind.startswith("gauge"):
                    _add(file, self._folder / f"{kind}_{_NOBODY}.db")
                file.unlink()


def _add(file: Path, total: Path) -> None:
    sums = MmapedDict(str(total))
    try:
        for key, value, _time, _position in MmapedDict.read_all_values_from_file(str(file)):
            before, _ = sums.read_value(key)
            sums.write_value(key, before + value, 0.0)
    finally:
        sums.close()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
