"""What a two-dimensional code leads to, by the wordings of `lexicons/web/qr.toml`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

OTHER = "other"
_SCHEME = re.compile(r"^https?://")  # https://u.wechat.com/demo


@dataclass(frozen=True, slots=True)
class CodeKind:
    """One kind; `channel` is whether such a code is a way to reach whoever shows it. `zh` is what analysts see."""

    name: str
    zh: str
    starts: tuple[str, ...]
    hosts: frozenset[str]
    below_hosts: tuple[str, ...]
    channel: bool

    def fits(self, payload: str, host: str) -> bool:
        """`payload` is in lower case and without the web's schemes."""
        return payload.startswith(self.starts) or host in self.hosts or host.endswith(self.below_hosts)


_UNKNOWN = CodeKind(OTHER, "其他", (), frozenset(), (), channel=False)


def kind_of(payload: str, kinds: Iterable[CodeKind]) -> CodeKind:
    """The first kind that fits, `other` when none does."""
    whole = payload.strip().lower()
    bare = _SCHEME.sub("", whole)
    host = _host(whole)
    return next((kind for kind in kinds if kind.fits(bare, host)), _UNKNOWN)


def code_kinds_of(data: Mapping[str, Any]) -> tuple[CodeKind, ...]:
    """The kinds of `qr.toml` as parsed. Raises KeyError, TypeError or ValueError when it is not as it must be."""
    return tuple(
        CodeKind(
            name=row["name"],
            zh=row["zh"],
            starts=tuple(start.lower() for start in row["starts"]),
            hosts=frozenset(host for host in row["hosts"] if not host.startswith(".")),
            below_hosts=tuple(host for host in row["hosts"] if host.startswith(".")),
            channel=bool(row["channel"]),
        )
        for row in data["kind"]
    )


def _host(payload: str) -> str:
    try:
        return (urlsplit(payload if "://" in payload else f"//{payload}").hostname or "").rstrip(".")
    except ValueError:  # a bracket that opens no address
        return ""
