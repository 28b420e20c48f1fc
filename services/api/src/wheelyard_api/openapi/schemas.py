"""What the API answers with, by name."""

from typing import Final

from wheelyard_api.openapi.fields import (
    ADDRESS,
    ATTESTATION_POLICY,
    DIGEST,
    FLAG,
    ID,
    MODE,
    MOMENT_SHOWN,
    NUMBER,
    PACKAGE_OVERLAP,
    REGISTRY_ACCESS,
    ROLE,
    STATUS,
    TEXT,
    VISIBILITY,
    Schema,
    array,
    maybe,
    named,
    one_of,
    record,
)

_STRING: Final[Schema] = {"type": "string"}
_SCOPE: Final = one_of("api", "read_api", "read_package_registry", "write_package_registry")
_LEVEL: Final = one_of("maintainer", "owner", "admin")

_TOKEN: Final = {
    "id": ID,
    "name": TEXT,
    "description": maybe(TEXT),
    "revoked": FLAG,
    "active": FLAG,
    "scopes": array(_SCOPE),
    "user_id": maybe(ID),
    "created_at": MOMENT_SHOWN,
    "last_used_at": maybe(MOMENT_SHOWN),
    "expires_at": maybe(_STRING),
}
_PROJECT_TOKEN: Final = _TOKEN | {
    "access_level": maybe(ROLE),
    "resource_type": one_of("project"),
    "resource_id": maybe(ID),
}
_DEPLOY_TOKEN: Final = {
    "id": ID,
    "name": TEXT,
    "username": maybe(TEXT),
    "expires_at": maybe(MOMENT_SHOWN),
    "revoked": FLAG,
    "expired": FLAG,
    "scopes": array(_SCOPE),
}
_JOB_TOKEN: Final = {
    "id": ID,
    "project_id": maybe(ID),
    "created_at": MOMENT_SHOWN,
    "expires_at": maybe(MOMENT_SHOWN),
    "pipeline": maybe({"type": "object"}),
}
_SECRET: Final = {"token": _STRING}
# A sentence; of trusted publishing, as clients of PyPI read it.
_PROBLEM: Final[Schema] = {
    "anyOf": [_STRING, record({"code": _STRING, "description": _STRING})],
}
_PACKAGE: Final = {
    "id": ID,
    "name": TEXT,
    "version": TEXT,
    "package_type": one_of("pypi"),
    "status": one_of("default"),
    "_links": record({"web_path": _STRING, "delete_api_path": ADDRESS}, "delete_api_path"),
    "created_at": MOMENT_SHOWN,
    "tags": array(_STRING),
    "pipeline": named("Pipeline"),
    "pipelines": array(named("Pipeline")),
    "project_id": ID,
    "project_path": _STRING,
}

