"""Add attestations: what a project makes of them, which files have some, and theirs."""

import sqlalchemy as sa
from alembic import op

from wheelyard_core.adapters.db.types import Id

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the release before this one still runs on the new schema."""
    op.add_column(
        "projects",
        sa.Column("attestation_policy", sa.String(length=32), nullable=False, server_default="off"),
    )
    op.add_column(
        "files", sa.Column("attested", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "file_attestations",
        sa.Column("file_id", Id, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["files.id"],
            name=op.f("fk_file_attestations_file_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_file_attestations")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("file_attestations")
    with op.batch_alter_table("files") as batch_op:
        batch_op.drop_column("attested")
    with op.batch_alter_table("projects") as batch_op:
        batch_op.drop_column("attestation_policy")
