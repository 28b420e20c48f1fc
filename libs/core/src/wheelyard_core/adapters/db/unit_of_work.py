"""One transaction: rolled back unless committed, and its promises told only after the commit."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from wheelyard_core.adapters.db.accounts import SqlAccounts
from wheelyard_core.adapters.db.attestations import SqlAttestations
from wheelyard_core.adapters.db.audit import SqlAudit
from wheelyard_core.adapters.db.browsing import SqlBrowsing
from wheelyard_core.adapters.db.engine import snapshot_engine
from wheelyard_core.adapters.db.failures import translated
from wheelyard_core.adapters.db.files import SqlFiles
from wheelyard_core.adapters.db.group_pages import SqlGroupPages
from wheelyard_core.adapters.db.groups import SqlGroups
from wheelyard_core.adapters.db.members import SqlMembers
from wheelyard_core.adapters.db.operating import SqlBackups, SqlJobs, SqlOperating
from wheelyard_core.adapters.db.outbox import SqlOutbox
from wheelyard_core.adapters.db.packages import SqlPackages
from wheelyard_core.adapters.db.pages import SqlPages
from wheelyard_core.adapters.db.project_directory import SqlProjectDirectory
from wheelyard_core.adapters.db.projects import SqlProjects
from wheelyard_core.adapters.db.protection import SqlRules
from wheelyard_core.adapters.db.releases import SqlReleases
from wheelyard_core.adapters.db.schema import Fit, is_compatible, require_fit
from wheelyard_core.adapters.db.token_admin import SqlTokenAdmin
from wheelyard_core.adapters.db.tokens import SqlTokens
from wheelyard_core.adapters.db.trusted import SqlTrustedPublishers
from wheelyard_core.adapters.db.upkeep import SqlCollecting, SqlReconciling
from wheelyard_core.adapters.db.uploads import SqlUploads
from wheelyard_core.adapters.db.users import SqlUsers
from wheelyard_core.domain.audit import Action
from wheelyard_core.domain.work import Promise
from wheelyard_core.ports import UNTRACED, Conflict, DatabaseUnavailable, Span, Tracing

# Whether the broker took the hints is not asked: the sweep sends what it did not take.
Dispatch = Callable[[Sequence[Promise]], object]
Failed = Callable[[BaseException], None]
Recorded = Callable[[Sequence[Action]], None]
AccessChanged = Callable[[], None]


def nobody_listens() -> None:
    """Tell nobody that access has changed: where nobody remembers grants."""


def quietly(_error: BaseException) -> None:
    """Tell nobody that a transaction failed."""


def unheard(_recorded: Sequence[Action]) -> None:
    """Tell nobody what was recorded."""


@dataclass
class Listeners:
    """Who is told of transactions.

    After a commit: *dispatch* of what was promised, *access_changed* if somebody may do less,
    *recorded* of the audit events. At the end of one that failed: *failed*. `bootstrap` sets the
    last three.
    """

    dispatch: Dispatch
    access_changed: AccessChanged = nobody_listens
    failed: Failed = quietly
    recorded: Recorded = unheard
    tracing: Tracing = UNTRACED


class SqlUnitOfWork:
    """The collections of one transaction. Errors come out as those of the port."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        listeners: Listeners,
        request_id: str | None = None,
    ) -> None:
        self._sessions = sessions
        self._listeners = listeners
        self._request_id = request_id
        self._access_changed = False

    def __enter__(self) -> Self:
        self.session = self._sessions()
        self.projects = SqlProjects(self.session)
        self.files = SqlFiles(self.session)
        self.packages = SqlPackages(self.session)
        self.releases = SqlReleases(self.session)
        self.uploads = SqlUploads(self.session)
        self.pages = SqlPages(self.session)
        self.group_pages = SqlGroupPages(self.session)
        self.attestations = SqlAttestations(self.session)
        self.browsing = SqlBrowsing(self.session)
        self.tokens = SqlTokens(self.session)
        self.accounts = SqlAccounts(self.session)
        self.users = SqlUsers(self.session)
        self.groups = SqlGroups(self.session)
        self.directory = SqlProjectDirectory(self.session)
        self.members = SqlMembers(self.session)
        self.token_admin = SqlTokenAdmin(self.session)
        self.rules = SqlRules(self.session)
        self.trusted = SqlTrustedPublishers(self.session)
        self.operating = SqlOperating(self.session)
        self.jobs = SqlJobs(self.session)
        self.backups = SqlBackups(self.session)
        self.reconciling = SqlReconciling(self.session)
        self.collecting = SqlCollecting(self.session)
        self.outbox = self.outbox_admin = SqlOutbox(
            self.session, self._request_id, self._listeners.tracing.traceparent
        )
        self.audit = self.audit_trail = SqlAudit(self.session, self._request_id)
        self._span = self._listeners.tracing.span(Span.DB_WRITE)
        self._span.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.session.close()
        except SQLAlchemyError as closing:
            error = error or closing
        self._span.__exit__(kind, error, trace)
        if error is not None:
            self._listeners.failed(error)
        if isinstance(error, IntegrityError):
            raise Conflict from error
        if isinstance(error, DBAPIError | PoolTimeout):
            raise translated(error) from error

    def commit(self) -> None:
        """Make it true, then say so. Raises Conflict when another transaction was first."""
        self.session.commit()
        promised, self.outbox.promised = self.outbox.promised, []
        if promised:
            self._listeners.dispatch(promised)
        changed, self._access_changed = self._access_changed, False
        if changed:
            self._listeners.access_changed()
        recorded, self.audit.recorded = self.audit.recorded, []
        if recorded:
            self._listeners.recorded(recorded)

    def access_changed(self) -> None:
        """Have it told after the commit that somebody may do less, or other things, than before."""
        self._access_changed = True