SCHEMAS: Final[dict[str, Schema]] = {
    "Refusal": record(
        {"message": _STRING, "code": _STRING, "title": _STRING, "errors": array(_PROBLEM)}, "errors"
    ),
    "TrustedPublisher": record(
        {
            "id": ID,
            "issuer": _STRING,
            "preset": maybe(one_of("github", "gitlab", "none")),
            "claims": {"type": "object", "additionalProperties": TEXT},
            "created_at": MOMENT_SHOWN,
            "last_used_at": maybe(MOMENT_SHOWN),
        }
    ),
    "Audience": record({"audience": _STRING}),
    "MintedToken": record({"success": FLAG, "expires": NUMBER} | _SECRET),
    "Maintenance": record(
        {
            "mode": MODE,
            "reason": maybe(_STRING),
            "changed_at": maybe(MOMENT_SHOWN),
            "database_epoch": NUMBER,
        }
    ),
    "Health": record({"status": _STRING}),
    "Message": record({"message": _STRING, "id": _STRING}, "id"),
    "User": record(
        {
            "id": ID,
            "username": TEXT,
            "name": TEXT,
            "email": maybe(TEXT),
            "state": one_of("active", "blocked"),
            "locked": FLAG,
            "is_admin": FLAG,
            "bot": FLAG,
            "web_url": _STRING,
            "created_at": MOMENT_SHOWN,
        }
    ),
    "Done": {"type": "boolean", "const": True},
    "AuditEvent": record(
        {
            "id": ID,
            "author_id": {"type": "integer"},
            "entity_id": {"type": ["integer", "string", "null"]},
            "entity_type": _STRING,
            "event_name": _STRING,
            "details": {"type": "object"},
            "created_at": MOMENT_SHOWN,
        }
    ),
    "Group": record(
        {
            "id": ID,
            "name": TEXT,
            "path": TEXT,
            "full_name": _STRING,
            "full_path": _STRING,
            "parent_id": maybe(ID),
            "description": _STRING,
            "visibility": VISIBILITY,
            "burn_filenames": FLAG,
            "package_overlap": PACKAGE_OVERLAP,
            "web_url": _STRING,
            "created_at": MOMENT_SHOWN,
        }
    ),
    "Project": record(
        {
            "id": ID,
            "name": TEXT,
            "name_with_namespace": _STRING,
            "path": TEXT,
            "path_with_namespace": _STRING,
            "namespace": record(
                {
                    "id": ID,
                    "name": TEXT,
                    "path": TEXT,
                    "kind": one_of("group", "user"),
                    "full_path": _STRING,
                    "parent_id": maybe(ID),
                }
            ),
            "description": _STRING,
            "visibility": VISIBILITY,
            "package_registry_access_level": REGISTRY_ACCESS,
            "packages_enabled": FLAG,
            "burn_filenames": FLAG,
            "release_open_hours": NUMBER,
            "attestation_policy": ATTESTATION_POLICY,
            "archived": FLAG,
            "creator_id": maybe(ID),
            "web_url": _STRING,
            "created_at": MOMENT_SHOWN,
        }
    ),
    "Member": record(
        {
            "id": ID,
            "username": TEXT,
            "name": TEXT,
            "state": one_of("active", "blocked"),
            "locked": FLAG,
            "web_url": _STRING,
            "access_level": ROLE,
            "expires_at": maybe(_STRING),
            "created_at": MOMENT_SHOWN,
        }
    ),
    "PersonalToken": record(_TOKEN),
    "NewPersonalToken": record(_TOKEN | _SECRET),
    "ProjectToken": record(_PROJECT_TOKEN),
    "NewProjectToken": record(_PROJECT_TOKEN | _SECRET),
    "DeployToken": record(_DEPLOY_TOKEN),
    "NewDeployToken": record(_DEPLOY_TOKEN | _SECRET),
    "NewJobToken": record(_JOB_TOKEN | _SECRET),
    "Pipeline": record(
        {
            "id": maybe({"type": ["integer", "string"]}),
            "ref": maybe(_STRING),
            "sha": maybe(_STRING),
            "web_url": maybe(_STRING),
            "user": record({"username": _STRING, "name": _STRING}),
        }
    ),
    "Package": record(_PACKAGE, "pipeline", "project_id", "project_path"),
    "PackageFile": record(
        {
            "id": ID,
            "package_id": ID,
            "created_at": MOMENT_SHOWN,
            "file_name": _STRING,
            "size": NUMBER,
            "file_md5": _STRING,
            "file_sha1": {"type": "null"},
            "file_sha256": DIGEST,
            "pipelines": array(named("Pipeline")),
        }
    ),
    "Yanked": record(
        {
            "name": TEXT,
            "version": TEXT,
            "yanked": FLAG,
            "yanked_reason": maybe(_STRING),
            "files": array(
                record(
                    {
                        "id": ID,
                        "file_name": _STRING,
                        "yanked": FLAG,
                        "yanked_reason": maybe(_STRING),
                    }
                )
            ),
        }
    ),
    "Status": record({"name": TEXT, "status": STATUS, "reason": maybe(_STRING)}),
    "ProtectionRule": record(
        {
            "id": ID,
            "project_id": ID,
            "package_name_pattern": _STRING,
            "package_type": one_of("pypi"),
            "minimum_access_level_for_push": maybe(_LEVEL),
            "minimum_access_level_for_delete": maybe(_LEVEL),
        }
    ),
    "Upload": record(
        {
            "id": _STRING,
            "status": one_of("received", "verifying", "published", "rejected", "failed"),
            "filename": _STRING,
            "errors": array(_STRING),
            "created_at": MOMENT_SHOWN,
            "updated_at": MOMENT_SHOWN,
        }
    ),
    "SimpleRoot": record(
        {
            "meta": record({"api-version": _STRING, "_last-serial": NUMBER}),
            "projects": array(record({"name": _STRING})),
        }
    ),
    "Provenance": record(
        {
            "version": {"type": "integer", "const": 1},
            "attestation_bundles": array(
                record(
                    {
                        "publisher": {"type": "object"},
                        "attestations": array({"type": "object"}),
                    }
                )
            ),
        }
    ),
    "SimplePage": record(
        {
            "meta": record({"api-version": _STRING, "_last-serial": NUMBER}),
            "name": _STRING,
            "project-status": record({"status": _STRING, "reason": _STRING}, "reason"),
            "versions": array(_STRING),
            "files": array({"type": "object", "required": ["filename", "url", "hashes", "size"]}),
        }
    ),
}
