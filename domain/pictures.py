"""What was read in a page's pictures: words and two-dimensional codes, each with its place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

Box = tuple[tuple[int, int], ...]
"""The corners of a place in a picture, in its own pixels from its upper left, clockwise from the first character on."""


@dataclass(frozen=True, slots=True)
class PictureLine:
    """One line of words. `confidence` is the reader's own, 0..1."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class PictureCode:
    """A two-dimensional code (QR and its kin) and what it holds."""

    payload: str
    box: Box


@dataclass(frozen=True, slots=True)
class PictureReading:
    """What one picture says, whatever page shows it. `sha256` is of its bytes; `width` and `height` are pixels.

    `look` is its perceptual hash in hexadecimal digits, see `alike`. `engine` names the reader with its version. `seconds`
    is the time that reading took.
    """

    sha256: str
    width: int
    height: int
    look: str
    lines: tuple[PictureLine, ...]
    codes: tuple[PictureCode, ...]
    engine: str
    seconds: float


class PictureFate(StrEnum):
    """What became of a picture that a page shows. All but `read` and `small` mean that it was not read."""

    READ = "read"
    SMALL = "small"
    BUDGET = "budget"
    UNSUSPICIOUS = "unsuspicious"
    SURPLUS = "surplus"
    NOT_HAD = "not-had"
    DAMAGED = "damaged"
    STUCK = "stuck"
    NO_READER = "no-reader"


#: Another night may read these.
UNREAD_FATES = frozenset({PictureFate.BUDGET, PictureFate.UNSUSPICIOUS, PictureFate.STUCK, PictureFate.NO_READER})

PICTURE_FATE_ZH: dict[PictureFate, str] = {
    PictureFate.READ: "已读",
    PictureFate.SMALL: "太小，不含可读文字",
    PictureFate.BUDGET: "图片识别时间已用完",
    PictureFate.UNSUSPICIOUS: "页面不可疑，余下的时间留给可疑页面",
    PictureFate.SURPLUS: "一页图片过多",
    PictureFate.NOT_HAD: "未取得",
    PictureFate.DAMAGED: "损坏或过大，无法解码",
    PictureFate.STUCK: "识别超时或进程中断",
    PictureFate.NO_READER: "没有能识别图片的进程",
}


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A picture of a page and what became of it. `reading` is None unless it was read.

    `spans` are where the reading's lines stand in the page's text, in code points, one for each line,
    or none where its words were left out of it. `code_kinds` says for
    each code what it leads to. `payload_sha256` is of the body as received, content coding still on. `detail` is Chinese.
    `likeness` is true when the reading is that of a picture which only looks alike.
    """

    url: str
    fate: PictureFate
    detail: str = ""
    reading: PictureReading | None = None
    spans: tuple[tuple[int, int], ...] = ()
    code_kinds: tuple[str, ...] = ()
    payload_sha256: str = ""
    likeness: bool = False


#: Digits of `PictureReading.look` that are equal in pictures that look alike; the rest may differ in a few bits.
COARSE_DIGITS = 16
_MAX_DIFFERENT_BITS = 12  # of 1,024; saving a poster as JPEG again changes about half as many, one other word more


def alike(look: str, other: str) -> bool:
    """Whether two pictures look alike: the same picture saved again, or one that differs in small print only.

    Good enough to think what it says, not to quote it.
    """
    if look[:COARSE_DIGITS] != other[:COARSE_DIGITS] or len(look) != len(other):
        return False
    return (int(look[COARSE_DIGITS:], 16) ^ int(other[COARSE_DIGITS:], 16)).bit_count() <= _MAX_DIFFERENT_BITS


class PictureQuestions(Protocol):
    """Questions about pictures that processes set up for reading answer to those that are not. Question and answer are the bytes
    that `crawler.pictures.ocr` exchanges with a reading process."""

    def ask(self, question: bytes, suspicion: float) -> int:
        """Put a question, to be answered in order of `suspicion`; its number."""

    def answers(self, numbers: Sequence[int]) -> Mapping[int, bytes]:
        """The answers that have come; these questions are forgotten."""

    def withdraw(self, numbers: Sequence[int]) -> None:
        """Forget questions that nobody wants an answer to any more."""

    def has_readers(self) -> bool:
        """Whether any process is alive that would answer."""


class PictureMemory(Protocol):
    """What earlier visits read in pictures."""

    def known(self, sha256: str) -> PictureReading | None:
        """The reading of a picture of exactly these bytes."""

    def alike(self, look: str) -> PictureReading | None:
        """The reading of a picture that looks alike."""


@dataclass(frozen=True, slots=True)
class PicturePlace:
    """Where in a picture a piece of the page's text stands: the boxes of the lines that it touches."""

    url: str
    sha256: str
    boxes: tuple[Box, ...]


def places_of(pictures: tuple[PagePicture, ...], start: int, end: int) -> Iterator[PicturePlace]:
    """The places in pictures from which the text between two offsets was read; none for text of the page itself."""
    for picture in pictures:
        if picture.reading is None:
            continue
        boxes = tuple(
            line.box
            for line, (low, high) in zip(picture.reading.lines, picture.spans, strict=bool(picture.spans))
            if low < end and start < high
        )
        if boxes:
            yield PicturePlace(picture.url, picture.reading.sha256, boxes)
