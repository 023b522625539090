"""What was read in pictures, and which page shows which."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0007"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "pictures",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("look", sa.Text(), nullable=False),
        sa.Column("coarse_look", sa.String(length=16), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("target_id", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_pictures"),
    )
    op.create_index("ix_pictures_coarse_look", "pictures", ["coarse_look"])
    op.create_index("ix_pictures_night", "pictures", ["night_id", "target_id"])
    op.create_table(
        "page_pictures",
        sa.Column("page_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("fate", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("picture_sha256", sa.String(length=64), nullable=True),
        sa.Column("payload_sha256", sa.String(length=64), nullable=False),
        sa.Column("likeness", sa.Boolean(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.Column("code_kinds", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_page_pictures_page_id"),
        sa.ForeignKeyConstraint(["picture_sha256"], ["pictures.sha256"], name="fk_page_pictures_picture_sha256"),
        sa.PrimaryKeyConstraint("page_id", "place", name="pk_page_pictures"),
    )


def downgrade() -> None:
    op.drop_table("page_pictures")
    op.drop_index("ix_pictures_night", "pictures")
    op.drop_index("ix_pictures_coarse_look", "pictures")
    op.drop_table("pictures")
