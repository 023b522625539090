"""How often a copied sign is recognised, and how often one is taken for another's: drawn signs, copied as sites copy them.

    python -m benchmarks.drawn_logos [COUNT]

Signs are round with a ring of characters, or not, around a cross, a serpent, houses, letters or characters; copies are small, on
coloured ground, in one colour, beside a name, and saved as JPEG. Signs that are alike as drawn are left out: no comparison of
pictures can part them.
"""

import io
import math
import random
import sys
from datetime import date
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps

from benchmarks.posters import cjk_font
from crawler.pictures.logo_marks import marks_of
from domain.site_logos import ALIKE_FROM, OfficialLogo, likeness

COUNT = 300
SIDE = 400
_CHARACTERS = "青屿安和宁康仁济惠民华山东海南岭云鹤松柏长江黄河明德博爱圣心天佑福寿永瑞祥同"
_LETTERS = "ABCDEFGHKLMNSTXYZ"
_COPY_HEIGHTS = (40, 48, 56, 64, 80, 100)
_ALIKE_AS_DRAWN = ALIKE_FROM


def draw_logo(number: int, font_file: Path) -> Image.Image:
    """Sign `number`, on white."""
    dice = random.Random(number)  # noqa: S311
    ink, second = (tuple(dice.randrange(0, 200) for _ in range(3)) for _ in range(2))
    picture = Image.new("RGB", (SIDE, SIDE), "white")
    pen = ImageDraw.Draw(picture)
    reach = SIDE * 0.42
    if dice.random() < 0.75:
        inner = dice.uniform(0.28, 0.38) * SIDE
        pen.ellipse((4, 4, SIDE - 4, SIDE - 4), outline=ink, width=dice.randrange(6, 16))
        filled = dice.random() < 0.4
        pen.ellipse(_around(inner), outline=ink, width=6, fill=second if filled else None)
        _write_round(picture, "".join(dice.sample(_CHARACTERS, dice.randrange(5, 11))), inner, ink, font_file)
        ink, reach = ((255, 255, 255) if filled else ink), inner * 0.66
    _draw_middle(pen, dice, reach, ink, second, font_file)
    return picture


def copied(logo: Image.Image, number: int, font_file: Path) -> bytes:
    """Copy `number` of a sign, as another site would show it."""
    dice = random.Random(number)  # noqa: S311
    height = dice.choice(_COPY_HEIGHTS)
    small = logo.resize((height, height), Image.Resampling.LANCZOS)
    ground, ink = "white", "#143c78"
    if (way := dice.choice(("as it is", "as it is", "on colour", "in one colour"))) != "as it is":
        stands_out = ImageOps.autocontrast(ImageChops.invert(small.convert("L")))
        dark = "#" + "".join(f"{dice.randrange(0, 120):02x}" for _ in range(3))
        ground, ink = (dark, "white") if way == "on colour" else ("white", dark)
        small = Image.composite(Image.new("RGB", small.size, ink), Image.new("RGB", small.size, ground), stands_out)
    if dice.random() < 0.45:
        small = _beside_name(small, dice, ground, ink, font_file)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=dice.choice((60, 75, 85, 92)))
    return file.getvalue()


def _beside_name(sign: Image.Image, dice: random.Random, ground: str, ink: str, font_file: Path) -> Image.Image:
    height, rim = sign.height, dice.randrange(0, 8)
    banner = Image.new("RGB", (round(height * dice.uniform(4.5, 6)), height + 2 * rim), ground)
    banner.paste(sign, (rim, rim))
    name = "".join(dice.sample(_CHARACTERS, 5)) + "医院"
    place = (height + rim + height * dice.uniform(0.12, 0.3), rim + height * 0.25)
    ImageDraw.Draw(banner).text(place, name, font=ImageFont.truetype(font_file, round(height * 0.42)), fill=ink)
    return banner


