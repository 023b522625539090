"""The door to whoever can say from outside when something existed: a time-stamping authority, a judicial deposit chain."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class StampUnavailable(Exception):
    """No usable answer came; asking again later may help. The message is Chinese for the operator."""


@dataclass(frozen=True, slots=True)
class StampReading:
    """What a token says. `stamped_at` is the authority's own time, None when it could not be read; `message` is Chinese."""

    ok: bool
    message: str
    stamped_at: datetime | None = None


class StampAuthority(Protocol):
    """One authority. Implementations bring their own network access, and answer `read` without any."""

    @property
    def name(self) -> str:
        """Names the authority in the database and its token files: letters, digits, dot and hyphen, at most 64."""

    @property
    def suffix(self) -> str:
        """Ending of its token files, as `tsr`."""

    def stamp(self, document: bytes) -> bytes:
        """A token over the document, or over its SHA-256. Raises StampUnavailable."""

    def read(self, document: bytes, token: bytes) -> StampReading:
        """Check a token, offline and at any later time. Never raises for a bad token."""
