"""Later visits to pages that were referred."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, UniqueConstraint

from storage.columns import JsonText, StorableText, UtcDateTime
from storage.tables.metadata import RowId, metadata

# Rows are added only: what was seen on a day stays what was seen.
takedown_looks = Table(
    "takedown_looks",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("case_id", RowId, ForeignKey("pages.id"), nullable=False),
    Column("page_id", RowId, ForeignKey("pages.id"), nullable=False),  # what the visit brought
    Column("night_id", String(32), ForeignKey("nights.id"), nullable=False),
    Column("looked_at", UtcDateTime, nullable=False),
    Column("outcome", String(24), nullable=False),
    Column("detail", StorableText, nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("claims", JsonText, nullable=False),  # [rule, quote] of each live finding
    Column("copies", JsonText, nullable=False),  # addresses where the text was seen elsewhere
    Column("grade", String(16), nullable=False),  # domain.takedown.Grade, as it was then
    Column("reappeared", Boolean, nullable=False),
    UniqueConstraint("case_id", "page_id"),
    Index("ix_takedown_looks_case", "case_id", "looked_at"),
    Index("ix_takedown_looks_night", "night_id"),
)
