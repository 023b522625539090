"""The list of what is watched."""

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select, update

from domain.nights import NightKind
from domain.targets import RenderMode, Target, TargetKind
from domain.visits import TargetInNight
from storage.columns import UtcDateTime
from storage.database import insert_into, writing
from storage.tables import night_targets, nights, targets
from storage.url_keys import url_key

_EARLY = timedelta(hours=12)


def save_targets(engine: Engine, rows: Iterable[Target]) -> list[Target]:
    """Store targets, one per canonical URL; a known URL takes the new settings and keeps its id. Returns those that had been
    removed, which are visited again."""
    values = {url_key(target.url): (target, _row_of(target)) for target in rows}
    if not values:
        return []
    statement = insert_into(engine.dialect.name, targets)
    changed = {column.name: column for column in statement.excluded if column.name not in ("id", "url_key")}
    with writing(engine) as connection:
        removed = set(connection.scalars(select(targets.c.url_key).where(targets.c.removed_at.is_not(None))))
        connection.execute(
            statement.on_conflict_do_update(index_elements=["url_key"], set_=changed),
            [row for _target, row in values.values()],
        )
    return [target for key, (target, _row) in values.items() if key in removed]


def insert_new(connection: Connection, target: Target) -> bool:
    """Store a target unless its URL is known; whether it was new."""
    statement = insert_into(connection.dialect.name, targets).on_conflict_do_nothing(index_elements=["url_key"])
    return connection.execute(statement.returning(targets.c.id), _row_of(target)).first() is not None


def take_up_again(connection: Connection, url: str) -> bool:
    """Visit the target of a URL again if it was removed; whether it was."""
    statement = update(targets).where(targets.c.url_key == url_key(url), targets.c.removed_at.is_not(None))
    return connection.execute(statement.values(removed_at=None)).rowcount > 0


def remove_targets(engine: Engine, target_ids: Collection[int], now: datetime) -> None:
    """Visit these no longer, from the next night on; those that were removed before stay so since then. Their rows stay, since
    nights, evidence and rechecks refer to them."""
    with writing(engine) as connection:
        connection.execute(
            update(targets)
            .where(targets.c.id.in_(sorted(target_ids)), targets.c.removed_at.is_(None))
            .values(removed_at=now)
        )


def removed_targets(engine: Engine) -> dict[int, datetime]:
    """Since when those that were removed are not visited, by their ids."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(targets.c.id, targets.c.removed_at).where(targets.c.removed_at.is_not(None))
        ).all()
    return {row.id: row.removed_at for row in rows}


def list_targets(engine: Engine) -> list[TargetInNight]:
    """Every target, also those that were removed, in the order in which they were first saved."""
    with engine.connect() as connection:
        return [
            TargetInNight(row.id, _target_of(row)) for row in connection.execute(select(targets).order_by(targets.c.id))
        ]


def targets_due(engine: Engine, now: datetime) -> list[TargetInNight]:
    """Those that a night which begins now is to visit, of all that were not removed: those for every night, and others that were in
    none for as many days as they ask for.

    Nights do not begin at the same minute, so a target is due half a day before its days are over.
    """
    last = (
        select(night_targets.c.target_id, func.max(nights.c.started_at, type_=UtcDateTime()).label("began"))
        .join(nights, nights.c.id == night_targets.c.night_id)
        .where(nights.c.kind == NightKind.NIGHT.value)
        .group_by(night_targets.c.target_id)
    )
    with engine.connect() as connection:
        began = {row.target_id: row.began for row in connection.execute(last)}
    removed = removed_targets(engine)
    return [
        known
        for known in list_targets(engine)
        if known.id not in removed
        and (
            known.target.every_days == 1
            or known.id not in began
            or now - began[known.id] >= timedelta(days=known.target.every_days) - _EARLY
        )
    ]


def _row_of(target: Target) -> dict[str, Any]:
    row = asdict(target)
    return row | {
        "url_key": url_key(target.url),
        "kind": target.kind.value,
        "render": target.render.value,
        "include": list(target.include),
        "exclude": list(target.exclude),
        "removed_at": None,
    }


def _target_of(row: Row[Any]) -> Target:
    values = dict(row._mapping)
    del values["id"], values["url_key"], values["removed_at"]
    values["kind"] = TargetKind(values["kind"])
    values["render"] = RenderMode(values["render"])
    values["include"] = tuple(values["include"])
    values["exclude"] = tuple(values["exclude"])
    return Target(**values)
