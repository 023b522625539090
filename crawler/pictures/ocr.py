"""Reading pictures in a process of its own, within a budget of seconds, most suspicious pages first."""

import asyncio
import heapq
import json
import logging
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

from crawler.pictures.ocr_worker import LOOK, MARKS, READ
from domain.pictures import PictureCode, PictureFate, PictureLine, PictureReading

logger = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "crawler.pictures.ocr_worker")
#: Loading the models on a busy machine.
_START_SECONDS = 120.0
#: A process that has had nothing to do for so long is ended: it holds hundreds of megabytes.
_IDLE_SECONDS = 60.0
#: After so many starts that failed one after another, reading is given up for the rest of the crawl. A picture that kills the
#: process costs no more than its time: a site full of them must not keep others from being read.
_MAX_FAILED_STARTS = 3
#: What a picture takes before any was read.
_SECONDS_EACH = 0.7


@dataclass(frozen=True, slots=True)
class OcrLimits:
    """`budget_seconds` for the whole crawl, `picture_seconds` for one picture, then the process is killed;
    `memory_bytes` of address space. 0 seconds of budget: pictures are not read at all."""

    budget_seconds: float
    picture_seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class OcrAnswer:
    """`reading`, `look` or `marks` is set as asked for when `fate` is `read`; `detail` is Chinese."""

    fate: PictureFate
    detail: str = ""
    reading: PictureReading | None = None
    look: str = ""
    marks: tuple[str, ...] = ()


class PictureOcr:
    """One reading process, started when first needed. Used from one event loop."""

    def __init__(self, limits: OcrLimits, spent_seconds: float = 0.0, command: tuple[str, ...] = COMMAND) -> None:
        self._limits = limits
        self._command = (*command, str(limits.memory_bytes))
        self._turns = _Turns()
        self._process: asyncio.subprocess.Process | None = None
        self._killed: list[asyncio.subprocess.Process] = []
        self._ending: asyncio.TimerHandle | None = None
        self._failed_starts = 0
        self.spent_seconds = spent_seconds
        self._readings, self._reading_seconds = 0, 0.0

    @property
    def wanted(self) -> bool:
        return self._limits.budget_seconds > 0

    def has_time(self, share: float = 1.0) -> bool:
        """Whether a share (0..1) of the budget is not spent yet."""
        return self.spent_seconds < self._limits.budget_seconds * share

    @property
    def has_given_up(self) -> bool:
        """Whether its process could not be started so often that it will not be tried again."""
        return self._failed_starts >= _MAX_FAILED_STARTS

    @property
    def left_seconds(self) -> float:
        return max(0.0, self._limits.budget_seconds - self.spent_seconds)

    @property
    def seconds_each(self) -> float:
        """What reading a picture has taken so far, starts of the process and all."""
        return self._reading_seconds / self._readings if self._readings else _SECONDS_EACH

    async def look(self, body: bytes, suspicion: float) -> OcrAnswer:
        """The perceptual hash of a picture."""
        return await self.ask(LOOK + body, suspicion)

    async def read(self, body: bytes, suspicion: float) -> OcrAnswer:
        """What a picture says. Of those that wait, the one of highest `suspicion` comes first."""
        return await self.ask(READ + body, suspicion)

    async def marks(self, body: bytes, suspicion: float) -> OcrAnswer:
        """The marks of a picture as a logo, see `domain.site_logos`; none for a picture of one colour."""
        return await self.ask(MARKS + body, suspicion)

    async def close(self) -> None:
        """Kill the process and wait for its end. Nothing may be asked any more."""
        if self._ending is not None:
            self._ending.cancel()
        self._kill()
        await self._bury()

    async def ask(self, question: bytes, suspicion: float) -> OcrAnswer:
        """The answer to a question as `ocr_worker` takes it, kind and picture."""
        async with self._turns.turn(suspicion):
            if not self.has_time():
                return OcrAnswer(PictureFate.BUDGET)
            if self.has_given_up:
                return OcrAnswer(PictureFate.STUCK, "识别进程多次未能启动，本次不再识别")
            if self._ending is not None:
                self._ending.cancel()  # it is not idle now
            began = time.monotonic()
            try:
                answer = _answer(await self._exchange(question))
            except (TimeoutError, OSError, EOFError) as error:
                # EOFError: asyncio's IncompleteReadError, the process died
                logger.warning("reading a picture failed: %r", error)
                self._kill()
                timed_out = isinstance(error, TimeoutError)
                answer = OcrAnswer(PictureFate.STUCK, "识别超时" if timed_out else "识别进程中断")
            except asyncio.CancelledError:
                self._kill()  # an answer under way would be taken for that to the next question
                raise
            finally:
                seconds = time.monotonic() - began
                self.spent_seconds += seconds
                if question.startswith(READ):
                    self._readings += 1
                    self._reading_seconds += seconds
            self._end_when_idle()
            return answer

    async def _exchange(self, question: bytes) -> bytes:
        process = await self._started()
        assert process.stdin is not None
        async with asyncio.timeout(self._limits.picture_seconds):
            process.stdin.write(len(question).to_bytes(4) + question)
            await process.stdin.drain()
            return await _receive(process)

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        self._kill()
        await self._bury()
        self._failed_starts += 1
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(_START_SECONDS):
            await _receive(self._process)
        self._failed_starts = 0
        return self._process

    def _end_when_idle(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._kill)

    def _kill(self) -> None:
        if self._process is None:
            return
        if self._process.returncode is None:
            with suppress(ProcessLookupError):  # gone in this moment
                self._process.kill()
        self._killed.append(self._process)
        self._process = None

    async def _bury(self) -> None:
        while self._killed:
            process = self._killed.pop()
            with suppress(ConnectionError):  # what it did not read any more
                await process.communicate()


