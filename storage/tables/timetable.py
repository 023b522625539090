"""The nightly timetable: its times and what became of them, and times without nights."""

from sqlalchemy import Column, Integer, String, Table

from storage.columns import StorableText, UtcDateTime
from storage.tables.metadata import RowId, metadata

timetable_runs = Table(
    "timetable_runs",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("due_at", UtcDateTime, nullable=False, unique=True),
    Column("state", String(16), nullable=False),  # domain.timetable.RunState
    Column("begun_at", UtcDateTime),  # NULL for one that was missed or left out
    Column("ended_at", UtcDateTime),  # NULL while under way
    Column("exit_code", Integer),
    Column("why", StorableText, nullable=False),
)

timetable_closures = Table(
    "timetable_closures",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),  # NULL for a pause until further notice
    Column("why", StorableText, nullable=False),
    Column("lifted_at", UtcDateTime),  # NULL while it holds
)

# Processes that take shards of a night, on whichever machine; one that has not been heard of for a while is dead.
workers = Table(
    "workers",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("capacity", Integer, nullable=False),  # shards that it crawls at once
    Column("begun_at", UtcDateTime, nullable=False),
    Column("heard_at", UtcDateTime, nullable=False),
)
