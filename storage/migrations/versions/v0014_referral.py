"""Packages that leave the building."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "referral_packages",
        sa.Column("id", _RowId, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("recipient", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_packages")),
        sa.UniqueConstraint("number", name=op.f("uq_referral_packages_number")),
        sa.UniqueConstraint("year", "serial", name=op.f("uq_referral_packages_year_serial")),
    )
    op.create_table(
        "referred_leads",
        sa.Column("package_id", _RowId, autoincrement=False, nullable=False),
        sa.Column("page_id", _RowId, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["referral_packages.id"], name=op.f("fk_referred_leads_package_id")),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_referred_leads_page_id")),
        sa.PrimaryKeyConstraint("package_id", "page_id", name=op.f("pk_referred_leads")),
    )
    op.create_index("ix_referred_leads_page_id", "referred_leads", ["page_id"])


def downgrade() -> None:
    op.drop_table("referred_leads")
    op.drop_table("referral_packages")
