"""`yiguang pages versions` and `copies` over nights in which a page changed, vanished and came back elsewhere."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.nights import Case
from storage.database import open_engine
from tests.e2e.command_line import Run
from tests.storage.crawl import open_store
from tests.storage.samples import NOW
from tests.storage.text_nights import ALIKE, CLAIMS, CLINIC, GONE, HOSPITAL, OTHER, night
from yiguang.commands.cases import first_of_each_cluster

MOVED = CLINIC + "moved"


@pytest.fixture
def crawled(yiguang: Run, home: Path, tmp_path: Path) -> Run:
    yiguang("init")
    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    store = open_store(engine, tmp_path)
    night(engine, store, 0, {CLINIC: CLAIMS, HOSPITAL: OTHER})
    changed = night(engine, store, 1, {CLINIC: ALIKE})
    night(engine, store, 2, {CLINIC: changed[CLINIC]})
    night(engine, store, 3, {CLINIC: GONE, MOVED: ALIKE})
    store.close()
    engine.dispose()
    return yiguang


def test_a_changed_page_and_its_moved_copy_are_told(crawled: Run) -> None:
    first, second = crawled("pages", "versions", "--diff", CLINIC).stdout.decode().split("版本 ")[1:]
    assert "最初版本" in first
    head, *sentences = second.rstrip("\n").split("\n")
    assert "见到 2 次，已确认的改动" in head
    assert sentences == [
        "  - 数千名患者在这里重获健康，专家团队全天在线答疑。",
        "  + 数万名患者在这里重获健康，专家团队全天在线答疑。",
    ]
    rows = [json.loads(line) for line in crawled("pages", "versions", "--json", CLINIC).stdout.splitlines()]
    assert [row["state"] for row in rows] == ["first", "confirmed"]
    copied = crawled("pages", "copies", CLINIC).stdout.decode()
    assert copied.startswith("相同\t")
    assert copied.endswith(f"疑似搬迁\t{MOVED}\n")
    [copy] = [json.loads(line) for line in crawled("pages", "copies", "--json", CLINIC).stdout.splitlines()]
    assert (copy["url"], copy["exact"], copy["moved"]) == (MOVED, True, True)
    assert "没有发现" in crawled("pages", "copies", HOSPITAL).stdout.decode()


def test_unknown_pages_are_said_to_be_unknown(yiguang: Run) -> None:
    yiguang("init")
    for command in ("versions", "copies"):
        unknown = yiguang("pages", command, "http://nowhere.example/")
        assert (unknown.returncode, unknown.stdout) == (1, b"")
        assert "没有 http://nowhere.example/ 的正文记录" in unknown.stderr.decode()
    assert yiguang("pages", "copies", "no url").returncode == 2


def test_cases_of_one_text_are_one_line() -> None:
    one = Case(1, "2026-11-26", "示例门诊部", CLINIC, "示例", 0.9, ("efficacy-rate",), NOW, "a.wacz", "a" * 64)
    cases = [replace(one, id=number, captured_at=NOW + timedelta(days=number)) for number in (5, 4, 3, 2, 1)]
    lines = first_of_each_cluster(cases, {5: 7, 3: 7, 2: 5, 4: 4})
    assert [(case.id, count) for case, count in lines] == [(5, 2), (4, 1), (2, 1), (1, 1)]
    assert len(first_of_each_cluster(cases, {})) == len(cases)
