"""Packages: as GitLab's API sees them, and as installers and publishers do."""

from typing import Final

from wheelyard_api.openapi.fields import (
    DIGEST,
    MODE,
    STATUS,
    TEXT,
    Fields,
    Schema,
    named,
    one_of,
    record,
    text,
)
from wheelyard_api.openapi.operations import LIST, Operation, content, delete, get, patch, post, put
from wheelyard_core.domain.attestations import LONGEST

_RELEASES: Final[Fields] = LIST | {
    "package_type": one_of("pypi", "npm", "maven", "generic"),
    "package_name": TEXT,
    "package_version": TEXT,
    "status": one_of("default", "hidden", "processing", "error", "pending_destruction"),
    "order_by": one_of("name", "created_at", "version", "type"),
}
_PACKAGES: Final = "/api/v4/projects/{id}/packages"
_PYPI: Final = f"{_PACKAGES}/pypi"
_REASON: Final = text(1000)


def _removes(address: str, what: str) -> Operation:
    # A body takes a longer one, as with a yank; a longer address would be refused.
    return delete(address, what).asking(reason=TEXT).refusing(413)


def _named(what: str, path: str) -> tuple[Operation, ...]:
    yank, release = f"{_PYPI}/yank/{path}", f"{_PYPI}/releases/{path}"
    return (
        put(yank, f"Yank {what}").taking(record({"reason": _REASON}, "reason")).shows("Yanked"),
        _removes(yank, f"Un-yank {what}").shows("Yanked"),
        _removes(release, f"Delete {what} by its name").ends(),
    )


_NAMED: Final = _named("a release", "{package}/{version}") + _named(
    "a file", "{package}/{version}/{filename}"
)

_LEVEL: Final = one_of("maintainer", "owner", "admin", "")
_RULE: Final[Fields] = {
    "package_name_pattern": text(pattern="^[A-Za-z0-9._*-]+$"),
    "package_type": one_of("pypi"),
    "minimum_access_level_for_push": _LEVEL,
    "minimum_access_level_for_delete": _LEVEL,
}
_PROTECTION: Final = f"{_PACKAGES}/protection/rules"
_RULES: Final = (
    get(_PROTECTION, "List the protection rules of a project").lists("ProtectionRule"),
    post(_PROTECTION, "Protect packages by the pattern of their names")
    .taking(record(_RULE, *(_RULE.keys() - {"package_name_pattern"})))
    .shows("ProtectionRule", 201)
    .refusing(422),
    patch(f"{_PROTECTION}/{{rule_id}}", "Change a protection rule")
    .taking(record(_RULE, *_RULE))
    .shows("ProtectionRule")
    .refusing(422),
    delete(f"{_PROTECTION}/{{rule_id}}", "Remove a protection rule").ends(),
)
_STATUS: Final = f"{_PYPI}/status/{{package}}"
_STATUSES: Final = (
    get(_STATUS, "Show the status of a package").shows("Status"),
    put(_STATUS, "Set the status of a package")
    .taking(record({"status": STATUS, "reason": _REASON}, "reason"))
    .shows("Status"),
)

RELEASES: Final[tuple[Operation, ...]] = (
    get(_PACKAGES, "List the releases of a project").lists("Package", _RELEASES),
    get("/api/v4/groups/{id}/packages", "List the releases below a group").lists(
        "Package",
        _RELEASES | {"order_by": one_of("name", "created_at", "version", "type", "project_path")},
    ),
    get(f"{_PACKAGES}/{{package_id}}", "Show a release").shows("Package"),
    _removes(f"{_PACKAGES}/{{package_id}}", "Delete a release").ends(),
    get(f"{_PACKAGES}/{{package_id}}/package_files", "List the files of a release").lists(
        "PackageFile", LIST
    ),
    _removes(f"{_PACKAGES}/{{package_id}}/package_files/{{file_id}}", "Delete a file").ends(),
    *_NAMED,
    *_STATUSES,
    *_RULES,
)

