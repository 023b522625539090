"""Templates as a running desk has them."""

import shutil
from pathlib import Path

from sqlalchemy import Engine
from starlette.requests import Request

from review.web.desk import Lexicon, make_desk
from review.web.problems import not_found
from review.web.rendering import TEMPLATES, Renderer
from review.web.settings import WebSettings
from review.web.visit import Visit
from tests.review.desk import PASSWORDS, Clock


def test_what_an_upgrade_puts_on_the_disk_is_not_taken_up_by_a_desk_that_runs(engine: Engine, tmp_path: Path) -> None:
    """New templates asked old code for values that it did not have: every page ended in an error until the restart."""
    folder = tmp_path / "templates"
    shutil.copytree(TEMPLATES, folder)
    renderer = Renderer(8, "", folder)
    desk = make_desk(engine, tmp_path, WebSettings(), Clock(), Lexicon(), None, PASSWORDS)
    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": [], "server": ("desk", 80)}
    visit = Visit(desk, renderer, Request(scope), None, ())

    def shown() -> bytes:
        return bytes(renderer.problem(visit, not_found()).body)

    before = shown()
    for path in folder.iterdir():
        path.write_text("{{ a_value_of_the_new_code }}", encoding="utf-8")
    assert shown() == before
    assert (
        b"\xe7\x99\xbb\xe5\xbd\x95" in renderer.page(visit, "entering.html", 200, {"to": "/"}).body
    )  # not rendered before
    shutil.rmtree(folder)
    assert shown() == before
