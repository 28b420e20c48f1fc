"""Make the first tables."""

import sqlalchemy as sa
from alembic import op

from wheelyard_core.adapters.db.types import Id, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the release before this one still runs on the new schema."""
    op.create_table(
        "audit_events",
        sa.Column("id", Id, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("namespace_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("agent_kind", sa.String(length=32), nullable=False),
        sa.Column("agent_name", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("token_name", sa.String(length=255), nullable=True),
        sa.Column("package", sa.String(length=255), nullable=True),
        sa.Column("version", sa.String(length=255), nullable=True),
        sa.Column("filename", sa.String(length=255), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "project_id IS NULL OR namespace_id IS NULL", name=op.f("ck_audit_events_one_place")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_audit_events_created_at"), ["created_at"], unique=False
        )
        batch_op.create_index(
            "ix_audit_events_namespace_id_id", ["namespace_id", "id"], unique=False
        )
        batch_op.create_index("ix_audit_events_project_id_id", ["project_id", "id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", Id, nullable=False),
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("set_aside_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_due", ["set_aside_at", "not_before"], unique=False)

    op.create_table(
        "spent_id_tokens",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_spent_id_tokens")),
    )
    with op.batch_alter_table("spent_id_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spent_id_tokens_until"), ["until"], unique=False)

    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("blob_key", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("errors", sa.JSON(), nullable=False),
        sa.Column("publisher", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_uploads_project_id"), ["project_id"], unique=False)
        batch_op.create_index(
            "ix_uploads_status_updated_at", ["status", "updated_at"], unique=False
        )

    op.create_table(
        "users",
        sa.Column("id", Id, nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("username_key", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("email_key", sa.String(length=320), nullable=True),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_bot", sa.Boolean(), nullable=False),
        sa.Column("blocked_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_key", name=op.f("uq_users_email_key")),
        sa.UniqueConstraint("username_key", name=op.f("uq_users_username_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "namespaces",
        sa.Column("id", Id, nullable=False),
        sa.Column("parent_id", Id, nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("full_path", sa.String(length=1024), nullable=False),
        sa.Column("path_key", sa.String(length=1024), nullable=False),
        sa.Column("lineage", sa.String(length=1024), nullable=False),
        sa.Column("visibility", sa.String(length=32), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("burn_filenames", sa.Boolean(), nullable=False),
        sa.Column("package_overlap", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_namespaces_owner_id")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["namespaces.id"], name=op.f("fk_namespaces_parent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_namespaces")),
        sa.UniqueConstraint("owner_id", name=op.f("uq_namespaces_owner_id")),
        sa.UniqueConstraint("path_key", name=op.f("uq_namespaces_path_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("namespaces", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_namespaces_lineage"), ["lineage"], unique=False)
        batch_op.create_index(batch_op.f("ix_namespaces_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "projects",
        sa.Column("id", Id, nullable=False),
        sa.Column("namespace_id", Id, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("full_path", sa.String(length=1024), nullable=False),
        sa.Column("path_key", sa.String(length=1024), nullable=False),
        sa.Column("visibility", sa.String(length=32), nullable=False),
        sa.Column("registry_access", sa.String(length=32), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("burn_filenames", sa.Boolean(), nullable=False),
        sa.Column("release_open_hours", sa.Integer(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("root_serial", sa.BigInteger(), nullable=False),
        sa.Column("creator_id", Id, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["creator_id"], ["users.id"], name=op.f("fk_projects_creator_id")),
        sa.ForeignKeyConstraint(
            ["namespace_id"], ["namespaces.id"], name=op.f("fk_projects_namespace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("path_key", name=op.f("uq_projects_path_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_projects_namespace_id"), ["namespace_id"], unique=False
        )

    op.create_table(
        "members",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("namespace_id", Id, nullable=True),
        sa.Column("project_id", Id, nullable=True),
        sa.Column("access_level", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(namespace_id IS NULL) <> (project_id IS NULL)", name=op.f("ck_members_one_place")
        ),
        sa.ForeignKeyConstraint(
            ["namespace_id"], ["namespaces.id"], name=op.f("fk_members_namespace_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_members_project_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_members_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint(
            "user_id", "namespace_id", name=op.f("uq_members_user_id_namespace_id")
        ),
        sa.UniqueConstraint("user_id", "project_id", name=op.f("uq_members_user_id_project_id")),
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_members_namespace_id"), ["namespace_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_members_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_members_user_id"), ["user_id"], unique=False)

    op.create_table(
        "packages",
        sa.Column("id", Id, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("normalized", sa.String(length=255), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("indexed_serial", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_packages_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packages")),
        sa.UniqueConstraint(
            "project_id", "normalized", name=op.f("uq_packages_project_id_normalized")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("packages", schema=None) as batch_op:
        batch_op.create_index("ix_packages_normalized", ["normalized"], unique=False)

    op.create_table(
        "protection_rules",
        sa.Column("id", Id, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("pattern", sa.String(length=255), nullable=False),
        sa.Column("pattern_key", sa.String(length=255), nullable=False),
        sa.Column("push_level", sa.Integer(), nullable=True),
        sa.Column("delete_level", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_protection_rules_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protection_rules")),
        sa.UniqueConstraint(
            "project_id", "pattern_key", name=op.f("uq_protection_rules_project_id_pattern_key")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tokens",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("lookup", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("project_id", Id, nullable=True),
        sa.Column("namespace_id", Id, nullable=True),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("parent_id", Id, nullable=True),
        sa.Column("rotated_at", UtcDateTime(), nullable=True),
        sa.Column("job", sa.JSON(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_id"], ["namespaces.id"], name=op.f("fk_tokens_namespace_id")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["tokens.id"], name=op.f("fk_tokens_parent_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_tokens_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tokens_family"), ["family"], unique=False)
        batch_op.create_index(batch_op.f("ix_tokens_lookup"), ["lookup"], unique=False)
        batch_op.create_index(batch_op.f("ix_tokens_namespace_id"), ["namespace_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tokens_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tokens_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "trusted_publishers",
        sa.Column("id", Id, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("anchor", sa.String(length=255), nullable=True),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_trusted_publishers_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_publishers")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("trusted_publishers", schema=None) as batch_op:
        batch_op.create_index(
            "ix_trusted_publishers_issuer_anchor", ["issuer", "anchor"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_trusted_publishers_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "releases",
        sa.Column("id", Id, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("package_id", Id, nullable=False),
        sa.Column("version", sa.String(length=255), nullable=False),
        sa.Column("version_key", sa.String(length=255), nullable=False),
        sa.Column(
            "version_order",
            sa.String(length=1024).with_variant(
                sa.String(length=1024, collation="C"), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("is_prerelease", sa.Boolean(), nullable=False),
        sa.Column("yanked", sa.Text(), nullable=True),
        sa.Column("publisher", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["package_id"], ["packages.id"], name=op.f("fk_releases_package_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_releases_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_releases_project_id"), ["project_id"], unique=False)
        batch_op.create_index(
            "uq_releases_package_id_version_key_alive",
            ["package_id", "version_key"],
            unique=True,
            postgresql_where=sa.text("deleted_at IS NULL"),
            sqlite_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "files",
        sa.Column("id", Id, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("release_id", Id, nullable=True),
        sa.Column("upload_id", sa.String(length=36), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("filetype", sa.String(length=16), nullable=False),
        sa.Column("normalized", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=255), nullable=False),
        sa.Column("version_key", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("md5", sa.String(length=32), nullable=False),
        sa.Column("blake2b", sa.String(length=64), nullable=False),
        sa.Column("blob_key", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("requires_python", sa.Text(), nullable=True),
        sa.Column("metadata_sha256", sa.String(length=64), nullable=True),
        sa.Column("metadata_size", sa.Integer(), nullable=True),
        sa.Column("yanked", sa.Text(), nullable=True),
        sa.Column("quarantined_at", UtcDateTime(), nullable=True),
        sa.Column("publisher", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("published_serial", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_by", Id, nullable=True),
        sa.CheckConstraint(
            "status <> 'published' OR release_id IS NOT NULL",
            name=op.f("ck_files_published_has_release"),
        ),
        sa.ForeignKeyConstraint(["deleted_by"], ["users.id"], name=op.f("fk_files_deleted_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_files_project_id")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_files_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("upload_id", name=op.f("uq_files_upload_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.create_index(
            "ix_files_normalized_waiting",
            ["normalized"],
            unique=False,
            postgresql_where=sa.text("status = 'received'"),
            sqlite_where=sa.text("status = 'received'"),
        )
        batch_op.create_index(
            "ix_files_project_id_filename", ["project_id", "filename"], unique=False
        )
        batch_op.create_index(
            "ix_files_project_id_normalized", ["project_id", "normalized"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_files_release_id"), ["release_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_files_sha256"), ["sha256"], unique=False)
        batch_op.create_index(
            "uq_files_project_id_filename_alive",
            ["project_id", "filename"],
            unique=True,
            postgresql_where=sa.text("deleted_at IS NULL"),
            sqlite_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "file_metadata",
        sa.Column("file_id", Id, nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("license_expression", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("description_content_type", sa.Text(), nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.id"], name=op.f("fk_file_metadata_file_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_file_metadata")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("file_metadata")
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_files_project_id_filename_alive",
            postgresql_where=sa.text("deleted_at IS NULL"),
            sqlite_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_files_sha256"))
        batch_op.drop_index(batch_op.f("ix_files_release_id"))
        batch_op.drop_index("ix_files_project_id_normalized")
        batch_op.drop_index("ix_files_project_id_filename")
        batch_op.drop_index(
            "ix_files_normalized_waiting",
            postgresql_where=sa.text("status = 'received'"),
            sqlite_where=sa.text("status = 'received'"),
        )

    op.drop_table("files")
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_releases_package_id_version_key_alive",
            postgresql_where=sa.text("deleted_at IS NULL"),
            sqlite_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_releases_project_id"))

    op.drop_table("releases")
    with op.batch_alter_table("trusted_publishers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trusted_publishers_project_id"))
        batch_op.drop_index("ix_trusted_publishers_issuer_anchor")

    op.drop_table("trusted_publishers")
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tokens_user_id"))
        batch_op.drop_index(batch_op.f("ix_tokens_project_id"))
        batch_op.drop_index(batch_op.f("ix_tokens_parent_id"))
        batch_op.drop_index(batch_op.f("ix_tokens_namespace_id"))
        batch_op.drop_index(batch_op.f("ix_tokens_lookup"))
        batch_op.drop_index(batch_op.f("ix_tokens_family"))

    op.drop_table("tokens")
    op.drop_table("protection_rules")
    with op.batch_alter_table("packages", schema=None) as batch_op:
        batch_op.drop_index("ix_packages_normalized")

    op.drop_table("packages")
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_members_user_id"))
        batch_op.drop_index(batch_op.f("ix_members_project_id"))
        batch_op.drop_index(batch_op.f("ix_members_namespace_id"))

    op.drop_table("members")
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_projects_namespace_id"))

    op.drop_table("projects")
    with op.batch_alter_table("namespaces", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_namespaces_parent_id"))
        batch_op.drop_index(batch_op.f("ix_namespaces_lineage"))

    op.drop_table("namespaces")
    op.drop_table("users")
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.drop_index("ix_uploads_status_updated_at")
        batch_op.drop_index(batch_op.f("ix_uploads_project_id"))

    op.drop_table("uploads")
    with op.batch_alter_table("spent_id_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spent_id_tokens_until"))

    op.drop_table("spent_id_tokens")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_due")

    op.drop_table("outbox")
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_events_project_id_id")
        batch_op.drop_index("ix_audit_events_namespace_id_id")
        batch_op.drop_index(batch_op.f("ix_audit_events_created_at"))

    op.drop_table("audit_events")
