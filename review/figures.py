"""Figures for the dashboard: load, age, agreement, precision of rules, what the machine lets pass, and drift."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import Engine, and_, case, func, or_, select

from classifier.ledger import Entry
from domain.beijing import BEIJING
from domain.reviews import ItemKind, ItemState, Stage, Verdict, cohen_kappa, jeffreys, wilson
from review.training import rule_ledger
from storage.leads.outbox import rescinded_pages
from storage.tables import desk_decisions, desk_items, desk_nights, desk_sessions, pages

#: Counted as found: one person's confirmation is enough for an estimate, though not for a referral.
_FOUND = (ItemState.FIRST_CONFIRMED.value, ItemState.CONFIRMED.value)
_READ = (*_FOUND, ItemState.DISMISSED.value, ItemState.NOT_AD.value)
_LEAST = 1e-4  # stands for an empty tenth in the drift of scores


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share with its 95 % interval; `value` is None where nothing was seen that it could be estimated from."""

    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DayLoad:
    """One day in Beijing, by its first moment: items that came, items first read, and by how many people."""

    day: datetime
    came: int
    read: int
    readers: int


@dataclass(frozen=True, slots=True)
class Load:
    """Work against hands. `per_reader` is the median of first readings a day and person, None before any; `days_left` how long
    the people of the last days need for what waits, None when nobody read."""

    days: tuple[DayLoad, ...]
    waiting: Mapping[Stage, int]
    per_reader: float | None
    days_left: float | None


@dataclass(frozen=True, slots=True)
class Age:
    """Open items of one reading by age. `buckets` are (at most so many days, items); the last bound is infinity."""

    stage: Stage
    buckets: tuple[tuple[float, int], ...]
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class AuditEstimate:
    """What random samples say of pages below the threshold. `missed` is how many of `below` pages a reader would confirm;
    `recall` the share of all such pages that were flagged, `prevalence` the share among all pages judged.

    Values rest on Jeffreys' estimate of the share that is missed (`domain.reviews.jeffreys`), intervals on Wilson's. The intervals carry the chance of the sample only; leads not read yet count as the read ones do.
    """

    nights: int
    pages: int
    below: int
    drawn: int
    read: int
    found: int
    flagged_found: float
    missed: Estimate
    recall: Estimate
    prevalence: Estimate


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two readings that did not know of each other: pairs, share that agreed, and Cohen's kappa (None where undefined)."""

    pairs: int
    same: Estimate
    kappa: float | None


@dataclass(frozen=True, slots=True)
class NightDrift:
    """A night's scores against those of the nights before. `psi` is the population stability index over tenths: below 0.1 as
    before, above 0.25 another world; None without earlier nights. `rules` are hits per thousand pages now and before."""

    night_id: str
    pages: int
    leads: int
    scores: tuple[int, ...]
    psi: float | None
    rules: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class RulePeriod:
    """A rule's ledger in one period, which begins at `start`."""

    start: datetime
    rules: Mapping[str, Entry]


def load(engine: Engine, now: datetime, days: int = 14) -> Load:
    """The last days, oldest first; the last one is today, which is not over."""
    midnight = now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - timedelta(days=days - 1)
    came: dict[int, int] = {}
    read: dict[int, dict[int, int]] = {}
    with engine.connect() as connection:
        for created_at in connection.scalars(select(desk_items.c.created_at).where(desk_items.c.created_at >= first)):
            came[(created_at - first).days] = came.get((created_at - first).days, 0) + 1
        made = select(desk_decisions.c.made_at, desk_decisions.c.account_id).where(
            desk_decisions.c.made_at >= first, desk_decisions.c.stage == Stage.FIRST.value, *_counting()
        )
        for row in connection.execute(made):
            people = read.setdefault((row.made_at - first).days, {})
            people[row.account_id] = people.get(row.account_id, 0) + 1
        query = select(desk_items.c.stage, func.count().label("items")).where(desk_items.c.stage.is_not(None))
        waiting = {Stage(row.stage): row.items for row in connection.execute(query.group_by(desk_items.c.stage))}
    listed = tuple(
        DayLoad(first + timedelta(days=day), came.get(day, 0), sum(read.get(day, {}).values()), len(read.get(day, {})))
        for day in range(days)
    )
    each = [count for people in read.values() for count in people.values()]
    busy = [day.read for day in listed if day.read]
    left = waiting.get(Stage.FIRST, 0)
    return Load(listed, waiting, median(each) if each else None, left / median(busy) if busy else None)


