"""Figures for a monitoring system, as the database counts them and as they are served."""

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, event

from domain.abilities import Ability
from storage.crawl.frontier import SqlFrontier
from storage.crawl.night_metrics import night_metrics
from storage.crawl.picture_questions import SqlPictureQuestions
from storage.crawl.workers import announce
from storage.database import migrate, open_engine
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import NOW, failed_visit, visit
from yiguang.settings import Settings, read_settings
from yiguang.watching.metrics import exposition, metrics_app, metrics_server, not_ready


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings({"YIGUANG_HOME": str(tmp_path), "YIGUANG_DISK_LOW_MB": "0"})


def _values(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_newest_night_is_counted(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    assert night_metrics(engine) is None
    night_id, ids = open_sample_night(engine, links=2)
    store = open_store(engine, tmp_path)
    lead, gone, *_leased = claim(engine, night_id, ids, limit=3)
    store.record(visit(lead, flagged=True))
    store.record(failed_visit(gone))
    store.close()
    [waiting] = claim(engine, night_id, ids[:1], worker="w2")
    SqlFrontier(engine).hand_on(waiting.id, "w2")
    announce(engine, "small", 1, NOW, {Ability.CRAWL})
    announce(engine, "all", 1, NOW)
    SqlPictureQuestions(engine, "x", lambda: NOW).ask(b"R", 1.0)
    values = _values(exposition(settings, engine, lambda: NOW).decode())
    assert [values["yiguang_workers", (can,)] for can in ("crawl", "show", "read")] == [2, 1, 1]
    assert values["yiguang_pictures_waiting", ()] == 1
    assert values["yiguang_night_pages", ("content",)] == values["yiguang_night_pages", ("http-gone",)] == 1
    assert values["yiguang_night_leads", ()] == values["yiguang_evidence_bundles", ()] == 1
    queue = {state: values["yiguang_night_queue", (state,)] for state in ("done", "leased", "to-show", "waiting")}
    assert queue == {"done": 2, "leased": 1, "to-show": 1, "waiting": 2}
    assert values["yiguang_night_findings", ("efficacy-rate",)] == 1
    assert values["yiguang_night_visit_seconds_count", ()] == 2
    assert values["yiguang_night_visit_seconds_sum", ()] == pytest.approx(8.0, abs=0.01)
    assert values["yiguang_night_running", ()] == values["yiguang_database_up", ()] == 1


def test_no_figure_of_one_night_reads_the_visits_of_all(tmp_path: Path) -> None:
    """It is asked several times a minute, and after a year there are a hundred times as many."""
    engine = open_engine(f"sqlite:///{tmp_path}/yiguang.db")
    migrate(engine)
    open_sample_night(engine)
    asked: list[tuple[str, Any]] = []

    def note(*call: Any) -> None:
        asked.append((call[2], call[3]))

    event.listen(engine, "before_cursor_execute", note)
    night_metrics(engine)
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        plans = [
            str(step)
            for statement, values in asked
            if "FROM" in statement
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    engine.dispose()
    assert any("SEARCH visits" in step for step in plans)
    assert not any("SCAN visits" in step for step in plans)


def test_a_database_that_does_not_answer_is_a_figure(settings: Settings, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/none/none.sqlite")
    assert _values(exposition(settings, engine, lambda: NOW).decode())["yiguang_database_up", ()] == 0
    assert not_ready(settings, engine) == "数据库无法使用：OperationalError"


@pytest.fixture
def address(engine: Engine, settings: Settings) -> Iterator[str]:
    with metrics_server(metrics_app(settings, engine, lambda: NOW), "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_it_is_served_with_health_and_readiness(address: str, engine: Engine, settings: Settings) -> None:
    with urllib.request.urlopen(f"{address}/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert "yiguang_database_up" in answer.read().decode()
    for path in ("/healthz", "/readyz"):
        with urllib.request.urlopen(address + path) as answer:
            assert answer.read() == b"ok\n"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{address}/etc/passwd")
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(f"{address}/metrics", data=b"x")
    assert "磁盘余量不足" in not_ready(replace(settings, disk_low_mb=10**9), engine)


def test_a_connection_that_asks_nothing_keeps_nobody_waiting(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    silent = socket.create_connection((host, int(port)))
    with silent, urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
        assert answer.read() == b"ok\n"


def test_a_connection_that_asks_nothing_is_closed(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yiguang.watching.metrics._Quiet.timeout", 0.1)
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as silent:
        assert silent.recv(1) == b""
