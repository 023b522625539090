"""Every file of a night is under one signed head; nothing in the chain goes, comes, moves or changes unnoticed."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, update

from domain.visits import FrontierUrl
from storage.checking.verify import verify_all
from storage.checking.verify_chain import verify_chain
from storage.crawl.nights import finish_night
from storage.database import writing
from storage.sealing.chain import ChainEntry, chain_faults, read_entries
from storage.sealing.merkle import merkle_paths, merkle_root, root_from_path
from storage.sealing.seal_key import SealKey
from storage.sealing.seals import seal_night, write_seal_files
from storage.tables import chain_entries, seals
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, visit

_LEAVES = st.lists(st.binary(max_size=4), min_size=1, max_size=20)


@given(_LEAVES, st.data())
def test_a_path_leads_from_its_leaf_to_the_root_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = merkle_paths(leaves)[index]
    root = merkle_root(leaves)
    assert root_from_path(leaves[index], index, len(leaves), path) == root
    assert root_from_path(leaves[index] + b"!", index, len(leaves), path) != root
    with pytest.raises(ValueError, match="path too"):
        root_from_path(leaves[index], index, len(leaves), [*path, root])


def test_the_root_is_the_standards() -> None:
    """One empty leaf: `printf '\\0' | sha256sum`."""
    assert merkle_paths([b""]) == [[]] and merkle_paths([]) == []
    assert merkle_root([b""]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> Path:
    """A sealed night of three leads and two other pages, in one WARC file."""
    night_id, ids = open_sample_night(engine, links=4)
    store = open_store(engine, tmp_path)
    rows: list[FrontierUrl] = []
    while batch := claim(engine, night_id, ids, limit=3):
        rows += batch
    for number, row in enumerate(rows):
        store.record(visit(row, flagged=number < 3))
    store.close()
    seal_night(engine, tmp_path, night_id, seal_key(tmp_path), NOW)
    finish_night(engine, night_id, NOW)
    return tmp_path


def _faults(engine: Engine, folder: Path) -> list[tuple[str, str]]:
    """(report, name of the failed check) of everything that fails."""
    reports = verify_all(engine, folder) + verify_chain(engine, folder, seal_key(folder).fingerprint)
    return [(Path(report.path).name, check.name) for report in reports for check in report.checks if not check.ok]


def test_a_night_is_under_one_head(engine: Engine, folder: Path) -> None:
    assert _faults(engine, folder) == []
    head = json.loads((folder / "seals/000001/head.json").read_bytes())["head"]
    lines = (folder / "seals/000001/entries.jsonl").read_bytes().splitlines(keepends=True)
    assert (head["first"], head["last"], len(lines)) == (1, 4, 4)
    assert [json.loads(line)["kind"] for line in lines] == ["bundle"] * 3 + ["warc"]
    assert head["merkle_root"] == merkle_root(lines).hex()


def test_sealing_again_changes_nothing_and_restores_missing_files(engine: Engine, folder: Path) -> None:
    head = folder / "seals/000001/head.json"
    before = head.read_bytes()
    assert seal_night(engine, folder, "2026-11-26", seal_key(folder), NOW) is None
    head.unlink()
    assert _faults(engine, folder) == [("000001", "head.json")]
    assert write_seal_files(engine, folder) == ["seals/000001/head.json"]
    assert head.read_bytes() == before
    assert _faults(engine, folder) == []


def test_the_next_night_goes_on_where_the_last_ended(engine: Engine, folder: Path) -> None:
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, folder)
    store.record(visit(claim(engine, night_id, ids)[0], flagged=True))
    reports = verify_chain(engine, folder, seal_key(folder).fingerprint)
    assert "尚未封存" in reports[0].notes[0]
    store.close()
    assert seal_night(engine, folder, night_id, seal_key(folder), NOW) == 2
    assert _faults(engine, folder) == []
    heads = [json.loads(path.read_bytes())["head"] for path in sorted(folder.glob("seals/*/head.json"))]
    assert [(head["first"], head["last"]) for head in heads] == [(1, 4), (5, 6)]


def _entry(engine: Engine, number: int) -> ChainEntry:
    with engine.connect() as connection:
        return read_entries(connection, number, number)[0]


def test_a_changed_entry_is_named(engine: Engine, folder: Path) -> None:
    changed = _entry(engine, 2).document.replace('"bundle"', '"bungle"')
    with writing(engine) as connection:
        connection.execute(update(chain_entries).where(chain_entries.c.number == 2).values(document=changed))
    assert ("seals", "哈希链第 2 条") in _faults(engine, folder)


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_removed_entry_is_noticed(engine: Engine, folder: Path, number: int) -> None:
    with writing(engine) as connection:
        connection.execute(delete(chain_entries).where(chain_entries.c.number == number))
    faults = _faults(engine, folder)
    assert {report for report, _ in faults} >= {"seals", "000001"}


def test_a_chain_made_anew_does_not_fit_its_head(engine: Engine, folder: Path) -> None:
    """Somebody with the database, but without the key, leaves out entry 2 and numbers the rest anew."""
    with writing(engine) as connection:
        entries = read_entries(connection, 1, 4)
        connection.execute(delete(chain_entries).where(chain_entries.c.number == 4))
        for number in (2, 3):
            last = entries[number]
            fields = last.fields | {"number": number}
            connection.execute(
                update(chain_entries)
                .where(chain_entries.c.number == number)
                .values(document=json.dumps(fields), path=f"{number}", digest="0" * 64)
            )
    assert ("000001", "head.json") in _faults(engine, folder)


def test_a_head_signed_by_another_key_is_told(engine: Engine, folder: Path) -> None:
    with writing(engine) as connection:
        connection.execute(delete(seals))
    for path in folder.glob("seals/*/*"):
        path.unlink()
    seal_night(engine, folder, "2026-11-26", SealKey.generate(), NOW)
    assert _faults(engine, folder) == [("000001", "签名人")]


def test_a_head_made_again_after_the_entries_changed_leaves_the_old_file(engine: Engine, folder: Path) -> None:
    with writing(engine) as connection:
        connection.execute(delete(seals))
    seal_night(engine, folder, "2026-11-26", SealKey.generate(), NOW)
    assert set(_faults(engine, folder)) == {("000001", "head.json"), ("000001", "签名人")}


def test_a_changed_file_is_told_by_the_chain_too(engine: Engine, folder: Path) -> None:
    warc = next(folder.rglob("*.warc.gz"))
    data = bytearray(warc.read_bytes())
    data[-1] ^= 1
    warc.write_bytes(data)
    assert (warc.name, "哈希链") in _faults(engine, folder)


def test_a_bundle_outside_the_chain_is_told(engine: Engine, folder: Path) -> None:
    with writing(engine) as connection:
        connection.execute(update(chain_entries).where(chain_entries.c.number == 1).values(path="elsewhere"))
    assert ("seals", "哈希链") in _faults(engine, folder)


@given(st.lists(st.sampled_from(["drop", "swap", "keep"]), min_size=3, max_size=3))
def test_dropped_and_swapped_entries_are_noticed(changes: list[str]) -> None:
    documents = []
    entries: list[ChainEntry] = []
    previous = "0" * 64
    for number in (1, 2, 3, 4):
        document = json.dumps({"number": number, "previous": previous}, separators=(",", ":")) + "\n"
        documents.append(document)
        digest = _sha256(document)
        entries.append(ChainEntry(number, document, digest))
        previous = digest
    assert list(chain_faults(entries)) == []
    changed = list(entries)
    for place, change in enumerate(changes):
        if change == "swap":
            changed[place], changed[place + 1] = changed[place + 1], changed[place]
    changed = [entry for place, entry in enumerate(changed) if place >= 3 or changes[place] != "drop"]
    assert bool(list(chain_faults(changed))) == (changed != entries)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_chain_knows_all_that_was_recorded(engine: Engine, folder: Path) -> None:
    with engine.connect() as connection:
        paths = set(connection.scalars(select(chain_entries.c.path)))
    on_disk = {path.relative_to(folder).as_posix() for path in folder.glob("[ew]*/**/*") if path.is_file()}
    assert paths == on_disk
