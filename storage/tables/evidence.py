"""Bundles, the chain of their digests, its seals and stamps, and acts on evidence."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.columns import JsonText, StorableText, UtcDateTime
from storage.tables.metadata import RowId, metadata

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

# When each file of evidence was last read whole and held against its digests.
evidence_checks = Table(
    "evidence_checks",
    metadata,
    Column("path", StorableText, primary_key=True),  # relative to the data folder
    Column("checked_at", UtcDateTime, nullable=False, index=True),
    Column("sound", Boolean, nullable=False),
)

# What the end of a night did for the evidence of all nights.
night_care = Table(
    "night_care",
    metadata,
    Column("night_id", String(32), ForeignKey("nights.id"), primary_key=True),
    Column("records", Integer, nullable=False),  # acts on evidence that were checked
    Column("rechecked", Integer, nullable=False),  # files of earlier nights that were checked again
    Column("unreached", Integer, nullable=False),  # those for which there was no time
    Column(
        "oldest_check_at", UtcDateTime
    ),  # of the files not reached the longest unchecked; NULL: never checked, or all reached
    Column("store", StorableText, nullable=False),  # where the second copy goes; empty without one
    Column("sent", Integer, nullable=False),
    Column("present", Integer, nullable=False),  # files that were there already
    Column("removed", Integer, nullable=False),
    Column("copy_faults", JsonText, nullable=False),  # Chinese sentences
)
