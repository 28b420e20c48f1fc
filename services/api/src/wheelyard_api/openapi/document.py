"""The document: operations by address, with what they have in common."""

import re
from collections import defaultdict
from typing import Any, Final

from wheelyard_api.openapi.accounts import ACCOUNTS
from wheelyard_api.openapi.fields import DIGEST, ID, TEXT, Schema, named, one_of
from wheelyard_api.openapi.operations import JSON, Operation
from wheelyard_api.openapi.packages import INDEX, OPERATIONS, RELEASES
from wheelyard_api.openapi.people import PEOPLE
from wheelyard_api.openapi.places import PLACES
from wheelyard_api.openapi.schemas import SCHEMAS
from wheelyard_api.openapi.trusted import TRUSTED

SECTIONS: Final = {
    "Packages for installers": INDEX,
    "Packages": RELEASES,
    "Accounts and tokens": ACCOUNTS,
    "Groups and projects": PLACES,
    "Pages for people": PEOPLE,
    "Trusted publishing": TRUSTED,
    "Operations": OPERATIONS,
}
# What stands in an address: numbers but for these.
_IN_PATH: Final[dict[str, Schema]] = {
    "id": {"type": "string", "minLength": 1, "description": "A number, or a path, URL-encoded."},
    "path": TEXT | {"minLength": 1, "description": "The path of a project, or of a group."},
    "kind": one_of("groups", "projects"),
    "package": TEXT | {"minLength": 1},
    "asset": TEXT | {"minLength": 1},
    "filename": TEXT | {"minLength": 1},
    "sha256": DIGEST,
    "upload_id": TEXT | {"minLength": 1},
    "version": TEXT | {"minLength": 1},
}
_NAMES: Final = re.compile(r"\{(\w+)\}")
_REASONS: Final = {
    400: "Something that was sent is wrong; the sentence says what would be right.",
    401: "Credentials are missing or do not count.",
    403: "The actor sees it and lacks the right.",
    404: "It does not exist, or the actor may not know that it does.",
    406: "None of the forms that were asked for.",
    409: "It is there already.",
    410: "Something this protocol once had.",
    413: "More bytes than a limit allows.",
    414: "The address is too long.",
    416: "No such range.",
    422: "There is one like it, or no upload token for this ID token: the sentence says why.",
    429: "Too many attempts from this address; `Retry-After` says how long to wait.",
    503: "A dependency is away, or nothing may change at the moment: try again.",
}


def openapi(version: str) -> dict[str, Any]:
    """Return the document of a Wheelyard of this *version*."""
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for section, operations in SECTIONS.items():
        for operation in operations:
            paths[operation.address][operation.method] = _described(operation, section)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Wheelyard",
            "version": version,
            "description": "A private Python package registry that speaks GitLab's API.",
        },
        "tags": [{"name": section} for section in SECTIONS],
        "security": [{"basic": []}, {"bearer": []}, {"token": []}, {}],
        "paths": dict(paths),
        "components": {
            "schemas": SCHEMAS,
            "responses": {f"Refused{code}": _refusal(code) for code in _REASONS},
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "token": {"type": "apiKey", "in": "header", "name": "PRIVATE-TOKEN"},
            },
        },
    }


def _described(operation: Operation, section: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _identity(operation),
        "summary": operation.what,
        "tags": [section],
        "parameters": [*_in_path(operation), *_in_query(operation)],
        "responses": {
            **{str(status): dict(answer) for status, answer in operation.answers.items()},
            **{
                str(status): {"$ref": f"#/components/responses/Refused{status}"}
                for status in operation.refusals
            },
        },
    }
    if operation.body:
        described["requestBody"] = {
            "content": {kind: {"schema": schema} for kind, schema in operation.body.items()}
        }
    return described


def _identity(operation: Operation) -> str:
    words = re.sub(r"\W+", "_", operation.address.removeprefix("/api/v4")).strip("_")
    return f"{operation.method}_{words}"


def _in_path(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _IN_PATH.get(name, ID)}
        for name in _NAMES.findall(operation.address)
    ]


def _in_query(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "schema": schema} for name, schema in operation.query.items()
    ]


def _refusal(code: int) -> dict[str, Any]:
    page: Schema = {"type": "string"}
    shown = {JSON: {"schema": named("Refusal")}, "text/html": {"schema": page}}
    return {"description": _REASONS[code], "content": shown}
