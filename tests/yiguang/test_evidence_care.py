"""The end of a night keeps the second copy up to date; one that cannot be written is told and makes the night unhealthy."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.crawl.night_summary import night_summary
from storage.crawl.nights import finish_night
from storage.database import migrate, open_engine
from storage.keeping.object_store import is_whole
from storage.sealing.seals import seal_night
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, visit
from tests.storage.writes import Crash, count_writes, crash_at
from yiguang.nights.evidence_care import care_for_evidence
from yiguang.settings import read_settings

NIGHT = "2026-11-26"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def _night(home: Path) -> Engine:
    home.mkdir()
    engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
    migrate(engine)
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, home)
    for row in claim(engine, night_id, ids, limit=2):
        store.record(visit(row, flagged=True))
    store.close()
    seal_night(engine, home, night_id, seal_key(home), NOW)
    return engine


def _care(engine: Engine, home: Path, store: Path, told: list[str] | None = None) -> None:
    settings = read_settings({"YIGUANG_HOME": str(home), "YIGUANG_EVIDENCE_STORE": str(store)})
    reports = care_for_evidence(engine, settings, NIGHT, ([] if told is None else told).append)
    assert all(report.ok for report in reports)
    finish_night(engine, NIGHT, NOW, reports)


def test_every_night_sends_what_is_new(home: Path, tmp_path: Path) -> None:
    engine = _night(home)
    _care(engine, home, tmp_path / "second")
    care = night_summary(engine, NIGHT).care
    assert care is not None
    assert (care.sent, care.present, care.copy_faults) == (5, 0, ()), (
        "two bundles, a night file, a head and its entries"
    )
    assert len(list((tmp_path / "second/objects").glob("*/*"))) == 3
    _care(engine, home, tmp_path / "second")
    again = night_summary(engine, NIGHT).care
    assert again is not None
    assert (again.sent, again.present) == (0, 3)
    engine.dispose()


def test_a_store_that_cannot_be_written_is_told(home: Path, tmp_path: Path) -> None:
    engine = _night(home)
    (tmp_path / "second").write_text("no folder")
    told: list[str] = []
    _care(engine, home, tmp_path / "second", told)
    summary = night_summary(engine, NIGHT)
    assert summary.care is not None and summary.care.copy_faults
    assert not summary.healthy
    assert "另存到" in told[0]
    assert summary.ended_at is not None, "the night ends all the same"
    engine.dispose()


def test_terms_that_are_broken_are_told_and_the_night_ends(home: Path, tmp_path: Path) -> None:
    engine = _night(home)
    lexicons = tmp_path / "lexicons"
    (lexicons / "keeping").mkdir(parents=True)
    (lexicons / "keeping" / "retention.toml").write_text("[referred]\nmonths = 12\n", encoding="utf-8")
    settings = replace(read_settings({"YIGUANG_HOME": str(home)}), evidence_store=str(tmp_path / "second"))
    told: list[str] = []
    care_for_evidence(engine, replace(settings, lexicons=lexicons), NIGHT, told.append)
    assert "保存期限" in told[0]
    care = night_summary(engine, NIGHT).care
    assert care is not None and care.copy_faults
    engine.dispose()


def test_a_crash_at_any_write_leaves_no_half_object_and_the_next_run_completes_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    counted = tmp_path_factory.mktemp("counted")
    engine = _night(counted / "home")
    writes = count_writes(engine, lambda: _care(engine, counted / "home", counted / "second"))
    engine.dispose()
    assert writes > 10
    for number in range(writes):
        folder = tmp_path_factory.mktemp("crashed")
        engine = _night(folder / "home")
        with pytest.raises(Crash), crash_at(engine, number):
            _care(engine, folder / "home", folder / "second")
        assert all(is_whole(f"objects/{path.parent.name}/{path.name}", path.read_bytes()) for path in _objects(folder))
        _care(engine, folder / "home", folder / "second")
        assert len(_objects(folder)) == 3
        summary = night_summary(engine, NIGHT)
        assert summary.care is not None and summary.care.copy_faults == ()
        engine.dispose()


def _objects(folder: Path) -> list[Path]:
    return [path for path in (folder / "second/objects").glob("*/*") if path.suffix != ".part"]
