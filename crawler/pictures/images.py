"""The pictures of a page: which are fetched, how, and what they say."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crawler.addresses.scope import Scope
from crawler.failure import FetchFailed
from crawler.fetching.content_coding import decode_body
from crawler.pictures.ocr import OcrAnswer, PictureOcr
from crawler.pictures.picture_budget import SUSPICIOUS, PictureBudget
from crawler.pictures.picture_fetch import PictureFetch
from crawler.pictures.picture_text import with_pictures
from crawler.settings import CrawlSettings
from domain.findings import Judgement
from domain.page import Exchange, ExtractedPage, Image
from domain.pictures import PagePicture, PictureFate, PictureMemory, PictureReading, alike
from domain.visits import Rendering

logger = logging.getLogger(__name__)

#: Vector drawings and icons hold no poster.
_NO_POSTERS = (".svg", ".ico")
#: Fewer bytes than this are spacers and bullets; a code of few squares is not much more.
_MIN_BYTES = 300
#: A page that shows fewer characters than this in its body may say the rest in pictures.
_THIN_CHARS = 300
#: Pictures read of a page that is not suspicious.
_UNSUSPICIOUS_PICTURES = 3
#: How much pictures of a lead are worth reading at least, as `suspicion_of` tells it.
_OF_A_LEAD = 3.0
#: Of a page's pictures, fetched for each one that may be read: some turn out to be small.
_FETCHED_EACH = 2


@dataclass(frozen=True, slots=True)
class PicturesRead:
    """The page with what its pictures say. `fetched` are the exchanges made for them just now, `read_from` those that hold
    the pictures that were read, whenever they were made, by the picture's address in the page."""

    page: ExtractedPage
    fetched: tuple[Exchange, ...] = ()
    read_from: Mapping[str, Exchange] = field(default_factory=dict)

    @property
    def has_likeness(self) -> bool:
        return any(picture.likeness for picture in self.page.pictures)


@dataclass(slots=True)
class PageImages:
    """Fetches and reads the pictures of pages. `stored` runs a call of the memory."""

    settings: CrawlSettings
    fetch: PictureFetch
    ocr: PictureOcr
    memory: PictureMemory | None
    stored: Callable[..., Awaitable[Any]]
    budget: PictureBudget
    _readings: OrderedDict[str, PictureReading] = field(default_factory=OrderedDict)

    async def read(
        self, page: ExtractedPage, judgement: Judgement, scope: Scope, rendering: Rendering | None
    ) -> PicturesRead:
        """The page with the words of its pictures in it, as far as the budget goes. A picture that only looks like a known
        one is taken to say the same; `exactly` does away with that."""
        images = candidates(page.images)
        if not self.ocr.wanted:
            return PicturesRead(page)
        suspicion = suspicion_of(page, judgement, self.settings.suspicious_score)
        most = self.settings.pictures_per_page if suspicion >= SUSPICIOUS else _UNSUSPICIOUS_PICTURES
        self.budget.note(suspicion, min(most, len(images)))
        if not images:
            return PicturesRead(page)
        if not self.budget.affords(suspicion):
            fate = PictureFate.UNSUSPICIOUS if self.ocr.has_time() else PictureFate.BUDGET
            return PicturesRead(replace(page, pictures=tuple(PagePicture(image.url, fate) for image in images)))
        wanted = [image.url for image in images[: most * _FETCHED_EACH]]
        got = await self.fetch.fetch(page.url, wanted, scope, rendering)
        pictures: list[PagePicture] = []
        for image in images:
            if image.url in got.faults:
                pictures.append(PagePicture(image.url, PictureFate.NOT_HAD, got.faults[image.url]))
            elif image.url not in got.had or sum(item.fate is PictureFate.READ for item in pictures) >= most:
                pictures.append(PagePicture(image.url, PictureFate.SURPLUS))
            else:
                pictures.append(await self._read_one(image.url, got.had[image.url], suspicion, exact=False))
        return self._placed(page, pictures, got.had, got.made)

    async def exactly(self, before: ExtractedPage, read: PicturesRead) -> PicturesRead:
        """The same with every picture itself read: what a lead says has to stand in its own pictures."""
        had = read.read_from
        pictures = [
            await self._read_one(item.url, had[item.url], _OF_A_LEAD, exact=True) if item.likeness else item
            for item in read.page.pictures
        ]
        return self._placed(before, pictures, had, read.fetched)

    def _placed(
        self,
        page: ExtractedPage,
        pictures: Sequence[PagePicture],
        had: Mapping[str, Exchange],
        fetched: tuple[Exchange, ...],
    ) -> PicturesRead:
        read_from = {item.url: had[item.url] for item in pictures if item.reading}
        return PicturesRead(with_pictures(page, pictures, self.settings.wordings), fetched, read_from)

    async def _read_one(self, url: str, exchange: Exchange, suspicion: float, *, exact: bool) -> PagePicture:
        try:
            body = decode_body(exchange.response_headers, exchange.body, self.settings.max_resource_bytes * 2)
        except FetchFailed as failure:
            return PagePicture(url, PictureFate.DAMAGED, failure.detail)
        if len(body) < _MIN_BYTES:
            return PagePicture(url, PictureFate.SMALL)
        payload_sha256 = hashlib.sha256(exchange.body).hexdigest()
        reading = await self._known(hashlib.sha256(body).hexdigest())
        if reading is not None:
            return PagePicture(url, PictureFate.READ, reading=reading, payload_sha256=payload_sha256)
        if not exact and (similar := await self._similar(body, suspicion)) is not None:
            return PagePicture(url, PictureFate.READ, reading=similar, payload_sha256=payload_sha256, likeness=True)
        answer: OcrAnswer = await self.ocr.read(body, suspicion)
        if answer.reading is not None:
            self._readings[answer.reading.sha256] = answer.reading
            while len(self._readings) > 500:
                self._readings.popitem(last=False)
        return PagePicture(url, answer.fate, answer.detail, answer.reading, payload_sha256=payload_sha256)

    async def _known(self, sha256: str) -> PictureReading | None:
        found = self._readings.get(sha256)
        if found is None and self.memory is not None:
            found = await self.stored(self.memory.known, sha256)
        return found

    async def _similar(self, body: bytes, suspicion: float) -> PictureReading | None:
        look = (await self.ocr.look(body, suspicion)).look
        if not look:
            return None
        found = next((known for known in self._readings.values() if alike(known.look, look)), None)
        if found is None and self.memory is not None:
            found = await self.stored(self.memory.alike, look)
        return found


def candidates(images: Sequence[Image]) -> list[Image]:
    """The pictures that may hold words, in order of appearance."""
    return [image for image in images if not image.url.partition("?")[0].lower().endswith(_NO_POSTERS)]


def suspicion_of(page: ExtractedPage, judgement: Judgement, suspicious_score: float) -> float:
    """How much the pictures of a page are worth reading; from 1 on it is suspicious.

    First pages that are leads already (their pictures are evidence), then those near the threshold, then those that say
    little in words, then the others by score.
    """
    if judgement.flagged:
        return _OF_A_LEAD + judgement.score
    if judgement.score >= suspicious_score:
        return 2.0 + judgement.score
    if page.body_end - page.body_start < _THIN_CHARS:
        return 1.0 + judgement.score
    return judgement.score
