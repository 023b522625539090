"""The tables. `storage.migrations` builds them; a test compares the two."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.columns import JsonText, StorableText, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite numbers rows by itself only in a column of type INTEGER
RowId = BigInteger().with_variant(Integer, "sqlite")

targets = Table(
    "targets",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("url_key", String(64), nullable=False, unique=True),  # SHA-256 of the canonical URL
    Column("name", StorableText, nullable=False),
    Column("url", StorableText, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("institution", StorableText, nullable=False),
    Column("region", StorableText, nullable=False),
    Column("render", String(16), nullable=False),
    Column("max_pages", Integer, nullable=False),
    Column("min_pages", Integer, nullable=False),
    Column("delay_seconds", Float, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("include", JsonText, nullable=False),
    Column("exclude", JsonText, nullable=False),
    Column("owner", StorableText, nullable=False),
    Column("note", StorableText, nullable=False),
    Column("local", Boolean, nullable=False),
)

nights = Table(
    "nights",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),  # NULL while it runs
    Column("bundles_verified", Integer, nullable=False, server_default="0"),
    Column("bundles_failed", JsonText, nullable=False, server_default="[]"),
)

# A night that its hours cut short, each time; it goes on when it is resumed
night_pauses = Table(
    "night_pauses",
    metadata,
    Column("night_id", String(32), ForeignKey("nights.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1 in each night
    Column("paused_at", UtcDateTime, nullable=False),
    Column("resumed_at", UtcDateTime),  # NULL while the night is paused
)

# What was asked of a target that night: later edits of the target do not change the figures of an old night.
night_targets = Table(
    "night_targets",
    metadata,
    Column("night_id", String(32), ForeignKey("nights.id"), primary_key=True),
    Column("target_id", RowId, ForeignKey("targets.id"), primary_key=True),
    Column("name", StorableText, nullable=False),
    Column("url", StorableText, nullable=False),
    Column("min_pages", Integer, nullable=False),
    Column("max_pages", Integer, nullable=False),
    Column("started", Integer, nullable=False, server_default="0"),  # URLs claimed at least once, against max_pages
    Column("surplus", Integer, nullable=False, server_default="0"),  # URLs dropped untried when the night was finished
    # The figures of the finished night, for comparison with later ones; NULL until then
    Column("content_pages", Integer),
    Column("leads", Integer),
    Column("empty_titles", Integer),  # content pages without a title
    Column("empty_texts", Integer),  # content pages of next to no text
)

frontier = Table(
    "frontier",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("night_id", String(32), nullable=False),
    Column("target_id", RowId, nullable=False),
    Column("url_key", String(64), nullable=False),  # SHA-256 of the canonical URL
    Column("url", StorableText, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("found_on", RowId),  # id of the frontier row whose page named it first; NULL for a start page
    Column("priority", Integer, nullable=False, server_default="0"),  # 1 for a page not due for another visit yet
    Column("state", String(8), nullable=False, server_default="waiting"),  # waiting | leased | done
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", UtcDateTime, nullable=False),  # waiting: not before; leased: when the lease runs out
    Column("worker", StorableText),  # NULL unless leased
    Column("outcome", String(24)),  # NULL until done
    UniqueConstraint("night_id", "url_key"),
    Index("ix_frontier_claim", "night_id", "target_id", "state", "attempts", "priority", "depth", "id"),
    Index("ix_frontier_progress", "night_id", "state", "outcome"),
)

warc_files = Table(
    "warc_files",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("night_id", String(32), nullable=False),
    Column("path", StorableText, nullable=False, unique=True),  # relative to the data folder
    Column("head_sha256", String(64), nullable=False),  # of the warcinfo record the file starts with
    Column("head_length", Integer, nullable=False),
    Column("length", BigInteger, nullable=False),  # bytes that the database vouches for
    Column("sealed", Boolean, nullable=False),  # nobody will append to it again
)

# Every try. A slice of NULL means that nothing was received.
visits = Table(
    "visits",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("frontier_id", RowId, ForeignKey("frontier.id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("night_id", String(32), nullable=False),
    Column("target_id", RowId, nullable=False),
    Column("outcome", String(24), nullable=False),
    Column("detail", StorableText, nullable=False),
    Column("status", Integer),  # NULL when no response came
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("final_url", StorableText, nullable=False),
    Column("robots", String(16), nullable=False),
    Column("retry_at", UtcDateTime),  # NULL when this try was the last
    Column("warc_id", RowId, ForeignKey("warc_files.id")),
    Column("warc_offset", BigInteger),
    Column("warc_length", BigInteger),
    Column("warc_sha256", String(64)),  # of the slice as it lies in the file
    UniqueConstraint("frontier_id", "attempt"),
    Index("ix_visits_warc", "warc_id", "warc_offset"),
)

# The final result of a frontier row; its id is the frontier row's.
pages = Table(
    "pages",
    metadata,
    Column("id", RowId, ForeignKey("frontier.id"), primary_key=True, autoincrement=False),
    Column("visit_id", RowId, ForeignKey("visits.id"), nullable=False),
    Column("night_id", String(32), nullable=False),
    Column("target_id", RowId, nullable=False),
    Column("url", StorableText, nullable=False),
    Column("final_url", StorableText, nullable=False),
    Column("outcome", String(24), nullable=False),
    Column("detail", StorableText, nullable=False),
    Column("captured_at", UtcDateTime, nullable=False),
    Column("page_type", String(16)),  # NULL, as the columns below, unless the outcome is content
    Column("title", StorableText),
    Column("site_name", StorableText),
    Column("account", StorableText),
    Column("author", StorableText),
    Column("published_at", UtcDateTime),  # also NULL when the page does not say
    Column("encoding", String(32)),
    Column("text", StorableText),
    Column("text_sha256", String(64)),
    Column("contacts", JsonText),
    Column("identifiers", JsonText),
    Column("institutions", JsonText),
    Column("judgement", JsonText),  # without findings: they have their table
    Column("score", Float),
    Column("flagged", Boolean, nullable=False),
    Column("same_as", RowId),  # the page whose text this one has too, said by the server (304); text is NULL then
    Index("ix_pages_night", "night_id", "target_id", "outcome"),
    Index("ix_pages_flagged", "flagged", "night_id"),
    Index("ix_pages_text_sha256", "text_sha256"),
)

findings = Table(
    "findings",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("page_id", RowId, ForeignKey("pages.id"), nullable=False, index=True),
    Column("rule", String(64), nullable=False, index=True),
    Column("family", String(32), nullable=False),
    Column("quote", StorableText, nullable=False),
    Column("start_offset", Integer, nullable=False),  # code points into pages.text
    Column("end_offset", Integer, nullable=False),
    Column("weight", Float, nullable=False),
    Column("basis", JsonText, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("silenced", Boolean, nullable=False),
    Column("gates", JsonText, nullable=False),
)

bundles = Table(
    "bundles",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("page_id", RowId, ForeignKey("pages.id"), nullable=False, unique=True),
    Column("night_id", String(32), nullable=False, index=True),
    Column("path", StorableText, nullable=False, unique=True),  # relative to the data folder
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# Links found and not followed: at most some of each rule a target and night, and how many there were in all.
skipped_links = Table(
    "skipped_links",
    metadata,
    Column("night_id", String(32), primary_key=True),
    Column("url_key", String(64), primary_key=True),
    Column("target_id", RowId, primary_key=True, autoincrement=False),
    Column("url", StorableText, nullable=False),
    Column("rule", String(16), nullable=False),
    Column("reason", StorableText, nullable=False),
    Column("found_on", RowId),  # as in frontier
)

skipped_counts = Table(
    "skipped_counts",
    metadata,
    Column("night_id", String(32), primary_key=True),
    Column("target_id", RowId, primary_key=True, autoincrement=False),
    Column("rule", String(16), primary_key=True),
    Column("links", Integer, nullable=False),
)

# What the last visit that gave content knows of a URL, whichever the night.
page_memory = Table(
    "page_memory",
    metadata,
    Column("url_key", String(64), primary_key=True),
    Column("url", StorableText, nullable=False),
    Column("host", StorableText, nullable=False, index=True),
    Column("page_id", RowId, ForeignKey("pages.id"), nullable=False),  # has the text
    Column("text_sha256", String(64), nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("judged_by", StorableText, nullable=False),  # rules and model
    Column("etag", StorableText, nullable=False),  # empty, as last_modified, when a conditional request is no use
    Column("last_modified", StorableText, nullable=False),
    Column("links", JsonText, nullable=False),  # where an unchanged page leads
    Column("fetched_at", UtcDateTime, nullable=False),  # last time in full
    Column("seen_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("interval_days", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
)

# Sites that asked to be left alone, or that answered as if they were overloaded.
site_rests = Table(
    "site_rests",
    metadata,
    Column("site", String(255), primary_key=True),
    Column("until", UtcDateTime, nullable=False),
    Column("level", Integer, nullable=False),  # how often in a row
    Column("reason", StorableText, nullable=False),
)

# The append-only chain of digests; never updated, never deleted from.
chain_entries = Table(
    "chain_entries",
    metadata,
    Column("number", RowId, primary_key=True, autoincrement=False),  # 1, 2, 3 ... without a gap
    Column("night_id", String(32), nullable=False),
    Column("path", StorableText, nullable=False, unique=True),  # relative to the data folder
    Column("document", Text, nullable=False),  # one canonical JSON line
    Column("digest", String(64), nullable=False),  # SHA-256 of the document
)

# Signed heads: each covers the entries since the head before.
seals = Table(
    "seals",
    metadata,
    Column("number", RowId, primary_key=True, autoincrement=False),
    Column("night_id", String(32), nullable=False),  # of the night at whose end it was made
    Column("first_entry", RowId, nullable=False),
    Column("last_entry", RowId, nullable=False),
    Column("document", Text, nullable=False),  # head.json, signature included
    Column("digest", String(64), nullable=False),  # SHA-256 of the document: what is stamped
    Column("created_at", UtcDateTime, nullable=False),
)

# One row for each head and authority; it waits while `token` is NULL.
time_stamps = Table(
    "time_stamps",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("seal_number", RowId, ForeignKey("seals.number"), nullable=False),
    Column("authority", String(64), nullable=False),
    Column("token_file", String(80), nullable=False),  # its name in the folder of the head
    Column("attempts", Integer, nullable=False),
    Column("asked_at", UtcDateTime),  # the last try; NULL when never asked
    Column("received_at", UtcDateTime),  # by our clock
    Column("stamped_at", UtcDateTime),  # by the authority's
    Column("token", LargeBinary),  # as received, whatever a library thinks of it
    Column("token_sha256", String(64)),  # a signature does not cover every byte of its token
    Column("detail", StorableText, nullable=False),  # why the last try failed, Chinese; empty when it did not
    UniqueConstraint("seal_number", "authority"),
)

# Acts on evidence: holds, classes, deletions, openings, key hand-overs. Never updated, never deleted from; each is in the chain.
keep_records = Table(
    "keep_records",
    metadata,
    Column("number", RowId, primary_key=True, autoincrement=False),  # 1, 2, 3 ...
    Column("kind", String(16), nullable=False),
    Column("path", StorableText, nullable=False, unique=True),  # of its file, relative to the data folder
    Column("subject", StorableText, nullable=False, index=True),  # path of the evidence; empty for a key
    Column("document", Text, nullable=False),  # one canonical JSON line
    Column("recorded_at", UtcDateTime, nullable=False),
)

# What was read in a picture, whatever page shows it; its bytes are in the archives of the visits that fetched it.
pictures = Table(
    "pictures",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("look", Text, nullable=False),  # perceptual hash
    Column("coarse_look", String(16), nullable=False, index=True),  # its first digits
    Column("lines", JsonText, nullable=False),
    Column("codes", JsonText, nullable=False),
    Column("engine", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    Column("night_id", String(32), nullable=False),  # whose budget of seconds it was read on, with its target
    Column("target_id", RowId, nullable=False),
    Index("ix_pictures_night", "night_id", "target_id"),
)

page_pictures = Table(
    "page_pictures",
    metadata,
    Column("page_id", RowId, ForeignKey("pages.id"), primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),  # in order of appearance, from 0
    Column("url", StorableText, nullable=False),
    Column("fate", String(16), nullable=False),
    Column("detail", StorableText, nullable=False),
    Column("picture_sha256", String(64), ForeignKey("pictures.sha256")),  # NULL unless read
    Column("payload_sha256", String(64), nullable=False),  # of the body as received; empty when not received
    Column("likeness", Boolean, nullable=False),  # read in a picture that looks alike
    Column("spans", JsonText, nullable=False),  # where its lines stand in pages.text, code points
    Column("code_kinds", JsonText, nullable=False),
)

# One row for each institution in each source's list; `document` has all of it, the other columns are for looking up.
registry_institutions = Table(
    "registry_institutions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_key", String(64), nullable=False, unique=True),  # SHA-256 of source and key
    Column("source", StorableText, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("name", StorableText, nullable=False),
    Column("name_key", StorableText, nullable=False, index=True),
    Column("credit_code", String(18), nullable=False, index=True),
    Column("licence", StorableText, nullable=False, index=True),
    Column("digest", String(64), nullable=False),  # of the document
    Column("document", JsonText, nullable=False),
)

# Other keys by which an institution is found: aliases, domains, accounts, certificates, affiliates
registry_keys = Table(
    "registry_keys",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("key", StorableText, primary_key=True),
    Column(
        "institution_id",
        RowId,
        ForeignKey("registry_institutions.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)

# Headings that an operator has mapped, once for all files
registry_headings = Table(
    "registry_headings",
    metadata,
    Column("heading", StorableText, primary_key=True),  # as storage.registry_file.heading_key writes it
    Column("field", String(32), nullable=False),
)

# Texts that are the same or nearly, each cluster known by the text it began with; never merged, so that ids stay.
text_clusters = Table(
    "text_clusters",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("body_sha256", String(64), nullable=False, unique=True),  # of the text it began with
    Column("sketch", Text, nullable=False),  # domain.sameness; empty when that text is too short
)

cluster_keys = Table(
    "cluster_keys",
    metadata,
    Column("key", Integer, primary_key=True, autoincrement=False),  # domain.sameness.band_keys
    Column("cluster_id", RowId, ForeignKey("text_clusters.id"), primary_key=True, autoincrement=False),
)

# The main text of a page of content, also of one that had not changed.
page_bodies = Table(
    "page_bodies",
    metadata,
    Column("page_id", RowId, ForeignKey("pages.id"), primary_key=True, autoincrement=False),
    Column("url_key", String(64), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("body_start", Integer, nullable=False),  # code points into the page's text
    Column("body_end", Integer, nullable=False),
    Column("body_sha256", String(64), nullable=False, index=True),  # domain.sameness.text_digest
    Column("cluster_id", RowId, ForeignKey("text_clusters.id"), index=True),  # NULL for a page of next to no text
    Index("ix_page_bodies_url", "url_key", "seen_at"),
)
