"""Opening the database, transactions that write, and bringing the tables up to date."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Lock
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, ExceptionContext, Table, create_engine, event, func, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite

BUSY_TIMEOUT_SECONDS = 30
CONNECT_TIMEOUT_SECONDS = 10
#: libpq's settings of TCP: a connection whose other end vanished without a word is lost after ten seconds, which is before a worker is
#: taken for dead (`storage.crawl.workers.FENCED_AFTER`). Sockets of the same machine know no such thing.
_NOTICE_LOSS = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2, "tcp_user_timeout": 10_000}
#: The same asked of the server, whose own limit is two hours: what a client that was cut off had locked is free again before others take
#: its work over.
_NOTICE_LOSS_OF_CLIENT = " ".join(f"-c tcp_{name}" for name in (
    "keepalives_idle=5", "keepalives_interval=2", "keepalives_count=2", "user_timeout=10000",
))  # fmt: skip
#: No transaction of ours asks nothing for so long, or takes so long: the client of one that does is gone (`bound_transactions`).
IDLE_AT_MOST, TRANSACTION_AT_MOST = timedelta(minutes=30), timedelta(hours=12)
_KNOWS_WHOLE_TRANSACTIONS = 170_000  # the version of PostgreSQL that brought `transaction_timeout`
_WRITE_TURN = "write_turn"
_MIGRATION_LOCK = 0x59694775  # any fixed number of ours: PostgreSQL's advisory locks share one number space
#: An insert that may say what to do on a conflict.
Upsert = postgresql.Insert | sqlite.Insert


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://...`; nothing is created and no connection made yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        # Two shards may hold a connection each for long; ten in all is far below PostgreSQL's default of a hundred.
        session = f"{_NOTICE_LOSS_OF_CLIENT} {parsed.query.get('options', '')}"
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS, "options": session, **_NOTICE_LOSS},
        )
        event.listen(engine, "handle_error", _note_lost_connection)
        event.listen(engine, "connect", _asking_for_limits(IDLE_AT_MOST, TRANSACTION_AT_MOST))
        return engine
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(f"unsupported database: {parsed.get_backend_name()} (sqlite and postgresql are)")
    options = {_WRITE_TURN: Lock()}
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}, execution_options=options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _note_lost_connection(context: ExceptionContext) -> None:
    """One that could not be made is lost like one that broke off: `connection_invalidated` is what the workflow engine goes by when
    it tries again, as it does not know every wording of the driver."""
    if context.connection is None:
        context.is_disconnect = True


def bound_transactions(engine: Engine, idle: timedelta, whole: timedelta) -> None:
    """Have PostgreSQL break off, and roll back, a transaction in which nothing is asked for `idle`, or that is not over after `whole`, sooner
    than it does for any connection. SQLite knows no client that is gone.

    Not while a connection is in use: those at rest are closed and made anew."""
    if engine.dialect.name != "postgresql":
        return
    event.listen(engine, "connect", _asking_for_limits(idle, whole))
    engine.dispose()


def _asking_for_limits(idle: timedelta, whole: timedelta) -> Callable[[Any, object], None]:
    """What a transaction has locked would wait for ever for a client that is stopped, or cut off behind something that keeps the connection up.

    A client that is cut off amid statements that it sends together counts as one that is asking something, so `idle` does not reach it;
    `whole` does, from PostgreSQL 17 on.
    """

    def ask(connection: Any, record: object) -> None:  # noqa: ARG001  # signature is SQLAlchemy's
        limits = {"idle_in_transaction_session_timeout": idle}
        if connection.info.server_version >= _KNOWS_WHOLE_TRANSACTIONS:
            limits["transaction_timeout"] = whole
        asked = (f"SET {name} = {limit // timedelta(milliseconds=1)}" for name, limit in limits.items())
        connection.execute("; ".join(asked))
        connection.commit()

    return ask


def _prepare_sqlite(connection: Any, record: object) -> None:  # noqa: ARG001  # signature is SQLAlchemy's
    connection.isolation_level = None  # the driver would begin transactions late and by its own rules
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that will write. SQLite takes its write lock at once: a lock upgraded later fails at once, unwaited.

    Threads of this process take turns before they ask SQLite, which lets who waits sleep for a tenth of a second at a time.
    """
    turn = engine.get_execution_options().get(_WRITE_TURN, nullcontext())
    with turn, engine.connect() as connection, connection.execution_options(writes=True).begin():
        yield connection


def shared_clock(engine: Engine, own: Callable[[], datetime]) -> Callable[[], datetime]:
    """The clock, in UTC, by which processes that share a database judge each other. With PostgreSQL it is the database's: they may be on
    several machines, whose clocks differ. With SQLite all are on this one, and `own` is its clock."""
    if engine.dialect.name != "postgresql":
        return own

    def ask() -> datetime:
        with engine.connect() as connection:
            now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)

    return ask


def insert_into(dialect_name: str, table: Table) -> Upsert:
    """With `on_conflict_do_update` and `on_conflict_do_nothing` as the database has them whose connections have this dialect."""
    return postgresql.insert(table) if dialect_name == "postgresql" else sqlite.insert(table)


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest version, in one transaction; several processes may call it at the same time."""
    config = _migrations()
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def schema_is_current(engine: Engine) -> bool:
    """Whether the tables are those of this version of the program; false for an older, a newer or an empty database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == _newest_revision()


def schema_is_newer(engine: Engine) -> bool:
    """Whether the tables are of a version that this program does not know: those of a newer one."""
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    return revision is not None and revision not in _known_revisions()


@cache
def _known_revisions() -> frozenset[str]:
    return frozenset(script.revision for script in ScriptDirectory.from_config(_migrations()).walk_revisions())


@cache
def _newest_revision() -> str | None:
    """Of this program, which does not change while it runs; every file of the migrations is read for it."""
    return ScriptDirectory.from_config(_migrations()).get_current_head()


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    return config
