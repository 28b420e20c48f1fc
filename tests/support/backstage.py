"""What a running registry keeps, seen from behind: its rows, its blobs, its sweep."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session
from tests.support import processes
from tests.support.seed import Seed
from tests.support.wheelyard import Wheelyard

from wheelyard_core.adapters.db.models import File, OutboxMessage, UploadRow
from wheelyard_core.bootstrap import Registry, make_registry
from wheelyard_core.domain.catalogue import UploadStatus
from wheelyard_core.settings import read_settings

SETTLES_SECONDS = 20.0


@dataclass
class Backstage:
    """Opens what the processes of *wheelyard* share. Close it, or use it in a `with`."""

    wheelyard: Wheelyard
    registry: Registry = field(init=False)
    seed: Seed = field(init=False)

    def __post_init__(self) -> None:
        self.registry = make_registry(read_settings(environment_of(self.wheelyard)), "test")
        self.seed = Seed(self.registry)
        self._engine: Engine = create_engine(self.registry.settings.database.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.seed.close()
        self._engine.dispose()
        self.registry.close()

    def filenames(self, project_id: int) -> list[str]:
        """Return the names of all files with a row, in whatever state."""
        with Session(self._engine) as session:
            return list(session.scalars(select(File.filename).where(File.project_id == project_id)))

    def uploads(self, project_id: int) -> list[tuple[str, UploadStatus]]:
        """Return the file name and the status of every upload that is remembered."""
        with Session(self._engine) as session:
            wanted = select(UploadRow).where(UploadRow.project_id == project_id)
            return [(row.filename, row.status) for row in session.scalars(wanted)]

    def blobs(self) -> set[str]:
        """Return the keys of all blobs."""
        return set(self.registry.blobs.keys(""))

    def sweep(self) -> None:
        """Do at once what the scheduler does when every broken upload is old enough."""
        self.until(lambda: self.promises() == 0, "the outbox is empty")
        self.registry.cleaner().clean_uploads(self.registry.now() + timedelta(days=1))

    def promises(self) -> int:
        """Return how much work is promised and not done."""
        with Session(self._engine) as session:
            return session.scalar(select(func.count()).select_from(OutboxMessage)) or 0

    @staticmethod
    def until(happened: Callable[[], bool], what: str, seconds: float = SETTLES_SECONDS) -> None:
        """Wait until it *happened*, and fail by *what* when it does not."""
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds:.0f} s: {what}")
            time.sleep(0.05)


def environment_of(wheelyard: Wheelyard) -> dict[str, str]:
    """Return the settings that the registry's services run with."""
    for process in wheelyard.processes.values():
        for pid in processes.family(process.pid):
            settings = processes.environment(pid)
            if "WHEELYARD_DATABASE_URL" in settings:
                return {k: v for k, v in settings.items() if k.startswith("WHEELYARD_")}
    raise AssertionError("no service of the registry is running")
