"""Accounts and tokens."""

from typing import Final

from wheelyard_api.openapi.fields import (
    ADDRESS,
    ENDS,
    FLAG,
    ID,
    ROLE,
    TEXT,
    Fields,
    array,
    one_of,
    record,
)
from wheelyard_api.openapi.operations import (
    KEYSET,
    Operation,
    delete,
    get,
    patch,
    post,
    put,
)

_USER: Final[Fields] = {
    "username": TEXT,
    "name": TEXT,
    "email": TEXT | {"format": "email"},
    "admin": FLAG,
    "password": TEXT,
    "force_random_password": FLAG,
}
_PERSONAL_SCOPES: Final = array(one_of("api", "read_api")) | {"minItems": 1}
_DEPLOY_SCOPES: Final = array(one_of("read_package_registry", "write_package_registry")) | {
    "minItems": 1
}
_NEW_TOKEN: Final = record(
    {"name": TEXT, "scopes": _PERSONAL_SCOPES, "expires_at": ENDS}, "expires_at"
)
_ROTATION: Final = record({"expires_at": ENDS}, "expires_at")
_TOKENS: Final[Fields] = KEYSET | {
    "search": TEXT,
    "revoked": FLAG,
    "state": one_of("active", "inactive"),
}
_CHANGES: Final = record(_USER, *_USER)
_HELD: Final = "/api/v4/{kind}/{id}/deploy_tokens"
_OF_PROJECT: Final = "/api/v4/projects/{id}/access_tokens"

USERS: Final[tuple[Operation, ...]] = (
    get("/api/v4/user", "Show the account that asks").shows("User"),
    get("/api/v4/users", "List accounts")
    .lists("User")
    .asking(
        username=TEXT,
        search=TEXT,
        active=FLAG,
        blocked=FLAG,
        admins=FLAG,
        humans=FLAG,
        without_project_bots=FLAG,
    ),
    post("/api/v4/users", "Create an account")
    .taking(record(_USER, *(_USER.keys() - {"username"})))
    .shows("User", 201)
    .refusing(409),
    get("/api/v4/users/{user_id}", "Show an account").shows("User"),
    put("/api/v4/users/{user_id}", "Change an account")
    .taking(_CHANGES)
    .shows("User")
    .refusing(409),
    patch("/api/v4/users/{user_id}", "Change an account")
    .taking(_CHANGES)
    .shows("User")
    .refusing(409),
    delete("/api/v4/users/{user_id}", "Delete an account")
    .asking(hard_delete=FLAG)
    .ends()
    .refusing(409),
    post("/api/v4/users/{user_id}/block", "Refuse all tokens of an account").shows("Done", 201),
    post("/api/v4/users/{user_id}/unblock", "Accept them again").shows("Done", 201),
)

TOKENS: Final[tuple[Operation, ...]] = (
    post("/api/v4/user/personal_access_tokens", "Create a token of one's own")
    .taking(_NEW_TOKEN)
    .shows("NewPersonalToken", 201),
    post("/api/v4/users/{user_id}/personal_access_tokens", "Create a token of an account")
    .taking(_NEW_TOKEN)
    .shows("NewPersonalToken", 201),
    get("/api/v4/personal_access_tokens", "List personal access tokens")
    .lists("PersonalToken", _TOKENS)
    .asking(user_id=ID),
    get("/api/v4/personal_access_tokens/self", "Show the token of this request").shows(
        "PersonalToken"
    ),
    delete("/api/v4/personal_access_tokens/self", "Revoke the token of this request").ends(),
    post("/api/v4/personal_access_tokens/self/rotate", "Rotate the token of this request")
    .taking(_ROTATION)
    .shows("NewPersonalToken"),
    get("/api/v4/personal_access_tokens/{token_id}", "Show a token").shows("PersonalToken"),
    delete("/api/v4/personal_access_tokens/{token_id}", "Revoke a token").ends(),
    post("/api/v4/personal_access_tokens/{token_id}/rotate", "Rotate a token")
    .taking(_ROTATION)
    .shows("NewPersonalToken"),
    get(_OF_PROJECT, "List project access tokens").lists("ProjectToken", _TOKENS),
    post(_OF_PROJECT, "Create a project access token")
    .taking(
        record(
            {"name": TEXT, "scopes": _PERSONAL_SCOPES, "expires_at": ENDS, "access_level": ROLE},
            "expires_at",
            "access_level",
        )
    )
    .shows("NewProjectToken", 201),
    get(f"{_OF_PROJECT}/{{token_id}}", "Show a project access token").shows("ProjectToken"),
    delete(f"{_OF_PROJECT}/{{token_id}}", "Revoke a project access token").ends(),
    post(f"{_OF_PROJECT}/{{token_id}}/rotate", "Rotate a project access token")
    .taking(_ROTATION)
    .shows("NewProjectToken"),
    post(f"{_OF_PROJECT}/self/rotate", "Rotate the token of this request")
    .taking(_ROTATION)
    .shows("NewProjectToken"),
    post("/api/v4/projects/{id}/job_tokens", "Create a short-lived token for one job")
    .taking(
        record(
            {
                "expires_in": {"type": "integer", "minimum": 1, "maximum": 86_400},
                "ref": TEXT,
                "sha": TEXT,
                "pipeline_url": ADDRESS,
            },
            *("expires_in", "ref", "sha", "pipeline_url"),
        )
    )
    .shows("NewJobToken", 201),
    get("/api/v4/deploy_tokens", "List all deploy tokens").lists("DeployToken").asking(active=FLAG),
    get(_HELD, "List deploy tokens").lists("DeployToken").asking(active=FLAG),
    post(_HELD, "Create a deploy token")
    .taking(
        record(
            {"name": TEXT, "scopes": _DEPLOY_SCOPES, "expires_at": ENDS, "username": TEXT},
            "expires_at",
            "username",
        )
    )
    .shows("NewDeployToken", 201),
    get(f"{_HELD}/{{token_id}}", "Show a deploy token").shows("DeployToken"),
    delete(f"{_HELD}/{{token_id}}", "Revoke a deploy token").ends(),
)

ACCOUNTS: Final = USERS + TOKENS
