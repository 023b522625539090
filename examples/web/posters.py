"""Draws the posters of two clinics and a banner: claims that exist only as pixels.

`python -m examples.web.posters FONT` writes the files anew; they are committed, so nobody needs to run it. FONT is a
font file with Chinese glyphs. Needs Pillow.
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from examples.web.sites import SITES

FOLDER = SITES / "www.haibao-guke.example"
#: Its pages say nothing in text: one picture makes the claims, the other gives the hours.
SILENT = SITES / "www.songhe-kangfu.example"
BANNER = SITES / "www.baidian-yanjiusuo.example" / "laixin.png"
WIDTH, HEIGHT, COLOURS = 720, 960, 16

Line = tuple[int, str, str]
"""Font size in pixels, colour, text."""

POSTERS: dict[str, tuple[str, tuple[Line, ...]]] = {
    "haibao-xigai.png": (
        "#0b5345",
        (
            (30, "#f9e79f", "云埠膝岚骨科门诊部"),
            (84, "#ffffff", "膝盖疼"),
            (92, "#f4d03f", "三针除根"),
            (38, "#ffffff", "不开刀 不住院 不复发"),
            (40, "#f4d03f", "治愈率高达98.7%"),
            (32, "#ffffff", "已让6万名老寒腿患者重新站起来"),
            (30, "#f9e79f", "专家热线 000-00001908"),
        ),
    ),
    "haibao-huodong.png": (
        "#922b21",
        (
            (34, "#fdebd0", "重阳敬老月"),
            (80, "#f4d03f", "免费住院"),
            (44, "#ffffff", "医保全报 自己不花一分钱"),
            (36, "#ffffff", "专车接送 包吃包住"),
            (36, "#fdebd0", "出院再送大米一袋 鸡蛋三十枚"),
            (32, "#f4d03f", "限前100名 无效全额退款"),
            (30, "#fdebd0", "预约 000-00001908"),
        ),
    ),
    "haibao-mingyi.png": (
        "#1a3a5f",
        (
            (32, "#d6eaf8", "八旬骨科圣手 亲诊"),
            (84, "#ffffff", "郎老神医"),
            (38, "#f4d03f", "祖传五代正骨秘方"),
            (36, "#ffffff", "股骨头坏死 椎间盘突出"),
            (44, "#f4d03f", "一贴见效 永不复发"),
            (34, "#ffffff", "比大医院手术更安全"),
            (30, "#d6eaf8", "微信 demo_xilan08"),
        ),
    ),
}

CLAIMS: tuple[str, tuple[Line, ...]] = (
    "#7b241c",
    (
        (34, "#fdebd0", "松和康复 腰腿痛专号"),
        (76, "#ffffff", "一次治愈"),
        (44, "#f4d03f", "腰椎间盘突出 当天见效"),
        (40, "#ffffff", "有效率高达99.2% 永不复发"),
        (34, "#fdebd0", "祖传秘方 无任何副作用"),
        (34, "#f4d03f", "比手术更安全 无效退款"),
        (32, "#fdebd0", "预约热线 000-00002206"),
    ),
)
HOURS: tuple[str, tuple[Line, ...]] = (
    "#ffffff",
    (
        (48, "#1b4f72", "本月门诊安排"),
        (36, "#333333", "周一至周五"),
        (36, "#333333", "上午八时至十一时三十分"),
        (36, "#333333", "下午二时至五时"),
        (32, "#333333", "康复医学科 一楼东侧"),
    ),
)


def draw_poster(background: str, lines: tuple[Line, ...], font_file: Path) -> Image.Image:
    poster = Image.new("RGB", (WIDTH, HEIGHT), background)
    pen = ImageDraw.Draw(poster)
    pen.rectangle((24, 24, WIDTH - 24, HEIGHT - 24), outline=lines[0][1], width=4)
    gap = (HEIGHT - 160 - sum(size for size, _, _ in lines)) // (len(lines) - 1)
    top = 80
    for size, colour, text in lines:
        pen.text((WIDTH / 2, top + size / 2), text, fill=colour, font=ImageFont.truetype(font_file, size), anchor="mm")
        top += size + gap
    return poster.quantize(COLOURS)


def draw_banner(font_file: Path) -> Image.Image:
    banner = Image.new("RGB", (468, 60), "#ffff99")
    pen = ImageDraw.Draw(banner)
    pen.rectangle((1, 1, 466, 58), outline="#ff0000", width=2)
    font = ImageFont.truetype(font_file, 22)
    pen.text((234, 30), "★ 点这里看痊愈患者的来信 ★", fill="#ff0000", font=font, anchor="mm")
    return banner.quantize(COLOURS)


def main(font_file: Path) -> None:
    for name, (background, lines) in POSTERS.items():
        draw_poster(background, lines, font_file).save(FOLDER / name, optimize=True)
    draw_poster(*CLAIMS, font_file).convert("RGB").save(SILENT / "zhuanlan.jpg", quality=60)
    draw_poster(*HOURS, font_file).save(SILENT / "menzhen.png", optimize=True)
    draw_banner(font_file).save(BANNER, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
