"""Later visits to pages that were referred."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, String, Table, UniqueConstraint

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

# The sealed evidence of each look, beside that of a lead which the same visit may have brought.
look_bundles = Table(
    "look_bundles",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("look_id", RowId, ForeignKey("takedown_looks.id"), nullable=False, unique=True),
    Column("night_id", String(32), nullable=False, index=True),
    Column("path", StorableText, nullable=False, unique=True),  # relative to the data folder
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
