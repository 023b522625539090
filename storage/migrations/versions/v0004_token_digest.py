"""The digest of each time-stamp token: the authority's signature does not cover every byte of it."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("time_stamps", sa.Column("token_sha256", sa.String(length=64), nullable=True))
    stamps = sa.table(
        "time_stamps", sa.column("id"), sa.column("token", sa.LargeBinary()), sa.column("token_sha256", sa.String())
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(stamps).where(stamps.c.token.is_not(None))).all():
        digest = hashlib.sha256(row.token).hexdigest()
        connection.execute(sa.update(stamps).where(stamps.c.id == row.id).values(token_sha256=digest))


def downgrade() -> None:
    op.drop_column("time_stamps", "token_sha256")
