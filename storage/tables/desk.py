"""The analysts' desk: accounts, items, decisions, the audit log, and what was drawn at random."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from storage.columns import JsonText, StorableText, UtcDateTime
from storage.tables.metadata import RowId, metadata

desk_accounts = Table(
    "desk_accounts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),  # as it is typed at log-in, folded
    Column("display", StorableText, nullable=False),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),  # argon2id, with its parameters
    Column("must_change", Boolean, nullable=False),  # the password was made by somebody else
    Column("created_at", UtcDateTime, nullable=False),
    Column("password_changed_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),  # NULL while it may log in
)

desk_sessions = Table(
    "desk_sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("account_id", RowId, ForeignKey("desk_accounts.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("address", StorableText, nullable=False),
    Column("way", String(8), nullable=False, server_default="password"),  # password | single
)

# By whom the sign-in provider means whom. While `subject` is NULL, the first who comes with the account's name as the provider's
# user name before `allowed_until` becomes the one.
desk_identities = Table(
    "desk_identities",
    metadata,
    Column("account_id", RowId, ForeignKey("desk_accounts.id"), primary_key=True, autoincrement=False),
    Column("issuer", StorableText, nullable=False),
    Column("claim", StorableText, nullable=False),  # which claim the subject is the value of
    Column("subject", StorableText),
    Column("allowed_until", UtcDateTime),  # NULL unless the subject was to come by itself
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", StorableText, nullable=False),
    UniqueConstraint("issuer", "claim", "subject"),
)

# Browsers that were sent to the sign-in provider and are not back; each may come back once.
desk_sign_ons = Table(
    "desk_sign_ons",
    metadata,
    Column("ticket_sha256", String(64), primary_key=True),  # of what the browser's cookie holds
    Column("began_at", UtcDateTime, nullable=False, index=True),
)

# Failed tries to log in, for limits; a success clears those of its name.
desk_failed_log_ins = Table(
    "desk_failed_log_ins",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", StorableText, nullable=False),
    Column("address", StorableText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_desk_failed_log_ins_name", "name", "at"),
    Index("ix_desk_failed_log_ins_address", "address", "at"),
)

# Institutions whose items an account is not shown, as it declared them ...
desk_conflicts = Table(
    "desk_conflicts",
    metadata,
    Column("account_id", RowId, ForeignKey("desk_accounts.id"), primary_key=True),
    Column("name_key", StorableText, primary_key=True),  # domain.institutions.name_key
    Column("name", StorableText, nullable=False),
    Column("declared_at", UtcDateTime, nullable=False),
)

# ... and the names of institutions on items that these mean.
desk_conflict_parties = Table(
    "desk_conflict_parties",
    metadata,
    Column("account_id", RowId, ForeignKey("desk_accounts.id"), primary_key=True),
    Column("party", StorableText, primary_key=True),
)

desk_items = Table(
    "desk_items",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("page_id", RowId, ForeignKey("pages.id"), nullable=False, unique=True),
    Column("night_id", String(32), nullable=False),
    Column("target_id", RowId, nullable=False),
    Column("target", StorableText, nullable=False),
    Column("region", StorableText, nullable=False),
    Column("institution", StorableText, nullable=False),
    Column("url", StorableText, nullable=False),
    Column("title", StorableText, nullable=False),
    Column("url_key", String(64), nullable=False),
    Column("body_sha256", String(64), nullable=False),  # of the main text; empty when it is not known
    Column("cluster_id", RowId),  # NULL for a page of next to no text
    Column("families", JsonText, nullable=False),  # of live findings, weightiest first
    Column("rules", JsonText, nullable=False),  # of live findings, sorted
    Column("severity", Integer, nullable=False),
    Column("probability", Float, nullable=False),
    Column("priority", Float, nullable=False),  # severity x probability; of a drawn page that of a lead drawn with it
    Column(
        "rank", Float, nullable=False
    ),  # minus the priority: indexes go upwards, and among equals the oldest comes first
    Column("kind", String(8), nullable=False),
    Column("read_twice", Boolean, nullable=False),  # two first readings that do not know of each other
    Column("state", String(16), nullable=False),
    Column("stage", String(8)),  # whose turn it is, also while held; NULL when decided
    Column("held_state", String(16)),  # the state that it was held in; NULL unless held
    Column("held_until", UtcDateTime),  # NULL unless held
    Column("held_by", RowId),  # who put it off or on hold; NULL unless held
    Column("assignee", RowId),  # account; NULL for everybody
    Column("lock_holder", RowId),  # account; NULL when nobody has it
    Column("lock_until", UtcDateTime),
    Column("first_reader", RowId),  # accounts whose verdicts count, in order
    Column("second_reader", RowId),
    Column("third_reader", RowId),
    Column("fourth_reader", RowId),  # where two had confirmed without knowing of each other and a third did not
    Column("created_at", UtcDateTime, nullable=False),
    Column("stage_since", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),  # last night's capture of the same text at the same address
    Column("decided_at", UtcDateTime),  # NULL while open
    Column("version", Integer, nullable=False),  # one more with each change that another reader should know of
    Index("ix_desk_items_queue", "stage", "rank", "id"),
    Index("ix_desk_items_rank", "rank", "id"),
    Index("ix_desk_items_states", "state", "night_id"),
    Index("ix_desk_items_night", "night_id", "rank", "id"),
    Index("ix_desk_items_target", "target_id", "stage", "rank", "id"),
    Index("ix_desk_items_cluster", "cluster_id", "stage"),
    Index("ix_desk_items_lock", "lock_until"),
    # Few are assigned to anybody: those of one person are found without walking all others
    Index(
        "ix_desk_items_assigned",
        "assignee",
        "stage",
        "rank",
        "id",
        postgresql_where=text("assignee IS NOT NULL"),
        sqlite_where=text("assignee IS NOT NULL"),
    ),
    Index("ix_desk_items_url", "url_key", "body_sha256"),
    Index("ix_desk_items_decided", "decided_at"),
)

desk_item_families = Table(
    "desk_item_families",
    metadata,
    Column("family", String(32), primary_key=True),
    Column("item_id", RowId, ForeignKey("desk_items.id"), primary_key=True, index=True, autoincrement=False),
)

# Every name by which an item's institution may be known: conflicts of interest and earlier decisions go by these.
desk_item_parties = Table(
    "desk_item_parties",
    metadata,
    Column("party", StorableText, primary_key=True),  # domain.institutions.name_key
    Column("item_id", RowId, ForeignKey("desk_items.id"), primary_key=True, index=True, autoincrement=False),
)

# Verdicts; never deleted. One counts unless it was undone or superseded.
desk_decisions = Table(
    "desk_decisions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("batch", String(32), nullable=False, index=True),  # all that one act decided
    Column("item_id", RowId, ForeignKey("desk_items.id"), nullable=False),
    Column("item_version", Integer, nullable=False),  # the version that it made
    Column("account_id", RowId, ForeignKey("desk_accounts.id"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("stage", String(8), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("reason", String(64), nullable=False),  # code in lexicons/desk/reasons.toml; empty for a confirmation
    Column("note", StorableText, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("state_after", String(16), nullable=False),
    Column("before", JsonText, nullable=False),  # what the item was, for undoing
    Column("undone_at", UtcDateTime),
    Column("superseded_at", UtcDateTime),  # when the item was sent back or reopened
    UniqueConstraint("item_id", "item_version"),
    Index("ix_desk_decisions_account", "account_id", "made_at"),
    Index("ix_desk_decisions_made", "made_at"),
)

desk_finding_verdicts = Table(
    "desk_finding_verdicts",
    metadata,
    Column("decision_id", RowId, ForeignKey("desk_decisions.id"), primary_key=True, autoincrement=False),
    Column("finding_id", RowId, ForeignKey("findings.id"), primary_key=True, autoincrement=False),
    Column("rule", String(64), nullable=False, index=True),
    Column("verdict", String(16), nullable=False),
)

desk_views = Table(
    "desk_views",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("account_id", RowId, ForeignKey("desk_accounts.id"), nullable=False),
    Column("name", StorableText, nullable=False),
    Column("filters", JsonText, nullable=False),
    UniqueConstraint("account_id", "name"),
)

# What was taken in of a night, and its figures for comparison with later nights.
desk_nights = Table(
    "desk_nights",
    metadata,
    Column("night_id", String(32), ForeignKey("nights.id"), primary_key=True),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("pages", Integer, nullable=False),  # judged
    Column("leads", Integer, nullable=False),  # of these, flagged
    Column("items", Integer, nullable=False),  # leads that became items: not those seen before with the same text
    Column("scores", JsonText, nullable=False),  # pages by tenth of the score
    Column("rule_hits", JsonText, nullable=False),  # pages by rule of a live finding
)

# What chance chose; with the seed anybody can choose again.
desk_draws = Table(
    "desk_draws",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("kind", String(16), nullable=False),  # audit | read-twice | targets | readers
    Column("night_id", String(32), index=True),  # NULL where it is not of one night
    Column("seed", String(32), nullable=False),
    Column("population", Integer, nullable=False),
    Column("population_sha256", String(64), nullable=False),  # of the ids, one a line, in the order drawn from
    Column("drawn", JsonText, nullable=False),
    Column("drawn_at", UtcDateTime, nullable=False),
    Column("drawn_by", StorableText, nullable=False),
)

# Every act of a person or of the machine at the desk, each entry with the digest of the one before. Triggers refuse to
# change or delete any.
audit_entries = Table(
    "audit_entries",
    metadata,
    Column("number", RowId, primary_key=True, autoincrement=False),  # 1, 2, 3 ... without a gap
    Column("at", UtcDateTime, nullable=False),
    Column("actor", StorableText, nullable=False, index=True),
    Column("act", String(32), nullable=False, index=True),
    Column("subject", StorableText, nullable=False, index=True),
    Column("document", Text, nullable=False),  # one canonical JSON line
    Column("digest", String(64), nullable=False),  # SHA-256 of the document
)
