"""What the desk hands out of its own: one vendored file, as it was published, and nothing that asks for anything elsewhere."""

import hashlib
import re

from review.web.app import STATIC
from review.web.rendering import TEMPLATES

HTMX_SHA256 = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"


def test_htmx_is_the_published_one_with_its_licence() -> None:
    assert hashlib.sha256((STATIC / "htmx.min.js").read_bytes()).hexdigest() == HTMX_SHA256
    assert "Zero-Clause BSD" in (STATIC / "htmx.LICENSE").read_text("utf-8")


def test_nothing_of_ours_names_another_host() -> None:
    own = [path for path in (*STATIC.iterdir(), *TEMPLATES.iterdir()) if not path.name.startswith("htmx")]
    assert len(own) > 15
    for path in own:
        outside = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", path.read_text("utf-8"))
        assert [url for url in outside if url != "http://www.w3.org"] == [], path.name


def test_templates_escape_everything() -> None:
    for path in TEMPLATES.iterdir():
        markup = path.read_text("utf-8")
        assert "|safe" not in markup and "autoescape false" not in markup, path.name


def test_scripts_never_make_markup_out_of_text() -> None:
    script = (STATIC / "desk.js").read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script)
