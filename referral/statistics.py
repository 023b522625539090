"""The 工作量化统计表: what was watched, found, confirmed, handed over and done, by month. Every number is a list of facts.

Columns are data (`lexicons/statistics/`). A lead that was taken back is counted nowhere.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, select

from domain.beijing import BEIJING
from domain.clocks import Clock
from domain.findings import FAMILIES, FAMILY_ZH
from domain.nights import NightKind
from domain.outbox import Measure, Step
from domain.outcome import Outcome
from domain.reviews import ItemKind, ItemState
from domain.routing import Recipient
from domain.takedown import Grade
from domain.working_days import WorkCalendar
from referral.deadlines import terms_of
from storage.leads.outbox import Package, cases_that_count, list_packages, rescinded_pages
from storage.leads.tip_records import list_tips
from storage.tables import desk_items, findings, night_targets, nights, pages, targets
from storage.takedowns.takedown import referred_cases

UNITS = ("count", "yuan", "share")
_ANSWERED_WITHIN = timedelta(hours=48)  # 首接负责制
_ANSWERS = frozenset({Step.REPLIED, Step.FILED, Step.NOT_FILED, Step.CLOSED})
_SHARES = {
    "false-share": ("dismissed", ("confirmed", "dismissed")),
    "answer-share": ("answered", ("referred",)),
    "response-48h": ("tips-in-time", ("tips",)),
}
"""A share's key, what it counts, and what that is a share of."""


class StatisticsBroken(Exception):
    """The data of the table do not hold what they should; the message is Chinese for whoever keeps them."""


