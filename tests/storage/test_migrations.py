"""Every released schema is brought forward with what it held."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    func,
    make_url,
    select,
    text,
)

from storage.database import open_engine, schema_is_current, writing
from storage.tables import metadata
from tests.storage.samples import NOW

_VERSIONS = "alembic_version"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path}/old.sqlite")
        yield engine
        engine.dispose()
        return
    server = make_url(request.getfixturevalue("postgres_url")).set(drivername="postgresql+psycopg")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE old_schemas"))
    engine = open_engine(server.set(database="old_schemas").render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE old_schemas WITH (FORCE)"))
    admin.dispose()


def _value(column: Column[Any], number: int) -> Any:
    """Text is empty JSON: what is read as JSON has to be some."""
    kinds: tuple[tuple[type, Any], ...] = (
        (Boolean, False),
        (Integer, number),
        (Float, 0.5),
        (DateTime, NOW),
        (Date, NOW.date()),
        (LargeBinary, b"0"),
    )
    for kind, value in kinds:
        if isinstance(column.type, kind):
            return value
    if isinstance(column.type, String) and column.type.length is not None:
        return str(number)[: column.type.length]
    return "[]"


def _row(table: Table, number: int, others: dict[str, dict[str, Any]]) -> dict[str, Any]:
    unique = {column.name for constraint in table.constraints for column in getattr(constraint, "columns", ())}
    unique |= {column.name for index in table.indexes if index.unique for column in index.columns}
    row = {}
    for column in table.columns:
        keys = [key.column for key in column.foreign_keys if key.column.table is not table]
        if keys:
            row[column.name] = others[keys[0].table.name][keys[0].name]
        else:
            value = _value(column, number)
            if column.name in unique and isinstance(value, datetime):
                value += timedelta(seconds=number)
            row[column.name] = f"[{number}]" if value == "[]" and column.name in unique else value
    return row


def _fill(connection: Connection, numbers: Iterator[int]) -> dict[str, int]:
    """One row more in every table, as the tables are by now; how many each has."""
    known = MetaData()
    known.reflect(connection)
    rows: dict[str, dict[str, Any]] = {}
    for table in known.sorted_tables:
        if table.name != _VERSIONS:
            rows[table.name] = _row(table, next(numbers), rows)
            connection.execute(table.insert().values(rows[table.name]))
    counted = [table for table in known.sorted_tables if table.name != _VERSIONS]
    return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in counted}


def test_each_schema_is_brought_forward_with_its_rows(empty: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    numbers = count(1)
    held: dict[str, int] = {}
    for revision in revisions:
        with writing(empty) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            counted = _fill(connection, numbers)
        assert {name: rows for name, rows in counted.items() if held.get(name, 0) + 1 != rows} == {}, revision
        assert held.keys() <= counted.keys(), revision
        held = counted
    assert schema_is_current(empty)
    with empty.connect() as connection:
        for table in metadata.sorted_tables:
            read = connection.execute(select(table)).all()
            assert len(read) == held[table.name], table.name
            times = [value for row in read for value in row if isinstance(value, datetime)]
            # Some are unique and apart by seconds; read in another zone they would be hours off
            assert all(timedelta(0) <= moment - NOW < timedelta(hours=1) for moment in times), table.name
