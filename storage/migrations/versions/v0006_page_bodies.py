"""The main text of each page: where it stands, its digest, and the cluster of texts like it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0008"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "text_clusters",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("sketch", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_text_clusters"),
        sa.UniqueConstraint("body_sha256", name="uq_text_clusters_body_sha256"),
    )
    op.create_table(
        "cluster_keys",
        sa.Column("key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cluster_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["cluster_id"], ["text_clusters.id"], name="fk_cluster_keys_cluster_id"),
        sa.PrimaryKeyConstraint("key", "cluster_id", name="pk_cluster_keys"),
    )
    op.create_table(
        "page_bodies",
        sa.Column("page_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("url_key", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body_start", sa.Integer(), nullable=False),
        sa.Column("body_end", sa.Integer(), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("cluster_id", _ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_page_bodies_page_id"),
        sa.ForeignKeyConstraint(["cluster_id"], ["text_clusters.id"], name="fk_page_bodies_cluster_id"),
        sa.PrimaryKeyConstraint("page_id", name="pk_page_bodies"),
    )
    op.create_index("ix_page_bodies_url", "page_bodies", ["url_key", "seen_at"])
    op.create_index("ix_page_bodies_body_sha256", "page_bodies", ["body_sha256"])
    op.create_index("ix_page_bodies_cluster_id", "page_bodies", ["cluster_id"])


def downgrade() -> None:
    op.drop_table("page_bodies")
    op.drop_table("cluster_keys")
    op.drop_table("text_clusters")
