"""Note by which pepper each token's digest was made."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the release before this one still runs on the new schema."""
    # Without a default: no row is rewritten, and nobody knows it of those that are there.
    op.add_column("tokens", sa.Column("pepper", sa.String(length=8), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("tokens") as batch_op:
        batch_op.drop_column("pepper")
