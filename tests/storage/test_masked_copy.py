"""What the sheet of a masked copy tells a reader about what was blacked out."""

from dataclasses import replace
from pathlib import Path

from domain.visits import FrontierUrl
from storage.evidence.bundle import build_bundle
from storage.evidence.masked_copy import TEXT_SUFFIX, masked_copy
from tests.storage.samples import KEY, NOW, PROVENANCE, TEXT, judgement, page, visit
from yiguang.keeping import load_masker

MASKER = load_masker(Path(__file__).parents[2] / "lexicons")
PATIENT = "患者林小蕊女士"


def test_places_are_counted_and_named_as_in_a_letter() -> None:
    row = FrontierUrl(7, "2026-11-26", 1, "http://clinic.example/", 0, 1)
    text = f"{PATIENT}说好。\n{TEXT}"
    lead = visit(row, flagged=True, page=replace(page(row.url, text), title=PATIENT), judgement=judgement(True, text))
    sheet = masked_copy(build_bundle(lead, PROVENANCE, NOW, KEY), MASKER, lambda _: ())[TEXT_SUFFIX].decode()
    assert "  标题第 3 至 7 字：患者或其家属的称谓" in sheet
    assert sheet.count("  正文第 3 至 7 字：患者或其家属的称谓") == 2, "once blacked out, once not found in the picture"
    assert text[2:7] == "林小蕊女士"
