"""What became of each URL: its text, its findings, its pictures, and the texts it is like."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, false, text

from storage.columns import JsonText, StorableText, UtcDateTime
from storage.tables.metadata import RowId, metadata

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
    Column("set_aside", Boolean, nullable=False, server_default=false()),  # it kept breaking the crawl
    Column("unshown", Boolean, nullable=False, server_default=false()),  # no process had the browser that was wanted
    Column(
        "judged_as", JsonText
    ),  # what was judged besides text and columns, see storage.pages.stored_texts; NULL in old nights
    Column("same_as", RowId),  # the page whose text this one has too, said by the server (304); text is NULL then
    Index("ix_pages_night", "night_id", "target_id", "outcome"),
    Index("ix_pages_unshown", "night_id", postgresql_where=text("unshown"), sqlite_where=text("unshown = 1")),
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
    Column("rescore_id", RowId),  # the rescore that made it after the night; NULL for what the night judged
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
    Index(
        "ix_page_pictures_no_reader",
        "page_id",
        postgresql_where=text("fate = 'no-reader'"),
        sqlite_where=text("fate = 'no-reader'"),
    ),
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
