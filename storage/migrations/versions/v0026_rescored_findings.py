"""Findings that a rescore made after the night."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "findings", sa.Column("rescore_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("findings", "rescore_id")
