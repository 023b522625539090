"""Settled decisions as rows that `yiguang model train --data` reads, and as the ledger of rules."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from classifier.ledger import Entry, ledger
from domain.reviews import FindingVerdict, ItemKind, ItemState, Verdict
from storage.leads.outbox import rescinded_pages
from storage.tables import (
    desk_accounts,
    desk_decisions,
    desk_finding_verdicts,
    desk_items,
    findings,
    pages,
)

#: What a decided item is labelled; what waits for another person is no label yet.
LABELS = {ItemState.CONFIRMED: "confirmed", ItemState.DISMISSED: "dismissed", ItemState.NOT_AD: "dismissed"}
_AT_A_TIME = 200
#: Not a lead that was taken back.
_STANDS = desk_items.c.page_id.not_in(rescinded_pages())


def training_rows(engine: Engine, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """One row for each item with a conclusion, in order of items, some hundred texts in memory at a time.

    A page whose words were cleared when their term was over (`storage.keeping.expired_texts`) has nothing to teach and is left out, as is a
    lead that was taken back (`storage.leads.outbox`): nobody says now what it is.
    `families` and `rules` are those of the page's live findings that no reader called wrong; a dismissed page has no family.
    `by` is the reader who spoke first. Rows are of the pages' own texts, unmasked: they do not leave the house.
    """
    last = 0
    settled = [state.value for state in LABELS]
    while True:
        query = select(desk_items.c.id).where(desk_items.c.id > last, desk_items.c.state.in_(settled), _STANDS)
        if since is not None:
            query = query.where(desk_items.c.decided_at >= since)
        with engine.connect() as connection:
            some = connection.scalars(query.order_by(desk_items.c.id).limit(_AT_A_TIME)).all()
            rows = _rows(connection, some)
        if not some:
            return
        yield from rows
        last = some[-1]


def rule_ledger(engine: Engine, since: datetime | None = None, until: datetime | None = None) -> Mapping[str, Entry]:
    """How settled leads were decided, by the rules whose findings were shown. A finding that a reader called wrong counts as
    dismissed even on a page that was confirmed for another; leads that were taken back do not count."""
    decided = select(desk_items.c.id, desk_items.c.page_id, desk_items.c.state, desk_items.c.rules).where(
        desk_items.c.state.in_([state.value for state in LABELS]), desk_items.c.kind == ItemKind.LEAD.value, _STANDS
    )
    if since is not None:
        decided = decided.where(desk_items.c.decided_at >= since)
    if until is not None:
        decided = decided.where(desk_items.c.decided_at < until)
    with engine.connect() as connection:
        rows = connection.execute(decided).all()
        denied = _denied(connection)
    counted: list[tuple[int, list[str]]] = []
    for row in rows:
        wrong = denied.get(row.id, frozenset())
        label = int(row.state == ItemState.CONFIRMED.value)
        counted.append((label, [rule for rule in row.rules if rule not in wrong]))
        counted.append((0, [rule for rule in row.rules if rule in wrong]))
    return ledger(counted)


def _rows(connection: Connection, item_ids: Any) -> list[dict[str, Any]]:
    earlier = pages.alias("earlier")
    query = (
        select(desk_items, pages, func.coalesce(pages.c.text, earlier.c.text).label("full_text"))
        .join(pages, pages.c.id == desk_items.c.page_id)
        .outerjoin(earlier, earlier.c.id == pages.c.same_as)
        .where(desk_items.c.id.in_(item_ids))
        .order_by(desk_items.c.id)
    )
    firsts: dict[int, Any] = {}
    made = (
        select(desk_decisions.c.item_id, desk_decisions.c.made_at, desk_accounts.c.name)
        .join(desk_accounts, desk_accounts.c.id == desk_decisions.c.account_id)
        .where(
            desk_decisions.c.item_id.in_(item_ids),
            desk_decisions.c.undone_at.is_(None),
            desk_decisions.c.superseded_at.is_(None),
            desk_decisions.c.verdict != Verdict.LATER.value,
        )
        .order_by(desk_decisions.c.id)
    )
    for row in connection.execute(made):
        firsts.setdefault(row.item_id, row)
    denied = _denied(connection, item_ids)
    families = _families(connection, item_ids)
    return [
        _row(row, firsts[row[0]], denied.get(row[0], frozenset()), families.get(row[0], {}))
        for row in connection.execute(query)
        if row.full_text
    ]


def _families(connection: Connection, item_ids: Any) -> dict[int, dict[str, set[str]]]:
    """By item, the families of the page's live findings, each with the rules that found it; those of a page that is the same as
    an earlier one are kept with that."""
    query = (
        select(desk_items.c.id, findings.c.family, findings.c.rule)
        .join(pages, pages.c.id == desk_items.c.page_id)
        .join(findings, findings.c.page_id == func.coalesce(pages.c.same_as, pages.c.id))
        .where(desk_items.c.id.in_(item_ids), findings.c.silenced.is_(False))
    )
    found: dict[int, dict[str, set[str]]] = {}
    for item_id, family, rule in connection.execute(query):
        found.setdefault(item_id, {}).setdefault(family, set()).add(rule)
    return found


def _row(row: Any, first: Any, denied: frozenset[str], by_family: Mapping[str, set[str]]) -> dict[str, Any]:
    label = LABELS[ItemState(row.state)]
    wrong = {family for family, rules in by_family.items() if rules <= denied}
    families = [family for family in row.families if family not in wrong] if label == "confirmed" else []
    fields = {
        "id": f"item:{row[0]}",
        "text": row.full_text,
        "decision": label,
        "by": first.name,
        "at": first.made_at.isoformat(),
        "title": row.title or "",
        "url": row.url,
        "site_name": row.site_name or "",
        "account": row.account or "",
        "genre": (row.judgement or {}).get("genre", ""),
        "pair": f"cluster:{row.cluster_id}" if row.cluster_id is not None else "",
        "families": families,
        "rules": [rule for rule in row.rules if rule not in denied],
    }
    return {name: value for name, value in fields.items() if value not in ("", [])} | {"rules": fields["rules"]}


def _denied(connection: Connection, item_ids: Any = None) -> dict[int, frozenset[str]]:
    """Rules of an item all of whose judged findings a reader whose verdict counts called wrong."""
    said, made = desk_finding_verdicts.c, desk_decisions.c
    query = (
        select(made.item_id, said.rule, said.verdict)
        .join(desk_decisions, made.id == said.decision_id)
        .join(findings, findings.c.id == said.finding_id)
        .where(made.undone_at.is_(None), made.superseded_at.is_(None), findings.c.silenced.is_(False))
    )
    if item_ids is not None:
        query = query.where(made.item_id.in_(item_ids))
    verdicts: dict[tuple[int, str], set[str]] = {}
    for row in connection.execute(query):
        verdicts.setdefault((row.item_id, row.rule), set()).add(row.verdict)
    denied: dict[int, set[str]] = {}
    for (item_id, rule), values in verdicts.items():
        if FindingVerdict.YES.value not in values:
            denied.setdefault(item_id, set()).add(rule)
    return {item_id: frozenset(rules) for item_id, rules in denied.items()}
