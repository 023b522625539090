"""Boxes go on a copy beside the clean original, in as few pieces as hold them, and only where something was located."""

import io
from dataclasses import replace

from PIL import Image

from domain.places import QuotePlace
from domain.visits import FrontierUrl
from storage.evidence.boxed_shots import MAX_SHOTS, boxed_shots
from storage.evidence.bundle import build_bundle
from tests.storage.samples import KEY, NOW, PROVENANCE, png, visit

LEAD = visit(FrontierUrl(7, "2026-11-26", 1, "http://clinic.example/", 0, 1), flagged=True)
RED = (214, 0, 0)


def _bundle(*places: QuotePlace, height: int = 3000) -> bytes:
    assert LEAD.rendering is not None
    rendering = replace(LEAD.rendering, screenshot_png=png(1280, height), places=places)
    return build_bundle(replace(LEAD, rendering=rendering), PROVENANCE, NOW, KEY)


def _pixels(shot: bytes) -> Image.Image:
    return Image.open(io.BytesIO(shot)).convert("RGB")


def test_the_box_is_on_the_copy_only() -> None:
    shots = boxed_shots(_bundle(QuotePlace("治愈率达98%", ((100.0, 1000.0, 200.0, 30.0),))))
    assert list(shots) == [".view-1.png", ".view-1.boxes.png"]
    clean, boxed = (_pixels(shot) for shot in shots.values())
    assert clean.size == boxed.size == (1280, 800)
    top = 1000 - 800 // 4
    assert boxed.getpixel((200, 1000 - top - 4)) == RED
    assert boxed.getpixel((200, 1000 - top + 15)) != RED, "what is written stays readable"
    assert clean.getcolors() == [(1280 * 800, (128, 128, 128))]


def test_near_boxes_share_a_piece_and_far_ones_do_not() -> None:
    near = QuotePlace("一", ((0.0, 100.0, 10.0, 10.0), (0.0, 500.0, 10.0, 10.0)))
    far = QuotePlace("二", ((0.0, 2900.0, 10.0, 10.0),))
    shots = boxed_shots(_bundle(near, far))
    assert len(shots) == 4
    assert _pixels(shots[".view-2.boxes.png"]).getpixel((5, 2900 - 2200 - 4)) == RED


def test_not_more_than_are_looked_at() -> None:
    many = QuotePlace("一", tuple((0.0, 900.0 * place, 10.0, 10.0) for place in range(16)))
    assert len(boxed_shots(_bundle(many, height=16_000))) == 2 * MAX_SHOTS


def test_nothing_located_nothing_drawn() -> None:
    assert boxed_shots(_bundle(QuotePlace("无效退款", (), "没有找到"))) == {}
