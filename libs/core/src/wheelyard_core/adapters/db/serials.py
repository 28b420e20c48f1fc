"""Serials: one number a project, which orders every change of its pages as it was committed."""

from typing import Final

from sqlalchemy import ColumnElement, bindparam, exists, select, text, update
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db.models import File, Package, ProjectRow
from wheelyard_core.domain.catalogue import FileStatus

# Of a change by a statement whose rows this transaction has not loaded, or does not look at again:
# the session then need not look for them among all that it has loaded.
UNSYNCHRONIZED: Final = {"synchronize_session": False}
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def lock_package(session: Session, project_id: int, normalized: str) -> None:
    """Let one transaction at a time decide about a package; held until its end."""
    _lock(session, f"package:{project_id}:{normalized}")


def lock_name(session: Session, root_id: int, normalized: str) -> None:
    """Let one transaction at a time begin to use a name below a group; held until its end."""
    _lock(session, f"name:{root_id}:{normalized}")


def _lock(session: Session, name: str) -> None:
    # SQLite's writers have been one at a time since their `BEGIN IMMEDIATE`.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_LOCK, {"name": name})


def listed() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of invariant 1: published, neither deleted nor quarantined."""
    return (
        File.status == FileStatus.PUBLISHED,
        File.deleted_at.is_(None),
        File.quarantined_at.is_(None),
    )


def has_listed() -> ColumnElement[bool]:
    """Return the condition that a `Package` has a file on its page."""
    return (
        exists()
        .where(
            File.project_id == Package.project_id,
            File.normalized == Package.normalized,
            *listed(),
        )
        .correlate(Package)
    )


_IS_LISTED: Final = select(
    exists().where(
        File.project_id == bindparam("project"),
        File.normalized == bindparam("package"),
        *listed(),
    )
)


def is_listed(session: Session, project_id: int, normalized: str) -> bool:
    """Tell whether the package has a file on its page."""
    return bool(session.scalar(_IS_LISTED, {"project": project_id, "package": normalized}))


def advance(session: Session, project_id: int, normalized: str, *, was_listed: bool) -> int:
    """Do as `count_change`, and find out whether the package came to the root page or left it."""
    session.flush()
    names_changed = was_listed != is_listed(session, project_id, normalized)
    return count_change(session, project_id, normalized, names_changed=names_changed)


def count_change(session: Session, project_id: int, normalized: str, *, names_changed: bool) -> int:
    """Count a change of the package's page; return the new serial.

    The row of the project is locked from here to the commit, so serials grow in commit order:
    a sequence would hand out 5 before 6 and let 6 be seen first. The root page changes only with
    the set of listed names.
    """
    following = ProjectRow.serial + 1
    serial = session.execute(
        update(ProjectRow)
        .where(ProjectRow.id == project_id)
        .values({"serial": following} | ({"root_serial": following} if names_changed else {}))
        .returning(ProjectRow.serial)
        .execution_options(**UNSYNCHRONIZED)
    ).scalar_one()
    session.execute(
        update(Package)
        .where(Package.project_id == project_id, Package.normalized == normalized)
        .values(serial=serial)
        .execution_options(**UNSYNCHRONIZED)
    )
    return serial


def mark_indexed(session: Session, project_id: int, normalized: str, serial: int) -> None:
    """Record that the page in the cache is at *serial* or newer."""
    session.execute(
        update(Package)
        .where(Package.project_id == project_id, Package.normalized == normalized)
        .where(Package.indexed_serial < serial)
        .values(indexed_serial=serial)
        .execution_options(**UNSYNCHRONIZED)
    )