def ages(engine: Engine, now: datetime, bounds: Sequence[float] = (1, 3, 7, 14)) -> tuple[Age, ...]:
    """How long open items have waited for each reading, since they last moved."""
    since = desk_items.c.stage_since
    aged = []
    with engine.connect() as connection:
        for stage in Stage:
            open_items = desk_items.c.stage == stage.value
            counts = []
            upper: datetime | None = None
            for bound in (*bounds, math.inf):
                lower = None if math.isinf(bound) else now - timedelta(days=bound)
                query = select(func.count()).select_from(desk_items).where(open_items)
                if lower is not None:
                    query = query.where(since > lower)
                if upper is not None:
                    query = query.where(since <= upper)
                counts.append((float(bound), int(connection.scalar(query) or 0)))
                upper = lower
            oldest = connection.scalar(select(func.min(since)).where(open_items))
            aged.append(Age(stage, tuple(counts), oldest))
    return tuple(aged)


def audit_estimate(engine: Engine, night_ids: Sequence[str]) -> AuditEstimate:
    """Recall and prevalence over these nights, from what readers said of the pages drawn. A lead that was taken back since counts as
    dismissed."""
    nights = desk_nights.c
    with engine.connect() as connection:
        totals = connection.execute(
            select(
                func.count().label("nights"),
                func.coalesce(func.sum(nights.pages), 0).label("pages"),
                func.coalesce(func.sum(nights.leads), 0).label("leads"),
            ).where(nights.night_id.in_(night_ids))
        ).one()
        by_state: dict[tuple[str, str], int] = {}
        items = desk_items.c
        # Found no more, though somebody read it
        taken_back = items.page_id.in_(rescinded_pages()) & items.state.in_(_FOUND)
        state = case((taken_back, ItemState.DISMISSED.value), else_=items.state).label("state")
        # Leads that a later rescore made are of no night's leads: what was said of them says nothing of those
        of_night = or_(items.kind == ItemKind.AUDIT.value, pages.c.flagged)
        stated = (
            select(items.kind, state)
            .join(pages, pages.c.id == items.page_id)
            .where(items.night_id.in_(night_ids), of_night)
            .subquery()
        )
        counted = select(stated.c.kind, stated.c.state, func.count().label("items")).group_by(
            stated.c.kind, stated.c.state
        )
        for row in connection.execute(counted):
            by_state[row.kind, row.state] = row.items
    drawn = sum(count for (kind, _), count in by_state.items() if kind == ItemKind.AUDIT.value)
    read, found = _read(by_state, ItemKind.AUDIT)
    leads_read, leads_found = _read(by_state, ItemKind.LEAD)
    below = int(totals.pages) - int(totals.leads)
    flagged_found = totals.leads * (leads_found / leads_read) if leads_read else 0.0
    share = wilson(found, read)
    missed = Estimate(below * jeffreys(found, read) if read else None, below * share[0], below * share[1])
    recall = _recall(flagged_found, missed, bool(leads_read))
    judged = int(totals.pages)
    prevalence = Estimate(
        None if missed.value is None or not judged else (flagged_found + missed.value) / judged,
        (flagged_found + missed.low) / judged if judged else 0.0,
        min(1.0, (flagged_found + missed.high) / judged) if judged else 1.0,
    )
    return AuditEstimate(
        int(totals.nights), judged, below, drawn, read, found, flagged_found, missed, recall, prevalence
    )


