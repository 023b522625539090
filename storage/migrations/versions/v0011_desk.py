"""The analysts' desk: accounts, items, decisions, draws, and an audit log whose entries the database refuses to change."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_REFUSAL = "the audit log is append-only"


def upgrade() -> None:
    _accounts()
    _items()
    _decisions()
    _records()
    _refuse_changes()


def downgrade() -> None:
    op.drop_table("desk_finding_verdicts")
    op.drop_table("desk_item_parties")
    op.drop_table("desk_item_families")
    op.drop_table("desk_decisions")
    op.drop_table("desk_items")
    op.drop_table("desk_views")
    op.drop_table("desk_sessions")
    op.drop_table("desk_nights")
    op.drop_table("desk_conflicts")
    op.drop_table("desk_conflict_parties")
    op.drop_table("desk_failed_log_ins")
    op.drop_table("desk_draws")
    op.drop_table("desk_accounts")
    op.drop_table("audit_entries")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_audit_change()")


def _accounts() -> None:
    op.create_table(
        "desk_accounts",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_desk_accounts_name")),
    )
    op.create_table(
        "desk_failed_log_ins",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_failed_log_ins")),
    )
    op.create_index("ix_desk_failed_log_ins_address", "desk_failed_log_ins", ["address", "at"])
    op.create_index("ix_desk_failed_log_ins_name", "desk_failed_log_ins", ["name", "at"])
    op.create_table(
        "desk_conflict_parties",
        sa.Column("account_id", _ROW_ID, nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["desk_accounts.id"], name=op.f("fk_desk_conflict_parties_account_id")),
        sa.PrimaryKeyConstraint("account_id", "party", name=op.f("pk_desk_conflict_parties")),
    )
    op.create_table(
        "desk_conflicts",
        sa.Column("account_id", _ROW_ID, nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["desk_accounts.id"], name=op.f("fk_desk_conflicts_account_id")),
        sa.PrimaryKeyConstraint("account_id", "name_key", name=op.f("pk_desk_conflicts")),
    )
    op.create_table(
        "desk_sessions",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", _ROW_ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["desk_accounts.id"], name=op.f("fk_desk_sessions_account_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_desk_sessions")),
    )
    op.create_index(op.f("ix_desk_sessions_account_id"), "desk_sessions", ["account_id"])
    op.create_table(
        "desk_views",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("account_id", _ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["desk_accounts.id"], name=op.f("fk_desk_views_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_views")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_desk_views_account_id_name")),
    )


def _items() -> None:
    op.create_table(
        "desk_items",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("page_id", _ROW_ID, nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("target_id", _ROW_ID, nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url_key", sa.String(length=64), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("cluster_id", _ROW_ID, nullable=True),
        sa.Column("families", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("priority", sa.Float(), nullable=False),
        sa.Column("rank", sa.Float(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("read_twice", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("stage", sa.String(length=8), nullable=True),
        sa.Column("held_state", sa.String(length=16), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_by", _ROW_ID, nullable=True),
        sa.Column("assignee", _ROW_ID, nullable=True),
        sa.Column("lock_holder", _ROW_ID, nullable=True),
        sa.Column("lock_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_reader", _ROW_ID, nullable=True),
        sa.Column("second_reader", _ROW_ID, nullable=True),
        sa.Column("third_reader", _ROW_ID, nullable=True),
        sa.Column("fourth_reader", _ROW_ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_desk_items_page_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_items")),
        sa.UniqueConstraint("page_id", name=op.f("uq_desk_items_page_id")),
    )
    op.create_index("ix_desk_items_cluster", "desk_items", ["cluster_id", "stage"])
    op.create_index("ix_desk_items_decided", "desk_items", ["decided_at"])
    op.create_index("ix_desk_items_lock", "desk_items", ["lock_until"])
    op.create_index("ix_desk_items_night", "desk_items", ["night_id", "rank", "id"])
    op.create_index("ix_desk_items_queue", "desk_items", ["stage", "rank", "id"])
    op.create_index("ix_desk_items_rank", "desk_items", ["rank", "id"])
    op.create_index("ix_desk_items_states", "desk_items", ["state", "night_id"])
    op.create_index("ix_desk_items_target", "desk_items", ["target_id", "stage", "rank", "id"])
    op.create_index("ix_desk_items_url", "desk_items", ["url_key", "body_sha256"])
    op.create_table(
        "desk_item_families",
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("item_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["desk_items.id"], name=op.f("fk_desk_item_families_item_id")),
        sa.PrimaryKeyConstraint("family", "item_id", name=op.f("pk_desk_item_families")),
    )
    op.create_index(op.f("ix_desk_item_families_item_id"), "desk_item_families", ["item_id"])
    op.create_table(
        "desk_item_parties",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("item_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["desk_items.id"], name=op.f("fk_desk_item_parties_item_id")),
        sa.PrimaryKeyConstraint("party", "item_id", name=op.f("pk_desk_item_parties")),
    )
    op.create_index(op.f("ix_desk_item_parties_item_id"), "desk_item_parties", ["item_id"])


def _decisions() -> None:
    op.create_table(
        "desk_decisions",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("item_id", _ROW_ID, nullable=False),
        sa.Column("item_version", sa.Integer(), nullable=False),
        sa.Column("account_id", _ROW_ID, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("stage", sa.String(length=8), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state_after", sa.String(length=16), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["desk_accounts.id"], name=op.f("fk_desk_decisions_account_id")),
        sa.ForeignKeyConstraint(["item_id"], ["desk_items.id"], name=op.f("fk_desk_decisions_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_decisions")),
        sa.UniqueConstraint("item_id", "item_version", name=op.f("uq_desk_decisions_item_id_item_version")),
    )
    op.create_index("ix_desk_decisions_account", "desk_decisions", ["account_id", "made_at"])
    op.create_index(op.f("ix_desk_decisions_batch"), "desk_decisions", ["batch"])
    op.create_index("ix_desk_decisions_made", "desk_decisions", ["made_at"])
    op.create_table(
        "desk_finding_verdicts",
        sa.Column("decision_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("finding_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["desk_decisions.id"], name=op.f("fk_desk_finding_verdicts_decision_id")
        ),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_desk_finding_verdicts_finding_id")),
        sa.PrimaryKeyConstraint("decision_id", "finding_id", name=op.f("pk_desk_finding_verdicts")),
    )
    op.create_index(op.f("ix_desk_finding_verdicts_rule"), "desk_finding_verdicts", ["rule"])


def _records() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("number", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_act"), "audit_entries", ["act"])
    op.create_index(op.f("ix_audit_entries_actor"), "audit_entries", ["actor"])
    op.create_index(op.f("ix_audit_entries_subject"), "audit_entries", ["subject"])
    op.create_table(
        "desk_draws",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("night_id", sa.String(length=32), nullable=True),
        sa.Column("seed", sa.String(length=32), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("population_sha256", sa.String(length=64), nullable=False),
        sa.Column("drawn", sa.Text(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_draws")),
    )
    op.create_index(op.f("ix_desk_draws_night_id"), "desk_draws", ["night_id"])
    op.create_table(
        "desk_nights",
        sa.Column("night_id", sa.String(length=32), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("leads", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("scores", sa.Text(), nullable=False),
        sa.Column("rule_hits", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["night_id"], ["nights.id"], name=op.f("fk_desk_nights_night_id")),
        sa.PrimaryKeyConstraint("night_id", name=op.f("pk_desk_nights")),
    )


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_entries_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_entries_no_{change.lower()} BEFORE {change} ON audit_entries "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
