"""The viewer: only signed links, only for minutes, and nothing that a browser could run."""

import zipfile
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import Engine

from domain.roles import Role
from review.shots import EvidenceUnreadable
from review.web.pictures import MAX_HEIGHT, encode
from review.web.settings import WebSettings
from review.web.viewer_links import link_holds, signature, viewer_link
from tests.desk_web.served import Hostile, Served, hostile_night, served_desk
from tests.storage.samples import NOW, png

DOM = "<html><body onload=alert(1)><script>alert(1)</script><h1>本院</h1><img src=http://evil.example/x></body></html>"


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    with served_desk(engine, tmp_path, (Role.ANALYST, Role.ADMIN)) as served:
        served.items = hostile_night(engine, tmp_path, {"a": Hostile("标题", DOM)})
        yield served


def link_of(served: Served) -> str:
    markup = served.client(Role.ANALYST).get(f"/items/{served.items['a']}").text
    link = markup.partition('data-viewer="')[2].partition('"')[0].replace("&amp;", "&")
    assert link.startswith(served.viewer)
    return link


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, trust_env=False)


def test_a_link_of_the_desk_opens_the_page_in_a_frame_that_can_do_nothing(served: Served) -> None:
    link = link_of(served)
    answer = get(link)
    assert answer.status_code == 200 and "sandbox inert" in answer.text
    assert "frame-src 'self'" in answer.headers["content-security-policy"]
    query = urlsplit(link).query
    page = get(f"{served.viewer}/page?{query}")
    assert page.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "<script" not in page.text and "本院" in page.text and "data-was-src" in page.text
    assert get(f"{served.viewer}/page?{query}", **{"Sec-Fetch-Dest": "document"}).status_code == 403
    assert get(f"{served.viewer}/shot.jpg?{query}").content.startswith(b"\xff\xd8")
    assert all("set-cookie" not in each.headers for each in (answer, page))


def test_files_are_handed_out_as_files_with_names_of_ours(served: Served) -> None:
    query = urlsplit(link_of(served)).query
    for part, suffix in (("text", ".txt"), ("findings", ".json"), ("warc", ".gz"), ("bundle", ".wacz")):
        answer = get(f"{served.viewer}/part/{part}?{query}")
        assert answer.status_code == 200 and answer.headers["content-type"] == "application/octet-stream"
        disposition = answer.headers["content-disposition"]
        assert disposition.startswith('attachment; filename="') and disposition.endswith(f'{part}{suffix}"')
    assert zipfile.is_zipfile(BytesIO(get(f"{served.viewer}/part/bundle?{query}").content))
    assert get(f"{served.viewer}/part/datapackage.json?{query}").status_code == 403


def test_no_other_link_opens_anything(served: Served) -> None:
    good = {name: values[0] for name, values in parse_qs(urlsplit(link_of(served)).query).items()}
    other = f"evidence/2026-11-26/{'0' * 64}.wacz"
    for change in (
        {"sign": "0" * 64}, {"sign": ""}, {"until": "99999999999"}, {"until": "x"}, {"bundle": other},
        {"bundle": "../../etc/passwd"}, {"bundle": "evidence/../keys/seal.pem"}, {"bundle": "desk.db"}, {"bundle": ""},
    ):  # fmt: skip
        for path in ("/", "/page", "/shot.jpg", "/part/bundle"):
            assert get(f"{served.viewer}{path}?{urlencode(good | change)}").status_code == 403, change
    served.clock.forward(minutes=6)
    assert get(f"{served.viewer}/?{urlencode(good)}").status_code == 403


def test_a_signed_name_still_does_not_leave_the_evidence() -> None:
    key = b"k" * 32
    settings = WebSettings(viewer="http://v.example", viewer_key=key)
    assert viewer_link(settings, None, NOW) == "" and viewer_link(WebSettings(), "a", NOW) == ""
    until = int((NOW + timedelta(minutes=5)).timestamp())
    assert link_holds(key, "a", until, signature(key, "a", until), NOW)
    assert not link_holds(b"other", "a", until, signature(key, "a", until), NOW)
    assert not link_holds(key, "a", until, signature(key, "a", until), NOW + timedelta(minutes=6))


def test_who_may_not_see_evidence_gets_no_link(served: Served) -> None:
    assert served.client(Role.ADMIN).get(f"/items/{served.items['a']}").status_code == 403


def test_a_screenshot_is_pixels_only() -> None:
    image = Image.new("RGB", (40, 30), (200, 10, 10))
    buffer = BytesIO()
    told = PngInfo()
    told.add_text("comment", "<script>alert(1)</script>")
    image.save(buffer, "PNG", pnginfo=told)
    shot = encode(buffer.getvalue() + b"<script>alert(1)</script>")
    assert (shot.width, shot.height, shot.cut) == (40, 30, 0)
    assert b"script" not in shot.jpeg and shot.jpeg.startswith(b"\xff\xd8")
    tall = encode(png(2, MAX_HEIGHT + 100))
    assert (tall.height, tall.cut) == (MAX_HEIGHT, 100)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a<script>", b"<svg onload=alert(1)>", png()[:40]],
)
def test_what_is_no_picture_is_not_shown(data: bytes) -> None:
    with pytest.raises(EvidenceUnreadable):
        encode(data)
