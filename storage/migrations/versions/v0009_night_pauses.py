"""When the hours of a night were over before its URLs were, and when it was taken up again."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "night_pauses",
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["night_id"], ["nights.id"], name=op.f("fk_night_pauses_night_id")),
        sa.PrimaryKeyConstraint("night_id", "number", name=op.f("pk_night_pauses")),
    )


def downgrade() -> None:
    op.drop_table("night_pauses")
