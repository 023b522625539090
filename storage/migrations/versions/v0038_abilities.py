"""What processes are set up for, pages that wait for a browser, and pictures that wait for a reader."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("workers", sa.Column("can", sa.String(length=32), server_default="crawl,show,read", nullable=False))
    op.add_column("frontier", sa.Column("handed_on", sa.Integer(), server_default="0", nullable=False))
    op.add_column("pages", sa.Column("unshown", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_pages_unshown",
        "pages",
        ["night_id"],
        postgresql_where=sa.text("unshown"),
        sqlite_where=sa.text("unshown = 1"),
    )
    op.create_index(
        "ix_page_pictures_no_reader",
        "page_pictures",
        ["page_id"],
        postgresql_where=sa.text("fate = 'no-reader'"),
        sqlite_where=sa.text("fate = 'no-reader'"),
    )
    op.create_table(
        "picture_questions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_by", sa.String(length=128), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.Column("suspicion", sa.Float(), nullable=False),
        sa.Column("reader", sa.String(length=128), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("takes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture_questions")),
    )


def downgrade() -> None:
    op.drop_table("picture_questions")
    op.drop_index("ix_page_pictures_no_reader", "page_pictures")
    op.drop_index("ix_pages_unshown", "pages")
    op.drop_column("pages", "unshown")
    op.drop_column("frontier", "handed_on")
    op.drop_column("workers", "can")
