"""Targets, nights, and what was asked of each target in each night."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String, Table

from storage.columns import JsonText, StorableText, UtcDateTime
from storage.tables.metadata import RowId, metadata

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
    Column("every_days", Integer, nullable=False, server_default="1"),
    # NULL while it is visited. The row of one that is not stays: nights, evidence and rechecks refer to it.
    Column("removed_at", UtcDateTime),
)

nights = Table(
    "nights",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),  # NULL while it runs
    Column("kind", String(8), nullable=False, server_default="night"),  # domain.nights.NightKind
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
