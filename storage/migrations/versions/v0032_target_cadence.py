"""Targets that are not visited every night."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("targets", sa.Column("every_days", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("targets", "every_days")
