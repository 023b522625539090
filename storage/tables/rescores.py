"""Judging stored pages again: what each run covered, and what it made of each page. What the night said stays as it is."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table

from storage.columns import JsonText, UtcDateTime
from storage.tables.metadata import RowId, metadata

rescores = Table(
    "rescores",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("night_id", String(32)),  # NULL for the pages of all nights
    Column("since", UtcDateTime),  # captured then or later; NULL for any time
    Column("rules_sha256", String(64), nullable=False),
    Column("model_sha256", String(64), nullable=False),
    Column("names_sha256", String(64), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),  # NULL while unfinished
    Column("abandoned", Boolean, nullable=False),  # the rules changed before it was finished
    Column("pages", Integer, nullable=False),
    Column("digest", String(64)),  # over the results in order of page; NULL while unfinished
    Column("enqueued_at", UtcDateTime),  # when its gained leads went to the desk
)

# Parts of a run, by ranges of page ids; one is done as a whole or not at all.
rescore_batches = Table(
    "rescore_batches",
    metadata,
    Column("rescore_id", RowId, ForeignKey("rescores.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("first_page", RowId, nullable=False),
    Column("last_page", RowId, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("done_at", UtcDateTime),
)

rescore_pages = Table(
    "rescore_pages",
    metadata,
    Column("rescore_id", RowId, ForeignKey("rescores.id"), primary_key=True),
    Column("page_id", RowId, ForeignKey("pages.id"), primary_key=True, autoincrement=False),
    Column("old_score", Float),  # as the night judged; NULL when it did not
    Column("old_flagged", Boolean, nullable=False),
    Column("new_score", Float, nullable=False),
    Column("new_flagged", Boolean, nullable=False),
    Column("partial", Boolean, nullable=False),  # the night did not store all that it judged by
    Column("findings_sha256", String(64), nullable=False),  # of the findings as they are now
    Column("judgement", JsonText),  # with findings; NULL where nothing that counts is different
    Index("ix_rescore_pages_flags", "rescore_id", "new_flagged", "old_flagged"),
)
