"""Pictures read by other processes, on machines that are set up for it: the visit waits for the answer, so it stays one visit."""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from crawler.pictures.ocr import OcrAnswer, OcrLimits, PictureOcr, load_answer
from domain.pictures import PictureFate, PictureQuestions

_Result = TypeVar("_Result")

#: How often answers are looked for.
_LOOK_SECONDS = 0.2
#: How often it is asked whether anybody reads.
_READERS_ASKED_SECONDS = 2.0
#: A reader that was restarted is back within this time. Where there was none for longer, pictures stay unread at once.
NOBODY_AFTER_SECONDS = 60.0
#: What an answer other than a reading is reckoned to cost its reader.
_SECONDS_FOR_A_LOOK = 0.05


class ReadElsewhere(PictureOcr):
    """`PictureOcr` whose questions go to others. The budget is debited with the time that they say they took.

    `questions` None: there are no others. A question waits for as long as anybody reads at all.
    """

    def __init__(
        self,
        limits: OcrLimits,
        spent_seconds: float,
        questions: PictureQuestions | None,
        nobody_after_seconds: float = NOBODY_AFTER_SECONDS,
    ) -> None:
        super().__init__(limits, spent_seconds)
        self._questions = questions
        self._nobody_after = nobody_after_seconds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="questions")
        self._waiting: dict[int, asyncio.Future[OcrAnswer]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._asking = asyncio.Lock()  # nobody may take an answer that is still to come for none
        self._asked_at = self._seen_at = -math.inf  # when it was asked, and known, that there is a reader

    async def ask(self, question: bytes, suspicion: float) -> OcrAnswer:
        """The answer of whoever reads; `NO_READER` when nobody does."""
        if not self.has_time():
            return OcrAnswer(PictureFate.BUDGET)
        if self._questions is None or not await self._is_somebody_there():
            return OcrAnswer(PictureFate.NO_READER)
        answered: asyncio.Future[OcrAnswer] = asyncio.get_running_loop().create_future()
        number = await self._stored(self._questions.ask, question, suspicion)
        self._waiting[number] = answered
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_for_answers())
        try:
            answer = await answered
        finally:
            del self._waiting[number]
        self._debit(answer)
        return answer

    async def close(self) -> None:
        """Take back what was not answered. Nothing may be asked any more."""
        if self._looking is not None:
            self._looking.cancel()
        if self._questions is not None and self._waiting:
            await self._stored(self._questions.withdraw, [*self._waiting])
        self._thread.shutdown()

    def _debit(self, answer: OcrAnswer) -> None:
        if answer.reading is None:
            self.spent_seconds += _SECONDS_FOR_A_LOOK
            return
        self.spent_seconds += answer.reading.seconds
        self._readings += 1
        self._reading_seconds += answer.reading.seconds

    async def _look_for_answers(self) -> None:
        """Until nothing waits. A fault goes to those who wait: they cannot go on without the database either."""
        assert self._questions is not None
        try:
            while self._waiting:
                await asyncio.sleep(_LOOK_SECONDS)
                for number, body in (await self._stored(self._questions.answers, [*self._waiting])).items():
                    _settle(self._waiting.get(number), load_answer(body))
                if not await self._is_somebody_there():
                    await self._stored(self._questions.withdraw, [*self._waiting])
                    for waiting in self._waiting.values():
                        _settle(waiting, OcrAnswer(PictureFate.NO_READER))
                    return
        except Exception as fault:  # noqa: BLE001  # whoever waits gets to know it
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(fault)

    async def _is_somebody_there(self) -> bool:
        """Whether anybody reads, or did until a moment ago."""
        assert self._questions is not None
        now = asyncio.get_running_loop().time()
        async with self._asking:
            if now - self._asked_at > _READERS_ASKED_SECONDS:
                if await self._stored(self._questions.has_readers):
                    self._seen_at = now
                self._asked_at = now
        return now - self._seen_at < self._nobody_after

    async def _stored(self, call: Callable[..., _Result], *arguments: object) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)


def _settle(waiting: "asyncio.Future[OcrAnswer] | None", answer: OcrAnswer) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(answer)
