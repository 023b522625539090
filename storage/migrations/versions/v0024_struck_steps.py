"""Steps that strike others, and papers of the other side."""

import sqlalchemy as sa
from alembic import op

from storage.columns import StorableText

revision = "0024"
down_revision = "0021"
branch_labels = None
depends_on = None

_TABLES = ("referral_steps", "lead_statements")


def upgrade() -> None:
    op.add_column("referral_steps", sa.Column("corrects", sa.BigInteger(), nullable=True))
    for table in _TABLES:
        op.add_column(table, sa.Column("file_name", StorableText(), nullable=False, server_default=""))
        op.add_column(table, sa.Column("file_sha256", sa.String(length=64), nullable=False, server_default=""))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "file_sha256")
        op.drop_column(table, "file_name")
    op.drop_column("referral_steps", "corrects")
