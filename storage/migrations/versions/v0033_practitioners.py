"""Registered practitioners by name and institution, with their numbers as keyed digests."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "registry_practitioners",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("institution_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number_digest", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_practitioners")),
        sa.UniqueConstraint(
            "institution_key", "name", "source", "number_digest", name=op.f("uq_registry_practitioners_row")
        ),
    )


def downgrade() -> None:
    op.drop_table("registry_practitioners")