def agreement(engine: Engine, since: datetime | None = None) -> Agreement:
    """Of items that were read twice without the readers knowing of each other."""
    query = (
        select(desk_decisions.c.item_id, desk_decisions.c.verdict)
        .join(desk_items, desk_items.c.id == desk_decisions.c.item_id)
        .where(desk_items.c.read_twice, desk_decisions.c.stage == Stage.FIRST.value, *_counting())
        .order_by(desk_decisions.c.id)
    )
    if since is not None:
        query = query.where(desk_decisions.c.made_at >= since)
    verdicts: dict[int, list[str]] = {}
    with engine.connect() as connection:
        for row in connection.execute(query):
            verdicts.setdefault(row.item_id, []).append(row.verdict)
    pairs = [(said[0], said[1]) for said in verdicts.values() if len(said) >= 2]
    same = sum(first == second for first, second in pairs)
    low, high = wilson(same, len(pairs))
    return Agreement(len(pairs), Estimate(same / len(pairs) if pairs else None, low, high), cohen_kappa(pairs))


def rule_periods(
    engine: Engine, now: datetime, periods: int = 8, length: timedelta = timedelta(days=7)
) -> list[RulePeriod]:
    """The ledger of each of the last periods, oldest first; the last ends now."""
    starts = [now - length * number for number in range(periods, 0, -1)]
    return [RulePeriod(start, rule_ledger(engine, start, start + length)) for start in starts]


def drift(engine: Engine, nights: int = 14, before: int = 7) -> list[NightDrift]:
    """The last nights, oldest first, each against up to `before` nights before it."""
    query = select(desk_nights).order_by(desk_nights.c.night_id.desc()).limit(nights + before)
    with engine.connect() as connection:
        rows = connection.execute(query).all()[::-1]
    drifts = []
    for place in range(max(0, len(rows) - nights), len(rows)):
        drifts.append(_drift(rows[place], rows[max(0, place - before) : place]))
    return drifts


def psi(now: Sequence[int], before: Sequence[int]) -> float | None:
    """The population stability index of two counts over the same bins; None when either is empty."""
    if not sum(now) or not sum(before):
        return None
    shares = [
        (max(new / sum(now), _LEAST), max(old / sum(before), _LEAST)) for new, old in zip(now, before, strict=True)
    ]
    return sum((new - old) * math.log(new / old) for new, old in shares)


def people_at_work(engine: Engine, now: datetime, within: timedelta = timedelta(minutes=15)) -> int:
    """Accounts with a session that was used of late."""
    query = select(func.count(desk_sessions.c.account_id.distinct())).where(desk_sessions.c.seen_at > now - within)
    with engine.connect() as connection:
        return int(connection.scalar(query) or 0)


def _drift(row: Any, earlier: Sequence[Any]) -> NightDrift:
    pages_before = sum(night.pages for night in earlier)
    scores_before = [sum(tenth) for tenth in zip(*(night.scores for night in earlier), strict=True)]
    hits_before: dict[str, int] = {}
    for night in earlier:
        for rule, hits in night.rule_hits.items():
            hits_before[rule] = hits_before.get(rule, 0) + hits
    rules = {
        rule: (
            _per_thousand(row.rule_hits.get(rule, 0), row.pages),
            _per_thousand(hits_before.get(rule, 0), pages_before),
        )
        for rule in sorted({*row.rule_hits, *hits_before})
    }
    stability = psi(row.scores, scores_before) if earlier else None
    return NightDrift(row.night_id, row.pages, row.leads, tuple(row.scores), stability, rules)


def _per_thousand(hits: int, pages: int) -> float:
    return 1000 * hits / pages if pages else 0.0


def _read(by_state: Mapping[tuple[str, str], int], kind: ItemKind) -> tuple[int, int]:
    """Items of a kind that somebody has read, and of these those found."""
    read = sum(by_state.get((kind.value, state), 0) for state in _READ)
    return read, sum(by_state.get((kind.value, state), 0) for state in _FOUND)


def _recall(found: float, missed: Estimate, known: bool) -> Estimate:
    if not known or missed.value is None:
        return Estimate(None, 0.0, 1.0)

    def share(lost: float) -> float:
        return found / (found + lost) if found + lost else 1.0

    return Estimate(share(missed.value), share(missed.high), share(missed.low))


def _counting() -> tuple[Any, ...]:
    made = desk_decisions.c
    return (and_(made.undone_at.is_(None), made.superseded_at.is_(None), made.verdict != Verdict.LATER.value),)
