"""What sites and accounts are tied to, and whose pages have findings."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "identity_links",
        sa.Column("link_key", sa.String(length=64), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("page_id", _ROW_ID, nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_page_id", _ROW_ID, nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_identity_links_page_id")),
        sa.ForeignKeyConstraint(["last_page_id"], ["pages.id"], name=op.f("fk_identity_links_last_page_id")),
        sa.PrimaryKeyConstraint("link_key", name=op.f("pk_identity_links")),
    )
    op.create_index("ix_identity_links_subject", "identity_links", ["subject_key", "subject_kind"])
    op.create_index("ix_identity_links_node", "identity_links", ["key", "kind"])
    op.create_table(
        "identity_pages",
        sa.Column("page_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_identity_pages_page_id")),
        sa.PrimaryKeyConstraint("page_id", name=op.f("pk_identity_pages")),
    )
    op.create_index("ix_identity_pages_subject", "identity_pages", ["subject_key", "subject_kind"])


def downgrade() -> None:
    op.drop_table("identity_pages")
    op.drop_table("identity_links")
