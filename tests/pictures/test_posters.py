"""Claims on drawn posters are read with few wrong characters. `python -m benchmarks.posters` does thirty."""

from benchmarks.posters import character_count, cjk_font, draw, read_poster, wrong_characters
from crawler.pictures.ocr_engine import PictureReader


def test_characters_of_posters_are_read() -> None:
    reader, font_file = PictureReader.load(), cjk_font()
    wrong = {}
    characters = 0
    for number in range(10):
        poster = draw(number, font_file)
        characters += character_count(poster)
        wrong[poster.about] = wrong_characters(poster, read_poster(reader, poster))
    assert characters > 1000
    assert sum(wrong.values()) < characters * 0.03, wrong
