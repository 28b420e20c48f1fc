"""The shapes of parameters and answers: JSON Schema, as OpenAPI 3.1 uses it."""

from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]
Fields: TypeAlias = dict[str, Schema]


def text(longest: int = 255, **more: object) -> Schema:
    """Return the shape of a text."""
    return {"type": "string", "maxLength": longest, **more}


def one_of(*words: str) -> Schema:
    """Return the shape of one of some words."""
    return {"type": "string", "enum": list(words)}


def maybe(schema: Schema) -> Schema:
    """Return the shape of a value that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def array(items: Schema) -> Schema:
    """Return the shape of a list."""
    return {"type": "array", "items": items}


def record(fields: Fields, *optional: str) -> Schema:
    """Return the shape of an object that has all these fields but the *optional* ones."""
    required = [name for name in fields if name not in optional]
    return {"type": "object", "properties": dict(fields), "required": required}


def named(schema: str) -> Schema:
    """Return a reference to a shape of `schemas`."""
    return {"$ref": f"#/components/schemas/{schema}"}


TEXT: Final = text()
LONG_TEXT: Final = text(50_000)
FLAG: Final[Schema] = {"type": "boolean"}
ID: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": (1 << 63) - 1}
NUMBER: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": (1 << 63) - 1}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
# Of answers: programs made for GitLab read it by this pattern. A request may spell it otherwise.
MOMENT_SHOWN: Final[Schema] = MOMENT | {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
ADDRESS: Final = text(2048, format="uri")
DIGEST: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
# A date ends at 00:00 UTC of that day.
ENDS: Final[Schema] = {
    "type": "string",
    "anyOf": [{"format": "date"}, {"format": "date-time"}],
    "examples": ["2031-12-31"],
}
MODE: Final = one_of("open", "uploads_disabled", "read_only")
STATUS: Final = one_of("active", "archived", "quarantined", "deprecated")
VISIBILITY: Final = one_of("private", "internal", "public")
ATTESTATION_POLICY: Final = one_of("off", "verify", "require")
PACKAGE_OVERLAP: Final = one_of("merge", "first_project", "refuse")
REGISTRY_ACCESS: Final = one_of("disabled", "private", "enabled", "public")
ROLE: Final[Schema] = {"type": "integer", "enum": [10, 20, 30, 40, 50]}
