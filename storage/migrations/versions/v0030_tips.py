"""Tips with their answers, and who sent them, sealed apart."""

import sqlalchemy as sa
from alembic import op

from storage.columns import JsonText, StorableText, UtcDateTime

revision = "0030"
down_revision = "0026"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "tip_records",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("reference", StorableText(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("taken_by", StorableText(), nullable=False),
        sa.Column("text", StorableText(), nullable=False),
        sa.Column("urls", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_records")),
    )
    op.create_table(
        "tip_answers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tip_id", _ID, nullable=False),
        sa.Column("made_by", StorableText(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("text", StorableText(), nullable=False),
        sa.ForeignKeyConstraint(["tip_id"], ["tip_records.id"], name=op.f("fk_tip_answers_tip_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_answers")),
    )
    op.create_index(op.f("ix_tip_answers_tip_id"), "tip_answers", ["tip_id"])
    op.create_table(
        "tip_reporters",
        sa.Column("tip_id", _ID, autoincrement=False, nullable=False),
        sa.Column("sealed", StorableText(), nullable=False),
        sa.ForeignKeyConstraint(["tip_id"], ["tip_records.id"], name=op.f("fk_tip_reporters_tip_id")),
        sa.PrimaryKeyConstraint("tip_id", name=op.f("pk_tip_reporters")),
    )


def downgrade() -> None:
    for table in ("tip_reporters", "tip_answers", "tip_records"):
        op.drop_table(table)
