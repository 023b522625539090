"""Words of pictures in the text of a page: every offset still points at what it pointed at."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from crawler.pages.extract import extract_page
from crawler.pictures.picture_text import HEADING, pictures_aside, with_pictures
from crawler.wordings import load_wordings
from domain.page import ContactKind, ExtractedPage
from domain.pictures import PagePicture, PictureCode, PictureFate, PictureLine, PictureReading, alike, places_of

WORDINGS = load_wordings(Path(__file__).parents[2] / "lexicons" / "web")
BOX = ((0, 0), (9, 0), (9, 9), (0, 9))
HTML = (
    "<title>示例门诊部</title><header>示例门诊部</header><div id='content'><p>本期专栏由宣传科整理，欢迎阅读。</p><p>{}</p></div>"
    "<footer>地址：云埠市松和路6号 电话 000-00001234 云ICP备00002206号</footer>"
)


def reading(*texts: str, codes: tuple[str, ...] = ()) -> PictureReading:
    lines = tuple(PictureLine(text, tuple((x, y + 10 * row) for x, y in BOX), 0.9) for row, text in enumerate(texts))
    return PictureReading(
        "a" * 64, 720, 960, "0" * 272, lines, tuple(PictureCode(code, BOX) for code in codes), "test/1", 0.1
    )


def shown(*readings: PictureReading) -> list[PagePicture]:
    return [
        PagePicture(f"http://a.example/{place}.png", PictureFate.READ, reading=item)
        for place, item in enumerate(readings)
    ]


def page(prose: str = "往期内容可在门诊大厅索取。") -> ExtractedPage:
    return extract_page(HTML.format(prose), "http://a.example/", "utf-8", WORDINGS)


WORDS = st.text("治愈率达98%，电话-微信demo_甲乙丙 000-00005678", min_size=1, max_size=20).map(str.strip).filter(bool)


@given(st.lists(st.lists(WORDS, max_size=4), max_size=3))
def test_every_span_contact_and_number_points_at_itself(texts: list[list[str]]) -> None:
    before = page()
    after = with_pictures(before, shown(*(reading(*lines) for lines in texts)), WORDINGS)
    for picture in after.pictures:
        assert picture.reading is not None
        assert [after.text[start:end] for start, end in picture.spans] == [line.text for line in picture.reading.lines]
        assert all(before.body_end <= start and end <= after.body_end for start, end in picture.spans)
    for contact in before.contacts:
        moved = next(item for item in after.contacts if (item.kind, item.value) == (contact.kind, contact.value))
        assert after.text[moved.start : moved.end] == before.text[contact.start : contact.end]
    for number in before.identifiers:
        moved_number = next(item for item in after.identifiers if item.value == number.value)
        assert after.text[moved_number.start : moved_number.end] == before.text[number.start : number.end]
    rest = before.text[before.body_end :]
    assert after.text.startswith(before.text[: before.body_end])
    assert after.text.endswith(rest)
    assert after.text.count(HEADING) == sum(bool(lines) for lines in texts)


def test_a_number_in_a_picture_is_a_contact_in_the_body() -> None:
    after = with_pictures(page(), shown(reading("预约热线 000-00001234")), WORDINGS)
    [landline] = [contact for contact in after.contacts if contact.kind is ContactKind.LANDLINE]
    assert not landline.in_footer
    assert after.body_start <= landline.start < landline.end <= after.body_end
    assert after.text[landline.start : landline.end] == "000-00001234"


def test_a_page_without_any_text_of_its_own() -> None:
    bare = ExtractedPage(url="http://a.example/", title="", text="", encoding="utf-8")
    after = with_pictures(bare, shown(reading("一次治愈")), WORDINGS)
    assert after.text == f"{HEADING}\n一次治愈"
    assert (after.body_start, after.body_end) == (0, len(after.text))


def test_a_code_to_add_a_friend_is_a_way_to_reach_them_and_one_of_the_government_is_not() -> None:
    codes = ("https://u.wechat.com/demo_abc", "https://www.beian.gov.cn/portal")
    after = with_pictures(page(), shown(reading(codes=codes)), WORDINGS)
    assert after.text == page().text
    assert after.widgets == ("二维码：加好友（微信、企业微信、QQ）",)
    assert after.pictures[0].code_kinds == ("add-friend", "government")


def test_places_are_found_from_offsets_in_the_text() -> None:
    after = with_pictures(page(), shown(reading("门诊时间"), reading("祖传秘方", "永不复发")), WORDINGS)
    start = after.text.index("秘方")
    [place] = places_of(after.pictures, start, start + 2)
    assert place.url == "http://a.example/1.png"
    assert place.boxes == (BOX,)
    [both] = places_of(after.pictures, start, after.text.index("复发"))
    assert len(both.boxes) == 2
    own = after.text.index("宣传科")
    assert list(places_of(after.pictures, own, own + 3)) == []


def test_pictures_put_aside_stand_nowhere_in_the_text() -> None:
    before = page()
    after = pictures_aside(before, with_pictures(before, shown(reading("一次治愈")), WORDINGS).pictures)
    assert replace(after, pictures=()) == before
    assert list(places_of(after.pictures, 0, len(after.text))) == []


def test_looks_are_alike_by_few_bits_of_the_fine_part_only() -> None:
    look = "a5" * 136
    assert alike(look, look)
    assert alike(look, look[:-1] + "7")
    assert not alike(look, "b" + look[1:])  # another coarse look
    assert not alike(look, look[:-8] + "00000000")  # 16 bits
