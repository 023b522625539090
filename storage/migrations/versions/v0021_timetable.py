"""The nightly timetable, times without nights, and workers."""

import sqlalchemy as sa
from alembic import op

from storage.columns import StorableText, UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "timetable_runs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("why", StorableText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timetable_runs")),
        sa.UniqueConstraint("due_at", name=op.f("uq_timetable_runs_due_at")),
    )
    op.create_table(
        "timetable_closures",
        sa.Column("id", _ID, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("why", StorableText(), nullable=False),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timetable_closures")),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("heard_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )


def downgrade() -> None:
    for table in ("workers", "timetable_closures", "timetable_runs"):
        op.drop_table(table)
