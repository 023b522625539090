"""Later visits to pages that were referred, in nights of a kind of their own."""

import sqlalchemy as sa
from alembic import op

from storage.columns import JsonText, StorableText, UtcDateTime

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("nights", sa.Column("kind", sa.String(length=8), server_default="night", nullable=False))
    op.create_table(
        "takedown_looks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("page_id", _ID, nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("detail", StorableText(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("claims", JsonText(), nullable=False),
        sa.Column("copies", JsonText(), nullable=False),
        sa.Column("grade", sa.String(length=16), nullable=False),
        sa.Column("reappeared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["pages.id"], name=op.f("fk_takedown_looks_case_id")),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_takedown_looks_page_id")),
        sa.ForeignKeyConstraint(["night_id"], ["nights.id"], name=op.f("fk_takedown_looks_night_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takedown_looks")),
        sa.UniqueConstraint("case_id", "page_id", name=op.f("uq_takedown_looks_case_id_page_id")),
    )
    op.create_index("ix_takedown_looks_case", "takedown_looks", ["case_id", "looked_at"])
    op.create_index("ix_takedown_looks_night", "takedown_looks", ["night_id"])


def downgrade() -> None:
    op.drop_table("takedown_looks")
    op.drop_column("nights", "kind")