class _Turns:
    """A lock that goes to the waiting one of highest rank, among equals to the first."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    @asynccontextmanager
    async def turn(self, rank: float) -> AsyncIterator[None]:
        if self._taken:
            mine = asyncio.get_running_loop().create_future()
            self._count += 1
            heapq.heappush(self._waiting, (-rank, self._count, mine))
            try:
                await mine
            except asyncio.CancelledError:
                if mine.done() and not mine.cancelled():
                    self._pass_on()
                raise
        self._taken = True
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            _, _, next_one = heapq.heappop(self._waiting)
            if not next_one.done():
                next_one.set_result(None)
                return
        self._taken = False


async def _receive(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    return await process.stdout.readexactly(int.from_bytes(await process.stdout.readexactly(4)))


def dump_answer(answer: OcrAnswer) -> bytes:
    """An answer on its way to another process."""
    return json.dumps(asdict(answer), ensure_ascii=False).encode()


def load_answer(body: bytes) -> OcrAnswer:
    """What `dump_answer` made bytes of."""
    said = json.loads(body)
    reading = None if said["reading"] is None else reading_of(said["reading"])
    return OcrAnswer(PictureFate(said["fate"]), said["detail"], reading, said["look"], tuple(said["marks"]))


def _answer(body: bytes) -> OcrAnswer:
    match json.loads(body):
        case {"reading": dict() as reading}:
            return OcrAnswer(PictureFate.READ, reading=reading_of(reading))
        case {"look": str() as look}:
            return OcrAnswer(PictureFate.READ, look=look)
        case {"marks": list() as marks}:
            return OcrAnswer(PictureFate.READ, marks=tuple(marks))
        case {"small": True}:
            return OcrAnswer(PictureFate.SMALL)
        case {"damaged": str() as detail}:
            return OcrAnswer(PictureFate.DAMAGED, detail)
        case answer:
            raise ValueError(f"the reading process answered {answer!r:.200}")


def reading_of(stored: dict[str, Any]) -> PictureReading:
    """A reading from its JSON."""
    lines = tuple(PictureLine(row["text"], _box(row["box"]), row["confidence"]) for row in stored["lines"])
    codes = tuple(PictureCode(row["payload"], _box(row["box"])) for row in stored["codes"])
    return PictureReading(**{**stored, "lines": lines, "codes": codes})


def _box(corners: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((corner[0], corner[1]) for corner in corners)
