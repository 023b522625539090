"""Judging stored pages again, and what a page was judged by besides its text."""

import sqlalchemy as sa
from alembic import op

from storage.columns import JsonText, UtcDateTime

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("pages", sa.Column("judged_as", JsonText(), nullable=True))
    op.create_table(
        "rescores",
        sa.Column("id", _ID, nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=True),
        sa.Column("rules_sha256", sa.String(length=64), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("names_sha256", sa.String(length=64), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("abandoned", sa.Boolean(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("enqueued_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescores")),
    )
    op.create_table(
        "rescore_batches",
        sa.Column("rescore_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_page", _ID, nullable=False),
        sa.Column("last_page", _ID, nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["rescore_id"], ["rescores.id"], name=op.f("fk_rescore_batches_rescore_id")),
        sa.PrimaryKeyConstraint("rescore_id", "number", name=op.f("pk_rescore_batches")),
    )
    op.create_table(
        "rescore_pages",
        sa.Column("rescore_id", _ID, nullable=False),
        sa.Column("page_id", _ID, autoincrement=False, nullable=False),
        sa.Column("old_score", sa.Float(), nullable=True),
        sa.Column("old_flagged", sa.Boolean(), nullable=False),
        sa.Column("new_score", sa.Float(), nullable=False),
        sa.Column("new_flagged", sa.Boolean(), nullable=False),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("findings_sha256", sa.String(length=64), nullable=False),
        sa.Column("judgement", JsonText(), nullable=True),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_rescore_pages_page_id")),
        sa.ForeignKeyConstraint(["rescore_id"], ["rescores.id"], name=op.f("fk_rescore_pages_rescore_id")),
        sa.PrimaryKeyConstraint("rescore_id", "page_id", name=op.f("pk_rescore_pages")),
    )
    op.create_index("ix_rescore_pages_flags", "rescore_pages", ["rescore_id", "new_flagged", "old_flagged"])


def downgrade() -> None:
    op.drop_table("rescore_pages")
    op.drop_table("rescore_batches")
    op.drop_table("rescores")
    op.drop_column("pages", "judged_as")
