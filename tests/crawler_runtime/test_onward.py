"""Where a page sends its visitor by a refresh, whatever bytes its head has."""

import pytest

from crawler.night.onward import sent_on_to, with_meta_refresh
from crawler.pages.reading import read_response
from domain.page import ExtractedPage
from tests.crawler_runtime.fakes import WORDINGS

HEAD = '<html><head><meta http-equiv="refresh" content="1;url=/index.html"><title>某某医院</title></head><body>'


def read(body: bytes) -> ExtractedPage:
    page = read_response("http://a.example/", 200, (("content-type", "text/html"),), body, WORDINGS).page
    assert page is not None
    return page


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_a_refresh_is_followed_in_the_encoding_of_its_page(encoding: str) -> None:
    body = (HEAD + "欢迎光临本院网站").encode(encoding)
    page = read(body)
    assert sent_on_to(page, body) == "http://a.example/index.html"
    assert with_meta_refresh(page, body).links[-1].url == "http://a.example/index.html"


def test_a_character_cut_in_two_by_the_end_of_the_head_does_no_harm() -> None:
    head = HEAD.encode()
    body = head + b"x" * (4095 - len(head)) + "医院新闻".encode()
    assert with_meta_refresh(read(body), body).links[-1].url == "http://a.example/index.html"
