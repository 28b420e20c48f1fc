"""Add what operating needs: the mode, scheduled jobs, findings about blobs, backups."""

import sqlalchemy as sa
from alembic import op

from wheelyard_core.adapters.db.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the release before this one still runs on the new schema."""
    op.create_table(
        "operation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("epoch_began_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation")),
    )
    compatible = op.create_table(
        "schema_compat",
        sa.Column("oldest_code", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("oldest_code", name=op.f("pk_schema_compat")),
    )
    op.bulk_insert(compatible, [{"oldest_code": "0001"}])
    op.create_table(
        "scheduled_jobs",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("every_seconds", sa.Float(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("succeeded_at", UtcDateTime(), nullable=True),
        sa.Column("duration_seconds", sa.Float(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_scheduled_jobs")),
    )
    op.create_table(
        "blob_findings",
        sa.Column("blob_key", sa.String(length=1024), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("blob_key", name=op.f("pk_blob_findings")),
    )
    op.create_index("ix_blob_findings_state_found_at", "blob_findings", ["state", "found_at"])
    op.create_table(
        "backups",
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("succeeded_at", UtcDateTime(), nullable=True),
        sa.Column("duration_seconds", sa.Float(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_backups")),
    )
    # When the bytes of a deleted file went, too. Without a default: no row is rewritten.
    op.add_column("files", sa.Column("purged_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Go back to the release before this one."""
    with op.batch_alter_table("files") as batch_op:
        batch_op.drop_column("purged_at")
    op.drop_table("backups")
    op.drop_index("ix_blob_findings_state_found_at", "blob_findings")
    op.drop_table("blob_findings")
    op.drop_table("scheduled_jobs")
    op.drop_table("schema_compat")
    op.drop_table("operation")
