"""The command line on either database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_postgresql_night import postgresql_url

__all__ = ["postgresql_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """That which `yiguang` uses in this test."""
    if request.param == "sqlite":
        yield f"sqlite:///{home / 'yiguang.sqlite'}"
        return
    url: str = request.getfixturevalue("postgresql_url")
    monkeypatch.setenv("YIGUANG_DATABASE_URL", url)
    yield url
    assert not list(home.glob("*.sqlite"))
