"""How many characters of drawn posters are read wrongly: gradients, rotation, small print, noise, JPEG.

    python -m benchmarks.posters [COUNT]

Each number gives one poster, always the same; every line says what is not quite right about it. A character counts as wrong
when it has to be put in, taken out or exchanged; blanks and the width of punctuation do not count.
"""

import io
import random
import subprocess
import sys
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from crawler.pictures.ocr_engine import PictureReader

COUNT = 30
_CLAIMS = (
    "治愈率高达98.7%", "三针除根永不复发", "祖传秘方一贴见效", "无效全额退款", "签约治疗保证康复", "国内首家独创疗法",
    "已让六万名患者重获健康", "不开刀不住院不吃药", "零风险无任何副作用", "比大医院手术更安全", "当天治疗当天见效",
    "八旬名医亲自坐诊", "权威机构唯一推荐", "免费住院医保全报", "专车接送包吃包住", "限前100名半价体验",
)  # fmt: skip
_SMALL = (
    "地址：云埠市河滨西路19号松和大厦三层", "接诊时间：8:00—17:30 节假日不休息", "活动解释权归本院所有，详情请到院咨询",
    "颈肩腰腿痛、风湿骨病、股骨头坏死、膝关节积液", "失眠多梦、头晕耳鸣、心慌气短、手足麻木均可调理",
    "凭此单到院可领取价值198元检查套餐一份", "乘坐12路、28路公交车至松和路口站下车即到",
)  # fmt: skip
_GROUNDS = (("#7b241c", "#c0392b"), ("#0b5345", "#1abc9c"), ("#1a3a5f", "#5dade2"), ("#fdf2e9", "#f5b041"),
            ("#f4ecf7", "#d7bde2"), ("#17202a", "#566573"), ("#eafaf1", "#82e0aa"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Poster:
    """A poster and what is written on it, from top to bottom; `about` says how it was made."""

    body: bytes
    lines: tuple[str, ...]
    about: str


def cjk_font() -> Path:
    """The machine's font for Chinese. Raises CalledProcessError when fontconfig is missing."""
    asked = ("fc-match", "-f", "%{file}", ":lang=zh-cn")
    return Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def draw(number: int, font_file: Path) -> Poster:
    """Poster `number`."""
    dice = random.Random(number)  # noqa: S311
    width, height = dice.choice(((750, 1100), (640, 900), (1080, 1500), (800, 800)))
    light, dark = dice.choice(_GROUNDS)
    picture = _gradient(width, height, light, dark, dice)
    ink = "#ffffff" if sum(picture.getpixel((width // 2, height // 2))) < 380 else "#1b1b1b"  # type: ignore[arg-type]
    pen = ImageDraw.Draw(picture)
    small = dice.randint(11, 16)
    written = [(dice.randint(34, 64), text) for text in dice.sample(_CLAIMS, 5)]
    written += [(small, text) for text in dice.sample(_SMALL, 3)] + [
        (30, f"预约热线 000-0000{dice.randint(1000, 9999)}")
    ]
    gap = (height * 0.76 - sum(size for size, _ in written)) / len(written)
    top = height * 0.12
    for size, text in written:
        font = ImageFont.truetype(font_file, size)
        pen.text((width / 2, top), text, fill=ink, font=font, anchor="ma")
        top += size + gap
    degrees = round(dice.uniform(-12, 12), 1) if number % 3 else 0.0
    if degrees:
        picture = picture.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=light)
    if number % 4 == 1:
        picture = Image.blend(picture, Image.effect_noise(picture.size, 90).convert("RGB"), 0.15)
    quality = dice.randint(25, 85)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    noise = ", noise" if number % 4 == 1 else ""
    about = f"{width}x{height}{noise}, turned by {degrees}, small print {small} px, JPEG quality {quality}"
    return Poster(file.getvalue(), tuple(text for _, text in written), about)


def _gradient(width: int, height: int, light: str, dark: str, dice: random.Random) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((width, height))
    if dice.random() < 0.4:
        ramp = Image.radial_gradient("L").resize((width, height))
    return Image.composite(Image.new("RGB", (width, height), light), Image.new("RGB", (width, height), dark), ramp)


def wrong_characters(poster: Poster, read: str) -> int:
    """Edit distance between what is written and what was read."""
    return _distance(_plain("".join(poster.lines)), _plain(read))


def character_count(poster: Poster) -> int:
    return len(_plain("".join(poster.lines)))


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).replace("—", "-").split()).lower()


def _distance(wanted: str, got: str) -> int:
    row = list(range(len(got) + 1))
    for place, one in enumerate(wanted, 1):
        before, row[0] = row[0], place
        for column, other in enumerate(got, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (one != other))
    return row[-1]


def read_poster(reader: PictureReader, poster: Poster) -> str:
    """All that was read, from top to bottom."""
    lines = reader.read(poster.body).lines
    return "".join(line.text for line in sorted(lines, key=lambda line: sum(y for _, y in line.box)))


def main(count: int) -> None:
    reader, font_file = PictureReader.load(), cjk_font()
    wrong = characters = 0
    began = time.monotonic()
    for number in range(count):
        poster = draw(number, font_file)
        read = read_poster(reader, poster)
        missed = wrong_characters(poster, read)
        wrong, characters = wrong + missed, characters + character_count(poster)
        print(f"{number:3} {missed:3} of {character_count(poster)}  {poster.about}")
    print(
        f"wrong: {wrong} of {characters} ({wrong / characters:.2%}), {(time.monotonic() - began) / count:.2f} s a poster"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
