"""How a browser showed each page, what was worth it at each site, and which pages are set aside."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site_trials",
        sa.Column("site", sa.String(length=255), nullable=False),
        sa.Column("rung", sa.String(length=16), nullable=False),
        sa.Column("streak", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site", "rung", name="pk_site_trials"),
    )
    op.add_column("visits", sa.Column("shown", sa.Text(), nullable=True))
    op.add_column("pages", sa.Column("set_aside", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("UPDATE pages SET set_aside = true WHERE outcome = 'our-fault' AND detail LIKE '%本夜搁置%'")


def downgrade() -> None:
    op.drop_column("pages", "set_aside")
    op.drop_column("visits", "shown")
    op.drop_table("site_trials")
