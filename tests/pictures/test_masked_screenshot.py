"""A copy that circulates shows no patient: not in the page's text, not in its pictures, and no face; the advertiser stays."""

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from crawler.rendering.render import Renderer
from domain.documents import document_of
from domain.masking import Masker
from domain.shown_text import ShownText, places_in
from domain.visits import FrontierUrl, Rendering
from storage.canonical import read_canonical_zip
from storage.evidence.boxed_shots import boxed_shots
from storage.evidence.bundle import build_bundle
from storage.evidence.faces import find_faces
from storage.evidence.masked_copy import LIST_SUFFIX, SHOT_SUFFIX, TEXT_SUFFIX, masked_copy
from storage.evidence.masked_shot import ScreenshotUnread
from storage.evidence.package import SCREENSHOT
from tests.crawler_runtime.test_render import URL, loader, page, with_renderer
from tests.storage.drawn_face import drawn_face
from tests.storage.samples import KEY, NOW, PROVENANCE, judgement, visit
from tests.storage.samples import page as extracted
from yiguang.keeping import load_masker
from yiguang.packages.screenshot_words import screenshot_words

TEXT = "本院治愈率达98%，签约治疗，无效退款。预约热线 000-0000\n患者林小蕊女士，今年45岁，家住示例市样板区，手机号码 13900000001。"
_DRAWN = "患者白小样女士 手机号码 13900000002"


def _data_url(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


@pytest.fixture(scope="module")
def masker() -> Masker:
    return load_masker(Path(__file__).parents[2] / "lexicons")


@pytest.fixture(scope="module")
def bundle() -> bytes:
    first, second = TEXT.split("\n")
    inside = (
        f"<p style='font:22px sans-serif'>{first}</p><div style='height:700px'></div>"
        f"<p style='font:22px/30px sans-serif;width:340px'>{second}</p>"
        f"<canvas id=c width=700 height=60></canvas><img src='{_data_url(drawn_face(180))}'>"
        f"<script>const d = c.getContext('2d'); d.font = '28px sans-serif'; d.fillText('{_DRAWN}', 10, 40)</script>"
    )

    async def run(renderer: Renderer) -> Rendering:
        return await renderer.render(URL, loader({URL: page(inside)}))

    row = FrontierUrl(7, "2026-11-26", 1, URL, 0, 1)
    lead = visit(row, flagged=True, page=extracted(URL, TEXT), judgement=judgement(True, TEXT))
    rendering = with_renderer(run)
    rendering = replace(rendering, places=places_in(rendering.shown, ["治愈率达98%"]))
    assert lead.page is not None and document_of(lead.page).text == TEXT
    return build_bundle(replace(lead, rendering=rendering), PROVENANCE, NOW, KEY)


@pytest.fixture(scope="module")
def words(bundle: bytes) -> tuple[ShownText, ...]:
    """Of the original; reading takes seconds."""
    return screenshot_words(read_canonical_zip(bundle)[SCREENSHOT])


@pytest.fixture(scope="module")
def copy(bundle: bytes, masker: Masker, words: tuple[ShownText, ...]) -> dict[str, bytes]:
    return masked_copy(bundle, masker, lambda _: words)


def _joined(words: Sequence[ShownText]) -> str:
    return "".join(piece.text for piece in words).replace(" ", "")


def test_no_patient_is_left_on_it(bundle: bytes, words: tuple[ShownText, ...], copy: dict[str, bytes]) -> None:
    original = read_canonical_zip(bundle)[SCREENSHOT]
    before = _joined(words)
    assert "林小蕊女士" in before and "13900000002" in before, "the reader can read it at all"
    assert find_faces(Image.open(io.BytesIO(original)).convert("RGB"))
    shot = copy[SHOT_SUFFIX]
    after = _joined(screenshot_words(shot))
    for gone in ("林小蕊", "45岁", "样板区", "13900000001", "白小样", "13900000002"):
        assert gone not in after
    for kept in ("治愈率达98%", "预约热线", "000-0000"):
        assert kept in after
    assert find_faces(Image.open(io.BytesIO(shot))) == []
    listed = json.loads(copy[LIST_SUFFIX])["screenshot"]
    assert {row["kind"] for row in listed["masks"]} >= {"name", "age", "home", "phone", "face"}
    assert {row["found_by"] for row in listed["masks"]} == {"layout", "words", "faces"}
    assert listed["not_located"] == []
    assert "人像" in copy[TEXT_SUFFIX].decode()
    assert "整页截图" not in copy[TEXT_SUFFIX].decode()


def test_every_difference_is_on_the_list_and_nothing_else_differs(bundle: bytes, copy: dict[str, bytes]) -> None:
    with Image.open(io.BytesIO(read_canonical_zip(bundle)[SCREENSHOT])) as opened:
        again = opened.convert("RGB")
    for row in json.loads(copy[LIST_SUFFIX])["screenshot"]["masks"]:
        left, top, width, height = row["place"]
        again.paste((0, 0, 0), (left, top, left + width, top + height))
    assert again.tobytes() == Image.open(io.BytesIO(copy[SHOT_SUFFIX])).tobytes()


def test_pieces_with_boxes_are_cut_from_the_masked_picture(bundle: bytes, copy: dict[str, bytes]) -> None:
    assert [name for name in copy if ".view-" in name] == [".masked.view-1.png"]
    assert list(boxed_shots(bundle)) == [".view-1.png", ".view-1.boxes.png"]


def test_a_screenshot_that_cannot_be_read_does_not_circulate(bundle: bytes, masker: Masker) -> None:
    def unread(_: bytes) -> Sequence[ShownText]:
        raise ScreenshotUnread("截图中的文字未能识别：识别超时")

    copy = masked_copy(bundle, masker, unread)
    assert list(copy) == [TEXT_SUFFIX, LIST_SUFFIX]
    assert "整页截图（截图中的文字未能识别：识别超时）" in copy[TEXT_SUFFIX].decode()


def test_what_is_masked_in_the_text_and_not_seen_on_the_screenshot_is_named(bundle: bytes, masker: Masker) -> None:
    copy = masked_copy(bundle, masker, lambda _: ())
    assert json.loads(copy[LIST_SUFFIX])["screenshot"]["not_located"] == [], "the browser's layout is enough"
    row = FrontierUrl(7, "2026-11-26", 1, URL, 0, 1)
    lead = visit(row, flagged=True, page=extracted(URL, TEXT), judgement=judgement(True, TEXT))
    copy = masked_copy(build_bundle(lead, PROVENANCE, NOW, KEY), masker, lambda _: ())
    assert len(json.loads(copy[LIST_SUFFIX])["screenshot"]["not_located"]) >= 4
    assert "在截图中没有找到" in copy[TEXT_SUFFIX].decode()
