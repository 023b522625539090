"""What a page declares about its encoding, truly or not, never costs a character."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.pages.decode import decode_html
from crawler.pages.reading import read_response
from crawler.wordings import Wordings
from domain.outcome import Outcome

SENTENCE = "本院采用的疗法治愈率很高，请来我们这里的门诊，医生会为大家检查，这是一个重要的说明。"
TRADITIONAL = "本院採用的療法治癒率很高，請來我們這裡的門診，醫生會為大家檢查，這是一個重要的說明。"
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1)
GBK_TEXT = st.text(st.one_of(st.characters(max_codepoint=0x7E, min_codepoint=0x20), st.characters(codec="gb18030")))


def page(declared: str, text: str) -> str:
    return f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={declared}"></head>{text}</html>'


@given(GBK_TEXT.map(lambda text: SENTENCE + text), st.sampled_from(["gb2312", "GBK", "gb18030", "x-gbk"]))
@example(SENTENCE + "㐂𠮷€", "gb2312")
def test_the_gb_family_is_read_as_its_largest_member(text: str, declared: str) -> None:
    source = page(declared, text)
    assert decode_html(source.encode("gb18030"), "text/html") == (source, "gb18030")


@given(st.text(), st.sampled_from(["gb2312", "utf-8", "iso-8859-1", "big5", "no-such-encoding"]))
def test_utf8_under_any_declaration(text: str, declared: str) -> None:
    source = page(declared, SENTENCE + text.replace("\x00", ""))
    assert decode_html(source.encode(), f"text/html; charset={declared}") == (source, "utf-8")


@given(st.text(st.characters(codec="big5hkscs", min_codepoint=0x4E00)))
def test_big5_declared(text: str) -> None:
    source = page("big5", TRADITIONAL + text)
    assert decode_html(source.encode("big5hkscs"), "text/html") == (source, "big5hkscs")


def test_an_undeclared_page_is_told_by_its_bytes() -> None:
    for text, encoding in ((SENTENCE * 4, "gb18030"), (TRADITIONAL * 4, "big5hkscs"), (SENTENCE, "utf-8")):
        assert decode_html(text.encode(encoding), "") == (text, encoding)


def test_gb_bytes_under_a_false_utf8_or_latin_declaration() -> None:
    for declared in ("utf-8", "iso-8859-1", "windows-1252"):
        source = page(declared, SENTENCE * 4)
        assert decode_html(source.encode("gb18030"), "text/html") == (source, "gb18030")


def test_big5_bytes_under_a_false_gb_declaration() -> None:
    source = page("gb2312", TRADITIONAL * 8)
    assert decode_html(source.encode("big5hkscs"), "text/html") == (source, "big5hkscs")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides(encoding: str) -> None:
    source = page("gb2312", SENTENCE)
    assert decode_html(source.encode(encoding), "text/html; charset=gbk")[0] == source


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark(encoding: str) -> None:
    source = page("utf-16", SENTENCE)
    assert decode_html(source.encode(encoding), "") == (source, encoding)


def test_the_prolog_of_xml_declares_too() -> None:
    source = f'<?xml version="1.0" encoding="GB2312"?><rss>{SENTENCE}</rss>'
    assert decode_html(source.encode("gb18030"), "text/xml") == (source, "gb18030")


def test_hz_is_read_when_it_is_hz() -> None:
    source = page("hz-gb-2312", SENTENCE.replace("，", " "))
    assert decode_html(source.encode("hz"), "text/html") == (source, "hz")


def test_a_declaration_inside_a_comment_is_none() -> None:
    source = f"<!-- <meta charset=big5> --><p>{SENTENCE * 4}</p>"
    assert decode_html(source.encode("gb18030"), "")[1] == "gb18030"


@given(HAN)
def test_a_cut_off_tail_costs_one_character(text: str) -> None:
    source = page("gb2312", SENTENCE + text)
    read, encoding = decode_html(source.replace("</html>", "").encode("gb18030")[:-1], "")
    assert encoding == "gb18030"
    assert read[:-1] == source.replace("</html>", "")[:-1]


def test_one_broken_character_does_not_turn_the_page() -> None:
    body = page("gb2312", SENTENCE).encode("gb18030") + b"\xff\xff" + (SENTENCE * 3).encode("gb18030")
    text, encoding = decode_html(body, "text/html")
    assert encoding == "gb18030"
    assert text.count(SENTENCE) == 4


@given(st.binary(max_size=300), st.text(max_size=40))
def test_no_bytes_and_no_declaration_raise(body: bytes, content_type: str) -> None:
    text, encoding = decode_html(body, content_type)
    text.encode("utf-8")
    assert encoding


def test_titles_cut_within_their_last_character_do_not_turn_the_page() -> None:
    """As PHP's `substr` leaves them in lists: one unreadable character a row, and fewer where the page is read as GB 18030."""
    titles = [
        "某某医院召开年度工作总结会议",
        "关于开展义诊活动的通知",
        "我院成功开展首例手术",
        "专家团队来院指导",
        "就医指南与流程说明",
    ]
    rows = [f"<a href=/n/{n}.html>{titles[n % 5]}".encode()[: -1 if n % 3 else -2] + b"...</a>" for n in range(20)]
    text, encoding = decode_html(b"<meta charset=utf-8><ul>" + b"".join(rows), "text/html; charset=utf-8")
    assert encoding == "utf-8"
    assert text.count("我院成功开展首例手") == 4


@pytest.mark.parametrize(
    "start", [b"RIFF\x10\x02\x03\x04WEBPVP8 ", b"\x00\x00\x00\x18ftypmp42", b"\r\n%PDF-1.5\n", b"BZh9"]
)
@pytest.mark.parametrize("headers", [(), (("content-type", "text/html"),), (("content-type", "text/plain"),)])
def test_a_file_is_no_page_whatever_its_server_calls_it(
    start: bytes, headers: tuple[tuple[str, str], ...], wordings: Wordings
) -> None:
    body = start + bytes(range(1, 256)) * 8
    assert read_response("http://a.example/d.jsp?id=1", 200, headers, body, wordings).outcome is Outcome.OUT_OF_SCOPE


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16", "hz"])
def test_a_text_is_no_file(encoding: str, wordings: Wordings) -> None:
    headers = (("content-type", "text/plain"),)
    body = (SENTENCE * 40).encode(encoding) + b"\x0b\x01"
    assert read_response("http://a.example/a.txt", 200, headers, body, wordings).outcome is Outcome.CONTENT
