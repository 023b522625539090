"""The list of what is watched."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.dialects import postgresql, sqlite

from domain.targets import RenderMode, Target, TargetKind
from domain.visits import TargetInNight
from storage.database import writing
from storage.tables import targets
from storage.url_keys import url_key


def save_targets(engine: Engine, rows: Iterable[Target]) -> int:
    """Store targets, one per canonical URL; a known URL takes the new settings and keeps its id. Returns how many."""
    values = {url_key(target.url): _row_of(target) for target in rows}
    if not values:
        return 0
    dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(targets)
    changed = {column.name: column for column in statement.excluded if column.name not in ("id", "url_key")}
    with writing(engine) as connection:
        connection.execute(
            statement.on_conflict_do_update(index_elements=["url_key"], set_=changed), list(values.values())
        )
    return len(values)


def insert_new(connection: Connection, target: Target) -> bool:
    """Store a target unless its URL is known; whether it was new."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(targets).on_conflict_do_nothing(index_elements=["url_key"])
    return connection.execute(statement.returning(targets.c.id), _row_of(target)).first() is not None


def list_targets(engine: Engine) -> list[TargetInNight]:
    """Every target, in the order in which they were first saved."""
    with engine.connect() as connection:
        return [
            TargetInNight(row.id, _target_of(row)) for row in connection.execute(select(targets).order_by(targets.c.id))
        ]


def _row_of(target: Target) -> dict[str, Any]:
    row = asdict(target)
    return row | {
        "url_key": url_key(target.url),
        "kind": target.kind.value,
        "render": target.render.value,
        "include": list(target.include),
        "exclude": list(target.exclude),
    }


def _target_of(row: Row[Any]) -> Target:
    values = dict(row._mapping)
    del values["id"], values["url_key"]
    values["kind"] = TargetKind(values["kind"])
    values["render"] = RenderMode(values["render"])
    values["include"] = tuple(values["include"])
    values["exclude"] = tuple(values["exclude"])
    return Target(**values)
