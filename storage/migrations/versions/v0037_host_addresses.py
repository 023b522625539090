"""Which server answered last for a host."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0034"  # the newest: numbers are given when work begins, places in line when it ends
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "host_addresses",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_host_addresses")),
    )


def downgrade() -> None:
    op.drop_table("host_addresses")
