"""Questions about pictures on their way from crawl processes to those that read, and their answers on the way back.

A question is worth nothing once the visit that asks it has ended, so it is neither a step of a workflow nor ever asked twice by
itself: the visit that is made anew asks anew.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, bindparam, delete, func, insert, select, update

from domain.abilities import Ability
from storage.crawl.workers import live_workers
from storage.database import writing
from storage.tables import picture_questions

_OPEN = picture_questions.c.answer.is_(None)
_NEXT = (
    select(picture_questions.c.id)
    .where(_OPEN, picture_questions.c.due_at <= bindparam("now"))
    .order_by(picture_questions.c.suspicion.desc(), picture_questions.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Question:
    """`takes` is how often it was taken, this time too: earlier readers did not live to answer."""

    number: int
    question: bytes
    suspicion: float
    takes: int


class SqlPictureQuestions:
    """`domain.pictures.PictureQuestions` over SQL, for one crawl process of the name `asked_by`. What an earlier process of that name asked is
    forgotten."""

    def __init__(self, engine: Engine, asked_by: str, clock: Callable[[], datetime]) -> None:
        """`clock` is shared with those who answer (`storage.database.shared_clock`)."""
        self._engine = engine
        self._asked_by = asked_by
        self._clock = clock
        with writing(engine) as connection:
            connection.execute(delete(picture_questions).where(picture_questions.c.asked_by == asked_by))

    def ask(self, question: bytes, suspicion: float) -> int:
        """Put a question, to be answered in order of `suspicion`; its number."""
        row = {"asked_by": self._asked_by, "question": question, "suspicion": suspicion, "due_at": self._clock()}
        with writing(self._engine) as connection:
            return int(
                connection.execute(insert(picture_questions).returning(picture_questions.c.id), row).scalar_one()
            )

    def answers(self, numbers: Sequence[int]) -> Mapping[int, bytes]:
        """The answers that have come; these questions are forgotten."""
        come = select(picture_questions.c.id, picture_questions.c.answer).where(
            picture_questions.c.id.in_(numbers), picture_questions.c.answer.is_not(None)
        )
        with self._engine.connect() as connection:
            found = {row.id: bytes(row.answer) for row in connection.execute(come)}
        if found:
            self.withdraw([*found])
        return found

    def withdraw(self, numbers: Sequence[int]) -> None:
        """Forget questions that nobody wants an answer to any more."""
        with writing(self._engine) as connection:
            connection.execute(delete(picture_questions).where(picture_questions.c.id.in_(numbers)))

    def has_readers(self) -> bool:
        """Whether any process is alive that would answer."""
        return any(Ability.READ in worker.can for worker in live_workers(self._engine, self._clock()))


def take_question(engine: Engine, reader: str, now: datetime, for_seconds: float) -> Question | None:
    """The open question of the most suspicious page, which nobody else is given for so long; None when there is none."""
    taken = picture_questions.c.id == _NEXT
    with writing(engine) as connection:
        row = connection.execute(
            update(picture_questions)
            .where(taken)
            .values(reader=reader, due_at=now + timedelta(seconds=for_seconds), takes=picture_questions.c.takes + 1)
            .returning(picture_questions),
            {"now": now},
        ).one_or_none()
    return None if row is None else Question(row.id, bytes(row.question), row.suspicion, row.takes)


def answer_question(engine: Engine, number: int, answer: bytes) -> None:
    """Answer a question; one that was forgotten meanwhile stays so."""
    with writing(engine) as connection:
        connection.execute(
            update(picture_questions).where(picture_questions.c.id == number).values(answer=answer, question=b"")
        )


def leave_questions(engine: Engine, reader: str, now: datetime) -> None:
    """A reader ends: others may take at once what it had in hand."""
    with writing(engine) as connection:
        connection.execute(
            update(picture_questions).where(picture_questions.c.reader == reader, _OPEN).values(due_at=now, reader=None)
        )


def forget_questions(engine: Engine, night_id: str) -> None:
    """A night is over: nobody waits for answers."""
    with writing(engine) as connection:
        connection.execute(
            delete(picture_questions).where(picture_questions.c.asked_by.startswith(f"{night_id}:", autoescape=True))
        )


def open_questions(engine: Engine) -> int:
    """How many pictures wait for an answer."""
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(picture_questions).where(_OPEN)) or 0
