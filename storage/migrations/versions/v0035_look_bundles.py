"""The sealed evidence of each later visit to a referred page."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0033"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "look_bundles",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("look_id", _ROW_ID, nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["look_id"], ["takedown_looks.id"], name=op.f("fk_look_bundles_look_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look_bundles")),
        sa.UniqueConstraint("look_id", name=op.f("uq_look_bundles_look_id")),
        sa.UniqueConstraint("path", name=op.f("uq_look_bundles_path")),
    )
    op.create_index("ix_look_bundles_night_id", "look_bundles", ["night_id"])


def downgrade() -> None:
    op.drop_table("look_bundles")
