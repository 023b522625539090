"""Every folder beside this file is a page of our own writing and what is to be read on it."""

import json
from pathlib import Path
from typing import Any

import pytest

from crawler.pages.reading import read_response
from crawler.wordings import Wordings
from domain.page import ExtractedPage

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/expected.json"))


def test_the_cases_are_found() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_page_is_read_as_expected(folder: Path, wordings: Wordings) -> None:
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    (source,) = folder.glob("page.*")
    body = source.read_text(encoding="utf-8").encode(expected.pop("encode", "utf-8"))
    headers = (("Content-Type", expected.pop("content_type", "text/html")),)
    reading = read_response(expected.pop("url"), expected.pop("status", 200), headers, body, wordings)
    assert reading.outcome == expected.pop("outcome"), reading.detail
    assert reading.detail == expected.pop("detail", "")
    if reading.page is None:
        assert not expected, "only content has a page"
        return
    for contact in reading.page.contacts:
        assert reading.page.text[contact.start : contact.end] == contact.value
    for name, wanted in expected.items():
        check_part(reading.page, name, wanted)


def check_part(page: ExtractedPage, name: str, wanted: Any) -> None:
    body = page.text[page.body_start : page.body_end]
    match name:
        case (
            "title"
            | "site_name"
            | "author"
            | "account"
            | "page_type"
            | "text"
            | "encoding"
            | "keywords"
            | "description"
        ):
            assert getattr(page, name) == wanted
        case "published_at":
            assert (page.published_at.isoformat() if page.published_at else None) == wanted
        case "text_has":
            assert [words for words in wanted if words not in page.text] == []
        case "text_lacks":
            assert [words for words in wanted if words in page.text] == []
        case "body_has":
            assert [words for words in wanted if words not in body] == []
        case "body_lacks":
            assert [words for words in wanted if words in body] == []
        case "contacts":
            assert [[str(contact.kind), contact.value, contact.in_footer] for contact in page.contacts] == wanted
        case "identifiers":
            assert [[number.kind, number.value, number.valid] for number in page.identifiers] == wanted
        case "links_have":
            assert [url for url in wanted if url not in {link.url for link in page.links}] == []
        case "link_texts":
            assert {link.url: link.text for link in page.links if link.url in wanted} == wanted
        case "images":
            assert [image.url for image in page.images] == wanted
        case "images_have":
            assert [url for url in wanted if url not in {image.url for image in page.images}] == []
        case "widgets":
            assert list(page.widgets) == wanted
        case "cta":
            assert list(page.cta) == wanted
        case "cta_has":
            assert [call for call in wanted if call not in page.cta] == []
        case "institutions_have":
            assert [institution for institution in wanted if institution not in page.institutions] == []
        case "extra_has":
            assert [key for key, words in wanted.items() if words not in page.extra.get(key, "")] == []
        case "extra_lacks":
            assert [key for key in wanted if key in page.extra] == []
        case "max_text_share":
            assert page.text_share <= wanted
        case _:
            raise AssertionError(f"expected.json has an unknown key: {name}")
