"""Groups, projects, their members, and what was done there."""

from typing import Final

from wheelyard_api.openapi.fields import (
    ATTESTATION_POLICY,
    ENDS,
    FLAG,
    ID,
    LONG_TEXT,
    MOMENT,
    PACKAGE_OVERLAP,
    REGISTRY_ACCESS,
    ROLE,
    TEXT,
    VISIBILITY,
    Fields,
    Schema,
    one_of,
    record,
)
from wheelyard_api.openapi.operations import KEYSET, Operation, delete, get, post, put

_SEARCH: Final[Fields] = KEYSET | {
    "search": TEXT,
    "visibility": VISIBILITY,
    "owned": FLAG,
    "membership": FLAG,
    "min_access_level": ROLE,
}
_PLACE: Final = {
    "name": TEXT,
    "path": TEXT,
    "description": LONG_TEXT,
    "visibility": VISIBILITY,
    "burn_filenames": FLAG,
}
_GROUP: Final = _PLACE | {"package_overlap": PACKAGE_OVERLAP}
_PROJECT: Final = _PLACE | {
    "package_registry_access_level": REGISTRY_ACCESS,
    "release_open_hours": {"type": "integer", "minimum": 0, "maximum": 87_600},
    "attestation_policy": ATTESTATION_POLICY,
}
_MEMBER: Final = {"access_level": ROLE, "expires_at": ENDS}


def _changed(fields: Fields) -> Schema:
    return record(fields, *fields)


GROUPS: Final[tuple[Operation, ...]] = (
    get("/api/v4/groups", "List groups").lists("Group", _SEARCH).asking(top_level_only=FLAG),
    post("/api/v4/groups", "Create a group")
    .taking(record(_GROUP | {"parent_id": ID}, *(_GROUP.keys() - {"name"}), "parent_id"))
    .shows("Group", 201),
    get("/api/v4/groups/{id}", "Show a group").shows("Group"),
    put("/api/v4/groups/{id}", "Change a group").taking(_changed(_GROUP)).shows("Group"),
    delete("/api/v4/groups/{id}", "Delete a group and all below it").shows("Message", 202),
    get("/api/v4/groups/{id}/subgroups", "List the groups in a group").lists("Group", _SEARCH),
    get("/api/v4/groups/{id}/descendant_groups", "List all groups below a group").lists(
        "Group", _SEARCH
    ),
    get("/api/v4/groups/{id}/projects", "List the projects of a group")
    .lists("Project", KEYSET)
    .asking(search=TEXT, visibility=VISIBILITY, include_subgroups=FLAG),
)

PROJECTS: Final[tuple[Operation, ...]] = (
    get("/api/v4/projects", "List projects").lists("Project", _SEARCH),
    post("/api/v4/projects", "Create a project")
    .taking(record(_PROJECT | {"namespace_id": ID}, *(_PROJECT.keys() - {"name"}), "namespace_id"))
    .shows("Project", 201),
    get("/api/v4/projects/{id}", "Show a project").shows("Project"),
    put("/api/v4/projects/{id}", "Change a project").taking(_changed(_PROJECT)).shows("Project"),
    delete("/api/v4/projects/{id}", "Delete a project and all its packages").shows("Message", 202),
    get("/api/v4/users/{user_id}/projects", "List the projects in a personal namespace").lists(
        "Project"
    ),
)

MEMBERS: Final[tuple[Operation, ...]] = (
    get("/api/v4/{kind}/{id}/members", "List direct members").lists("Member").asking(query=TEXT),
    post("/api/v4/{kind}/{id}/members", "Make somebody a member")
    .taking(
        record(_MEMBER | {"user_id": ID, "username": TEXT}, "expires_at", "user_id", "username")
    )
    .shows("Member", 201)
    .refusing(409),
    get("/api/v4/{kind}/{id}/members/all", "List members, inherited ones too")
    .lists("Member")
    .asking(query=TEXT),
    get("/api/v4/{kind}/{id}/members/all/{user_id}", "Show a member, inherited too").shows(
        "Member"
    ),
    get("/api/v4/{kind}/{id}/members/{user_id}", "Show a direct member").shows("Member"),
    put("/api/v4/{kind}/{id}/members/{user_id}", "Give a member another role or end")
    .taking(record(_MEMBER, "expires_at"))
    .shows("Member"),
    delete("/api/v4/{kind}/{id}/members/{user_id}", "Remove a member")
    .asking(skip_subresources=FLAG)
    .ends(),
)

_PERIOD: Final[Fields] = {"created_after": MOMENT, "created_before": MOMENT}
_OF_WHAT: Final[Fields] = {"entity_type": one_of("Project", "Group", "User"), "entity_id": ID}


def _events(place: str, whose: str, **query: Schema) -> tuple[Operation, ...]:
    address = f"/api/v4/{place}audit_events"
    return (
        get(address, f"List {whose}").lists("AuditEvent").asking(**_PERIOD, **query),
        get(f"{address}/{{event_id}}", f"Show one of {whose}").shows("AuditEvent"),
    )


AUDIT: Final[tuple[Operation, ...]] = (
    *_events("projects/{id}/", "a project's audit events"),
    *_events("groups/{id}/", "a group's audit events"),
    *_events("", "all audit events", **_OF_WHAT),
)

PLACES: Final = GROUPS + PROJECTS + MEMBERS + AUDIT
