"""What is on record of each institution with confirmed leads: for the yearly check of institutions (校验) and for credit records."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine, select

from domain.beijing import BEIJING
from domain.findings import FAMILY_ZH
from domain.institutions import shown_party
from domain.outbox import MEASURE_ZH, sent_at
from domain.reviews import ItemKind, ItemState
from domain.takedown import GRADE_ZH
from storage.leads.outbox import Package, cases_that_count, list_packages, rescinded_pages
from storage.tables import desk_items
from storage.takedowns.takedown import referred_cases

UNNAMED = "（未能确定机构）"
HEADINGS = (
    "机构",
    "确认线索数",
    "线索编号",
    "类型（次数）",
    "移送材料",
    "处理结果",
    "复测结果",
    "首次确认",
    "最近确认",
)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One institution; `cells` are as `HEADINGS`."""

    cells: tuple[str, ...]


def institution_ledger(engine: Engine, first: date, last: date) -> list[LedgerLine]:
    """Institutions with leads confirmed from `first` to `last` (days in Beijing), most leads first. Leads that were taken back
    are left out."""
    items = desk_items.c
    since, until = _moment(first), _moment(last + timedelta(days=1))
    query = (
        select(items.page_id, items.institution, items.families, items.decided_at)
        .where(items.kind == ItemKind.LEAD.value, items.state == ItemState.CONFIRMED.value)
        .where(items.decided_at >= since, items.decided_at < until, items.page_id.not_in(rescinded_pages()))
        .order_by(items.decided_at, items.page_id)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    by_name: defaultdict[str, list[tuple[int, Sequence[str], datetime]]] = defaultdict(list)
    for row in rows:
        by_name[row.institution or UNNAMED].append((row.page_id, row.families, row.decided_at))
    packages = list_packages(engine)
    sent, measures = _of_packages(packages)
    cases = cases_that_count(packages)
    grades = {
        case.case_id: graded.grade
        for case in referred_cases(engine)
        if case.case_id in cases and (graded := case.graded) is not None
    }
    lines = []
    for name, leads in sorted(by_name.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        ids = [page_id for page_id, _, _ in leads]
        families = Counter(family for _, found, _ in leads for family in found)
        cells = (
            shown_party(name),
            str(len(leads)),
            "、".join(map(str, ids)),
            "、".join(f"{FAMILY_ZH[family]}（{count}）" for family, count in families.most_common()),
            "、".join(dict.fromkeys(number for page_id in ids for number in sent.get(page_id, ()))),
            "、".join(dict.fromkeys(done for page_id in ids for done in measures.get(page_id, ()))),
            "、".join(dict.fromkeys(GRADE_ZH[grades[page_id]] for page_id in ids if page_id in grades)),
            _day(leads[0][2]),
            _day(leads[-1][2]),
        )
        lines.append(LedgerLine(cells))
    return lines


def _of_packages(packages: Sequence[Package]) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """By lead: the packages in which it was sent, and what their recipients did."""
    sent: defaultdict[int, list[str]] = defaultdict(list)
    measures: defaultdict[int, list[str]] = defaultdict(list)
    for package in packages:
        if not package.counts or sent_at(package.steps) is None:
            continue
        for case in package.cases:
            sent[case].append(package.number)
            measures[case] += [MEASURE_ZH[measure] for taken in package.steps for measure in taken.measures]
    return dict(sent), dict(measures)


def _day(at: datetime) -> str:
    return at.astimezone(BEIJING).date().isoformat()


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING)
