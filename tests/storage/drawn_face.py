"""A face of nobody, drawn of ovals, that a detector takes for one."""

from PIL import Image, ImageDraw, ImageFilter

_SKIN, _HAIR, _LIP = (222, 178, 150), (40, 28, 22), (180, 80, 80)


def drawn_face(side: int) -> Image.Image:
    picture = Image.new("RGB", (200, 200), (150, 170, 190))
    draw = ImageDraw.Draw(picture)

    def oval(x: float, y: float, across: float, down: float, colour: tuple[int, int, int]) -> None:
        draw.ellipse((x - across, y - down, x + across, y + down), fill=colour)

    oval(100, 90, 62, 78, _HAIR)
    draw.rectangle((80, 150, 120, 200), fill=(190, 140, 115))
    oval(100, 105, 50, 66, _SKIN)
    oval(100, 60, 48, 26, _HAIR)
    oval(100, 85, 46, 30, _SKIN)
    for x in (79, 121):
        oval(x, 98, 10, 5, (245, 245, 240))
        oval(x, 98, 5, 5, _HAIR)
        draw.line((x - 13, 84, x + 12, 82), fill=(60, 40, 30), width=4)
    draw.polygon([(100, 98), (90, 126), (110, 126)], fill=(205, 158, 130))
    oval(100, 147, 19, 6, _LIP)
    return picture.filter(ImageFilter.GaussianBlur(2)).resize((side, side), Image.Resampling.LANCZOS)
