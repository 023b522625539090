"""Sign-in by the office's provider: whom it means, who is on the way there, and which sessions came of it."""

import sqlalchemy as sa
from alembic import op

from storage.columns import StorableText, UtcDateTime

revision = "0034"
down_revision = "0036"  # which came first, with the later number
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("desk_sessions", sa.Column("way", sa.String(length=8), server_default="password", nullable=False))
    op.create_table(
        "desk_identities",
        sa.Column("account_id", _ID, autoincrement=False, nullable=False),
        sa.Column("issuer", StorableText(), nullable=False),
        sa.Column("claim", StorableText(), nullable=False),
        sa.Column("subject", StorableText(), nullable=True),
        sa.Column("allowed_until", UtcDateTime(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", StorableText(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["desk_accounts.id"], name=op.f("fk_desk_identities_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_desk_identities")),
        sa.UniqueConstraint("issuer", "claim", "subject", name=op.f("uq_desk_identities_issuer_claim_subject")),
    )
    op.create_table(
        "desk_sign_ons",
        sa.Column("ticket_sha256", sa.String(length=64), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_sha256", name=op.f("pk_desk_sign_ons")),
    )
    op.create_index(op.f("ix_desk_sign_ons_began_at"), "desk_sign_ons", ["began_at"])


def downgrade() -> None:
    for table in ("desk_sign_ons", "desk_identities"):
        op.drop_table(table)
    op.drop_column("desk_sessions", "way")