#: SQLite allows 32,766 variables in a statement
_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Column:
    """One row of the table on paper. `outside` says that the program cannot know it."""

    key: str
    title: str
    unit: str
    note: str
    outside: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing counted: on which day in Beijing, of which key, what it is (Chinese), and how much it counts (fen for money)."""

    key: str
    day: date
    what: str
    amount: int = 1


@dataclass(frozen=True, slots=True)
class Period:
    """`first` and `last` are its days, both included."""

    title: str
    first: date
    last: date


def load_columns(lexicons: Path) -> tuple[Column, ...]:
    """Those of `columns.toml`, then one for each family and each field. Raises StatisticsBroken."""
    entries = _load(lexicons / "statistics" / "columns.toml").get("columns", [])
    columns = []
    for entry in entries:
        column = Column(
            str(entry.get("key", "")),
            str(entry.get("title", "")),
            str(entry.get("unit", "count")),
            str(entry.get("note", "")),
            bool(entry.get("outside", False)),
        )
        if not column.title or column.unit not in UNITS or not (column.outside or _is_known(column.key)):
            raise StatisticsBroken(f"columns.toml 中的 {column.key or entry} 不是可统计的项目")
        columns.append(column)
    named = [f"family:{name}" for name in FAMILIES], [f"field:{name}" for name in load_fields(lexicons)]
    for kind, keys in zip(("按类型", "按领域"), named, strict=True):
        for key in keys:
            name = key.partition(":")[2]
            title = f"{kind}：{FAMILY_ZH.get(name, name)}"
            columns.append(Column(key, title, "count", "人工确认的线索，一条可属多类", outside=False))
    if len({column.key for column in columns}) < len(columns):
        raise StatisticsBroken("columns.toml 中有重复的项目")
    return tuple(columns)


def load_fields(lexicons: Path) -> Mapping[str, tuple[str, ...]]:
    """Fields of medicine by name, with the words by which a lead is known to belong. Raises StatisticsBroken."""
    fields = _load(lexicons / "statistics" / "fields.toml")
    for name, words in fields.items():
        if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
            raise StatisticsBroken(f"fields.toml 中“{name}”应为词的列表")
    return {name: tuple(words) for name, words in fields.items()}


def periods_of(first: date, last: date) -> tuple[Period, ...]:
    """The months from `first` to `last`, cut to these days, then quarters and years that hold more than one of them, then all."""
    months = _spans(first, last, lambda day: f"{day.year}年{day.month}月")
    quarters = _spans(first, last, lambda day: f"{day.year}年第{(day.month + 2) // 3}季度")
    years = _spans(first, last, lambda day: f"{day.year}年")
    more = [period for group in (quarters, years) if len(group) < len(months) for period in group]
    whole = [] if len(months) == 1 else [Period("合计", first, last)]
    return (*months, *more, *(whole if len(years) > 1 or len(months) > 1 and len(quarters) > 1 else []))


def gather_facts(
    engine: Engine,
    first: date,
    last: date,
    fields: Mapping[str, Sequence[str]],
    clocks: Sequence[Clock],
    calendar: WorkCalendar,
    now: datetime,
) -> list[Fact]:
    """Everything counted from `first` to `last` (days in Beijing, both included), in order of day."""
    bounds = _moment(first), _moment(last + timedelta(days=1))
    packages = list_packages(engine)
    with engine.connect() as connection:
        found = [
            *_watched(connection, *bounds),
            *_decided(connection, *bounds, fields),
            *_referred(packages),
            *_late(packages, clocks, calendar, now),
        ]
    found += [*_looked(engine, cases_that_count(packages)), *_tips(engine)]
    return sorted(
        (fact for fact in found if first <= fact.day <= last), key=lambda fact: (fact.day, fact.key, fact.what)
    )


def counted(facts: Iterable[Fact], periods: Sequence[Period]) -> Mapping[tuple[str, str], float | None]:
    """By key and title of the period: how many, how much money in yuan, or the share (0..1), None where there is none."""
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    distinct: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for fact in facts:
        for period in periods:
            if period.first <= fact.day <= period.last:
                sums[fact.key, period.title] += fact.amount
                distinct[fact.key, period.title].add(fact.what)
                if fact.key.startswith("to:"):
                    sums["referred", period.title] += fact.amount
    values: dict[tuple[str, str], float | None] = {}
    for (key, title), total in sums.items():
        values[key, title] = float(len(distinct[key, title])) if key in ("sites", "accounts") else float(total)
    for (key, title), total in sums.items():
        if key == "fines":
            values[key, title] = total / 100
    for period in periods:
        for key, (part, whole) in _SHARES.items():
            of = sum(sums[name, period.title] for name in whole)
            values[key, period.title] = sums[part, period.title] / of if of else None
    return values


def _watched(connection: Connection, since: datetime, until: datetime) -> Iterator[Fact]:
    within = and_(nights.c.kind == NightKind.NIGHT.value, nights.c.started_at >= since, nights.c.started_at < until)
    content: Any = func.count(pages.c.id).filter(pages.c.outcome == Outcome.CONTENT.value)
    flagged: Any = func.count(pages.c.id).filter(pages.c.flagged)
    query = (
        select(nights.c.id, nights.c.started_at, targets.c.name, targets.c.kind, content.label("content"), flagged)
        .select_from(night_targets)
        .join(nights, nights.c.id == night_targets.c.night_id)
        .join(targets, targets.c.id == night_targets.c.target_id)
        .outerjoin(
            pages, and_(pages.c.night_id == night_targets.c.night_id, pages.c.target_id == night_targets.c.target_id)
        )
        .where(within)
        .group_by(nights.c.id, nights.c.started_at, targets.c.id, targets.c.name, targets.c.kind)
    )
    for night_id, started_at, name, kind, content_pages, leads in connection.execute(query):
        day = _day(started_at)
        yield Fact("sites" if kind == "site" else "accounts", day, name)
        if content_pages:
            yield Fact("pages", day, f"{night_id} {name}", content_pages)
        if leads:
            yield Fact("flagged", day, f"{night_id} {name}", leads)


def _decided(
    connection: Connection, since: datetime, until: datetime, fields: Mapping[str, Sequence[str]]
) -> Iterator[Fact]:
    items = desk_items.c
    states = (ItemState.CONFIRMED.value, ItemState.DISMISSED.value, ItemState.NOT_AD.value)
    rows = connection.execute(
        select(
            items.page_id, items.state, items.decided_at, items.title, items.target, items.institution, items.families
        )
        .where(items.kind == ItemKind.LEAD.value, items.state.in_(states))
        .where(items.decided_at >= since, items.decided_at < until, items.page_id.not_in(rescinded_pages()))
        .order_by(items.id)
    ).all()
    quotes = _quotes(connection, [row.page_id for row in rows if row.state == ItemState.CONFIRMED.value])
    for row in rows:
        day, what = _day(row.decided_at), f"线索 {row.page_id}"
        if row.state != ItemState.CONFIRMED.value:
            yield Fact("dismissed", day, what)
            continue
        yield Fact("confirmed", day, what)
        for family in row.families:
            yield Fact(f"family:{family}", day, what)
        text = "\n".join([row.title, row.target, row.institution, *quotes[row.page_id]])
        for name, words in fields.items():
            if any(word in text for word in words):
                yield Fact(f"field:{name}", day, what)


def _quotes(connection: Connection, page_ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """What was found on each page, by one query for many pages."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for start in range(0, len(page_ids), _IDS_AT_ONCE):
        some = page_ids[start : start + _IDS_AT_ONCE]
        query = select(findings.c.page_id, findings.c.quote)
        for row in connection.execute(query.where(findings.c.page_id.in_(some), findings.c.silenced.is_(False))):
            found[row.page_id].append(row.quote)
    return found


