"""Holds, classes, deletions, openings of originals and key hand-overs: append-only, each in the chain."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "keep_records",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_keep_records")),
        sa.UniqueConstraint("path", name=op.f("uq_keep_records_path")),
    )
    op.create_index(op.f("ix_keep_records_subject"), "keep_records", ["subject"])


def downgrade() -> None:
    op.drop_index(op.f("ix_keep_records_subject"), table_name="keep_records")
    op.drop_table("keep_records")
