"""Migrations make the tables that the code uses; columns keep their promises on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Engine, Integer, MetaData, Table, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from storage.away import is_away
from storage.columns import JsonText, StorableText, UtcDateTime
from storage.database import bound_transactions, migrate, open_engine, writing
from storage.tables import metadata

_SCRATCH = Table(
    "scratch",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("moment", UtcDateTime),
    Column("words", StorableText),
    Column("value", JsonText),
)


@pytest.fixture
def scratch(engine: Engine) -> Engine:
    _SCRATCH.create(engine)
    return engine


def test_migrations_build_exactly_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == []


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_sqlite_is_set_up_for_many_readers_and_safe_writes(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/a.db")
    with engine.connect() as connection:
        values = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    engine.dispose()
    assert values == {"journal_mode": "wal", "synchronous": 1, "busy_timeout": 30_000, "foreign_keys": 1}


def test_postgresql_is_asked_to_notice_clients_that_vanish(postgres_url: str) -> None:
    """Its own limit is two hours. Sockets of the same machine have none, so what was asked for is looked up, not what holds."""
    asked = text("SELECT name, reset_val FROM pg_settings WHERE name LIKE 'tcp%' OR name = 'work_mem'")
    url = make_url(postgres_url).update_query_dict({"options": "-c work_mem=5MB"})  # what else was wanted is kept
    engine = open_engine(url.render_as_string(hide_password=False))
    with engine.connect() as connection:
        values = {row.name: row.reset_val for row in connection.execute(asked)}
    engine.dispose()
    assert values == {
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "2",
        "tcp_keepalives_count": "2",
        "tcp_user_timeout": "10000",
        "work_mem": "5120",
    }


def test_what_a_silent_client_has_locked_is_free_again(postgres_url: str) -> None:
    silent, other = open_engine(postgres_url), open_engine(postgres_url)
    silent.connect().close()  # one at rest is not forgotten
    bound_transactions(silent, timedelta(seconds=0.5), timedelta(hours=1))
    lock = text("SELECT pg_advisory_xact_lock(7)")
    with silent.connect() as connection:
        connection.execute(lock)
        with other.begin() as after:
            after.execute(lock)
        with pytest.raises(DBAPIError) as lost:
            connection.execute(lock)
    assert is_away(lost.value)
    silent.dispose()
    other.dispose()


def test_what_a_client_has_locked_that_was_cut_off_amid_its_statements_is_free_again(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server waits for the rest of them, which to it is no idleness."""
    monkeypatch.setattr("storage.database.IDLE_AT_MOST", timedelta(seconds=0.5))
    monkeypatch.setattr("storage.database.TRANSACTION_AT_MOST", timedelta(seconds=1.5))
    cut_off, other = open_engine(postgres_url), psycopg.connect(postgres_url, options="-c lock_timeout=30s")
    connection = cut_off.raw_connection()
    client = connection.driver_connection
    assert isinstance(client, psycopg.Connection)
    got = []
    with pytest.raises(psycopg.OperationalError, match="server closed"), client.pipeline():
        client.execute("SELECT pg_advisory_xact_lock(7)")
        client.pgconn.send_flush_request()
        client.pgconn.flush()
        got = other.execute("SELECT pg_advisory_xact_lock(7)").fetchall()
    assert len(got) == 1
    other.close()
    connection.invalidate()
    cut_off.dispose()


def test_other_databases_are_refused() -> None:
    with pytest.raises(ValueError, match="mysql"):
        open_engine("mysql://root@localhost/a")


def test_naive_times_are_refused(scratch: Engine) -> None:
    with pytest.raises(StatementError, match="naive time refused"), writing(scratch) as connection:
        connection.execute(insert(_SCRATCH).values(id=1, moment=datetime(2026, 11, 25, 2)))


def test_times_come_back_in_utc(scratch: Engine) -> None:
    beijing = datetime(2026, 11, 26, 2, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    with writing(scratch) as connection:
        connection.execute(insert(_SCRATCH).values(id=1, moment=beijing))
        stored = connection.scalar(select(_SCRATCH.c.moment))
    assert stored == beijing
    assert stored.tzinfo is UTC


def test_hostile_text_is_stored_with_its_length_kept(scratch: Engine) -> None:
    hostile = "治\0愈\ud800率\U0001f4a5"
    with writing(scratch) as connection:
        connection.execute(insert(_SCRATCH).values(id=1, words=hostile, value={hostile: [hostile, 1, None]}))
        row = connection.execute(select(_SCRATCH)).one()
    clean = "治\ufffd愈\ufffd率\U0001f4a5"
    assert row.words == clean
    assert row.value == {clean: [clean, 1, None]}
    assert len(clean) == len(hostile)
