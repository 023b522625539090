"""Evidence of looks that somebody with a key wrote to his liking: what the parts, and the bundles it names, say of it."""

import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from storage.archive.warc_reading import read_back
from storage.canonical import canonical_json, canonical_zip, read_canonical_zip
from storage.checking.verify import verify_bundle
from storage.checking.verify_between import verify_between
from storage.database import migrate, open_engine
from storage.digests import sha256_hex
from storage.evidence import package as parts
from storage.tables import bundles
from storage.takedowns.look_bundle import build_look_bundle, read_visit
from storage.verifier.between import check_between, given_of
from storage.verifier.bundle import check_bundle
from storage.verifier.main import main
from storage.verifier.report import FAILED, Report
from tests.storage.look_nights import climb, look_of
from tests.storage.samples import KEY, NOW


def _forged(data: bytes, **changed: bytes) -> bytes:
    """Signed anew by somebody with all digests right."""
    members = read_canonical_zip(data)
    members |= {parts.__dict__[name]: body for name, body in changed.items()}
    about = json.loads(members[parts.DATAPACKAGE])
    members[parts.MANIFEST] = parts.manifest_of(members)
    members[parts.DATAPACKAGE] = parts.datapackage_of(members, about["title"], about["mainPageUrl"], NOW)
    signature = parts.sign_datapackage(members[parts.DATAPACKAGE], NOW, "yiguang/0.1.0", KEY)
    members[parts.DIGEST] = parts.digest_of(signature)
    return canonical_zip(members)


def _rewritten(data: bytes, look: dict[str, Any]) -> bytes:
    """Made anew as a whole around another record of the look, its copy in the archive too: only sense can tell."""
    members = read_canonical_zip(data)
    received = [
        each.record for each in read_back(members[parts.WARC]) if each.record.type not in ("warcinfo", "resource")
    ]
    visit = read_visit([b"".join(record.data for record in received)])
    return build_look_bundle(visit, look, "", members[parts.TEXT].decode(), NOW, KEY)


def _faults(data: bytes, path: Path) -> tuple[set[str], set[str]]:
    path.write_bytes(data)
    ours = {check.name for check in verify_bundle(path).checks if not check.ok}
    report = Report()
    check_bundle(data, None, report)
    return ours, {line.name for line in report.lines if line.result == FAILED}


#: Which look, and what is changed in what is written of it
_CHANGES: tuple[tuple[int, dict[str, Any]], ...] = (
    (4, {"grade": "gone", "grade_zh": "已下线（两次核实）"}),  # seen gone once only
    (5, {"earlier": []}),
    (5, {"number": 1, "earlier": []}),
    (5, {"copies": ["http://other.example/"]}),
    (5, {"outcome": "timeout", "outcome_zh": "超时"}),
    (5, {"http_status": 410}),
    (5, {"response": None, "http_status": None}),
    (5, {"looked_at": {"utc": "2026-12-24T18:00:00.000000Z", "beijing": "2026-12-25T02:00:00+08:00"}}),
    (2, {"grade": "gone", "grade_zh": "已下线（两次核实）"}),
    (2, {"outcome_zh": "页面不存在（404/410）"}),
    (0, {"grade": "softened", "grade_zh": "页面仍在，内容有所改动"}),
    (0, {"text_sha256": None}),
    (0, {"claims": {"referred": [], "left": [], "dropped": [], "added": []}, "flagged": False}),
    (1, {"format": "yiguang-look-0"}),
)


def test_a_record_that_does_not_follow_from_what_was_received(engine: Engine, tmp_path: Path) -> None:
    """Signed by whoever holds the key: the parts of the bundle contradict each other."""
    case = climb(engine, tmp_path)
    for number, change in _CHANGES:
        data = (tmp_path / case.looks[number].bundle).read_bytes()
        look = look_of(tmp_path, case, number)
        assert _faults(_rewritten(data, look), tmp_path / "x.wacz") == (set(), set())
        assert _faults(_rewritten(data, look | change), tmp_path / "x.wacz") == ({parts.LOOK}, {parts.LOOK}), change


