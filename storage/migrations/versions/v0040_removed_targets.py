"""Targets that are visited no longer."""

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("targets", sa.Column("removed_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("targets", "removed_at")
