"""Tips beside what is known already."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Connection, Engine, Row, select, update

from domain.outcome import Outcome
from domain.targets import Target
from domain.visits import SkipRule
from storage.crawl.targets import insert_new, take_up_again
from storage.database import writing
from storage.tables import frontier, night_targets, nights, page_memory, pages, skipped_links, targets
from storage.url_keys import url_key


@dataclass(frozen=True, slots=True)
class KnownTip:
    """What is known of a tip's page: whether its target was there before, the last visit (None before the first), the account
    that published it, empty while no page has said so, and whether the target had been removed and is visited again."""

    target: Target
    is_new: bool
    last_outcome: Outcome | None = None
    last_visit: datetime | None = None
    account: str = ""
    is_back: bool = False


@dataclass(frozen=True, slots=True)
class FoundPost:
    """A post that a page of a target links to. `found_on` is that page's URL, empty where it is not recorded."""

    url: str
    night_id: str
    target: str
    found_on: str


def found_posts(engine: Engine, rule: SkipRule, night_id: str | None = None) -> list[FoundPost]:
    """Posts that were linked to in one night, or in all whose links are kept, and that are no targets; each once, as it was
    found last, newest night first."""
    query = (
        select(
            skipped_links.c.url_key,
            skipped_links.c.url,
            skipped_links.c.night_id,
            night_targets.c.name,
            frontier.c.url.label("found_on"),
        )
        .join(nights, nights.c.id == skipped_links.c.night_id)
        .join(
            night_targets,
            (night_targets.c.night_id == skipped_links.c.night_id)
            & (night_targets.c.target_id == skipped_links.c.target_id),
        )
        .outerjoin(frontier, frontier.c.id == skipped_links.c.found_on)
        .where(skipped_links.c.rule == rule.value, skipped_links.c.url_key.not_in(select(targets.c.url_key)))
        .order_by(nights.c.started_at.desc(), skipped_links.c.target_id, skipped_links.c.url)
    )
    if night_id is not None:
        query = query.where(skipped_links.c.night_id == night_id)
    found: dict[str, FoundPost] = {}
    with engine.connect() as connection:
        for row in connection.execute(query):
            found.setdefault(row.url_key, FoundPost(row.url, row.night_id, row.name, row.found_on or ""))
    return list(found.values())


def take_in(engine: Engine, tips: list[Target], *, resume: bool = True) -> list[KnownTip]:
    """Store the targets of tips, each URL once; a target that is there already stays as it is, but one that was removed is visited
    again, unless `resume` is false because nobody asked for it. In the order given."""
    known: list[KnownTip] = []
    with writing(engine) as connection:
        for target in tips:
            last = _last_page(connection, target.url)
            account = (last.account if last is not None else "") or _account_of_biz(connection, target.url)
            named = replace(target, name=f"{target.name}（{account}）") if account else target
            is_new = insert_new(connection, named)
            is_back = resume and not is_new and take_up_again(connection, target.url)
            if last is None:
                known.append(KnownTip(named, is_new, account=account, is_back=is_back))
            else:
                known.append(KnownTip(named, is_new, Outcome(last.outcome), last.captured_at, account, is_back))
    return known


def name_by_account(engine: Engine, note: str) -> int:
    """Name the targets of tips (those with `note`) after the account that their pages say; returns how many."""
    named = 0
    with writing(engine) as connection:
        for row in connection.execute(
            select(targets.c.id, targets.c.name, targets.c.url).where(targets.c.note == note)
        ):
            page = _last_page(connection, row.url)
            if page is None or not page.account or page.account in row.name:
                continue
            connection.execute(
                update(targets).where(targets.c.id == row.id).values(name=f"{row.name}（{page.account}）")
            )
            named += 1
    return named


def _last_page(connection: Connection, url: str) -> Row[Any, Any, Any] | None:
    """The last page of content at a URL."""
    return connection.execute(
        select(pages.c.outcome, pages.c.captured_at, pages.c.account)
        .join(page_memory, page_memory.c.page_id == pages.c.id)
        .where(page_memory.c.url_key == url_key(url))
    ).one_or_none()


def _account_of_biz(connection: Connection, url: str) -> str:
    """The account of another post whose URL names the same `__biz`."""
    biz = parse_qs(urlsplit(url).query).get("__biz", [""])[0]
    host = urlsplit(url).hostname
    if not biz or not host:
        return ""
    account = connection.scalar(
        select(pages.c.account)
        .join(page_memory, page_memory.c.page_id == pages.c.id)
        .where(page_memory.c.host == host, pages.c.url.contains(f"__biz={biz}&", autoescape=True))
        .where(pages.c.account.is_not(None), pages.c.account != "")
        .order_by(page_memory.c.seen_at.desc())
        .limit(1)
    )
    return account or ""