def _referred(packages: Sequence[Package]) -> Iterator[Fact]:
    for package in packages:
        if not package.counts:
            continue
        steps = {taken.step for taken in package.steps}
        for taken in package.steps:
            day = _day(taken.at)
            if taken.step is Step.SENT:
                yield Fact(f"to:{package.recipient.value}", day, package.number)
                if steps & _ANSWERS:
                    yield Fact("answered", day, package.number)
            elif taken.step in (Step.FILED, Step.CLOSED):
                yield Fact(taken.step.value, day, package.number)
            for measure in taken.measures:
                yield Fact(f"measure:{measure.value}", day, package.number)
            if taken.fine_fen:
                yield Fact("fines", day, package.number, taken.fine_fen)


def _late(
    packages: Sequence[Package], clocks: Sequence[Clock], calendar: WorkCalendar, now: datetime
) -> Iterator[Fact]:
    for package in packages:
        for term in terms_of(package, clocks, calendar) if package.counts else ():
            if term.deadline is not None and term.is_late(now):
                yield Fact("late", _day(term.deadline.due_at), f"{package.number} {term.clock.title}")


def _looked(engine: Engine, cases: frozenset[int]) -> Iterator[Fact]:
    for case in referred_cases(engine):
        if case.case_id not in cases:
            continue
        seen: set[str] = set()
        for each in case.looks:
            keys = [f"grade:{each.grade.value}"] + (["reappeared"] if each.reappeared else [])
            for key in keys:
                if key not in seen:
                    seen.add(key)
                    proof = f"，复测证据 {each.bundle_sha256}" if each.bundle_sha256 else ""
                    yield Fact(key, _day(each.look.at), f"线索 {case.case_id}{proof}")


def _tips(engine: Engine) -> Iterator[Fact]:
    for tip in list_tips(engine):
        day, what = _day(tip.received_at), f"举报 {tip.id}"
        yield Fact("tips", day, what)
        if tip.answered_at is not None and tip.answered_at - tip.received_at <= _ANSWERED_WITHIN:
            yield Fact("tips-in-time", day, what)


def _is_known(key: str) -> bool:
    kind, _, name = key.partition(":")
    if not name:
        return key in {
            "sites", "accounts", "pages", "flagged", "confirmed", "dismissed", "answered", "filed", "closed", "fines",
            "late", "reappeared", "tips", *_SHARES,
        }  # fmt: skip
    known = {"to": Recipient, "measure": Measure, "grade": Grade}.get(kind)
    return known is not None and name in {each.value for each in known}


def _load(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise StatisticsBroken(f"{path.name} 无法读取：{fault}") from fault


def _spans(first: date, last: date, title: Any) -> list[Period]:
    spans: dict[str, tuple[date, date]] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        name = title(day)
        spans[name] = (spans.get(name, (day, day))[0], day)
    return [Period(name, *days) for name, days in spans.items()]


def _day(at: datetime) -> date:
    return at.astimezone(BEIJING).date()


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING)
