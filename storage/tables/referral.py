"""What was made to leave the building: packages and the leads in them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, UniqueConstraint

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

# What became of a package, a row a step; triggers refuse to change or delete one.
referral_steps = Table(
    "referral_steps",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("package_id", RowId, ForeignKey("referral_packages.id"), nullable=False, index=True),
    Column("step", String(20), nullable=False),  # domain.outbox.Step
    Column("made_by", StorableText, nullable=False),
    Column("at", UtcDateTime, nullable=False),  # when it happened, as the person says
    Column("noted_at", UtcDateTime, nullable=False),
    Column("text", StorableText, nullable=False),
    Column("reference", StorableText, nullable=False),
    Column("channel", StorableText, nullable=False),
    Column("measures", JsonText, nullable=False),
    Column("fine_fen", BigInteger, nullable=False),
    Column("manifest_sha256", String(64), nullable=False),  # empty but for revised, approved and sent
    Column("corrects", BigInteger),  # the step that this one strikes
    Column("file_name", StorableText, nullable=False, server_default=""),  # of a paper of the other side
    Column("file_sha256", String(64), nullable=False, server_default=""),
)

# What the institution says against a lead, and leads taken back by us. Rows are added only.
lead_statements = Table(
    "lead_statements",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("page_id", RowId, ForeignKey("pages.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # domain.outbox.StatementKind
    Column("made_by", StorableText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("noted_at", UtcDateTime, nullable=False),
    Column("text", StorableText, nullable=False),
    Column("file_name", StorableText, nullable=False, server_default=""),
    Column("file_sha256", String(64), nullable=False, server_default=""),
)

referred_leads = Table(
    "referred_leads",
    metadata,
    Column("package_id", RowId, ForeignKey("referral_packages.id"), primary_key=True, autoincrement=False),
    Column("page_id", RowId, ForeignKey("pages.id"), primary_key=True, autoincrement=False, index=True),
)
