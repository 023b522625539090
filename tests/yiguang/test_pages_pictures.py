"""Pictures of a page as a person sees them listed."""

from domain.pictures import PagePicture, PictureCode, PictureFate, PictureLine, PictureReading
from yiguang.commands.pictures import in_words

BOX = ((12, 20), (310, 24), (308, 61), (10, 57))
READING = PictureReading(
    sha256="a" * 64,
    width=720,
    height=960,
    look="0" * 272,
    lines=(PictureLine("一次治愈\x1b[2J", BOX, 0.98),),
    codes=(PictureCode("https://u.wechat.com/demo_abc", BOX), PictureCode("凭此码到前台", BOX)),
    engine="test/1",
    seconds=0.5,
)
KINDS = {"add-friend": "加好友"}
URL = "http://a.example/a.jpg"


def test_words_and_codes_with_their_rectangles() -> None:
    picture = PagePicture(URL, PictureFate.READ, reading=READING, code_kinds=("add-friend", "other"))
    first, size, line, friend, other = in_words(picture, KINDS).split("\n")
    assert first == URL
    assert size == f"  720 × 960 像素，SHA-256 {'a' * 64}"
    assert line.startswith("  [10,20 – 310,61]  一次治愈")
    assert "\x1b" not in line
    assert friend == "  [10,20 – 310,61]  二维码（加好友）：https://u.wechat.com/demo_abc"
    assert other.endswith("二维码（其他）：凭此码到前台")


def test_a_picture_without_words_and_one_that_only_looks_alike() -> None:
    blank = PictureReading("b" * 64, 720, 960, "0" * 272, (), (), "test/1", 0.5)
    lines = in_words(PagePicture(URL, PictureFate.READ, reading=blank, likeness=True), KINDS).split("\n")
    assert lines[1].endswith("，文字取自另一张相似的图片")
    assert lines[2] == "  没有读出文字"


def test_a_picture_that_was_not_read_says_why() -> None:
    assert in_words(PagePicture(URL, PictureFate.BUDGET), KINDS).split("\n")[1] == "  未读：图片识别时间已用完"
    missing = PagePicture(URL, PictureFate.NOT_HAD, "HTTP 404")
    assert in_words(missing, KINDS).split("\n")[1] == "  未读：未取得（HTTP 404）"
    assert in_words(PagePicture(URL, PictureFate.SMALL), KINDS).split("\n")[1] == "  太小，不含可读文字"
