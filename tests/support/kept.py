"""What a registry keeps, looked at from behind: its rows, its blobs, its sweep."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db.engine import PoolSettings, make_engine
from wheelyard_core.adapters.db.migrate import migrate
from wheelyard_core.adapters.db.models import File, OutboxMessage, UploadRow
from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.catalogue import UploadStatus

SETTLES_SECONDS = 20.0


def make_tables(url: str) -> None:
    """Give an empty database our tables, and leave no connection to it."""
    engine = make_engine(url, PoolSettings(), "test")
    migrate(engine)
    engine.dispose()


@dataclass
class Kept:
    """Looks into the database and the blobs of *registry*, by connections of its own."""

    registry: Registry
    _engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self._engine = create_engine(self.registry.settings.database.url)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Look at rows, or change them: it commits in the end."""
        with Session(self._engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    def files(self, project_id: int) -> list[File]:
        """Return all files with a row, in whatever state."""
        with self.session() as session:
            return list(session.scalars(select(File).where(File.project_id == project_id)))

    def filenames(self, project_id: int) -> list[str]:
        """Return the names of all files with a row, in whatever state."""
        return [file.filename for file in self.files(project_id)]

    def uploads(self, project_id: int) -> list[tuple[str, UploadStatus]]:
        """Return the file name and the status of every upload that is remembered."""
        with self.session() as session:
            wanted = select(UploadRow).where(UploadRow.project_id == project_id)
            return [(row.filename, row.status) for row in session.scalars(wanted)]

    def blobs(self) -> set[str]:
        """Return the keys of all blobs."""
        return set(self.registry.blobs.keys(""))

    def promises(self) -> int:
        """Return how much work is promised and not done."""
        with self.session() as session:
            return session.scalar(select(func.count()).select_from(OutboxMessage)) or 0

    def until_done(self) -> None:
        """Wait until nothing is promised any more."""
        self.until(lambda: self.promises() == 0, "the outbox is empty")

    def sweep(self) -> None:
        """Do at once what the scheduler does when every broken upload is old enough."""
        self.until_done()
        self.registry.cleaner().clean_uploads(self.registry.now() + timedelta(days=1))
        self.until_done()

    @staticmethod
    def until(happened: Callable[[], bool], what: str, seconds: float = SETTLES_SECONDS) -> None:
        """Wait until it *happened*, and fail by *what* when it does not."""
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds:.0f} s: {what}")
            time.sleep(0.05)
