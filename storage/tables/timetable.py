"""The nightly timetable: its times and what became of them, and times without nights."""

from sqlalchemy import Column, Float, Integer, LargeBinary, String, Table

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
    Column("can", String(32), nullable=False, server_default="crawl,show,read"),  # domain.abilities
)

# Pictures that processes set up for reading are asked about by others; gone when the answer was fetched.
picture_questions = Table(
    "picture_questions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("asked_by", String(128), nullable=False),  # night and worker of the crawl process
    Column("question", LargeBinary, nullable=False),
    Column("suspicion", Float, nullable=False),  # of the page; the most suspicious is answered first
    Column("reader", String(128)),  # who has it in hand; NULL for nobody
    Column("due_at", UtcDateTime, nullable=False),  # when another may take it
    Column("takes", Integer, nullable=False, server_default="0"),
    Column("answer", LargeBinary),  # NULL until answered
)
