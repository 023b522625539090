"""How urgent an operator is: a sum of named parts, weighed by `lexicons/registry/risk.toml`. It orders work and proves nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

#: What is counted; `risk.toml` must weigh each of them and nothing else.
COUNTED = (
    "confirmed-in-a-year", "confirmed-earlier", "lead-pages", "lead-nights", "severe-families", "sites",
    "certificate-faults", "names", "beyond-licence",
)  # fmt: skip
SEVERE_FROM = 4
"""Severity (1..5) from which a family of findings counts as severe."""
_FAMILIES_OF = {"names": ("brand-piggyback", "bad-naming"), "beyond-licence": ("out-of-scope",)}
_CERTIFICATE_RULES = frozenset(
    {"certificate-malformed", "certificate-expired", "certificate-mismatch", "certificate-not-found"}
)


class RiskLevel(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


LEVEL_ZH: dict[RiskLevel, str] = {RiskLevel.HIGH: "高", RiskLevel.MEDIUM: "中", RiskLevel.LOW: "低"}


@dataclass(frozen=True, slots=True)
class SeenFinding:
    """Live findings of one rule in one night, over all pages of an operator; `pages` of them. `quote` is one of them, on
    `page_id`. `seen_at` (aware UTC) is the newest capture."""

    night_id: str
    seen_at: datetime
    rule: str
    family: str
    severity: int
    pages: int
    flagged: bool
    quote: str
    page_id: int


@dataclass(frozen=True, slots=True)
class ConfirmedCase:
    """A lead that two persons have confirmed."""

    item_id: int
    page_id: int
    url: str
    decided_at: datetime
    families: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Weight:
    title: str
    each: int
    most: int


@dataclass(frozen=True, slots=True)
class RiskWeights:
    parts: Mapping[str, Weight]
    high: int
    medium: int
    repeat_days: int
    candidate_from: int
    candidate_basis: str


@dataclass(frozen=True, slots=True)
class RiskPart:
    name: str
    title: str
    count: int
    points: int


@dataclass(frozen=True, slots=True)
class RiskRating:
    """`points` are the sum of those of the parts, which are all named, also those without points. `repeated` says that
    enough cases were confirmed within a year for the operator to be a candidate; `candidate_basis` why (Chinese)."""

    points: int
    level: RiskLevel
    parts: tuple[RiskPart, ...]
    repeated: bool
    candidate_basis: str


def risk_weights(data: Mapping[str, Any]) -> RiskWeights:
    """From `registry/risk.toml`. Raises KeyError, TypeError or ValueError when it does not hold what it should."""
    if data["parts"].keys() != set(COUNTED):
        raise ValueError(f"risk.toml must weigh {', '.join(COUNTED)}")
    parts = {name: Weight(row["title"], int(row["each"]), int(row["most"])) for name, row in data["parts"].items()}
    return RiskWeights(
        parts={name: parts[name] for name in COUNTED},
        high=int(data["levels"]["high"]),
        medium=int(data["levels"]["medium"]),
        repeat_days=int(data["repeat"]["within_days"]),
        candidate_from=int(data["candidates"]["confirmed_in_a_year"]),
        candidate_basis=data["candidates"]["basis"],
    )


def rate_risk(
    findings: Sequence[SeenFinding], confirmed: Sequence[ConfirmedCase], sites: int, now: datetime, weights: RiskWeights
) -> RiskRating:
    """The rating of an operator with so many sites and accounts. Findings on pages that are no leads count for nothing."""
    counts = risk_counts(findings, confirmed, sites, now, weights.repeat_days)
    parts = tuple(
        RiskPart(name, weight.title, counts[name], min(weight.most, weight.each * counts[name]))
        for name, weight in weights.parts.items()
    )
    points = sum(part.points for part in parts)
    level = RiskLevel.HIGH if points >= weights.high else RiskLevel.LOW
    if weights.medium <= points < weights.high:
        level = RiskLevel.MEDIUM
    repeated = counts["confirmed-in-a-year"] >= weights.candidate_from
    return RiskRating(points, level, parts, repeated, weights.candidate_basis if repeated else "")


def risk_counts(
    findings: Sequence[SeenFinding], confirmed: Sequence[ConfirmedCase], sites: int, now: datetime, repeat_days: int
) -> dict[str, int]:
    """What each part counts. The most pages that one rule had in one night stand for the pages of that night."""
    since = now - timedelta(days=repeat_days)
    leads = [finding for finding in findings if finding.flagged and finding.seen_at >= since]
    pages_of_night: dict[str, int] = {}
    for finding in leads:
        pages_of_night[finding.night_id] = max(pages_of_night.get(finding.night_id, 0), finding.pages)
    recent = sum(1 for case in confirmed if case.decided_at >= since)
    counts = {
        "confirmed-in-a-year": recent,
        "confirmed-earlier": len(confirmed) - recent,
        "lead-pages": max(pages_of_night.values(), default=0),
        "lead-nights": len(pages_of_night),
        "severe-families": len({finding.family for finding in leads if finding.severity >= SEVERE_FROM}),
        "sites": max(0, sites - 1),
        "certificate-faults": len({finding.quote for finding in leads if finding.rule in _CERTIFICATE_RULES}),
    }
    for name, families in _FAMILIES_OF.items():
        counts[name] = len({finding.rule for finding in leads if finding.family in families})
    return counts
