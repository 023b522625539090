"""The sheet says where to look, for what, and with which digests; a page cannot write on it, and patients stay out of it."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.rendering.print_page import print_pdf
from domain.masking import Masker
from domain.visits import FrontierUrl
from storage.canonical import read_canonical_zip
from storage.digests import sha256_hex, sm3_hex
from storage.evidence.bundle import build_bundle
from storage.evidence.package import FINDINGS, SCREENSHOT
from storage.evidence.recapture import RecaptureTemplateBroken, recapture_sheet
from tests.storage.samples import KEY, NOW, PROVENANCE, visit
from yiguang.keeping import load_masker

LEXICONS = Path(__file__).parents[2] / "lexicons"
TEMPLATE = (LEXICONS / "letters" / "recapture.html").read_text("utf-8")
LEAD = visit(FrontierUrl(7, "2026-11-26", 1, "http://clinic.example/", 0, 1), flagged=True)


@pytest.fixture(scope="module")
def masker() -> Masker:
    return load_masker(LEXICONS)


def test_what_the_sheet_says(masker: Masker) -> None:
    bundle = build_bundle(LEAD, PROVENANCE, NOW, KEY)
    sheet = recapture_sheet(bundle, 7, TEMPLATE, masker)
    members = read_canonical_zip(bundle)
    for said in (
        "线索 7。", "http://clinic.example/", "2026-11-26 02:00:00", "治愈率达98%（广告法16(1)(2)）", "示例监测中心",
        sha256_hex(bundle), sm3_hex(bundle), sha256_hex(members[SCREENSHOT]), KEY.fingerprint,
    ):  # fmt: skip
        assert said in sheet
    assert "$" not in sheet
    silenced = [item for item in json.loads(members[FINDINGS])["judgement"]["findings"] if item["silenced"]]
    assert silenced and all(item["quote"] not in sheet for item in silenced)
    assert not re.search(r"(?:src|href)\s*=|url\(|@import", sheet), "asks nothing of the network"


def test_the_address_to_type_is_whole(masker: Masker) -> None:
    url = f"http://clinic.example/s?__biz=MzA5&amp=&chksm={'a1' * 500}"
    long = visit(FrontierUrl(7, "2026-11-26", 1, url, 0, 1), flagged=True)
    sheet = recapture_sheet(build_bundle(long, PROVENANCE, NOW, KEY), 7, TEMPLATE, masker)
    assert f"<th>打开此网址</th><td><code>{html.escape(url)}</code></td>" in sheet


def test_a_page_cannot_write_on_the_sheet(masker: Masker) -> None:
    assert LEAD.rendering is not None
    hostile = "http://clinic.example/?<script>$operator\u202e" + "a" * 900
    shown = replace(LEAD, rendering=replace(LEAD.rendering, final_url=hostile))
    sheet = recapture_sheet(build_bundle(shown, PROVENANCE, NOW, KEY), 7, TEMPLATE, masker)
    assert "?&lt;script&gt;$operator\ufffdaaa" in sheet
    assert "a" * 400 not in sheet


def test_a_broken_template_is_told(masker: Masker) -> None:
    with pytest.raises(RecaptureTemplateBroken, match="模板有误"):
        recapture_sheet(build_bundle(LEAD, PROVENANCE, NOW, KEY), 7, "$no_such_fact", masker)


def test_it_prints_on_one_page(masker: Masker) -> None:
    pdf = print_pdf(recapture_sheet(build_bundle(LEAD, PROVENANCE, NOW, KEY), 7, TEMPLATE, masker))
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
