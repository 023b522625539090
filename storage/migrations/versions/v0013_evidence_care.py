"""When evidence was last checked, and what the end of a night did for it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence_checks",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sound", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_evidence_checks")),
    )
    op.create_index("ix_evidence_checks_checked_at", "evidence_checks", ["checked_at"])
    op.create_table(
        "night_care",
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("rechecked", sa.Integer(), nullable=False),
        sa.Column("unreached", sa.Integer(), nullable=False),
        sa.Column("oldest_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("present", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("copy_faults", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["night_id"], ["nights.id"], name=op.f("fk_night_care_night_id")),
        sa.PrimaryKeyConstraint("night_id", name=op.f("pk_night_care")),
    )


def downgrade() -> None:
    op.drop_table("night_care")
    op.drop_table("evidence_checks")
