"""What is remembered of a page from night to night: how often it changes, and how to ask whether it has."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, Row, bindparam, delete, select, update

from domain.findings import Judgement
from domain.page import ExtractedPage, Headers
from domain.pictures import UNREAD_FATES
from domain.site_trials import Rung, SiteTrial
from domain.visits import Earlier, SiteRest, Visit
from storage.columns import storable_text
from storage.database import Upsert, insert_into, writing
from storage.tables import host_addresses, page_memory, site_rests, site_trials
from storage.url_keys import url_key

#: A page that has not changed is due after twice as many days each time, up to this.
MAX_INTERVAL_DAYS = 16
#: Nights do not begin at the same minute: a page is due this much earlier than its days say.
_EARLY = timedelta(hours=6)
#: The server's word that a page has not changed is taken for so long; then the page is fetched in full.
MAX_DAYS_ON_TRUST = 14
#: A page of more links is fetched in full each time instead of remembering them.
MAX_LINKS = 500
_MAX_VALIDATOR_CHARACTERS = 500
_KEYS_AT_ONCE = 500  # SQLite allows 32,766 variables in a statement; far fewer parse faster

_KNOWN = select(
    page_memory.c.url_key, page_memory.c.text_sha256, page_memory.c.interval_days, page_memory.c.changed_at
).where(page_memory.c.url_key.in_(bindparam("keys", expanding=True)))
_UNCHANGED = (
    update(page_memory)
    .where(page_memory.c.url_key == bindparam("key"))
    .values(seen_at=bindparam("now"), interval_days=bindparam("days"), due_at=bindparam("due"))
)

_EARLIER = select(
    page_memory.c.url_key, page_memory.c.page_id, page_memory.c.etag, page_memory.c.last_modified, page_memory.c.links
).where(
    page_memory.c.url_key.in_(bindparam("keys", expanding=True)),
    (page_memory.c.etag != "") | (page_memory.c.last_modified != ""),
    page_memory.c.flagged.is_(False),
    page_memory.c.judged_by == bindparam("judged"),
    page_memory.c.fetched_at > bindparam("since"),
)


def not_due(connection: Connection, keys: Sequence[str], now: datetime) -> list[str]:
    """Those of the keys whose pages need no visit yet. Leads are always due."""
    found: list[str] = []
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[start : start + _KEYS_AT_ONCE]
        found += connection.scalars(
            select(page_memory.c.url_key).where(
                page_memory.c.url_key.in_(some), page_memory.c.due_at > now, page_memory.c.flagged.is_(False)
            )
        )
    return found


def remember_pages(connection: Connection, visits: Sequence[Visit]) -> None:
    """Note the pages that visits read, after their rows in `pages` were written; or that they have not changed."""
    telling = {url_key(visit.frontier.url): visit for visit in visits if visit.page or visit.same_as is not None}
    if not telling:
        return
    known = {row.url_key: row for row in connection.execute(_KNOWN, {"keys": list(telling)})}
    read, unchanged = [], []
    for key in sorted(telling):
        visit = telling[key]
        if visit.page is not None and visit.judgement is not None:
            read.append(_memory_row(key, visit, visit.page, visit.judgement, known.get(key)))
        elif visit.same_as is not None and key in known:
            interval = _interval(known[key], unchanged=True, now=visit.ended_at)
            unchanged.append(
                {"key": key, "now": visit.ended_at, "days": interval["interval_days"], "due": interval["due_at"]}
            )
    if read:
        connection.execute(_upsert(connection.dialect.name), read)
    if unchanged:
        connection.execute(_UNCHANGED, unchanged)


def _memory_row(
    key: str, visit: Visit, page: ExtractedPage, judgement: Judgement, known: Row[*tuple[Any, ...]] | None
) -> dict[str, Any]:
    now = visit.ended_at
    text_sha256 = hashlib.sha256(storable_text(page.text).encode()).hexdigest()
    unchanged = known is not None and known.text_sha256 == text_sha256
    return {
        "url_key": key,
        "url": visit.frontier.url,
        "host": urlsplit(visit.frontier.url).hostname or "",
        "page_id": visit.frontier.id,
        "text_sha256": text_sha256,
        "flagged": judgement.flagged,
        "judged_by": judged_by(judgement.rules_sha256, judgement.model_sha256, judgement.names_sha256),
        "fetched_at": now,
        "seen_at": now,
        "changed_at": known.changed_at if known is not None and unchanged else now,
        **_validators(visit, page, judgement),
        **_interval(known, unchanged=unchanged, now=now),
    }


@cache
def _upsert(dialect_name: str) -> Upsert:
    """Built once: it is executed for every page."""
    statement = insert_into(dialect_name, page_memory)
    given = {column.name: column for column in statement.excluded if column.name != "url_key"}
    return statement.on_conflict_do_update(index_elements=["url_key"], set_=given)


def judged_by(rules_sha256: str, model_sha256: str, names_sha256: str) -> str:
    """Names the rules, the model and the lists of names that a judgement holds for."""
    return f"{rules_sha256} {model_sha256} {names_sha256}"


def _interval(known: Row[*tuple[Any, ...]] | None, *, unchanged: bool, now: datetime) -> dict[str, Any]:
    days = min(known.interval_days * 2, MAX_INTERVAL_DAYS) if known is not None and unchanged else 1
    return {"interval_days": days, "due_at": now + timedelta(days=days) - _EARLY}


def _validators(visit: Visit, page: ExtractedPage, judgement: Judgement) -> dict[str, Any]:
    """What makes a conditional request, where its answer would say all: not for leads, whose evidence is taken anew each
    time, nor for pages that a browser built or that were reached by redirects, nor where pictures are still to be read."""
    links = list(dict.fromkeys(link.url for link in page.links))
    plain = len(visit.exchanges) == 1 and visit.exchanges[0].status == 200 and visit.rendering is None
    fields = {"etag": "", "last_modified": "", "links": []}
    unread = any(picture.fate in UNREAD_FATES for picture in page.pictures)
    if not plain or judgement.flagged or unread or visit.unshown or len(links) > MAX_LINKS:
        return fields
    headers = visit.exchanges[0].response_headers
    found = {"etag": _field(headers, "etag"), "last_modified": _field(headers, "last-modified")}
    return fields | found | ({"links": links} if any(found.values()) else {})


def _field(headers: Headers, name: str) -> str:
    value = next((value.strip() for field, value in headers if field.lower() == name), "")
    return value if len(value) <= _MAX_VALIDATOR_CHARACTERS and value.isascii() else ""


class SqlCrawlMemory:
    """`domain.visits.CrawlMemory` over SQL, for a crawl whose pages are judged by the given rules, model and names."""

    def __init__(self, engine: Engine, rules_sha256: str, model_sha256: str, names_sha256: str = "") -> None:
        self._engine = engine
        self._judged_by = judged_by(rules_sha256, model_sha256, names_sha256)

    def earlier(self, urls: Collection[str], now: datetime) -> dict[str, Earlier]:
        """The last content of some URLs; those that are to be fetched in full are left out."""
        keys = {url: url_key(url) for url in urls}
        since = now - timedelta(days=MAX_DAYS_ON_TRUST)
        asked = {"keys": list(keys.values()), "judged": self._judged_by, "since": since}
        with self._engine.connect() as connection:
            rows = {row.url_key: row for row in connection.execute(_EARLIER, asked)}
        found = {url: rows[key] for url, key in keys.items() if key in rows}
        return {url: Earlier(row.page_id, row.etag, row.last_modified, tuple(row.links)) for url, row in found.items()}

    def known_page(self, host: str, other_than: Collection[str]) -> str | None:
        """The URL of the page of a host that gave content last, other than some."""
        with self._engine.connect() as connection:
            return connection.scalar(
                select(page_memory.c.url)
                .where(page_memory.c.host == host, page_memory.c.url_key.not_in(map(url_key, other_than)))
                .order_by(page_memory.c.seen_at.desc())
                .limit(1)
            )

    def rests(self) -> list[SiteRest]:
        """Sites that asked to be left alone, also those whose rest is over."""
        with self._engine.connect() as connection:
            return [SiteRest(*row) for row in connection.execute(select(site_rests))]

    def keep_rest(self, rest: SiteRest) -> None:
        """Remember a rest, in place of an earlier one of the site."""
        values = {"site": rest.site, "until": rest.until, "level": rest.level, "reason": rest.reason}
        statement = insert_into(self._engine.dialect.name, site_rests).on_conflict_do_update(
            index_elements=["site"], set_=values
        )
        with writing(self._engine) as connection:
            connection.execute(statement, [values])

    def end_rest(self, site: str) -> None:
        """Forget that a site was ever at rest."""
        with writing(self._engine) as connection:
            connection.execute(delete(site_rests).where(site_rests.c.site == site))

    def trials(self) -> list[SiteTrial]:
        """What showing pages in a browser was worth at each site."""
        with self._engine.connect() as connection:
            return _trials(connection.execute(select(site_trials)))

    def keep_trial(self, trial: SiteTrial) -> None:
        """Remember a trial, in place of an earlier one of its site and rung."""
        key = {"site": trial.site, "rung": trial.rung.value}
        values = {"streak": trial.streak, "tried_at": trial.tried_at}
        statement = insert_into(self._engine.dialect.name, site_trials).on_conflict_do_update(
            index_elements=["site", "rung"], set_=values
        )
        with writing(self._engine) as connection:
            connection.execute(statement, [key | values])

    def keep_addresses(self, addresses: Mapping[str, str], now: datetime) -> None:
        """Remember which server answered for some hosts, in place of earlier ones."""
        rows = [{"host": host, "address": address, "seen_at": now} for host, address in sorted(addresses.items())]
        with writing(self._engine) as connection:
            statement = insert_into(connection.dialect.name, host_addresses)
            newer = {"address": statement.excluded.address, "seen_at": statement.excluded.seen_at}
            connection.execute(statement.on_conflict_do_update(index_elements=["host"], set_=newer), rows)


def server_addresses(engine: Engine) -> dict[str, str]:
    """The server that answered last for each host."""
    with engine.connect() as connection:
        return {row.host: row.address for row in connection.execute(select(host_addresses))}


class MemoryWithoutPages(SqlCrawlMemory):
    """The same, but every page is fetched in full: a later visit to a referred page is to have evidence of its own."""

    def earlier(self, urls: Collection[str], now: datetime) -> dict[str, Earlier]:  # noqa: ARG002  # the port's signature
        """Nothing, whatever earlier nights know."""
        return {}


def trials_at(engine: Engine, site: str) -> list[SiteTrial]:
    """What showing pages in a browser was worth at one site."""
    of_site = select(site_trials).where(site_trials.c.site == site).order_by(site_trials.c.rung)
    with engine.connect() as connection:
        return _trials(connection.execute(of_site))


def _trials(rows: Iterable[Row[Any]]) -> list[SiteTrial]:
    return [SiteTrial(row.site, Rung(row.rung), row.streak, row.tried_at) for row in rows]
