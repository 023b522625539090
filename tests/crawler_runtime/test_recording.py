"""Visits are recorded together while the store is busy; each waits for itself and fails by itself."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from crawler.night.recording import Recorder
from domain.evidence import EvidenceIncomplete
from domain.visits import FrontierUrl, Visit
from tests.storage.samples import visit


class SlowStore:
    """Notes what comes together; waits until it is let go."""

    def __init__(self, refuse: str = "", fault: Exception | None = None) -> None:
        self.batches: list[list[str]] = []
        self.recorded: list[str] = []
        self.go = threading.Event()
        self._refuse = refuse
        self._fault = fault

    def record(self, visit: Visit) -> None:
        self.record_all([visit])

    def record_all(self, visits: Any) -> None:
        self.go.wait(10)
        urls = [visit.frontier.url for visit in visits]
        self.batches.append(urls)
        if self._fault is not None:
            raise self._fault
        if self._refuse in urls:
            raise EvidenceIncomplete(self._refuse)
        self.recorded += urls


def _visit(url: str) -> Visit:
    return visit(FrontierUrl(1, "2026-11-25", 1, url, 0, 1))


async def _stored(call: Callable[..., Any], *arguments: object) -> Any:
    return await asyncio.to_thread(call, *arguments)


async def _record_all(store: SlowStore, urls: list[str]) -> list[BaseException | None]:
    recorder = Recorder(store, _stored)
    first = asyncio.create_task(recorder.record(_visit(urls[0])))
    await asyncio.sleep(0.3)  # the store has the first in hand
    others = [asyncio.create_task(recorder.record(_visit(url))) for url in urls[1:]]
    await asyncio.sleep(0)
    store.go.set()
    results = await asyncio.gather(first, *others, return_exceptions=True)
    await recorder.close()
    return [result if isinstance(result, BaseException) else None for result in results]


def test_what_comes_in_meanwhile_is_recorded_together() -> None:
    store, urls = SlowStore(), [f"http://clinic.example/{number}" for number in range(40)]
    assert asyncio.run(_record_all(store, urls)) == [None] * 40
    assert store.recorded == urls
    assert [len(batch) for batch in store.batches] == [1, 32, 7]


def test_what_comes_in_within_a_moment_is_recorded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.night.recording._MOMENT_SECONDS", 2.0)

    async def two_of_different_times(store: SlowStore) -> None:
        recorder = Recorder(store, _stored)
        first = asyncio.create_task(recorder.record(_visit("http://clinic.example/1")))
        await asyncio.sleep(0.1)
        await asyncio.gather(first, recorder.record(_visit("http://clinic.example/2")))

    store = SlowStore()
    store.go.set()
    asyncio.run(two_of_different_times(store))
    assert [len(batch) for batch in store.batches] == [2]


def test_nobody_waits_for_visits_that_will_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.night.recording._MOMENT_SECONDS", 30.0)

    async def one_after_the_other(store: SlowStore) -> None:
        recorder = Recorder(store, _stored, lambda: 1)
        for number in range(2):
            await asyncio.wait_for(recorder.record(_visit(f"http://clinic.example/{number}")), 20)

    store = SlowStore()
    store.go.set()
    asyncio.run(one_after_the_other(store))
    assert [len(batch) for batch in store.batches] == [1, 1]


def test_enough_visits_wait_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.night.recording._MOMENT_SECONDS", 30.0)

    async def eight_with_a_pause(store: SlowStore) -> None:
        recorder = Recorder(store, _stored)
        visits = [_visit(f"http://clinic.example/{number}") for number in range(8)]
        first = [asyncio.create_task(recorder.record(visit)) for visit in visits[:3]]
        await asyncio.sleep(0.1)
        await asyncio.wait_for(asyncio.gather(*first, *map(recorder.record, visits[3:])), 20)

    store = SlowStore()
    store.go.set()
    asyncio.run(eight_with_a_pause(store))
    assert [len(batch) for batch in store.batches] == [8]


def test_a_visit_without_its_evidence_fails_alone() -> None:
    urls = [f"http://clinic.example/{number}" for number in range(4)]
    store = SlowStore(refuse=urls[2])
    results = asyncio.run(_record_all(store, urls))
    assert [type(result) for result in results] == [type(None), type(None), EvidenceIncomplete, type(None)]
    assert store.recorded == [urls[0], urls[1], urls[3]]


def test_a_store_that_fails_fails_all_that_wait() -> None:
    store, urls = SlowStore(fault=OSError("disk full")), ["http://clinic.example/1", "http://clinic.example/2"]
    results = asyncio.run(_record_all(store, urls))
    assert [str(result) for result in results] == ["disk full"] * 2


@pytest.mark.parametrize("count", [1, 2])
def test_nobody_needs_to_wait_any_more(count: int) -> None:
    async def cancelled(store: SlowStore) -> None:
        recorder = Recorder(store, _stored)
        waiting = [asyncio.create_task(recorder.record(_visit(f"http://clinic.example/{n}"))) for n in range(count)]
        await asyncio.sleep(0.05)
        for task in waiting:
            task.cancel()
        store.go.set()
        await recorder.close()

    store = SlowStore()
    asyncio.run(cancelled(store))
    assert len(store.recorded) == count
