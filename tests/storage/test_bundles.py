"""A bundle holds the whole evidence of one page and opens with ordinary tools."""

import gzip
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from domain.evidence import EvidenceIncomplete
from domain.page import Exchange
from domain.visits import FrontierUrl
from storage.canonical import NotCanonical, canonical_json, canonical_zip, read_canonical_zip
from storage.evidence.bundle import build_bundle, main_exchange, write_bundle
from storage.evidence.package import MEMBERS
from tests.storage.samples import KEY, NOW, PROVENANCE, TEXT, exchange, png, visit

ROW = FrontierUrl(7, "2026-11-26", 1, "http://clinic.example/", 0, 1)


@pytest.fixture(scope="module")
def archive() -> zipfile.ZipFile:
    lead = visit(ROW, flagged=True, exchanges=(_redirect(), exchange(ROW.url)))
    return zipfile.ZipFile(io.BytesIO(build_bundle(lead, PROVENANCE, NOW, KEY)))


def _redirect() -> Exchange:
    moved = exchange("http://clinic.example/old", b"", status=302)
    return type(moved)(
        **{name: getattr(moved, name) for name in moved.__slots__} | {"response_headers": (("Location", "/"),)}
    )


def test_an_ordinary_zip_tool_reads_every_member(archive: zipfile.ZipFile) -> None:
    assert archive.testzip() is None
    assert tuple(archive.namelist()) == MEMBERS
    assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_digests_lead_from_one_to_all(archive: zipfile.ZipFile) -> None:
    digest = json.loads(archive.read("datapackage-digest.json"))
    assert digest["hash"] == "sha256:" + hashlib.sha256(archive.read("datapackage.json")).hexdigest()
    package = json.loads(archive.read("datapackage.json"))
    assert package["wacz_version"] == "1.1.1"
    assert {item["path"] for item in package["resources"]} == set(MEMBERS) - {
        "datapackage.json",
        "datapackage-digest.json",
    }
    for item in package["resources"]:
        body = archive.read(item["path"])
        assert (item["hash"], item["bytes"]) == ("sha256:" + hashlib.sha256(body).hexdigest(), len(body))
    listed = {item["name"] for item in json.loads(archive.read("evidence/manifest.json"))["files"]}
    assert listed == {item["path"] for item in package["resources"]} - {"evidence/manifest.json"}


def test_the_index_finds_every_record(archive: zipfile.ZipFile) -> None:
    warc = archive.read("archive/data.warc.gz")
    lines = gzip.decompress(archive.read("indexes/index.cdx.gz")).decode().splitlines()
    assert lines == sorted(lines)
    for line in lines:
        fields = json.loads("{" + line.partition(" {")[2])
        member = warc[int(fields["offset"]) : int(fields["offset"]) + int(fields["length"])]
        record = next(ArchiveIterator(io.BytesIO(member), check_digests="raise"))
        assert record.rec_headers["WARC-Target-URI"] == fields["url"]
    urls = {json.loads("{" + line.partition(" {")[2])["url"] for line in lines}
    page = json.loads(archive.read("pages/pages.jsonl").splitlines()[1])
    assert page["url"] in urls
    assert "urn:view:http://clinic.example/" in urls
    idx = archive.read("indexes/index.idx").decode().splitlines()[1]
    assert idx.startswith(lines[0].partition(" {")[0])


def test_replay_starts_from_the_answer_for_the_page() -> None:
    lead = visit(ROW, flagged=True)
    assert lead.rendering is not None
    robots = exchange("http://clinic.example/robots.txt")
    static = (_redirect(), lead.exchanges[0], robots)
    shown = replace(
        lead.rendering, exchanges=(exchange(ROW.url + "logo.png", source="browser"),), final_url=ROW.url + "#top"
    )
    assert main_exchange(replace(lead, exchanges=static), shown) == lead.exchanges[0]
    assert main_exchange(lead, lead.rendering).source == "browser"
    elsewhere = replace(shown, final_url="http://other.example/")
    assert main_exchange(replace(lead, exchanges=static), elsewhere) == lead.exchanges[0]
    assert (
        main_exchange(replace(lead, exchanges=(), final_url="http://other.example/"), elsewhere) == shown.exchanges[0]
    )


def test_screenshot_text_and_findings_are_there(archive: zipfile.ZipFile) -> None:
    assert archive.read("evidence/screenshot.png") == png()
    text = archive.read("evidence/text.txt").decode()
    assert text == TEXT
    given = json.loads(archive.read("evidence/findings.json"))
    assert [text[item["start"] : item["end"]] for item in given["judgement"]["findings"]] == ["治愈率达98%", "无效退款"]


def test_provenance_says_who_when_how_and_what_is_missing(archive: zipfile.ZipFile) -> None:
    given = json.loads(archive.read("evidence/provenance.json"))
    assert given["system"] == PROVENANCE
    assert given["started_at"] == {"beijing": "2026-11-26T02:00:00+08:00", "utc": "2026-11-25T18:00:00.000000Z"}
    assert given["robots"] == "allowed"
    assert given["server_ips"] == ["127.0.0.1"]
    assert given["redirects"] == [{"location": "/", "status": 302, "url": "http://clinic.example/old"}]
    assert given["not_captured"] == [{"reason": "视频不下载", "url": "http://video.example/a.mp4"}]
    assert given["browser"]["viewport"] == [1280, 800]
    assert given["rules_sha256"] == "r" * 64


def test_only_complete_leads_are_bundled() -> None:
    with pytest.raises(ValueError, match="only a flagged page"):
        build_bundle(visit(ROW), PROVENANCE, NOW, KEY)
    with pytest.raises(EvidenceIncomplete):
        build_bundle(visit(ROW, flagged=True), {"tool": "yiguang"}, NOW, KEY)


def test_a_bundle_is_named_by_its_digest(tmp_path: Path) -> None:
    stored = write_bundle(tmp_path, "2026-11-26", b"whole")
    assert stored.path == f"evidence/2026-11-26/{hashlib.sha256(b'whole').hexdigest()}.wacz"
    assert [path.name for path in (tmp_path / "evidence/2026-11-26").iterdir()] == [f"{stored.sha256}.wacz"]


def test_equal_values_have_equal_bytes() -> None:
    assert canonical_json({"b": (1, 2.5), "a": "医\0"}) == '{"a":"医\ufffd","b":[1,2.5]}\n'.encode()
    members = {"b.txt": b"1", "a.txt": b""}
    assert canonical_zip(members) == canonical_zip(dict(members))
    assert list(read_canonical_zip(canonical_zip(members))) == ["b.txt", "a.txt"]


def test_archives_of_other_tools_are_not_canonical() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as other:
        other.writestr("a.txt", b"1")
    with pytest.raises(NotCanonical):
        read_canonical_zip(buffer.getvalue())
    with pytest.raises(ValueError, match="ascii"):
        canonical_zip({"医.txt": b""})
