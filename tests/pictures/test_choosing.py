"""Which pictures of a page are fetched and read, how often, and on whose word."""

# ruff: noqa: ARG002  # fakes have the signatures of what they stand for

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from crawler.addresses.scope import Scope
from crawler.failure import FetchFailed
from crawler.fetching.politeness import SiteGates
from crawler.pictures.images import PageImages, PicturesRead, candidates, suspicion_of
from crawler.pictures.ocr import OcrAnswer
from crawler.pictures.picture_budget import PictureBudget
from crawler.pictures.picture_fetch import PictureFetch
from crawler.pictures.site_logo import SiteLogos
from domain.findings import Judgement
from domain.outcome import Outcome
from domain.page import Exchange, ExtractedPage, Image
from domain.pictures import PictureFate, PictureLine, PictureReading
from domain.site_logos import MARK_SIDE, OfficialLogo, encode_mark
from domain.targets import Target
from domain.visits import Rendering
from tests.crawler_runtime.fakes import now, settings

SITE = "http://clinic.example/"
SCOPE = Scope(Target("示例门诊部", SITE, delay_seconds=0.0, local=True))
BOX = ((0, 0), (9, 0), (9, 9), (0, 9))


def got(url: str, body: bytes, status: int = 200, location: str = "") -> Exchange:
    headers = (("Location", location),) if location else ()
    return Exchange(url, "GET", (), status, "", headers, body, now())


@dataclass
class Downloads:
    """Answers from a table; every URL that is asked for is noted."""

    answers: dict[str, Exchange]
    asked: list[str] = field(default_factory=list)

    async def picture(self, url: str, page_url: str, local: bool) -> Exchange:
        self.asked.append(url)
        return self.answers.get(url) or got(url, url.encode().ljust(400))


class Fetcher:
    async def check(self, url: str, scope: Scope) -> str:
        if "forbidden" in url:
            raise FetchFailed(Outcome.ROBOTS_DENIED, "robots.txt 不允许", again=False)
        return "allowed"

    async def delay_seconds(self, url: str, scope: Scope) -> float:
        return 0.0


@dataclass
class Reader:
    """Reads a picture as its own address; `looks` are what they look like, by a word in the address."""

    looks: dict[str, str] = field(default_factory=dict)
    budget: float = 1.0
    read_bodies: list[bytes] = field(default_factory=list)
    wanted: bool = True

    def has_time(self, share: float = 1.0) -> bool:
        return self.budget > 1.0 - share

    @property
    def left_seconds(self) -> float:
        return self.budget

    @property
    def seconds_each(self) -> float:
        return 0.01

    async def look(self, body: bytes, suspicion: float) -> OcrAnswer:
        return OcrAnswer(PictureFate.READ, look=self._look(body))

    async def read(self, body: bytes, suspicion: float) -> OcrAnswer:
        self.read_bodies.append(body)
        line = PictureLine(body.decode().strip(), BOX, 0.9)
        sha256 = hashlib.sha256(body).hexdigest()
        return OcrAnswer(
            PictureFate.READ, reading=PictureReading(sha256, 9, 9, self._look(body), (line,), (), "test/1", 0.1)
        )

    def _look(self, body: bytes) -> str:
        known = next((look for word, look in self.looks.items() if word in body.decode()), None)
        return known or body.hex()[:40].ljust(272, "0") + body.hex()


async def stored(call: Callable[..., Any], *arguments: object) -> Any:
    return call(*arguments)


def images_of(downloads: Downloads, reader: Reader, memory: Any = None, **changes: object) -> PageImages:
    gates = SiteGates(2)
    budget = PictureBudget(reader, 0)
    wanted = settings(**changes)
    fetch = PictureFetch(downloads, Fetcher(), gates, wanted.max_redirects)  # type: ignore[arg-type]
    return PageImages(wanted, fetch, reader, memory, stored, budget)  # type: ignore[arg-type]


def page(*names: str, text: str = "") -> ExtractedPage:
    shown = tuple(Image(SITE + name) for name in names)
    return ExtractedPage(url=SITE, title="", text=text, encoding="utf-8", body_end=len(text), images=shown)


