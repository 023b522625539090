"""Marks of drawn signs: recognised in small, recoloured and captioned copies; other pictures have none or others."""

import asyncio
import io
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.drawn_logos import copied, draw_logo
from benchmarks.posters import cjk_font
from crawler.pictures.logo_marks import marks_of
from crawler.pictures.ocr import OcrAnswer, OcrLimits, PictureOcr
from domain.pictures import PictureFate
from domain.site_logos import ALIKE_FROM, likeness

ONE_SIGN, ANOTHER_SIGN = 1, 3


@cache
def font() -> Path:
    return cjk_font()


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def best(marks: tuple[str, ...], others: tuple[str, ...]) -> float:
    return max((likeness(mark, other) for mark in marks for other in others), default=0.0)


def test_most_copies_are_recognised_and_hardly_one_is_taken_for_another() -> None:
    drawn = {number: draw_logo(number, font()) for number in range(12)}
    own = {number: marks_of(logo) for number, logo in drawn.items()}
    recognised = mistaken = 0
    for number, logo in drawn.items():
        for copy in range(4):
            marks = marks_of(Image.open(io.BytesIO(copied(logo, 100 * number + copy, font()))).convert("RGB"))
            recognised += best(marks, own[number]) >= ALIKE_FROM
            mistaken += any(best(marks, own[other]) >= ALIKE_FROM for other in drawn if other != number)
    assert recognised >= 24 and mistaken <= 1, (recognised, mistaken)


def test_ground_and_colour_are_of_no_matter() -> None:
    logo = draw_logo(ONE_SIGN, font())
    strength = logo.convert("L").point(lambda level: 255 - level)
    white_on_blue = Image.composite(Image.new("RGB", logo.size, "white"), Image.new("RGB", logo.size, "navy"), strength)
    assert best(marks_of(logo), marks_of(white_on_blue)) >= ALIKE_FROM


def test_a_sign_in_front_of_a_name_has_a_mark_of_its_own() -> None:
    sign = draw_logo(ANOTHER_SIGN, font()).resize((100, 100))
    banner = Image.new("RGB", (600, 110), "white")
    banner.paste(sign, (5, 5))
    for left in range(150, 560, 60):
        banner.paste(Image.new("RGB", (30, 50), "black"), (left, 30))
    marks = marks_of(banner)
    assert len(marks) == 2
    assert best(marks[1:], marks_of(sign)) >= ALIKE_FROM > best(marks[:1], marks_of(sign))


@pytest.mark.parametrize("picture", [Image.new("RGB", (200, 80), "red"), Image.new("RGB", (24, 24), "white")])
def test_a_picture_of_one_colour_has_no_marks(picture: Image.Image) -> None:
    assert marks_of(picture) == ()


def test_the_reading_process_gives_marks_and_says_what_is_none() -> None:
    async def ask(*bodies: bytes) -> list[OcrAnswer]:
        reader = PictureOcr(OcrLimits(120.0, 60.0, 3_000_000_000))
        try:
            return [await reader.marks(body, 1.0) for body in bodies]
        finally:
            await reader.close()

    logo = draw_logo(ONE_SIGN, font()).resize((48, 48))
    answers = asyncio.run(ask(png(logo), png(logo.resize((10, 10))), b"no picture"))
    assert [answer.fate for answer in answers] == [PictureFate.READ, PictureFate.SMALL, PictureFate.DAMAGED]
    assert answers[0].marks == marks_of(logo)
