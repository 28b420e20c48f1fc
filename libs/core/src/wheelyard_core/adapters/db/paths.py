"""Paths of groups, projects and people: looked up, unique together, and changed together."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db.models import Namespace, ProjectRow, User
from wheelyard_core.adapters.db.projects import LONGEST_ID
from wheelyard_core.domain.errors import AlreadyTaken, InvalidInput

_LONGEST = 1024


def find_group(session: Session, reference: str) -> Namespace | None:
    """Return the group of a number or a full path, in any case; no personal namespace."""
    query = select(Namespace).where(Namespace.owner_id.is_(None))
    if reference.isascii() and reference.isdecimal():
        if len(reference) > LONGEST_ID:
            return None
        return session.scalar(query.where(Namespace.id == int(reference)))
    return session.scalar(query.where(Namespace.path_key == reference.strip("/").lower()))


def require_free(session: Session, full_path: str) -> None:
    """Raise AlreadyTaken for a path in use: groups and projects share theirs."""
    if len(full_path) > _LONGEST:
        raise InvalidInput(f"path with its groups is too long (maximum is {_LONGEST} characters)")
    key = full_path.lower()
    for model in (Namespace, ProjectRow):
        if session.scalar(select(model.id).where(model.path_key == key)) is not None:
            raise AlreadyTaken(f"path {full_path} has already been taken")


def require_no_user(session: Session, path: str) -> None:
    """Raise AlreadyTaken for a path at the top that is an account's name: it has a namespace."""
    if session.scalar(select(User.id).where(User.username_key == path.lower())) is not None:
        raise AlreadyTaken(f"path {path} has already been taken")


def move(session: Session, namespace: Namespace, path: str) -> None:
    """Give a namespace another path, and with it everything below."""
    old = namespace.full_path
    parent = old.rpartition("/")[0]
    new = f"{parent}/{path}" if parent else path
    if new.lower() != old.lower():
        require_free(session, new)
    namespace.path = path
    below = f"/{namespace.id}/"
    namespaces = session.scalars(select(Namespace).where(Namespace.lineage.contains(below))).all()
    held = [row.id for row in namespaces]
    projects = session.scalars(select(ProjectRow).where(ProjectRow.namespace_id.in_(held))).all()
    moved: list[Namespace | ProjectRow] = [*namespaces, *projects]
    for row in moved:
        row.full_path = new + row.full_path[len(old) :]
        row.path_key = row.full_path.lower()
        if len(row.full_path) > _LONGEST:
            raise InvalidInput(f"path makes {row.full_path[:60]}… too long")
    session.flush()
