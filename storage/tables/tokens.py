"""Tokens by which other systems read what the desk has to tell them."""

from sqlalchemy import Column, String, Table

from storage.columns import JsonText, UtcDateTime
from storage.tables.metadata import metadata

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),  # of the token, which is kept nowhere
    Column("scopes", JsonText, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),  # NULL while it holds
    Column("used_at", UtcDateTime),  # to the minute; NULL before the first use
)
