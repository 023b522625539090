"""What was made to leave the building: packages and the leads in them."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, UniqueConstraint

from storage.columns import JsonText, StorableText, UtcDateTime
from storage.tables.metadata import RowId, metadata

# A number is never given twice, also when its package was not finished: `manifest_sha256` is NULL then.
referral_packages = Table(
    "referral_packages",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("year", Integer, nullable=False),  # in Beijing
    Column("serial", Integer, nullable=False),  # from 1 in each year
    Column("number", StorableText, nullable=False, unique=True),  # as the letter has it
    Column("recipient", String(16), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", StorableText, nullable=False),
    Column("told", JsonText, nullable=False),  # what a person filled in, by field
    Column("manifest_sha256", String(64)),  # of the package's list of files
    UniqueConstraint("year", "serial"),
)

referred_leads = Table(
    "referred_leads",
    metadata,
    Column("package_id", RowId, ForeignKey("referral_packages.id"), primary_key=True, autoincrement=False),
    Column("page_id", RowId, ForeignKey("pages.id"), primary_key=True, autoincrement=False, index=True),
)
