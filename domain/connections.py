"""Over which connection an exchange was made: which address the name led to, and what the server showed of itself."""

from dataclasses import dataclass
from enum import StrEnum


class AnsweredBy(StrEnum):
    """Where the addresses of a name come from."""

    SYSTEM = "system"
    HOST_TABLE = "host-table"
    LITERAL = "literal"


@dataclass(frozen=True, slots=True)
class Tls:
    """The TLS session. `certificates` are DER as the server sent them, its own first; `fault` says in Chinese why it was not
    trusted, empty when name, dates and issuer held."""

    version: str
    cipher: str
    certificates: tuple[bytes, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """`answers` are all addresses that the name had when it was looked up, also those that were refused; `address` is the
    one connected to, `local_address` ours (behind address translation not the one that the server saw)."""

    host: str
    port: int
    address: str
    local_address: str
    answers: tuple[str, ...]
    answered_by: AnsweredBy
    tls: Tls | None = None