_FILE: Final[Schema] = {"type": "string", "contentMediaType": "application/octet-stream"}
_FORM: Final = record(
    {
        ":action": one_of("file_upload"),
        "protocol_version": one_of("1"),
        "name": TEXT,
        "version": TEXT,
        "filetype": one_of("bdist_wheel", "sdist"),
        "sha256_digest": DIGEST,
        "blake2_256_digest": DIGEST,
        "md5_digest": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "content": _FILE,
        "attestations": {"type": "string", "maxLength": LONGEST},
    },
    *(":action", "protocol_version", "filetype"),
    *("sha256_digest", "blake2_256_digest", "md5_digest", "attestations"),
)
_HTML: Final[Schema] = {"type": "string"}
_BYTES: Final = {
    "description": "The bytes of the file.",
    "content": {"application/octet-stream": {}},
}
_PART: Final = {
    "description": "A range of the bytes.",
    "content": {"application/octet-stream": {}},
}
_UNCHANGED: Final = {"description": "What the client has is current."}


def _upload(address: str) -> Operation:
    form = post(address, "Publish a file; the answer is its verdict")
    taking = Operation(
        form.method, form.address, form.what, body={"multipart/form-data": _FORM}
    ).refusing(410, 413)
    return taking.shows("Message", 200).shows("Message", 201).shows("Message", 202)


def _page(address: str, what: str, schema: str) -> Operation:
    shown = {
        "description": "The page, as negotiated.",
        "content": {
            "application/vnd.pypi.simple.v1+json": {"schema": named(schema)},
            "application/vnd.pypi.simple.v1+html": {"schema": _HTML},
            "text/html": {"schema": _HTML},
        },
    }
    return (
        get(address, what)
        .asking(format=one_of("application/vnd.pypi.simple.v1+json", "text/html"))
        .answering(200, shown)
        .answering(301, {"description": "The page is under the normalized name."})
        .answering(304, _UNCHANGED)
        .refusing(406)
    )


def _file(address: str) -> Operation:
    return (
        get(address, "Download a file, or (`.metadata` behind its name) its metadata")
        .answering(200, _BYTES)
        .answering(206, _PART)
        .answering(302, {"description": "The object store has the bytes."})
        .answering(304, _UNCHANGED)
        .refusing(416)
    )


def _provenance(address: str) -> Operation:
    shown = {
        "description": "Who attested the file, as PyPI's Integrity API has it.",
        "content": {
            "application/vnd.pypi.integrity.v1+json": {"schema": named("Provenance")},
            "application/json": {"schema": named("Provenance")},
        },
    }
    return (
        get(address, "Show a file's provenance")
        .answering(200, shown)
        .answering(304, _UNCHANGED)
        .refusing(406)
    )


def _reading(base: str, files: str) -> tuple[Operation, ...]:
    return (
        _page(f"{base}/simple", "List the names of packages", "SimpleRoot"),
        _page(f"{base}/simple/{{package}}", "List the files of a package", "SimplePage"),
        _file(f"{files}/files/{{sha256}}/{{filename}}"),
        _provenance(f"{base}/integrity/{{package}}/{{version}}/{{filename}}/provenance"),
    )


INDEX: Final[tuple[Operation, ...]] = (
    _upload(_PYPI),
    _upload("/{path}/legacy"),
    get(f"{_PYPI}/uploads/{{upload_id}}", "Tell how far an upload is").shows("Upload"),
    *_reading(_PYPI, _PYPI),
    *_reading("/{path}", "/{path}"),
    *_reading("/api/v4/groups/{id}/-/packages/pypi", "/api/v4/groups/{id}/-/packages/pypi"),
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation("get", "/livez", "Tell whether the process answers", refusals=()).shows("Health"),
    Operation("get", "/readyz", "Tell whether it can serve", refusals=())
    .shows("Health")
    .shows("Health", 503),
    get("/api/v4/maintenance", "Tell what may change").shows("Maintenance"),
    put("/api/v4/maintenance", "Set what may change")
    .taking(record({"mode": MODE, "reason": TEXT}, "reason"))
    .shows("Maintenance"),
    Operation("get", "/api/v4/openapi.json", "Describe this API", refusals=())
    .answering(200, content({"type": "object"}))
    .answering(304, _UNCHANGED),
)
