"""Pictures that other processes read: waited for while anybody reads, and at their cost."""

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence

import pytest

from crawler.night.read_elsewhere import ReadElsewhere
from crawler.pictures.ocr import OcrAnswer, OcrLimits, dump_answer, load_answer
from domain.pictures import PictureCode, PictureFate, PictureLine, PictureReading

LIMITS = OcrLimits(budget_seconds=10.0, picture_seconds=60.0, memory_bytes=0)
READING = PictureReading(
    "ab" * 32,
    300,
    200,
    "0f" * 20,
    (PictureLine("一贴见效", ((0, 0), (9, 0), (9, 9), (0, 9)), 0.9),),
    (PictureCode("http://a.example/", ((0, 0),)),),
    "reader 1",
    4.0,
)
READ = OcrAnswer(PictureFate.READ, reading=READING)


class Readers:
    """Answers questions at once while there are `readers`; `slow` lets whoever asks for readers wait."""

    def __init__(self, *, readers: bool, answering: bool = True, slow: float = 0.0) -> None:
        self.readers, self.answering, self.slow = readers, answering, slow
        self.asked: dict[int, bytes] = {}
        self.withdrawn: set[int] = set()
        self.threads: set[int] = set()

    def ask(self, question: bytes, suspicion: float) -> int:
        self.threads.add(threading.get_ident())
        assert suspicion == 2.0
        self.asked[len(self.asked)] = question
        return len(self.asked) - 1

    def answers(self, numbers: Sequence[int]) -> Mapping[int, bytes]:
        return {number: dump_answer(READ) for number in numbers if self.answering}

    def withdraw(self, numbers: Sequence[int]) -> None:
        self.withdrawn.update(numbers)

    def has_readers(self) -> bool:
        time.sleep(self.slow)
        return self.readers


def read(questions: Readers | None, pictures: int = 1, spent: float = 0.0) -> tuple[list[OcrAnswer], float]:
    async def ask() -> tuple[list[OcrAnswer], float]:
        ocr = ReadElsewhere(LIMITS, spent, questions, nobody_after_seconds=0.3)
        try:
            return list(await asyncio.gather(*(ocr.read(b"poster", 2.0) for _ in range(pictures)))), ocr.spent_seconds
        finally:
            await ocr.close()

    return asyncio.run(ask())


def test_an_answer_survives_its_way() -> None:
    for answer in (READ, OcrAnswer(PictureFate.DAMAGED, "坏"), OcrAnswer(PictureFate.READ, marks=("a", "b"))):
        assert load_answer(dump_answer(answer)) == answer


def test_several_pictures_wait_at_once_and_cost_what_their_reader_says() -> None:
    readers = Readers(readers=True, slow=0.2)
    answers, spent = read(readers, pictures=2)
    assert answers == [READ, READ]
    assert spent == pytest.approx(2 * READING.seconds)
    assert list(readers.asked.values()) == [b"Rposter"] * 2
    assert readers.threads.isdisjoint({threading.get_ident()})


def test_nothing_is_asked_when_the_time_is_spent_or_nobody_reads() -> None:
    for questions, spent, fate in (
        (Readers(readers=True), LIMITS.budget_seconds, PictureFate.BUDGET),
        (Readers(readers=False), 0.0, PictureFate.NO_READER),
        (None, 0.0, PictureFate.NO_READER),
    ):
        answers, _ = read(questions, spent=spent)
        assert [answer.fate for answer in answers] == [fate]
        assert questions is None or not questions.asked


def test_a_picture_stays_unread_when_the_last_reader_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.night.read_elsewhere._READERS_ASKED_SECONDS", 0.0)
    readers = Readers(readers=True, answering=False)
    threading.Timer(0.5, setattr, (readers, "readers", False)).start()
    answers, _ = read(readers)
    assert [answer.fate for answer in answers] == [PictureFate.NO_READER]
    assert readers.withdrawn == {0}


def test_a_fault_reaches_whoever_waits() -> None:
    class Away(Readers):
        def answers(self, numbers: Sequence[int]) -> Mapping[int, bytes]:
            raise ConnectionError(str(numbers))

    with pytest.raises(ConnectionError):
        read(Away(readers=True))
