"""Who stands behind sites and accounts, as pages say it."""

from sqlalchemy import Column, ForeignKey, Index, String, Table

from storage.columns import StorableText, UtcDateTime
from storage.tables.metadata import RowId, metadata

# One row for each thing that a site or account is tied to, in each place of its pages where that was seen
identity_links = Table(
    "identity_links",
    metadata,
    Column("link_key", String(64), primary_key=True),  # SHA-256 of subject, node and place
    Column("subject_kind", String(16), nullable=False),
    Column("subject_key", StorableText, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("key", StorableText, nullable=False),
    Column("place", String(16), nullable=False),
    Column("label", StorableText, nullable=False),  # as written on the first page
    Column("quote", StorableText, nullable=False),  # and the words around it there
    Column("page_id", RowId, ForeignKey("pages.id"), nullable=False),  # the first
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_page_id", RowId, ForeignKey("pages.id"), nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    Index("ix_identity_links_subject", "subject_key", "subject_kind"),
    Index("ix_identity_links_node", "key", "kind"),
)

# Whose page it is, for pages with findings
identity_pages = Table(
    "identity_pages",
    metadata,
    Column("page_id", RowId, ForeignKey("pages.id"), primary_key=True, autoincrement=False),
    Column("subject_kind", String(16), nullable=False),
    Column("subject_key", StorableText, nullable=False),
    Index("ix_identity_pages_subject", "subject_key", "subject_kind"),
)
