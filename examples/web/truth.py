"""What a faithful night must say about every URL of the sample web (`expected.toml`)."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from domain.findings import FAMILIES
from domain.outcome import Outcome

TRUTH = Path(__file__).with_name("expected.toml")


@dataclass(frozen=True, slots=True)
class Expected:
    """`outcomes` are those that may be recorded, usually one. `lead` is None when reviewers may differ.

    `families` are the grounds the page gives; a lead has at least one of them. `reason` says why, citing the law.
    """

    outcomes: tuple[Outcome, ...]
    lead: bool | None
    families: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """Expectations by host and path; a path that begins with `^` is a regular expression."""

    hosts: Mapping[str, Mapping[str, Expected]]

    def of(self, url: str) -> Expected | None:
        """The expectation for a URL of any port, or None when the table is silent about it."""
        parts = urlsplit(url)
        paths = self.hosts.get(parts.hostname or "", {})
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if path in paths:
            return paths[path]
        return next((paths[key] for key in paths if key.startswith("^") and re.search(key, path)), None)


def load_truth(path: Path = TRUTH) -> Truth:
    """Raises ValueError for an unknown outcome or family, or a lead without ground or reason."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return Truth({host: {key: _expected(host + key, row) for key, row in rows.items()} for host, rows in data.items()})


def _expected(where: str, row: Mapping[str, object]) -> Expected:
    outcome = row.get("outcome", "content")
    outcomes = tuple(Outcome(str(name)) for name in (outcome if isinstance(outcome, list) else [outcome]))
    families = row.get("families", [])
    lead = row.get("lead", False)
    if not isinstance(families, list) or set(families) - set(FAMILIES):
        raise ValueError(f"{where}: families {families}")
    if lead not in (True, False, "either") or (lead is True and not (families and row.get("reason"))):
        raise ValueError(f"{where}: a lead needs families and a reason")
    return Expected(outcomes, None if lead == "either" else bool(lead), tuple(families), str(row.get("reason", "")))
