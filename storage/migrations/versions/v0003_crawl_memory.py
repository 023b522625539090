"""What one night tells the next: skipped links, pages seen, sites at rest, figures of finished nights."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CLAIM_COLUMNS = ["night_id", "target_id", "state", "attempts", "priority", "depth", "id"]
FIGURES = ("content_pages", "leads", "empty_titles", "empty_texts")


def upgrade() -> None:
    _create_skipped()
    _create_page_memory()
    op.create_table(
        "site_rests",
        sa.Column("site", sa.String(length=255), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", name="pk_site_rests"),
    )
    for name in FIGURES:
        op.add_column("night_targets", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("pages", sa.Column("same_as", ROW_ID, nullable=True))
    op.add_column("frontier", sa.Column("found_on", ROW_ID, nullable=True))
    op.add_column("frontier", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.drop_index("ix_frontier_claim", "frontier")
    op.create_index("ix_frontier_claim", "frontier", CLAIM_COLUMNS, unique=False)


def downgrade() -> None:
    op.drop_index("ix_frontier_claim", "frontier")
    op.create_index(
        "ix_frontier_claim", "frontier", [name for name in CLAIM_COLUMNS if name != "priority"], unique=False
    )
    op.drop_column("frontier", "priority")
    op.drop_column("frontier", "found_on")
    op.drop_column("pages", "same_as")
    for name in FIGURES:
        op.drop_column("night_targets", name)
    for table in ("site_rests", "page_memory", "skipped_counts", "skipped_links"):
        op.drop_table(table)


def _create_skipped() -> None:
    op.create_table(
        "skipped_links",
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("url_key", sa.String(length=64), nullable=False),
        sa.Column("target_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("found_on", ROW_ID, nullable=True),
        sa.PrimaryKeyConstraint("night_id", "url_key", "target_id", name="pk_skipped_links"),
    )
    op.create_table(
        "skipped_counts",
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("target_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("links", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("night_id", "target_id", "rule", name="pk_skipped_counts"),
    )


def _create_page_memory() -> None:
    op.create_table(
        "page_memory",
        sa.Column("url_key", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("page_id", ROW_ID, nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("judged_by", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("interval_days", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_page_memory_page_id"),
        sa.PrimaryKeyConstraint("url_key", name="pk_page_memory"),
    )
    op.create_index("ix_page_memory_host", "page_memory", ["host"], unique=False)