class SqlDatabase:
    """Hands out transactions."""

    def __init__(
        self, engine: Engine, dispatch: Dispatch, access_changed: AccessChanged = nobody_listens
    ) -> None:
        self.engine = engine
        self.listeners = Listeners(dispatch, access_changed)
        self._writers = sessionmaker(engine, expire_on_commit=False)
        self._readers = sessionmaker(snapshot_engine(engine), expire_on_commit=False)

    def begin(self, request_id: str | None = None) -> SqlUnitOfWork:
        """Return a transaction that may write."""
        return SqlUnitOfWork(self._writers, self.listeners, request_id)

    def snapshot(self) -> SqlUnitOfWork:
        """Return a transaction that only reads, all of it at one moment."""
        listeners = replace(self.listeners, dispatch=_refuse_promises, tracing=UNTRACED)
        return SqlUnitOfWork(self._readers, listeners)

    def check(self) -> None:
        """Raise DatabaseUnavailable unless the database answers."""
        with self.snapshot() as uow:
            uow.session.execute(text("SELECT 1"))

    def migrate(self) -> Fit:
        """Bring the schema to what this code was written for, unless it is a later one already.

        Raises DatabaseUnavailable, DatabaseRefused, SchemaTooLate.
        """
        # Alembic is for the one process that migrates.
        from wheelyard_core.adapters.db.migrate import migrate  # noqa: PLC0415

        try:
            return migrate(self.engine)
        except (DBAPIError, PoolTimeout) as error:
            raise translated(error) from error

    def is_compatible(self) -> bool:
        """Tell whether this code runs on the schema that is there."""
        with _unavailable():
            return is_compatible(self.engine)

    def require_fit(self) -> Fit:
        """Return how the schema stands to this code. Raises DatabaseUnavailable, SchemaTooLate."""
        with _unavailable(), self.engine.connect() as connection:
            return require_fit(connection)

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


@contextmanager
def _unavailable() -> Iterator[None]:
    """Raise DatabaseUnavailable for refusals, too: a start waits until rights are granted."""
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        raise DatabaseUnavailable(str(translated(error))) from error


def _refuse_promises(_promised: Sequence[Promise]) -> None:
    raise AssertionError("a snapshot makes no promises")
