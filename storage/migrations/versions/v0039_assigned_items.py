"""Items that are assigned, by whom they are assigned to."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_desk_items_assigned",
        "desk_items",
        ["assignee", "stage", "rank", "id"],
        postgresql_where=sa.text("assignee IS NOT NULL"),
        sqlite_where=sa.text("assignee IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_desk_items_assigned", "desk_items")
