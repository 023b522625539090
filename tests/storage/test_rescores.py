"""Which pages a rescore covers, and what it keeps of each."""

from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Connection, Engine

from domain.findings import Judgement
from storage.crawl.visits import SqlVisitStore
from storage.pages import rescores
from storage.pages.rescore_results import differing, rescore_figures
from storage.pages.rescores import (
    JudgedBy,
    Rejudged,
    Rescore,
    Scope,
    finish_rescore,
    open_batches,
    open_rescore,
    pages_done,
    read_batch,
    store_batch,
)
from storage.pages.stored_texts import stored_documents
from tests.storage.crawl import open_store
from tests.storage.samples import judgement
from tests.storage.text_nights import ALIKE, CLAIMS, CLINIC, OTHER, night, when

RULES, NEWER = JudgedBy("r", "m", "n"), JudgedBy("r2", "m", "n")


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> SqlVisitStore:
    return open_store(engine, tmp_path)


def _covered(engine: Engine, scope: Scope) -> set[int]:
    run, _ = open_rescore(engine, scope, RULES, when(9), batch_pages=2)
    return {page.id for number in open_batches(engine, run.id) for page, _ in read_batch(engine, run.id, number)}


def _do(engine: Engine, run: Rescore, number: int, now: Judgement) -> None:
    store_batch(
        engine,
        run.id,
        number,
        [Rejudged(page, before, now) for page, before in read_batch(engine, run.id, number)],
        when(9),
    )


def test_a_text_is_judged_once_wherever_it_was_seen_again(engine: Engine, store: SqlVisitStore) -> None:
    first = night(engine, store, 0, {CLINIC: CLAIMS, f"{CLINIC}b": OTHER, f"{CLINIC}gone": ""})
    second = night(engine, store, 1, {CLINIC: first[CLINIC], f"{CLINIC}c": ALIKE})
    new_one = second[f"{CLINIC}c"]
    assert _covered(engine, Scope()) == {first[CLINIC], first[f"{CLINIC}b"], new_one}
    assert _covered(engine, Scope(night_id="2026-11-27")) == {second[CLINIC], new_one}
    assert _covered(engine, Scope(since=when(1))) == {second[CLINIC], new_one}
    assert _covered(engine, Scope(since=when(0))) == {first[CLINIC], first[f"{CLINIC}b"], new_one}
    assert _covered(engine, Scope(since=when(8))) == set()


def test_stored_pages_are_as_they_were_judged(engine: Engine, store: SqlVisitStore) -> None:
    night(engine, store, 0, {CLINIC: CLAIMS})
    ((_, document),) = stored_documents(engine, "2026-11-26")
    assert document.text[document.body_start : document.body_end] == CLAIMS


def test_what_is_broken_off_is_taken_up_and_comes_out_the_same(engine: Engine, store: SqlVisitStore) -> None:
    night(engine, store, 0, {f"{CLINIC}{number}": f"{CLAIMS}{number}" for number in range(5)})
    whole, _ = open_rescore(engine, Scope(), NEWER, when(9), batch_pages=2)
    for number in open_batches(engine, whole.id):
        _do(engine, whole, number, judgement(True))
    whole = finish_rescore(engine, whole.id, when(9))

    run, known = open_rescore(engine, Scope(), RULES, when(9), batch_pages=2)
    assert (run.pages, known, open_batches(engine, run.id)) == (5, False, [0, 1, 2])
    _do(engine, run, 1, replace(judgement(False), score=0.5))  # a process that died before it was noted
    _do(engine, run, 1, judgement(True))
    assert pages_done(engine, run.id) == 2
    with pytest.raises(ValueError, match="2 parts"):
        finish_rescore(engine, run.id, when(9))
    again, known = open_rescore(engine, Scope(), RULES, when(10))
    assert (again.id, known, open_batches(engine, run.id)) == (run.id, True, [0, 2])
    for number in (2, 0):
        _do(engine, run, number, judgement(True))
    done = finish_rescore(engine, run.id, when(10))
    assert done.digest == whole.digest and done.ended_at == when(10)
    assert open_rescore(engine, Scope(), RULES, when(11))[0].id != run.id


def test_other_rules_do_not_go_on_with_a_run(engine: Engine, store: SqlVisitStore) -> None:
    night(engine, store, 0, {CLINIC: CLAIMS})
    run, _ = open_rescore(engine, Scope(), RULES, when(9))
    other, known = open_rescore(engine, Scope(), NEWER, when(9))
    assert (other.id != run.id, known) == (True, False)
    third, known = open_rescore(engine, Scope(), RULES, when(9))
    assert third.id not in (run.id, other.id) and not known  # the first was given up


def test_differences_are_told_with_what_the_night_had_said(engine: Engine, store: SqlVisitStore) -> None:
    ids = night(engine, store, 0, {CLINIC: CLAIMS, f"{CLINIC}b": OTHER})
    run, _ = open_rescore(engine, Scope(), RULES, when(9))
    judged = read_batch(engine, run.id, 0)
    now = {ids[CLINIC]: judgement(True), ids[f"{CLINIC}b"]: replace(judgement(False), findings=())}
    store_batch(engine, run.id, 0, [Rejudged(page, before, now[page.id]) for page, before in judged], when(9))
    figures = rescore_figures(engine, run.id)
    assert (figures.pages, figures.leads_before, figures.leads_after, figures.partial) == (2, 0, 1, 0)
    (one,) = differing(engine, run.id)
    assert (one.stored.id, one.before.flagged, one.now) == (ids[CLINIC], False, judgement(True))


def test_others_write_while_the_results_of_a_run_are_added_up(
    engine: Engine, store: SqlVisitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(engine, store, 0, {CLINIC: CLAIMS})
    run, _ = open_rescore(engine, Scope(), RULES, when(9))
    _do(engine, run, 0, Judgement(0.9, True, "promotion", True))
    digest = rescores._digest

    def slow(connection: Connection, rescore_id: int) -> str:
        desk = Thread(target=open_rescore, args=(engine, Scope(since=when(1)), RULES, when(9)))
        desk.start()
        desk.join(3)
        assert not desk.is_alive()
        return digest(connection, rescore_id)

    monkeypatch.setattr(rescores, "_digest", slow)
    assert finish_rescore(engine, run.id, when(9)).digest is not None
