"""Who did what, when, to what, by which token and why: the events that answer for every act.

An event is recorded in the transaction of its act: there is never one without the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from wheelyard_core.domain.access import Actor, DeployToken, JobToken, Person, TrustedPublisher

# Texts are cut here where an event tells of what changed: a description may be long.
_LONGEST: Final = 255


class AgentKind(StrEnum):
    """As what somebody acted."""

    PERSON = "person"
    BOT = "bot"
    DEPLOY_TOKEN = "deploy_token"
    JOB_TOKEN = "job_token"
    TRUSTED_PUBLISHER = "trusted_publisher"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Agent:
    """Who acted: an account, a token without one, or the registry by itself."""

    kind: AgentKind
    name: str
    user_id: int | None = None
    token_id: int | None = None


SYSTEM: Final = Agent(AgentKind.SYSTEM, "Wheelyard")
# Whoever may run it on the machine: it asks for no token.
ADMIN_COMMAND: Final = Agent(AgentKind.SYSTEM, "wheelyard-admin")


class Action(StrEnum):
    """What was done. The value is what is stored and shown, in at most 32 characters."""

    FILE_PUBLISHED = "file_published"
    FILE_DELETED = "file_deleted"
    FILE_YANKED = "file_yanked"
    FILE_UNYANKED = "file_unyanked"
    RELEASE_DELETED = "release_deleted"
    RELEASE_YANKED = "release_yanked"
    RELEASE_UNYANKED = "release_unyanked"
    PACKAGE_OVERLAP = "package_overlap"
    STATUS_CHANGED = "package_status_changed"
    PROTECTION_ADDED = "protection_rule_added"
    PROTECTION_CHANGED = "protection_rule_changed"
    PROTECTION_REMOVED = "protection_rule_removed"
    PROJECT_CREATED = "project_created"
    PROJECT_CHANGED = "project_changed"
    PROJECT_DELETED = "project_deleted"
    GROUP_CREATED = "group_created"
    GROUP_CHANGED = "group_changed"
    GROUP_DELETED = "group_deleted"
    USER_CREATED = "user_created"
    USER_CHANGED = "user_changed"
    USER_BLOCKED = "user_blocked"
    USER_UNBLOCKED = "user_unblocked"
    USER_DELETED = "user_deleted"
    MEMBER_ADDED = "member_added"
    MEMBER_CHANGED = "member_changed"
    MEMBER_REMOVED = "member_removed"
    TOKEN_CREATED = "token_created"
    TOKEN_ROTATED = "token_rotated"
    TOKEN_REVOKED = "token_revoked"
    TOKEN_MINTED = "token_minted"
    TRUSTED_PUBLISHER_ADDED = "trusted_publisher_added"
    TRUSTED_PUBLISHER_REMOVED = "trusted_publisher_removed"
    MODE_CHANGED = "maintenance_mode_changed"
    DATABASE_RESTORED = "database_restored"
    WORK_REPLAYED = "work_replayed"
    WORK_DISCARDED = "work_discarded"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One act, in a project, in a group, or (with neither) in the registry as a whole.

    *details* is JSON, and says what the other fields do not; `user_id` in it is an account that
    was acted on.
    """

    action: Action
    agent: Agent
    project_id: int | None = None
    group_id: int | None = None
    package: str | None = None
    version: str | None = None
    filename: str | None = None
    reason: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as it was recorded."""

    id: int
    event: AuditEvent
    token_name: str | None
    request_id: str | None
    created_at: datetime

    @property
    def user_id(self) -> int | None:
        """The account that the event is about, where it is about no place."""
        event = self.event
        about = event.details.get("user_id")
        somewhere = event.project_id is not None or event.group_id is not None
        return about if isinstance(about, int) and not somewhere else None


class Entity(StrEnum):
    """What an event is about, in GitLab's words."""

    PROJECT = "Project"
    GROUP = "Group"
    USER = "User"


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which events a list shows; without an entity, those of the whole registry."""

    entity: Entity | None = None
    entity_id: int | None = None
    after: datetime | None = None
    before: datetime | None = None


def agent_of(actor: Actor) -> Agent:
    """Return who acts, as events name them."""
    match actor:
        case Person():
            kind = AgentKind.BOT if actor.is_bot else AgentKind.PERSON
            return Agent(kind, actor.username, actor.user_id, actor.token_id)
        case DeployToken():
            return Agent(AgentKind.DEPLOY_TOKEN, actor.username, None, actor.token_id)
        case JobToken():
            return Agent(AgentKind.JOB_TOKEN, actor.username, actor.user_id, actor.token_id)
        case TrustedPublisher():
            return Agent(AgentKind.TRUSTED_PUBLISHER, actor.username, None, actor.token_id)
        case _:
            return Agent(AgentKind.SYSTEM, "anonymous")


def differences(before: object, after: object, names: Iterable[str]) -> dict[str, object]:
    """Return what is different about two values, for an event's details: from what to what."""
    return {
        name: {"from": _shown(old), "to": _shown(new)}
        for name in names
        if (old := getattr(before, name)) != (new := getattr(after, name))
    }


def _shown(value: object) -> object:
    return value[:_LONGEST] if isinstance(value, str) else value
