"""What health commissions and other lists say of institutions."""

from sqlalchemy import Column, Date, ForeignKey, String, Table, UniqueConstraint

from storage.columns import JsonText, StorableText
from storage.tables.metadata import RowId, metadata

# One row for each institution in each source's list; `document` has all of it, the other columns are for looking up.
registry_institutions = Table(
    "registry_institutions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_key", String(64), nullable=False, unique=True),  # SHA-256 of source and key
    Column("source", StorableText, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("name", StorableText, nullable=False),
    Column("name_key", StorableText, nullable=False, index=True),
    Column("credit_code", String(18), nullable=False, index=True),
    Column("licence", StorableText, nullable=False, index=True),
    Column("digest", String(64), nullable=False),  # of the document
    Column("document", JsonText, nullable=False),
)

# Other keys by which an institution is found: aliases, domains, accounts, certificates, affiliates
registry_keys = Table(
    "registry_keys",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("key", StorableText, primary_key=True),
    Column(
        "institution_id",
        RowId,
        ForeignKey("registry_institutions.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)

# Headings that an operator has mapped, once for all files
registry_headings = Table(
    "registry_headings",
    metadata,
    Column("heading", StorableText, primary_key=True),  # as storage.operators.registry_file.heading_key writes it
    Column("field", String(32), nullable=False),
)

# Lists that an operator has stated to hold every certificate of one issuer up to their day
registry_complete_lists = Table(
    "registry_complete_lists",
    metadata,
    Column("issuer", String(16), primary_key=True),  # as domain.certificate_coverage.parse_issuer writes it
    Column("source", StorableText, primary_key=True),
    Column("as_of", Date, nullable=False),
)

# Who may practise where, as lists have it: name and institution; of a licence number only a keyed digest (HMAC-SHA-256)
registry_practitioners = Table(
    "registry_practitioners",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source", StorableText, nullable=False),
    Column("institution_key", StorableText, nullable=False),
    Column("name", StorableText, nullable=False),
    Column("number_digest", String(64), nullable=False),  # empty when the list has no number
    Column("institution", StorableText, nullable=False),
    Column("as_of", Date, nullable=False),
    UniqueConstraint("institution_key", "name", "source", "number_digest", name="uq_registry_practitioners_row"),
)

# Signs of well-known hospitals as their owners show them; only what pictures are compared by is kept
registry_logos = Table(
    "registry_logos",
    metadata,
    Column("source", StorableText, primary_key=True),
    Column("sha256", String(64), primary_key=True),  # of the picture's bytes
    Column("owner", StorableText, primary_key=True),
    Column("marks", JsonText, nullable=False),  # as domain.site_logos writes them
    Column("as_of", Date, nullable=False),
)
