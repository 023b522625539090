"""What is in a package, and its number."""

import json
import tracemalloc
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from domain.routing import Recipient
from referral.package import DIGESTS, MANIFEST, AttachmentTooLarge, listings, lists_of, rows_of, sizes_of, transmissions
from referral.register import record_package, reserve_number
from storage.digests import sha256_hex, sm3_hex
from storage.leads.outbox import packages_with
from tests.referral.leads import MADE, consignment
from tests.review.desk import Page, night

NAMES = st.text(st.characters(categories=["L", "N"], max_codepoint=0x9FFF), min_size=1, max_size=12)


def test_the_lists_name_every_file_with_its_digests() -> None:
    files = {"甲.txt": b"1", **lists_of(consignment())}
    files |= listings(rows_of(files), consignment())
    manifest = json.loads(files[MANIFEST])
    assert [row["name"] for row in manifest["files"]] == [name for name in files if name not in (MANIFEST, DIGESTS)]
    assert all(
        (row["sha256"], row["sm3"], row["bytes"])
        == (sha256_hex(files[row["name"]]), sm3_hex(files[row["name"]]), len(files[row["name"]]))
        for row in manifest["files"]
    )
    lines = files[DIGESTS].decode().splitlines()
    assert lines[0] == f"{sha256_hex(b'1')}  甲.txt" and len(lines) == len(manifest["files"])


def test_the_list_for_machines_says_lead_and_what_is_missing() -> None:
    manifest = json.loads(listings([], consignment())[MANIFEST])
    (lead,) = manifest["leads"]
    assert manifest["nature"] == "lead" and manifest["opinion"] is None
    assert (lead["confirmed_by"], lead["subject"], lead["account"]) == (2, "示例门诊部", None)
    assert "统一社会信用代码" in lead["missing"]
    assert lead["claims"][0] == {
        "quote": "治愈率达98%",
        "start": 8,
        "end": 15,
        "rule": "cure-rate",
        "family": "efficacy-rate",
        "matter": "说明治愈率、有效率，或者以例数说明疗效",
        "severity": 5,
        "basis": ["广告法16(1)(2)"],
    }


@given(st.dictionaries(NAMES, st.binary(max_size=3000), min_size=1, max_size=12), st.integers(4000, 9000))
def test_transmissions_stay_below_the_limit_and_hold_every_file(files: dict[str, bytes], limit: int) -> None:
    parts = transmissions(files, sizes_of([], files), limit, "1号")
    unpacked: dict[str, bytes] = {}
    for part in parts.values():
        assert len(part) <= limit
        with ZipFile(BytesIO(part)) as archive:
            unpacked |= {name: archive.read(name) for name in archive.namelist()}
    assert list(unpacked.items()) == list(files.items())
    assert list(parts) == [f"1号（{place}／{len(parts)}）.zip" for place in range(1, len(parts) + 1)]


def test_a_file_that_nobody_can_receive_is_named() -> None:
    with pytest.raises(AttachmentTooLarge, match="大图.png"):
        transmissions({}, {"大图.png": 2_000_000}, 1_000_000, "1号")


def test_numbers_are_given_once(engine: Engine, tmp_path: Path) -> None:
    _, ids = night(engine, tmp_path, {"a": Page(0.9)})

    def reserve(_: int) -> str:
        return reserve_number(engine, Recipient.AMR, [ids["a"]], "wang", {}, MADE)

    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(reserve, range(24)))
    assert sorted(numbers) == sorted(f"医广线移〔2026〕{serial}号" for serial in range(1, 25))


def test_only_complete_packages_count(engine: Engine, tmp_path: Path) -> None:
    _, ids = night(engine, tmp_path, {"a": Page(0.9), "b": Page(0.8)})
    first = reserve_number(engine, Recipient.AMR, [ids["a"], ids["b"], ids["a"]], "wang", {}, MADE)
    second = reserve_number(engine, Recipient.NHC, [ids["a"]], "wang", {"staff": "未见登记"}, MADE)
    assert packages_with(engine, ids["a"]) == []
    record_package(engine, second, "ab" * 32)
    (only,) = packages_with(engine, ids["a"])
    assert (only.number, only.recipient, only.made_at) == (second, Recipient.NHC, MADE)
    record_package(engine, first, "cd" * 32)
    assert [each.number for each in packages_with(engine, ids["a"])] == [first, second]
    assert [each.number for each in packages_with(engine, ids["b"])] == [first]


class _Made(Mapping[str, bytes]):
    """Attachments that are made when looked at; all together are more than the test allows."""

    def __iter__(self) -> Iterator[str]:
        return (f"{place}.png" for place in range(300))

    def __len__(self) -> int:
        return 300

    def __getitem__(self, name: str) -> bytes:
        return name.encode() * 100_000


def test_a_package_larger_than_memory_is_packed_archive_by_archive() -> None:
    files = _Made()
    tracemalloc.start()
    try:
        rows = rows_of(files)
        listed = json.loads(listings(rows, consignment())[MANIFEST])["files"]
        parts = transmissions(files, sizes_of(rows, {}), 3_000_000, "1号")
        members = [name for part in parts.values() for name in ZipFile(BytesIO(part)).namelist()]
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert members == list(files) == [row["name"] for row in listed]
    assert len(parts) > 50 and sum(row["bytes"] for row in listed) > 150_000_000
    assert peak_bytes < 20_000_000
