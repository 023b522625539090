"""Of the addresses offered for a picture the one is taken that shows its words best."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pages.extract import extract_page
from crawler.pages.picture_sources import best_of_set, picture_source
from tests.crawler_runtime.fakes import WORDINGS


@pytest.mark.parametrize(
    ("srcset", "best"),
    [
        ("a.jpg", "a.jpg"),
        ("a.jpg 1x, b.jpg 2x", "b.jpg"),
        ("a.jpg 320w, b.jpg 1600w, c.jpg 640w", "b.jpg"),
        ("a.jpg 320w, b.jpg 1200w, c.jpg 6000w", "b.jpg"),
        ("a.jpg 4000w, b.jpg 3000w, c.jpg 5000w", "b.jpg"),
        ("/img/a,w_640.jpg 640w, /img/a,w_1280.jpg 1280w", "/img/a,w_1280.jpg"),
        ("a.jpg 1x,b.jpg 1.5x", "b.jpg"),
        ("  \n a.jpg   100w  ,\n b.jpg 200w ,", "b.jpg"),
        ("a.jpg, b.jpg 2x", "b.jpg"),
        ("a.jpg 1.2.3w", "a.jpg"),
        ("", ""),
        (" , ,", ""),
        ("a.jpg large", ""),
        ("data:image/gif;base64,R0lGODlhAQABAAAAACw= 1w", ""),
        ("data:image/gif;base64,R0lGODlhAQABAAAAACw= 1x, a.jpg 2x", "a.jpg"),
    ],
)
def test_the_largest_that_is_of_use(srcset: str, best: str) -> None:
    assert best_of_set(srcset) == best


@given(st.text(alphabet="ab./ ,123wxh\n\t", max_size=80))
def test_whatever_is_written_an_address_without_blanks_comes_out(srcset: str) -> None:
    best = best_of_set(srcset)
    assert best == "" or (best in srcset and not any(blank in best for blank in " \n\t"))


@pytest.mark.parametrize(
    ("attributes", "source", "lazy"),
    [
        ({"src": "a.jpg"}, "a.jpg", False),
        ({"src": "a.jpg", "loading": "lazy"}, "a.jpg", True),
        ({"src": "loading.gif", "data-original": "//cdn.example/a.jpg"}, "//cdn.example/a.jpg", True),
        ({"src": "a.jpg", "data-lazy": "true"}, "a.jpg", False),
        ({"src": "blank.gif", "data-src": "{{item.img}}"}, "blank.gif", False),
        ({"src": "s.jpg", "srcset": "s.jpg 300w, l.jpg 900w"}, "l.jpg", False),
        ({"data-srcset": "s.jpg 300w, l.jpg 900w"}, "l.jpg", True),
        ({"src": "none.gif", "zoomfile": "data/attachment/a.jpg"}, "data/attachment/a.jpg", True),
        ({"src": "s.gif", "data-ks-lazyload": "/a.jpg"}, "/a.jpg", True),
        ({"src": "a.jpg", "data-url": "/news/1.html"}, "a.jpg", False),
        ({"src": "a.jpg", "data-url": "show.shtml?id=3", "data-img": "/b.jpg"}, "/b.jpg", True),
        ({"src": "a.jpg", "srcset": "data:image/gif;base64,R0lGODlhAQABAAAAACw= 1w"}, "a.jpg", False),
        ({}, "", False),
    ],
)
def test_an_element_offers_its_picture_in_many_places(attributes: dict[str, str], source: str, lazy: bool) -> None:
    assert picture_source(attributes) == (source, lazy)


def images_of(inside: str) -> list[str]:
    page = extract_page(f"<html><body>{inside}</body></html>", "http://a.example/", "utf-8", WORDINGS)
    return [image.url.removeprefix("http://a.example/") for image in page.images]


@pytest.mark.parametrize(
    ("box", "images"),
    [
        ('<div class="swiper-lazy" data-background="/a.jpg"></div>', ["a.jpg"]),
        ('<div data-bg="url(/a.jpg?v=1)"></div>', ["a.jpg?v=1"]),
        ('<section data-background-image="upload/1"><p>x</p></section>', ["upload/1"]),
        ("<div style='background: URL(\"/a.jpg\")'></div>", ["a.jpg"]),
        ('<table><tr><td background="/a.jpg">x</td></tr></table>', ["a.jpg"]),
        ('<div data-bg="#fff"></div><div data-background="rgba(0,0,0,.5)"></div><div data-bg="dark"></div>', []),
    ],
)
def test_a_box_names_its_background_in_many_places(box: str, images: list[str]) -> None:
    assert images_of(box) == images


@pytest.mark.parametrize(
    ("inside", "images"),
    [
        ('<picture><source srcset="a.webp 800w"><img src="a.jpg"></picture>', ["a.jpg"]),
        ('<picture><source srcset="a.webp 800w"><img src="data:image/gif;base64,R0"></picture>', ["a.webp"]),
        ('<picture><source data-srcset="a.webp"><source srcset="b.png"><img></picture>', ["a.webp"]),
        (
            '<picture><source srcset="a.webp"><img src="/img/placeholder.png"></picture><img src="b.jpg">',
            ["a.webp", "b.jpg"],
        ),
        (
            '<mip-img src="a.jpg"></mip-img><amp-img src="b.jpg"><noscript><img src="c.jpg"></noscript></amp-img>',
            ["a.jpg", "b.jpg"],
        ),
        ('<video poster="p.jpg"><source src="film.mp4"></video><audio><source src="s.mp3"></audio>', ["p.jpg"]),
    ],
)
def test_a_picture_element_is_one_picture(inside: str, images: list[str]) -> None:
    assert images_of(inside) == images
