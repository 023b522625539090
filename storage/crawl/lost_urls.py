"""Every URL of a night that was not captured, and why, as far as its name is kept; the rest is counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, func, select

from domain.outcome import Outcome
from storage.crawl.claiming import TO_SHOW
from storage.crawl.skips import SURPLUS, skip_counts
from storage.tables import frontier, night_targets, pages, skipped_links, visits

_AT_A_TIME = 1000


class Loss(StrEnum):
    VISITED = "visited"  # and something else than content came of it
    WAITING = "waiting"  # not tried, or to be tried again
    SURPLUS = "surplus"  # beyond the budget of the target
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class LostUrl:
    """`rule` is the outcome of a visited URL, else the rule by which it was left out; `reason` is Chinese. `status` is that of the
    last response, None without one. `found_on` is the URL of the page that named it first, empty where it is not recorded."""

    url: str
    target: str
    loss: Loss
    rule: str
    reason: str
    status: int | None
    tries: int
    found_on: str


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Links of a night that were not followed and whose names are not kept, by rule."""

    rule: str
    links: int


def lost_urls(connection: Connection, night_id: str) -> Iterator[LostUrl]:
    """Visited ones first, then those left waiting, then those never tried; in order of target."""
    yield from _visited(connection, night_id)
    yield from _open(connection, night_id)
    yield from _skipped(connection, night_id)


_named_on = frontier.alias("named_on")


def _visited(connection: Connection, night_id: str) -> Iterator[LostUrl]:
    query = (
        select(
            pages.c.url, pages.c.outcome, pages.c.detail, visits.c.status, frontier.c.attempts, night_targets.c.name,
            _named_on.c.url.label("found_on"),
        )
        .join(visits, visits.c.id == pages.c.visit_id)
        .join(frontier, frontier.c.id == pages.c.id)
        .join(night_targets, _same_target(pages))
        .outerjoin(_named_on, _named_on.c.id == frontier.c.found_on)
        .where(pages.c.night_id == night_id, pages.c.outcome != Outcome.CONTENT.value)
        .order_by(pages.c.target_id, pages.c.id)
    )  # fmt: skip
    for row in connection.execute(query.execution_options(yield_per=_AT_A_TIME)):
        yield LostUrl(
            row.url, row.name, Loss.VISITED, row.outcome, row.detail, row.status, row.attempts, row.found_on or ""
        )


def _open(connection: Connection, night_id: str) -> Iterator[LostUrl]:
    over_budget = and_(frontier.c.attempts == 0, night_targets.c.started >= night_targets.c.max_pages)
    query = (
        select(frontier, night_targets.c.name, over_budget.label("surplus"), _named_on.c.url.label("named_on"))
        .join(night_targets, _same_target(frontier))
        .outerjoin(_named_on, _named_on.c.id == frontier.c.found_on)
        .where(frontier.c.night_id == night_id, frontier.c.state != "done")
        .order_by(frontier.c.target_id, frontier.c.id)
    )
    for row in connection.execute(query.execution_options(yield_per=_AT_A_TIME)):
        loss = Loss.SURPLUS if row.surplus else Loss.WAITING
        reason = "本夜的页数预算（max_pages）已用完" if row.surplus else waiting_for(row.state, row.attempts)
        yield LostUrl(row.url, row.name, loss, loss.value, reason, None, row.attempts, row.named_on or "")


def waiting_for(state: str, attempts: int) -> str:
    """What a URL waits for, in Chinese."""
    if state == TO_SHOW:
        return "等待能显示网页的进程"
    return "等待重试" if attempts else "尚未访问"


def _skipped(connection: Connection, night_id: str) -> Iterator[LostUrl]:
    """A link that one page's rules left out may have been visited all the same, named by another."""
    query = (
        select(skipped_links, night_targets.c.name, _named_on.c.url.label("named_on"))
        .join(night_targets, _same_target(skipped_links))
        .outerjoin(_named_on, _named_on.c.id == skipped_links.c.found_on)
        .outerjoin(frontier, and_(frontier.c.night_id == night_id, frontier.c.url_key == skipped_links.c.url_key))
        .where(skipped_links.c.night_id == night_id, frontier.c.id.is_(None))
        .order_by(skipped_links.c.target_id, skipped_links.c.rule, skipped_links.c.url_key)
    )
    for row in connection.execute(query.execution_options(yield_per=_AT_A_TIME)):
        loss = Loss.SURPLUS if row.rule == SURPLUS else Loss.SKIPPED
        yield LostUrl(row.url, row.name, loss, row.rule, row.reason, None, 0, row.named_on or "")


def _same_target(table: Any) -> Any:
    return and_(night_targets.c.night_id == table.c.night_id, night_targets.c.target_id == table.c.target_id)


def unlisted(connection: Connection, night_id: str) -> list[Unlisted]:
    """How many more links there were of each rule than are listed with their names."""
    listed_query = (
        select(skipped_links.c.rule, func.count().label("links"))
        .where(skipped_links.c.night_id == night_id)
        .group_by(skipped_links.c.rule)
    )
    listed = {row.rule: row.links for row in connection.execute(listed_query)}
    counted: dict[str, int] = {rule.value: links for rule, links in skip_counts(connection, night_id).items()}
    dropped = select(func.sum(night_targets.c.surplus)).where(night_targets.c.night_id == night_id)
    counted[SURPLUS] = int(connection.scalar(dropped) or 0)
    return [
        Unlisted(rule, links - listed.get(rule, 0))
        for rule, links in sorted(counted.items())
        if links > listed.get(rule, 0)
    ]