def judged(score: float = 0.1, flagged: bool = False) -> Judgement:
    return Judgement(score=score, flagged=flagged, genre="other", is_ad=False)


LONG = page(*(f"{n}.png" for n in range(20)), text="本院门诊时间安排。" * 60)
THIN = page(*(f"{n}.png" for n in range(20)))


def read(
    images: PageImages, of: ExtractedPage, judgement: Judgement | None = None, rendering: Rendering | None = None
) -> PicturesRead:
    return asyncio.run(images.read(of, judgement or judged(), SCOPE, rendering))


def fates(done: PicturesRead) -> dict[PictureFate, int]:
    found = [item.fate for item in done.page.pictures]
    return {fate: found.count(fate) for fate in found}


def test_a_page_of_little_text_has_more_pictures_read_than_a_harmless_one_of_much() -> None:
    assert fates(read(images_of(Downloads({}), Reader()), THIN)) == {PictureFate.READ: 8, PictureFate.SURPLUS: 12}
    assert fates(read(images_of(Downloads({}), Reader()), LONG)) == {PictureFate.READ: 3, PictureFate.SURPLUS: 17}


def test_the_second_half_of_the_time_is_for_suspicious_pages() -> None:
    downloads = Downloads({})
    images = images_of(downloads, Reader(budget=0.5))
    assert fates(read(images, LONG)) == {PictureFate.UNSUSPICIOUS: 20}
    assert downloads.asked == []
    assert fates(read(images, LONG, judged(0.6)))[PictureFate.READ] == 8
    assert fates(read(images, THIN))[PictureFate.READ] == 8


def test_order_of_suspicion() -> None:
    pages = [(THIN, judged(0.1)), (LONG, judged(0.2)), (LONG, judged(0.3)), (LONG, judged(0.95, flagged=True))]
    ranks = [suspicion_of(shown, judgement, 0.25) for shown, judgement in pages]
    assert sorted(range(4), key=lambda at: -ranks[at]) == [3, 2, 0, 1]


def test_drawings_and_icons_are_no_candidates() -> None:
    names = ["a.SVG?v=1", "favicon.ico", "b.jpg", "c.php?f=.svg"]
    assert [image.url for image in candidates(page(*names).images)] == [SITE + "b.jpg", SITE + "c.php?f=.svg"]


def test_what_is_not_to_be_had_says_why() -> None:
    answers = {
        SITE + "missing.png": got(SITE + "missing.png", b"", 404),
        SITE + "dot.gif": got(SITE + "dot.gif", b"GIF89a"),
        SITE + "moved.png": got(SITE + "moved.png", b"", 302, SITE + "new.png"),
        SITE + "away.png": got(SITE + "away.png", b"", 302, SITE + "forbidden.png"),
    }
    done = read(
        images_of(Downloads(answers), Reader()),
        page("missing.png", "dot.gif", "moved.png", "away.png", "forbidden.png"),
    )
    said = {item.url.rpartition("/")[2]: (item.fate, item.detail) for item in done.page.pictures}
    assert said["missing.png"] == (PictureFate.NOT_HAD, "HTTP 404")
    assert said["dot.gif"] == (PictureFate.SMALL, "")
    assert said["moved.png"] == (PictureFate.READ, "")
    assert said["away.png"] == said["forbidden.png"] == (PictureFate.NOT_HAD, "robots.txt 不允许")
    assert done.read_from[SITE + "moved.png"].url == SITE + "new.png"
    assert [exchange.url.rpartition("/")[2] for exchange in done.fetched].count("moved.png") == 1


def test_a_picture_on_every_page_is_fetched_and_read_once() -> None:
    downloads, reader = Downloads({}), Reader()
    images = images_of(downloads, reader)
    first, second = read(images, page("banner.png")), read(images, page("banner.png", text="另一页"))
    assert downloads.asked == [SITE + "banner.png"]
    assert len(reader.read_bodies) == 1
    assert second.fetched == ()
    assert second.read_from == first.read_from
    assert second.page.text.endswith("banner.png")


