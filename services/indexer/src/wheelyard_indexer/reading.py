"""Who reads: the ladder of pages and files, and the note that a token was used."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from wheelyard_core.domain.access import Permission, user_of
from wheelyard_core.domain.group_access import readable_below
from wheelyard_core.domain.group_index import ReadableGroup
from wheelyard_core.usecases.authorise import authorised_project
from wheelyard_web.identity import identify, note_reader, registry


@dataclass(frozen=True, slots=True)
class Allowed:
    """A project that the actor may read, whether anybody may, and until when as far as is known."""

    project_id: int
    public: bool
    until: datetime | None
    # Whether it was decided before the database went away.
    stale: bool = False


def allowed_to_pull(reference: str) -> Allowed:
    """Return the project, or raise the ladder's refusal."""
    here = registry()
    now = here.now()
    with here.database.snapshot() as uow:
        who = identify(uow)
        project = authorised_project(uow, who.actor, reference, Permission.PULL, now)
        user_id = user_of(who.actor)
        ends = [None if who.token is None else who.token.expires_at]
        if user_id is not None:
            ends.append(uow.projects.role_changes(user_id, project.policy, now))
    note_reader(who)
    return Allowed(project.id, project.policy.anybody_may_pull, _first(ends))


@dataclass(frozen=True, slots=True)
class AllowedGroup:
    """What the actor may read below a group, and until when as far as is known."""

    group: ReadableGroup
    until: datetime | None


def allowed_group(reference: str) -> AllowedGroup:
    """Return what the actor may read below a group, or raise the ladder's refusal."""
    here = registry()
    with here.database.snapshot() as uow:
        who = identify(uow)
        user_id = user_of(who.actor)
        group = uow.pages.below(reference, user_id)
        project_ids = readable_below(who.actor, group)
        ends = [None if who.token is None else who.token.expires_at]
        if user_id is not None:
            ends.append(uow.projects.any_role_changes(user_id, here.now()))
    note_reader(who)
    assert group is not None  # noqa: S101  without one there was a refusal
    readable = ReadableGroup(
        group.group_id, frozenset(project_ids), who.token is None, group.overlap
    )
    return AllowedGroup(readable, _first(ends))


def _first(ends: Iterable[datetime | None]) -> datetime | None:
    return min((end for end in ends if end is not None), default=None)
