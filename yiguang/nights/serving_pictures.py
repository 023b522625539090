"""Reads pictures that crawl processes on other machines ask about, in a process that is set up for it."""

import asyncio
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from crawler.pictures.ocr import OcrAnswer, OcrLimits, PictureOcr, dump_answer
from crawler.settings import OCR_MEMORY_BYTES, OCR_PICTURE_SECONDS
from domain.abilities import Ability
from domain.pictures import PictureFate
from storage.crawl.picture_questions import Question, answer_question, leave_questions, take_question
from storage.crawl.workers import live_workers, lose
from storage.database import shared_clock
from yiguang.home import utc_now
from yiguang.settings import Settings

_Result = TypeVar("_Result")

#: How often a reader without work looks for some, and how often one that is not wanted looks whether it is.
_LOOK_SECONDS = 0.2
_WANTED_SECONDS = 5.0
#: Longer than a picture may take, with the start of the reading process (`crawler.pictures.ocr`). One whose reader is known to be dead is given
#: to another at once.
_TAKEN_SECONDS = 180.0
#: A picture whose readers have died so often stays unread.
_MOST_TAKES = 3


@contextmanager
def serving_pictures(engine: Engine, name: str, settings: Settings) -> Iterator[None]:
    """Answers questions about pictures while the block runs, if this process is set up for it and others are not. A process
    that does nothing else reads as many pictures at once as it would crawl shards, others one."""
    if Ability.READ not in settings.can or engine.dialect.name != "postgresql":
        yield
        return
    only = settings.can == {Ability.READ}
    serving = _Serving(engine, name, settings.shards if only else 1, always=only)
    thread = threading.Thread(target=serving.run, name="pictures", daemon=True)
    thread.start()
    try:
        yield
    finally:
        serving.stop()
        thread.join()
        leave_questions(engine, name, shared_clock(engine, utc_now)())


class _Serving:
    def __init__(self, engine: Engine, name: str, at_once: int, *, always: bool) -> None:
        self._engine = engine
        self._clock = shared_clock(engine, utc_now)
        self._name = name
        self._at_once = at_once
        self._always = always
        self._stopping = threading.Event()
        self._told = False

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except (
            Exception
        ):  # whatever it is, others must not go on waiting for a reader that has ended; then it is raised
            structlog.get_logger().exception("pictures: reading for others has ended")
            self._give_up()
            raise

    def stop(self) -> None:
        """The picture in hand is finished; no further one is taken."""
        self._stopping.set()

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._at_once):
                tasks.create_task(self._answer_all())

    async def _answer_all(self) -> None:
        ocr = PictureOcr(OcrLimits(math.inf, OCR_PICTURE_SECONDS, OCR_MEMORY_BYTES))
        wanted_until = 0.0
        try:
            while not self._stopping.is_set():
                now = asyncio.get_running_loop().time()
                if now > wanted_until and await self._asked(self._is_wanted):
                    wanted_until = now + _WANTED_SECONDS
                if now > wanted_until:
                    await self._pause(_WANTED_SECONDS)
                elif (question := await self._asked(self._next)) is None:
                    await self._pause(_LOOK_SECONDS)
                else:
                    answer = await _answered(ocr, question)
                    if ocr.has_given_up:
                        structlog.get_logger().error("pictures: the reading process does not start")
                        await self._asked(self._give_up)
                        return
                    await self._asked(partial(answer_question, self._engine, question.number, dump_answer(answer)))
        finally:
            await ocr.close()

    def _is_wanted(self) -> bool:
        return self._always or any(Ability.READ not in each.can for each in live_workers(self._engine, self._clock()))

    def _give_up(self) -> None:
        """Nobody is to wait for a process that cannot read after all."""
        lose(self._engine, self._name, Ability.READ)
        leave_questions(self._engine, self._name, self._clock())

    def _next(self) -> Question | None:
        return take_question(self._engine, self._name, self._clock(), _TAKEN_SECONDS)

    async def _asked(self, ask: Callable[[], _Result]) -> _Result | None:
        """None also when the database could not be asked, which is told once until it can be again: a worker that cannot for long ends,
        and what it had is taken by others."""
        try:
            result = await asyncio.to_thread(ask)
        except SQLAlchemyError as fault:
            told, self._told = self._told, True
            if not told:
                reason = str(fault).splitlines()[0]
                structlog.get_logger().warning("pictures: the database cannot be asked", reason=reason)
            await self._pause(1.0)
            return None
        self._told = False
        return result

    async def _pause(self, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while not self._stopping.is_set() and (left := until - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, _LOOK_SECONDS))


async def _answered(ocr: PictureOcr, question: Question) -> OcrAnswer:
    if question.takes > _MOST_TAKES:
        return OcrAnswer(PictureFate.STUCK, "识别该图片的进程多次中断")
    return await ocr.ask(question.question, question.suspicion)
