"""Which findings carry a lead: the smallest set without which the page would lie under the threshold.

Places where one rule quotes the same words count as one, since a page that says a thing twice says it once.
Up to `_EXACT` of them every set is tried, small ones first; beyond that the search is greedy: always take away what
lowers the score most, then put back what was not needed. Ties go to the heavier, then to the earlier finding, so that
the same page gives the same set.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from domain.findings import FAMILY_ZH, Finding

_EXACT = 10
"""At most 2**10 sets are tried, each about a fifth of a millisecond."""
_MOST_UNITS = 40
"""A page with more different quotes than this is searched by rule instead."""
_MOST_QUOTED = 5
_QUOTE_LENGTH = 20

Score = Callable[[frozenset[Finding]], float]


@dataclass(frozen=True, slots=True)
class Removal:
    """`findings` is the set, one finding for each quote and rule, heaviest first; None when even without all of them the
    page stays flagged. `exact` tells a smallest set from one found greedily. `score` (0..1) is the score without it.
    `nothing_left` says that it stays high enough, but that nothing is left to point at: the set is of all findings.
    """

    findings: tuple[Finding, ...] | None
    exact: bool
    score: float
    nothing_left: bool = False


def all_of_them(findings: Iterable[Finding], score: float) -> Removal:
    """For a page that is a lead for as long as one finding is left, whatever its score without them."""
    units = _units([finding for finding in findings if not finding.silenced])
    return Removal(tuple(unit[0] for unit in units), True, score, nothing_left=True)


def smallest_removal(findings: Iterable[Finding], score_without: Score, threshold: float) -> Removal:
    """For a page whose score is at least `threshold`; `score_without` judges it as if some findings were not there."""
    units = _units([finding for finding in findings if not finding.silenced])
    bare = score_without(_union(units))
    if bare >= threshold:
        return Removal(None, True, bare)
    chosen = (
        _exact(units, score_without, threshold) if len(units) <= _EXACT else _greedy(units, score_without, threshold)
    )
    return Removal(tuple(unit[0] for unit in chosen), len(units) <= _EXACT, score_without(_union(chosen)))


_Unit = tuple[Finding, ...]


def _units(live: Sequence[Finding]) -> list[_Unit]:
    by_quote: dict[tuple[str, str], list[Finding]] = {}
    by_rule: dict[tuple[str, str], list[Finding]] = {}
    for finding in sorted(live, key=lambda item: (-item.weight, item.start, item.rule)):
        by_quote.setdefault((finding.rule, " ".join(finding.quote.split())), []).append(finding)
        by_rule.setdefault((finding.rule, ""), []).append(finding)
    grouped = by_quote if len(by_quote) <= _MOST_UNITS else by_rule
    return [tuple(group) for group in grouped.values()]


def _union(units: Iterable[_Unit]) -> frozenset[Finding]:
    return frozenset(finding for unit in units for finding in unit)


def _exact(units: Sequence[_Unit], score_without: Score, threshold: float) -> Sequence[_Unit]:
    """The caller has made sure that all together are enough; of equally small sets the first in order of weight."""
    sets = (chosen for size in range(len(units) + 1) for chosen in combinations(units, size))
    return next(chosen for chosen in sets if score_without(_union(chosen)) < threshold)


def _greedy(units: Sequence[_Unit], score_without: Score, threshold: float) -> Sequence[_Unit]:
    chosen: list[_Unit] = []
    left = list(units)
    score = score_without(frozenset())
    while score >= threshold and left:
        scores = [score_without(_union((*chosen, unit))) for unit in left]
        best = min(range(len(left)), key=scores.__getitem__)
        score = scores[best]
        chosen.append(left.pop(best))
    for unit in list(reversed(chosen)):
        fewer = [other for other in chosen if other is not unit]
        if score_without(_union(fewer)) < threshold:
            chosen = fewer
    return [unit for unit in units if unit in chosen]


def removal_reason(removal: Removal) -> str:
    """One Chinese sentence for the analyst."""
    if removal.findings is None:
        return f"不计全部命中，评分仍为 {removal.score:.2f}，达到阈值：主要来自用词与语境，请细看全文"
    quotes = "、".join(f"{FAMILY_ZH[item.family]}“{_short(item.quote)}”" for item in removal.findings[:_MOST_QUOTED])
    more = f"等 {len(removal.findings)} 处" if len(removal.findings) > _MOST_QUOTED else ""
    if removal.nothing_left:
        return f"不计全部命中，评分仍为 {removal.score:.2f}，但本页未见广告的形式，没有可指之处即不成线索；所依据的是：{quotes}{more}"
    how = "最少" if removal.exact else "逐项试去"
    return f"关键命中（{how}去掉 {len(removal.findings)} 处即低于阈值，降至 {removal.score:.2f}）：{quotes}{more}"


def _short(quote: str) -> str:
    flat = " ".join(quote.split())
    return flat if len(flat) <= _QUOTE_LENGTH else f"{flat[:_QUOTE_LENGTH]}…"