def test_a_quote_that_stands_elsewhere_and_a_sheet_that_says_otherwise(engine: Engine, tmp_path: Path) -> None:
    case = climb(engine, tmp_path)
    data = (tmp_path / case.looks[1].bundle).read_bytes()
    look = look_of(tmp_path, case, 1)
    look["claims"]["added"][0]["start"] += 1
    assert all(parts.LOOK in faults for faults in _faults(_forged(data, LOOK=canonical_json(look)), tmp_path / "x"))
    about = json.loads(read_canonical_zip(data)[parts.PROVENANCE])
    changes: tuple[dict[str, Any], ...] = (
        {"server_ips": ["192.0.2.1"]},
        {"attempts": []},
        {"attempts": [about["attempts"][0] | {"attempt": 2}]},
    )
    for change in changes:
        forged = _forged(data, PROVENANCE=canonical_json(about | change))
        assert all(parts.PROVENANCE in faults for faults in _faults(forged, tmp_path / "x")), change


def test_bundles_given_together_are_held_against_each_other(engine: Engine, tmp_path: Path) -> None:
    """A list of what was referred, or of earlier looks, that fits itself and not the bundles it names."""
    case = climb(engine, tmp_path)
    with engine.connect() as connection:
        lead = tmp_path / connection.scalars(select(bundles.c.path).where(bundles.c.page_id == case.case_id)).one()
    paths = [lead, *(tmp_path / each.bundle for each in case.looks)]
    assert _between(paths) == ([], [])
    last = (tmp_path / case.looks[-1].bundle).read_bytes()
    look = look_of(tmp_path, case, 6)
    shifted = [row | {"start": row["start"] + 1} for row in look["claims"]["referred"]]
    earlier = look["earlier"]
    for change, name in (
        ({"claims": look["claims"] | {"referred": shifted}}, "首次取证"),
        ({"first_capture": look["first_capture"] | {"text_sha256": "0" * 64}}, "首次取证"),
        ({"first_capture": look["first_capture"] | {"bundle_sha256": case.looks[0].bundle_sha256}}, "首次取证"),
        ({"earlier": [earlier[0] | {"outcome": "timeout", "grade": "unreachable"}, *earlier[1:]]}, "此前复测"),
        ({"earlier": [earlier[0] | {"at": "2026-11-26T20:00:00.000000Z"}, *earlier[1:]]}, "此前复测"),
        ({"earlier": [earlier[0] | {"bundle_sha256": case.looks[1].bundle_sha256}, *earlier[1:]]}, "此前复测"),
    ):
        forged = tmp_path / "forged.wacz"
        forged.write_bytes(_rewritten(last, look | change))
        assert verify_bundle(forged).ok, "by itself it fits"
        assert _between([*paths[:-1], forged]) == ([name], [name]), change


def _between(paths: list[Path]) -> tuple[list[str], list[str]]:
    """What fails between bundles, by our verifier and by the one that stands alone."""
    ours = [check.name for report in verify_between(paths) for check in report.checks if not check.ok]
    given = {}
    for path in paths:
        report = Report()
        members = check_bundle(path.read_bytes(), None, report)
        assert report.ok
        given[sha256_hex(path.read_bytes())] = given_of(members)
    report = Report()
    for each in given.values():
        if each.look is not None:
            check_between(each.look, given, report)
    return ours, [line.name for line in report.lines if line.result == FAILED]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=_JSON)
def test_both_verifiers_agree_on_any_look_and_always_answer(looks: list[Path], data: st.DataObject, value: Any) -> None:
    """A field anywhere in the record replaced by any JSON, and the bundle made anew around it."""
    path = data.draw(st.sampled_from(looks))
    look = json.loads(read_canonical_zip(path.read_bytes())[parts.LOOK])
    holder, key = data.draw(st.sampled_from(list(_places(look))))
    holder[key] = value
    try:
        forged = _rewritten(path.read_bytes(), look)
    except (TypeError, KeyError, ValueError, AttributeError):
        return  # not even a bundle can be made of it
    ours, alone = _faults(forged, path.with_name("forged.wacz"))
    assert ours == alone, f"{key} became {value!r}"
    with redirect_stdout(StringIO()):
        assert main([str(path.with_name("forged.wacz"))]) in (0, 1)
    assert all(report.path for report in verify_between([path.with_name("forged.wacz")]))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value where another could stand."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One of each kind, as files."""
    folder = tmp_path_factory.mktemp("looks")
    engine = open_engine(f"sqlite:///{folder}/yiguang.db")
    migrate(engine)
    case = climb(engine, folder)
    engine.dispose()
    return [folder / each.bundle for each in case.looks]