def _draw_middle(
    pen: ImageDraw.ImageDraw, dice: random.Random, reach: float, ink: object, second: object, font_file: Path
) -> None:
    middle = SIDE / 2
    colour: object = ink
    match dice.choice(("cross", "characters", "letters", "stone", "serpent", "houses")):
        case "cross":
            half = reach * dice.uniform(0.15, 0.4)
            pen.rectangle((middle - half, middle - reach, middle + half, middle + reach), fill=colour)  # type: ignore[arg-type]
            pen.rectangle((middle - reach, middle - half, middle + reach, middle + half), fill=colour)  # type: ignore[arg-type]
            dot, side = reach * dice.uniform(0.2, 0.6), dice.choice((-1, 1)) * reach * 0.55
            at = (middle + side - dot, middle + reach / 2 - dot, middle + side + dot, middle + reach / 2 + dot)
            pen.ellipse(at, fill=second)  # type: ignore[arg-type]
        case "characters" | "letters" as kind:
            text = "".join(dice.sample(_CHARACTERS if kind == "characters" else _LETTERS, 2))
            font = ImageFont.truetype(font_file, round(reach * 0.9))
            pen.text((middle, middle), text, font=font, fill=colour, anchor="mm")  # type: ignore[arg-type]
        case "stone":
            ends = [(2 * math.pi * turn / 9, reach * dice.uniform(0.4, 1.0)) for turn in range(9)]
            stone = [(middle + far * math.cos(angle), middle + far * math.sin(angle)) for angle, far in ends]
            pen.polygon(stone, fill=colour)  # type: ignore[arg-type]
        case "serpent":
            width, bends = reach * dice.uniform(0.08, 0.2), dice.uniform(2.0, 4.5)
            pen.line([(middle, middle - reach), (middle, middle + reach)], fill=colour, width=round(width))  # type: ignore[arg-type]
            swing = reach * dice.uniform(0.3, 0.6)
            body = [
                (middle + swing * math.sin(step / bends), middle - reach * 0.8 + reach * 0.075 * step)
                for step in range(21)
            ]
            pen.line(body, fill=colour, width=round(width * 1.2))  # type: ignore[arg-type]
        case _:
            count = dice.randrange(3, 6)
            for house in range(count):
                left, high = middle - reach + 2 * reach * house / count, reach * dice.uniform(0.6, 1.9)
                at = (left, middle + reach - high, left + 1.4 * reach / count, middle + reach)
                pen.rectangle(at, fill=colour)  # type: ignore[arg-type]


def _write_round(picture: Image.Image, text: str, inner: float, ink: object, font_file: Path) -> None:
    font, far = ImageFont.truetype(font_file, SIDE // 10), (SIDE / 2 + inner) / 2 - 2
    for place, character in enumerate(text):
        angle = math.pi * (1.15 - 1.3 * place / (len(text) - 1))
        tile = Image.new("RGBA", (SIDE // 7, SIDE // 7), (0, 0, 0, 0))
        ImageDraw.Draw(tile).text((SIDE // 14, SIDE // 14), character, font=font, fill=ink, anchor="mm")  # type: ignore[arg-type]
        tile = tile.rotate(math.degrees(angle) - 90)
        at = (SIDE / 2 + far * math.cos(angle) - tile.width / 2, SIDE / 2 - far * math.sin(angle) - tile.height / 2)
        picture.paste(tile, (round(at[0]), round(at[1])), tile)


def _around(radius: float) -> tuple[float, float, float, float]:
    return (SIDE / 2 - radius, SIDE / 2 - radius, SIDE / 2 + radius, SIDE / 2 + radius)


def main(count: int) -> None:
    font_file = cjk_font()
    drawn = {f"{number}": draw_logo(number, font_file) for number in range(count)}
    logos = [OfficialLogo(name, name, marks_of(logo), "drawn", date(2026, 1, 1)) for name, logo in drawn.items()]
    alike = {logo.owner for logo in logos if _closest_other(logo.marks, logo.owner, logos) >= _ALIKE_AS_DRAWN}
    logos = [logo for logo in logos if logo.owner not in alike]
    found = wrong = tried = 0
    for logo in logos:
        for copy in range(3):
            body = copied(drawn[logo.owner], 1000 * int(logo.owner) + copy, font_file)
            marks = marks_of(Image.open(io.BytesIO(body)).convert("RGB"))
            tried += 1
            found += max((likeness(mark, own) for mark in marks for own in logo.marks), default=0.0) >= ALIKE_FROM
            wrong += _closest_other(marks, logo.owner, logos) >= ALIKE_FROM
    print(f"{len(logos)} signs ({len(alike)} drawn alike left out), {tried} copies, alike from {ALIKE_FROM}")
    print(f"recognised {found / tried:.3f}; taken for one of {len(logos) - 1} others {wrong / tried:.4f}")


def _closest_other(marks: tuple[str, ...], owner: str, logos: list[OfficialLogo]) -> float:
    others = (likeness(mark, other) for logo in logos if logo.owner != owner for other in logo.marks for mark in marks)
    return max(others, default=0.0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
