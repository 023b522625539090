"""Tips of people and transfers of other offices. Who sent them is in a table of its own, sealed."""

from sqlalchemy import Column, ForeignKey, String, Table

from storage.columns import JsonText, StorableText, UtcDateTime
from storage.tables.metadata import RowId, metadata

tip_records = Table(
    "tip_records",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source", String(16), nullable=False),  # domain.tips.TipSource
    Column("reference", StorableText, nullable=False),  # number of whoever passed it on
    Column("received_at", UtcDateTime, nullable=False),
    Column("noted_at", UtcDateTime, nullable=False),
    Column("taken_by", StorableText, nullable=False),
    Column("text", StorableText, nullable=False),
    Column("urls", JsonText, nullable=False),
)

tip_answers = Table(
    "tip_answers",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("tip_id", RowId, ForeignKey("tip_records.id"), nullable=False, index=True),
    Column("made_by", StorableText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("noted_at", UtcDateTime, nullable=False),
    Column("text", StorableText, nullable=False),
)

# Read by nothing but `storage.leads.reporters`, and exported by nothing.
tip_reporters = Table(
    "tip_reporters",
    metadata,
    Column("tip_id", RowId, ForeignKey("tip_records.id"), primary_key=True, autoincrement=False),
    Column("sealed", StorableText, nullable=False),  # name and contact, encrypted
)
