"""The chain of digests, its sealed heads and their time stamps."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "chain_entries",
        sa.Column("number", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_chain_entries"),
        sa.UniqueConstraint("path", name="uq_chain_entries_path"),
    )
    op.create_table(
        "seals",
        sa.Column("number", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("first_entry", ROW_ID, nullable=False),
        sa.Column("last_entry", ROW_ID, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_seals"),
    )
    op.create_table(
        "time_stamps",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("seal_number", ROW_ID, nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("token_file", sa.String(length=80), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["seal_number"], ["seals.number"], name="fk_time_stamps_seal_number"),
        sa.PrimaryKeyConstraint("id", name="pk_time_stamps"),
        sa.UniqueConstraint("seal_number", "authority", name="uq_time_stamps_seal_number_authority"),
    )


def downgrade() -> None:
    op.drop_table("time_stamps")
    op.drop_table("seals")
    op.drop_table("chain_entries")
