"""Pages that break the crawl process or the browser again and again are set aside, and cost no other page."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.night.in_hand import Company
from crawler.rendering.render_failure import RenderFailed
from crawler.rendering.showing import PageShow
from domain.outcome import SET_ASIDE_ZH, Outcome
from domain.targets import RenderMode, Target
from domain.visits import Rendering
from storage.crawl.in_hand import InHandFile, broken_off
from tests.crawler_runtime.fakes import NIGHT, crawl, settings
from tests.crawler_runtime.rough_server import RoughServer

#: A crawl over three pages as a process of its own, with notes in a file. At one page the judge ends or stops the process.
CRAWL = r"""
import json, os, re, sys
from pathlib import Path
from crawler.night.shard import run_shard
from crawler.night.shard_work import ShardWork
from domain.targets import RenderMode, Target
from domain.visits import TargetInNight
from storage.crawl.in_hand import InHandFile
from tests.crawler_runtime.fakes import NIGHT, MemoryFrontier, MemoryStore, judge_word, now, settings
from tests.crawler_runtime.rough_server import RoughServer

home, how = Path(sys.argv[1]), sys.argv[2]

def judge(page):
    if page.url.endswith("/poison"):
        if how == "dies":
            os._exit(3)
        re.search("(a+)+$", "a" * 60 + "b")  # holds the interpreter's lock for longer than anybody waits
    return judge_word(page)

with RoughServer() as server:
    frontier = MemoryFrontier()
    store = MemoryStore(frontier)
    targets = []
    for number, path in enumerate(("/a", "/poison", "/b"), 1):
        targets.append(TargetInNight(number, Target(path, server.url("good", path), delay_seconds=0.0, local=True,
                                                    render=RenderMode.NEVER)))
        frontier.add(number, server.url("good", path), 0)
    run_shard(ShardWork(night_id=NIGHT, worker="worker-1", targets=targets, frontier=frontier, store=store, judge=judge, settings=settings(hosts=server.hosts("good"), stuck_seconds=8.0, compute_timeout_seconds=4.0), clock=now, in_hand=InHandFile(home, NIGHT, "worker-1")))
    print(json.dumps({visit.frontier.url.rpartition("/")[2]: [visit.outcome.value, visit.outcome_detail, visit.set_aside]
                      for visit in store.visits}))
"""


def start(home: Path, how: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", CRAWL, str(home), how]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def break_off(home: Path) -> None:
    """What a process leaves behind that ends while it has the second URL in hand."""
    notes = InHandFile(home, NIGHT, "worker-1")
    notes.begin(2)
    notes.close()


@pytest.mark.parametrize(("how", "code", "before"), [("dies", 3, 0), ("stands still", 1, 2)])
def test_a_page_that_breaks_three_processes_is_set_aside_alone(
    tmp_path: Path, how: str, code: int, before: int
) -> None:
    for _ in range(before):
        break_off(tmp_path)
    for _ in range(3 - before):
        broken = start(tmp_path, how)
        assert broken.returncode == code, broken.stderr
    last = start(tmp_path, how)
    assert last.returncode == 0, last.stderr
    visits = json.loads(last.stdout)
    assert visits["poison"] == ["our-fault", f"访问该页时采集进程或浏览器已 3 次中止，{SET_ASIDE_ZH}", True]
    assert visits["a"][2] is False
    assert [visits["a"][0], visits["b"][0]] == ["content", "content"]
    counts = broken_off(tmp_path, NIGHT, "worker-1")
    assert counts[2] == 3
    assert max(counts[1], counts[3]) <= 1  # in hand at the first break only: from then on the suspects went alone


def test_a_page_that_breaks_three_browsers_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    async def render(*_: object, **__: object) -> Rendering:
        raise RenderFailed("页面使浏览器标签页崩溃", broke_browser=True)

    monkeypatch.setattr(PageShow, "render", render)
    with RoughServer() as server:
        target = Target("t", server.url("good"), delay_seconds=0.0, local=True, render=RenderMode.ALWAYS, depth=0)
        store = crawl([target], settings(hosts=server.hosts("good"), max_attempts=9))
    assert [visit.outcome for visit in store.visits] == [Outcome.OUR_FAULT] * 3
    assert [visit.set_aside for visit in store.visits] == [False, False, True]
    assert store.visits[-1].outcome_detail == f"页面使浏览器标签页崩溃；已 3 次，{SET_ASIDE_ZH}"


def test_a_suspect_goes_alone_and_is_not_kept_waiting_by_newcomers() -> None:
    log: list[str] = []

    async def visit(company: Company, name: str, alone: bool) -> None:
        async with company.visit(alone=alone):
            log.append(f"+{name}")
            await asyncio.sleep(0.01)
            log.append(f"-{name}")

    async def run() -> None:
        company = Company()
        await asyncio.gather(*(visit(company, name, name.isupper()) for name in ("a", "b", "S", "c", "T")))

    asyncio.run(run())
    assert log[:4] == ["+a", "+b", "-a", "-b"]
    for suspect in ("S", "T"):
        begun = log.index(f"+{suspect}")
        assert log[begun + 1] == f"-{suspect}"
    assert log.index("+S") < log.index("+c")