def test_what_the_browser_loaded_is_not_fetched_again() -> None:
    downloads = Downloads({})
    loaded = got(SITE + "a.png", b"loaded by the browser".ljust(400))
    rendering = Rendering(b"", "", SITE, "", "", "", (1, 1), now(), now(), exchanges=(loaded,))
    done = read(images_of(downloads, Reader()), page("a.png", "b.png"), rendering=rendering)
    assert downloads.asked == [SITE + "b.png"]
    assert "loaded by the browser" in done.page.text


def test_a_picture_that_moved_is_read_as_the_browser_got_it_too() -> None:
    downloads = Downloads({})
    loaded = (
        got(SITE + "moved.png", b"", 302, "/new.png"),
        got(SITE + "new.png", b"behind a redirect".ljust(400)),
        got(SITE + "missing.png", b"<html>not found</html>".ljust(400), 404),
    )
    rendering = Rendering(b"", "", SITE, "", "", "", (1, 1), now(), now(), exchanges=loaded)
    done = read(images_of(downloads, Reader()), page("moved.png", "missing.png"), rendering=rendering)
    moved, missing = done.page.pictures
    assert (moved.fate, missing.fate, missing.detail) == (PictureFate.READ, PictureFate.NOT_HAD, "HTTP 404")
    assert "behind a redirect" in done.page.text and "not found" not in done.page.text
    assert done.read_from == {SITE + "moved.png": loaded[1]}
    assert downloads.asked == []


def test_a_likeness_counts_until_it_matters() -> None:
    """Two posters that differ in a figure only look alike: a lead quotes its own."""
    reader = Reader(looks={"poster": "7" * 272})
    images = images_of(Downloads({}), reader)
    read(images, page("poster-98.png"))
    before = page("poster-60.png")
    taken = read(images, before)
    assert taken.has_likeness
    assert "poster-98" in taken.page.text
    assert len(reader.read_bodies) == 1
    own = asyncio.run(images.exactly(before, taken))
    assert not own.has_likeness
    assert "poster-60" in own.page.text and "poster-98" not in own.page.text
    assert own.read_from.keys() == {SITE + "poster-60.png"}


def test_what_earlier_nights_read_is_not_read_again() -> None:
    earlier = Reader()
    done = read(images_of(Downloads({}), earlier), page("a.png"))
    reading = done.page.pictures[0].reading
    assert reading is not None
    known = reading

    class Memory:
        def known(self, sha256: str) -> PictureReading | None:
            return known if sha256 == known.sha256 else None

        def alike(self, look: str) -> PictureReading | None:
            return None

    reader = Reader()
    again = read(images_of(Downloads({}), reader, Memory()), page("a.png", "b.png"))
    assert [body.strip().rpartition(b"/")[2] for body in reader.read_bodies] == [b"b.png"]
    assert again.page.pictures[0] == done.page.pictures[0]


def test_a_sign_that_could_not_be_looked_at_is_looked_at_on_the_next_page() -> None:
    mark = encode_mark([1, -1] * (MARK_SIDE * MARK_SIDE // 2))
    known = (OfficialLogo("示例医院", "00" * 32, (mark,), "函", date(2026, 1, 1)),)

    class Marks(Reader):
        asked = 0

        async def marks(self, body: bytes, suspicion: float) -> OcrAnswer:
            self.asked += 1
            return OcrAnswer(PictureFate.NO_READER) if self.asked == 1 else OcrAnswer(PictureFate.READ, marks=(mark,))

    reader = Marks()
    images = images_of(Downloads({}), reader)
    logos = SiteLogos(settings(known_logos=known), images.fetch, reader)  # type: ignore[arg-type]
    shown = replace(page(), images=(Image(SITE + "logo.png", is_logo=True),))
    looks = [asyncio.run(logos.look(shown, SCOPE, None)).page.logo for _ in range(3)]
    assert [look and look.owner for look in looks] == [None, "示例医院", "示例医院"]
    assert reader.asked == 2
