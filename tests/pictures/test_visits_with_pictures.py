"""A crawl of a clinic that says everything in one picture: what becomes a lead, with which evidence, and what is not read."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from crawler.settings import CrawlSettings
from domain.evidence import EvidenceIncomplete
from domain.findings import Finding, Judgement
from domain.page import ExtractedPage
from domain.pictures import PictureFate, places_of
from domain.targets import Target
from examples.web.server import SampleWeb
from storage.evidence.completeness import require_complete
from tests.crawler_runtime.fakes import MemoryStore, crawl, settings

CLINIC = "www.songhe-kangfu.example"
CLAIM = "一次治愈"


@pytest.fixture(scope="module")
def web() -> Iterator[SampleWeb]:
    with SampleWeb() as running:
        yield running


def judge_claim(page: ExtractedPage) -> Judgement:
    start = page.text.find(CLAIM)
    flagged = start >= 0
    found = Finding("cure", "cure-guarantee", CLAIM, start, start + len(CLAIM), 0.9, ("广告法16(1)(1)",), 5)
    return Judgement(
        score=0.9 if flagged else 0.1,
        flagged=flagged,
        genre="promotion",
        is_ad=flagged,
        findings=(found,) if flagged else (),
    )


def with_pictures(web: SampleWeb, **changes: object) -> CrawlSettings:
    return settings(hosts=web.hosts, timeout_seconds=20.0, render_timeout_seconds=40.0, **changes)


def crawl_clinic(web: SampleWeb, **changes: object) -> MemoryStore:
    target = Target(name="松和", url=web.base_url(CLINIC) + "/", local=True, delay_seconds=0.0)
    return crawl([target], with_pictures(web, **changes), judge=judge_claim)


def asked_pictures(web: SampleWeb, since: int) -> list[tuple[str, str]]:
    asked = [request for request in web.requests[since:] if request.host == CLINIC]
    return [(item.path, item.headers.get("referer", "")) for item in asked if item.path.endswith((".jpg", ".png"))]


def test_a_page_whose_picture_makes_the_claims_becomes_a_lead_with_evidence(web: SampleWeb) -> None:
    since = len(web.requests)
    base = web.base_url(CLINIC)
    store = crawl_clinic(web, ocr_budget_seconds=100.0)
    lead, harmless = (store.last(base + path) for path in ("/", "/menzhen.html"))

    assert lead.page is not None and lead.judgement is not None and lead.rendering is not None
    assert lead.judgement.flagged
    [finding] = lead.judgement.findings
    [place] = places_of(lead.page.pictures, finding.start, finding.end)
    assert place.url == base + "/zhuanlan.jpg"
    [box] = place.boxes
    assert all(0 <= x <= 720 and 150 < y < 320 for x, y in box)
    [exchange] = lead.picture_exchanges
    assert (exchange.url, exchange.status, exchange.source) == (place.url, 200, "http")
    assert dict(exchange.request_headers)["Referer"] == base + "/"
    require_complete(lead)
    without = replace(lead.rendering, exchanges=())
    with pytest.raises(EvidenceIncomplete, match="zhuanlan"):
        require_complete(replace(lead, picture_exchanges=(), rendering=without))
    borrowed = replace(lead.page, pictures=tuple(replace(item, likeness=True) for item in lead.page.pictures))
    with pytest.raises(EvidenceIncomplete, match="相似"):
        require_complete(replace(lead, page=borrowed))

    assert harmless.judgement is not None and harmless.page is not None
    assert not harmless.judgement.flagged
    assert "本月门诊安排" in harmless.page.text
    assert harmless.rendering is None
    assert ("/menzhen.png", base + "/menzhen.html") in asked_pictures(web, since)


def test_when_the_time_is_spent_nothing_is_fetched_and_it_is_said(web: SampleWeb) -> None:
    since = len(web.requests)
    store = crawl_clinic(web, ocr_budget_seconds=10.0, ocr_spent_seconds=10.0)
    fates = [item.fate for visit in store.visits if visit.page for item in visit.page.pictures]
    assert fates == [PictureFate.BUDGET, PictureFate.BUDGET]
    assert asked_pictures(web, since) == []
    assert not any(visit.judgement.flagged for visit in store.visits if visit.judgement)


def test_without_a_budget_pictures_are_nobodys_business(web: SampleWeb) -> None:
    since = len(web.requests)
    store = crawl_clinic(web)
    assert [visit.page.pictures for visit in store.visits if visit.page] == [(), ()]
    assert asked_pictures(web, since) == []


def test_a_reader_that_cannot_start_leaves_pages_as_they_are(web: SampleWeb) -> None:
    store = crawl_clinic(web, ocr_budget_seconds=100.0, ocr_memory_bytes=100_000_000)
    pages = [visit.page for visit in store.visits if visit.page]
    assert [item.fate for page in pages for item in page.pictures] == [PictureFate.STUCK] * 2
    assert all(CLAIM not in page.text for page in pages)
