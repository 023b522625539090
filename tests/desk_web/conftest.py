"""One SQLite database per test: what differs between databases is proven below the pages (tests/review)."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine

from crawler.rendering.browser import find_chromium
from storage.database import migrate, open_engine


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with all its tables: a copy of it is made in a moment, the tables are not."""
    path = tmp_path_factory.mktemp("migrated") / "desk.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def engine(tmp_path: Path, migrated_file: Path) -> Iterator[Engine]:
    shutil.copy(migrated_file, tmp_path / "desk.db")
    engine = open_engine(f"sqlite:///{tmp_path}/desk.db")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with each module: while it is open its event loop runs, in which no other test can start one of its own."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
        yield chromium
        chromium.close()
