"""What a night did with one URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from domain.nights import NightKind
from domain.outcome import Outcome
from domain.site_trials import ActionKind, PageAction
from storage.crawl.claiming import TO_SHOW
from storage.crawl.lost_urls import waiting_for
from storage.crawl.skips import SURPLUS
from storage.tables import frontier, night_targets, nights, pages, skipped_links, visits
from storage.url_keys import url_key


class Fate(StrEnum):
    VISITED = "visited"
    REDIRECTED_TO = "redirected-to"  # not asked for under this URL, but reached by a redirect from another
    WAITING = "waiting"
    LEASED = "leased"
    SURPLUS = "surplus"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"  # never seen, as far as the records go


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What became of a URL in one night. `at` is the time of the visit, or when a waiting URL is due; None otherwise.

    `reason` is Chinese: detail of the outcome or why it is skipped. `found_on` is the URL of the page that named it
    first, empty for a start page and where it is not recorded. `unlisted` counts URLs of the night that were over budget
    and whose names are not kept, any of which a URL of fate `unknown` may be. `tries` counts visits. `why_shown` says in Chinese
    what a browser showed the page for, empty when it was read as sent, and `actions` what was done to it.
    """

    url: str
    night_id: str
    fate: Fate
    target: str = ""
    outcome: Outcome | None = None
    reason: str = ""
    at: datetime | None = None
    found_on: str = ""
    tries: int = 0
    unlisted: int = 0
    why_shown: str = ""
    actions: tuple[PageAction, ...] = ()


def whereabouts(engine: Engine, url: str, night_id: str) -> Whereabouts:
    """What became of `url`, in the spelling under which the frontier knows it. Raises KeyError for an unknown night."""
    with engine.connect() as connection:
        if connection.scalar(select(nights.c.id).where(nights.c.id == night_id)) is None:
            raise KeyError(night_id)
        return (
            _on_frontier(connection, url, night_id)
            or _reached(connection, url, night_id)
            or _skipped(connection, url, night_id)
            or Whereabouts(url, night_id, Fate.UNKNOWN, unlisted=_unlisted(connection, night_id))
        )


def nights_newest_first(engine: Engine, limit: int, kind: NightKind | None = None) -> list[str]:
    """Ids of the newest nights, of one kind or with the rechecks between them."""
    query = select(nights.c.id).order_by(nights.c.started_at.desc()).limit(limit)
    if kind is not None:
        query = query.where(nights.c.kind == kind.value)
    with engine.connect() as connection:
        return list(connection.scalars(query))


def _on_frontier(connection: Connection, url: str, night_id: str) -> Whereabouts | None:
    row = connection.execute(
        select(frontier, night_targets.c.name, night_targets.c.started, night_targets.c.max_pages)
        .outerjoin(
            night_targets,
            (night_targets.c.night_id == frontier.c.night_id) & (night_targets.c.target_id == frontier.c.target_id),
        )
        .where(frontier.c.night_id == night_id, frontier.c.url_key == url_key(url))
    ).one_or_none()
    if row is None:
        return None
    found_on = _url_of(connection, row.found_on)
    last = connection.execute(
        select(visits.c.outcome, visits.c.detail, visits.c.ended_at, visits.c.attempt, visits.c.shown)
        .where(visits.c.frontier_id == row.id)
        .order_by(visits.c.attempt.desc())
        .limit(1)
    ).one_or_none()
    if row.state == "done" and last is not None:
        return Whereabouts(
            url,
            night_id,
            Fate.VISITED,
            row.name or "",
            Outcome(last.outcome),
            last.detail,
            last.ended_at,
            found_on,
            last.attempt,
            **_shown(last.shown),
        )
    over_budget = row.attempts == 0 and row.started is not None and row.started >= row.max_pages
    fate = Fate.LEASED if row.state == "leased" else Fate.SURPLUS if over_budget else Fate.WAITING
    return Whereabouts(
        url=url,
        night_id=night_id,
        fate=fate,
        target=row.name or "",
        outcome=None if last is None else Outcome(last.outcome),
        reason=waiting_for(row.state, row.attempts) if row.state == TO_SHOW else "" if last is None else last.detail,
        at=row.due_at if fate is Fate.WAITING else None,
        found_on=found_on,
        tries=row.attempts,
    )


def _shown(stored: Mapping[str, Any] | None) -> dict[str, Any]:
    if stored is None:
        return {}
    actions = tuple(
        PageAction(
            ActionKind(item["kind"]), datetime.fromisoformat(item["at"]), item["words"], item["added_characters"]
        )
        for item in stored["actions"]
    )
    return {"why_shown": stored["why"], "actions": actions}


def _reached(connection: Connection, url: str, night_id: str) -> Whereabouts | None:
    row = connection.execute(
        select(pages, night_targets.c.name)
        .outerjoin(
            night_targets,
            (night_targets.c.night_id == pages.c.night_id) & (night_targets.c.target_id == pages.c.target_id),
        )
        .where(pages.c.night_id == night_id, pages.c.final_url == url)
        .limit(1)
    ).first()
    if row is None:
        return None
    return Whereabouts(
        url, night_id, Fate.REDIRECTED_TO, row.name or "", Outcome(row.outcome), row.detail, row.captured_at, row.url
    )


def _skipped(connection: Connection, url: str, night_id: str) -> Whereabouts | None:
    row = connection.execute(
        select(skipped_links, night_targets.c.name)
        .outerjoin(
            night_targets,
            (night_targets.c.night_id == skipped_links.c.night_id)
            & (night_targets.c.target_id == skipped_links.c.target_id),
        )
        .where(skipped_links.c.night_id == night_id, skipped_links.c.url_key == url_key(url))
        .order_by(skipped_links.c.target_id)
        .limit(1)
    ).first()
    if row is None:
        return None
    fate = Fate.SURPLUS if row.rule == SURPLUS else Fate.SKIPPED
    return Whereabouts(
        url, night_id, fate, row.name or "", reason=row.reason, found_on=_url_of(connection, row.found_on)
    )


def _unlisted(connection: Connection, night_id: str) -> int:
    dropped = select(func.sum(night_targets.c.surplus)).where(night_targets.c.night_id == night_id)
    listed = select(func.count()).where(skipped_links.c.night_id == night_id, skipped_links.c.rule == SURPLUS)
    return int(connection.scalar(dropped) or 0) - int(connection.scalar(listed) or 0)


def _url_of(connection: Connection, frontier_id: int | None) -> str:
    if frontier_id is None:
        return ""
    return connection.scalar(select(frontier.c.url).where(frontier.c.id == frontier_id)) or ""
