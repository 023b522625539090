"""Lists that are stated to hold every certificate of one issuer."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registry_complete_lists",
        sa.Column("issuer", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "source", name=op.f("pk_registry_complete_lists")),
    )


def downgrade() -> None:
    op.drop_table("registry_complete_lists")
