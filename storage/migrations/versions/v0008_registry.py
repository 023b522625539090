"""The registry of institutions, as published lists have them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "registry_institutions",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_institutions")),
        sa.UniqueConstraint("source_key", name=op.f("uq_registry_institutions_source_key")),
    )
    for column in ("name_key", "credit_code", "licence"):
        op.create_index(op.f(f"ix_registry_institutions_{column}"), "registry_institutions", [column])
    op.create_table(
        "registry_keys",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("institution_id", _ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["registry_institutions.id"],
            name=op.f("fk_registry_keys_institution_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("kind", "key", "institution_id", name=op.f("pk_registry_keys")),
    )
    op.create_index(op.f("ix_registry_keys_institution_id"), "registry_keys", ["institution_id"])
    op.create_table(
        "registry_headings",
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("heading", name=op.f("pk_registry_headings")),
    )


def downgrade() -> None:
    op.drop_table("registry_headings")
    op.drop_table("registry_keys")
    op.drop_table("registry_institutions")
