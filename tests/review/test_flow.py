"""A lead from the night to a decision of two persons."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.roles import Role
from review.item_locks import InOtherHands
from review.queue import ReviewQueue
from tests.review.desk import Clock, Page, desk, people


def test_the_most_urgent_lead_comes_first_and_to_one_person(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    ids = desk(engine, tmp_path, {"a": Page(0.6), "b": Page(0.9), "c": Page(0.7, severity=5)})
    one, two = people(engine, clock, Role.ANALYST, Role.ANALYST)
    queue = ReviewQueue(engine, clock)
    first, second = queue.next_item(one), queue.next_item(two)
    assert first is not None and second is not None
    assert [first.id, second.id] == [ids["b"], ids["c"]]
    with pytest.raises(InOtherHands):
        queue.claim(two, ids["b"])
    clock.forward(minutes=16)
    assert queue.claim(two, ids["b"]).lock_holder == two.name


def test_what_others_took_between_the_search_and_the_taking_is_not_given_again(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    ids = desk(engine, tmp_path, {"a": Page(0.6), "b": Page(0.9), "c": Page(0.7, severity=5)})
    one, two = people(engine, clock, Role.ANALYST, Role.ANALYST)
    slow, quick = ReviewQueue(engine, clock), ReviewQueue(engine, clock)
    found = slow._candidates  # noqa: SLF001  # the moment between the search and the taking has no other handle

    def found_late(*asked: object) -> list[int]:
        candidates: list[int] = found(*asked)[:2]  # type: ignore[arg-type]
        for item_id in candidates:
            quick.claim(two, item_id)
        return candidates

    monkeypatch.setattr(slow, "_candidates", found_late)
    taken = slow.next_item(one)
    assert taken is not None and taken.id == ids["a"]
    monkeypatch.undo()
    third = people(engine, clock, Role.REVIEWER)[0]
    assert slow.next_item(third) is None, "all three are in somebody's hands"
