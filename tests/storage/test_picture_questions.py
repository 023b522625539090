"""Questions about pictures: the most suspicious first, each to one reader, none lost with a reader."""

from datetime import timedelta

from sqlalchemy import Engine

from domain.abilities import Ability
from storage.crawl.picture_questions import (
    SqlPictureQuestions,
    answer_question,
    forget_questions,
    leave_questions,
    open_questions,
    take_question,
)
from storage.crawl.workers import DEAD_AFTER, announce
from tests.storage.samples import NOW


def asking(engine: Engine, name: str = "2026-11-25:shard-000") -> SqlPictureQuestions:
    return SqlPictureQuestions(engine, name, lambda: NOW)


def test_questions_are_answered_in_order_of_suspicion(engine: Engine) -> None:
    questions = asking(engine)
    mild, grave = questions.ask(b"Rmild", 0.2), questions.ask(b"Rgrave", 3.9)
    first, second = (take_question(engine, "a", NOW, 60.0) for _ in range(2))
    assert first is not None and second is not None
    assert [(each.number, each.question) for each in (first, second)] == [(grave, b"Rgrave"), (mild, b"Rmild")]
    assert take_question(engine, "b", NOW, 60.0) is None
    answer_question(engine, grave, b"said")
    assert questions.answers([mild, grave]) == {grave: b"said"}
    assert questions.answers([mild, grave]) == {}
    assert open_questions(engine) == 1


def test_what_a_dead_reader_had_goes_to_another(engine: Engine) -> None:
    asking(engine).ask(b"R", 1.0)
    take_question(engine, "dead", NOW, 60.0)
    leave_questions(engine, "other", NOW)
    assert take_question(engine, "b", NOW, 60.0) is None
    leave_questions(engine, "dead", NOW)
    again = take_question(engine, "b", NOW, 60.0)
    assert again is not None
    assert again.takes == 2
    later = take_question(engine, "c", NOW + timedelta(seconds=60), 60.0)
    assert later is not None
    assert later.takes == 3


def test_nobody_waits_for_answers_to_a_process_that_is_gone(engine: Engine) -> None:
    old = asking(engine)
    number = old.ask(b"R", 1.0)
    asking(engine, "2026-11-25:shard-001").ask(b"R", 1.0)
    asking(engine)  # the same process, started again
    answer_question(engine, number, b"said")
    assert (old.answers([number]), open_questions(engine)) == ({}, 1)
    forget_questions(engine, "2026-11-2")
    assert open_questions(engine) == 1
    forget_questions(engine, "2026-11-25")
    assert open_questions(engine) == 0


def test_a_reader_is_one_that_lives_and_can(engine: Engine) -> None:
    questions = asking(engine)
    announce(engine, "small", 1, NOW, {Ability.CRAWL})
    assert not questions.has_readers()
    announce(engine, "reads", 0, NOW, {Ability.READ})
    assert questions.has_readers()
    assert not SqlPictureQuestions(engine, "x", lambda: NOW + DEAD_AFTER).has_readers()
