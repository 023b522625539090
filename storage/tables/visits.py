"""The crawl frontier, every try, and what the crawl remembers of URLs and sites."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from storage.columns import JsonText, StorableText, UtcDateTime
from storage.tables.metadata import RowId, metadata

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
    Column("state", String(8), nullable=False, server_default="waiting"),  # waiting | to-show | leased | done
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column(
        "handed_on", Integer, nullable=False, server_default="0"
    ),  # attempts that left it to a process with a browser
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
    Column("shown", JsonText),  # why and how a browser showed the page; NULL when none did
    Column("warc_id", RowId, ForeignKey("warc_files.id")),
    Column("warc_offset", BigInteger),
    Column("warc_length", BigInteger),
    Column("warc_sha256", String(64)),  # of the slice as it lies in the file
    UniqueConstraint("frontier_id", "attempt"),
    Index("ix_visits_warc", "warc_id", "warc_offset"),
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

# What showing pages in a browser was worth at a site, in whichever night.
site_trials = Table(
    "site_trials",
    metadata,
    Column("site", String(255), primary_key=True),
    Column("rung", String(16), primary_key=True),  # domain.site_trials.Rung
    Column("streak", Integer, nullable=False),
    Column("tried_at", UtcDateTime, nullable=False),
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

# Which server answered last for a host, in whichever night.
host_addresses = Table(
    "host_addresses",
    metadata,
    Column("host", String(255), primary_key=True),
    Column("address", String(64), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)
