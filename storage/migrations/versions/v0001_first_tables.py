"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: SQLite numbers rows by itself only in a column of type INTEGER
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_targets()
    _create_nights()
    _create_night_targets()
    _create_frontier()
    _create_warc_files()
    _create_visits()
    _create_pages()
    _create_findings()
    _create_bundles()


def downgrade() -> None:
    op.drop_table("bundles")
    op.drop_table("findings")
    op.drop_table("pages")
    op.drop_table("visits")
    op.drop_table("warc_files")
    op.drop_table("frontier")
    op.drop_table("night_targets")
    op.drop_table("nights")
    op.drop_table("targets")


def _create_frontier() -> None:
    op.create_table(
        "frontier",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("target_id", ROW_ID, nullable=False),
        sa.Column("url_key", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(length=24), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_frontier"),
        sa.UniqueConstraint("night_id", "url_key", name="uq_frontier_night_id_url_key"),
    )
    op.create_index(
        "ix_frontier_claim", "frontier", ["night_id", "target_id", "state", "attempts", "depth", "id"], unique=False
    )
    op.create_index("ix_frontier_progress", "frontier", ["night_id", "state", "outcome"], unique=False)


def _create_nights() -> None:
    op.create_table(
        "nights",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bundles_verified", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bundles_failed", sa.Text(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nights"),
    )


def _create_targets() -> None:
    op.create_table(
        "targets",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("url_key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("render", sa.String(length=16), nullable=False),
        sa.Column("max_pages", sa.Integer(), nullable=False),
        sa.Column("min_pages", sa.Integer(), nullable=False),
        sa.Column("delay_seconds", sa.Float(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("include", sa.Text(), nullable=False),
        sa.Column("exclude", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("local", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_targets"),
        sa.UniqueConstraint("url_key", name="uq_targets_url_key"),
    )


def _create_warc_files() -> None:
    op.create_table(
        "warc_files",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("head_sha256", sa.String(length=64), nullable=False),
        sa.Column("head_length", sa.Integer(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_warc_files"),
        sa.UniqueConstraint("path", name="uq_warc_files_path"),
    )


def _create_night_targets() -> None:
    op.create_table(
        "night_targets",
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("target_id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("min_pages", sa.Integer(), nullable=False),
        sa.Column("max_pages", sa.Integer(), nullable=False),
        sa.Column("started", sa.Integer(), server_default="0", nullable=False),
        sa.Column("surplus", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["night_id"], ["nights.id"], name="fk_night_targets_night_id"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_night_targets_target_id"),
        sa.PrimaryKeyConstraint("night_id", "target_id", name="pk_night_targets"),
    )


def _create_visits() -> None:
    op.create_table(
        "visits",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("frontier_id", ROW_ID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("target_id", ROW_ID, nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final_url", sa.Text(), nullable=False),
        sa.Column("robots", sa.String(length=16), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warc_id", ROW_ID, nullable=True),
        sa.Column("warc_offset", sa.BigInteger(), nullable=True),
        sa.Column("warc_length", sa.BigInteger(), nullable=True),
        sa.Column("warc_sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["frontier_id"], ["frontier.id"], name="fk_visits_frontier_id"),
        sa.ForeignKeyConstraint(["warc_id"], ["warc_files.id"], name="fk_visits_warc_id"),
        sa.PrimaryKeyConstraint("id", name="pk_visits"),
        sa.UniqueConstraint("frontier_id", "attempt", name="uq_visits_frontier_id_attempt"),
    )
    op.create_index("ix_visits_warc", "visits", ["warc_id", "warc_offset"], unique=False)


def _create_pages() -> None:
    op.create_table(
        "pages",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("visit_id", ROW_ID, nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("target_id", ROW_ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("final_url", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("page_type", sa.String(length=16), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("site_name", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("encoding", sa.String(length=32), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("text_sha256", sa.String(length=64), nullable=True),
        sa.Column("contacts", sa.Text(), nullable=True),
        sa.Column("identifiers", sa.Text(), nullable=True),
        sa.Column("institutions", sa.Text(), nullable=True),
        sa.Column("judgement", sa.Text(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["frontier.id"], name="fk_pages_id"),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name="fk_pages_visit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pages"),
    )
    op.create_index("ix_pages_flagged", "pages", ["flagged", "night_id"], unique=False)
    op.create_index("ix_pages_night", "pages", ["night_id", "target_id", "outcome"], unique=False)
    op.create_index("ix_pages_text_sha256", "pages", ["text_sha256"], unique=False)


def _create_bundles() -> None:
    op.create_table(
        "bundles",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("page_id", ROW_ID, nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_bundles_page_id"),
        sa.PrimaryKeyConstraint("id", name="pk_bundles"),
        sa.UniqueConstraint("page_id", name="uq_bundles_page_id"),
        sa.UniqueConstraint("path", name="uq_bundles_path"),
    )
    op.create_index("ix_bundles_night_id", "bundles", ["night_id"], unique=False)


def _create_findings() -> None:
    op.create_table(
        "findings",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("page_id", ROW_ID, nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("start_offset", sa.Integer(), nullable=False),
        sa.Column("end_offset", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("silenced", sa.Boolean(), nullable=False),
        sa.Column("gates", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_findings_page_id"),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
    )
    op.create_index("ix_findings_page_id", "findings", ["page_id"], unique=False)
    op.create_index("ix_findings_rule", "findings", ["rule"], unique=False)
