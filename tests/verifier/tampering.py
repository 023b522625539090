"""Random single-byte changes over everything that is handed out or kept, and whether both verifiers name them.

`python -m tests.verifier.tampering 1000` prints a line for every change that was missed or named wrongly.
"""

import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Engine, Table, select, update

from domain.evidence import VerifyReport
from storage.archive.all_bundles import all_bundles
from storage.canonical import ARCHIVE, canonical_zip, read_canonical_zip
from storage.checking.verify import verify_all, verify_bundle
from storage.checking.verify_bundle import SIGNATURE
from storage.checking.verify_chain import verify_chain
from storage.database import writing
from storage.evidence.package import DIGEST
from storage.sealing.keep_records import verify_records
from storage.sealing.proof import SUFFIX
from storage.sealing.rfc3161 import Rfc3161Authority
from storage.tables import chain_entries, keep_records, seals, time_stamps
from storage.verifier.bundle import check_bundle
from storage.verifier.certificate import read_pem
from storage.verifier.proof import ENTRY, HEAD, HEAD_SIGNATURE, PATH, PROOF, check_proof
from storage.verifier.report import FAILED, Report
from tests.storage.crawl import seal_key
from tests.verifier.handing_over import HandOver, hand_out, make_night

#: Parts of a proof, and what the verifier calls a fault in them.
_PROOF_PARTS = {
    "entry": {ENTRY, PATH},
    "index": {PATH},
    "count": {PATH},
    "merkle_path": {PATH},
    "head": {HEAD, HEAD_SIGNATURE, PATH},
    "format": {PROOF},
}


_FIRST_STAMP = select(time_stamps).where(time_stamps.c.authority == "tsa-1", time_stamps.c.seal_number == 1)


@dataclass(frozen=True)
class Change:
    """One change: where, the names of which the report must hold at least one, and the names that failed."""

    where: str
    expected: frozenset[str]
    failed: frozenset[str]

    @property
    def caught(self) -> bool:
        return bool(self.expected & self.failed)


class Night:
    """A sealed, stamped night in `folder`, in the database and as handed out. Every change is taken back at once."""

    def __init__(self, folder: Path) -> None:
        self.home, out = folder / "home", folder / "out"
        self.home.mkdir()
        out.mkdir()
        self.engine: Engine
        self.engine, self.authorities = make_night(self.home)
        self.given: HandOver = hand_out(self.engine, self.home, self.authorities, out)
        self.bundle, self.proof = _handed_out(self.given.bundles[5])
        #: A lead and looks at a page that was gone, changed, and out of reach, each with its proof.
        self.subjects = [(self.bundle, self.proof), *map(_handed_out, self.given.looks)]
        self.roots = [found for path in self.given.roots for found in read_pem(path.read_text("ascii"))]
        self.key = self.given.key
        # The one that openssl has to check takes a hundred times as long as the other.
        self.quick: list[Rfc3161Authority] = self.authorities[:1]

    def changes(self, count: int, chance: random.Random) -> Iterator[Change]:
        kinds: list[Callable[[random.Random], Iterator[Change]]] = [
            self.in_the_file,
            self.in_a_member,
            self.in_the_proof,
            self.in_the_chain,
            self.in_a_record,
            self.in_a_record_file,
            self.in_a_seal,
            self.in_a_seal_file,
            self.in_a_token,
        ]
        for number in range(count):
            yield from kinds[number % len(kinds)](chance)

    def in_the_file(self, chance: random.Random) -> Iterator[Change]:
        """Any byte of the bundle: the member it lies in, or the form around the members."""
        bundle, proof = chance.choice(self.subjects)
        place = chance.randrange(len(bundle))
        expected = _names_of(_member_at(bundle, place)) | {ARCHIVE, "成员"}
        yield from self._bundle(_flip(bundle, place, chance), proof, expected)

    def in_a_member(self, chance: random.Random) -> Iterator[Change]:
        """A byte of a member, in an archive that is well-formed again."""
        bundle, proof = chance.choice(self.subjects)
        members = read_canonical_zip(bundle)
        name = chance.choice(sorted(name for name, body in members.items() if body))
        place = chance.randrange(len(members[name]))
        changed = members | {name: _flip(members[name], place, chance)}
        yield from self._bundle(canonical_zip(changed), proof, _names_of(name))

    def _bundle(self, data: bytes, proof: bytes, expected: frozenset[str]) -> Iterator[Change]:
        path = self.given.folder / "changed.wacz"
        path.write_bytes(data)
        ours = verify_bundle(path, self.key)
        yield Change("bundle, ours", expected, _failed([ours]))
        report = Report()
        check_bundle(data, self.key, report)
        yield Change("bundle, verify.pyz", expected, _lines(report))
        report = Report()
        check_proof(proof, data, self.key, self.roots, report)
        yield Change("bundle against its proof", frozenset({ENTRY}), _lines(report))

    def in_the_proof(self, chance: random.Random) -> Iterator[Change]:
        bundle, proof = chance.choice(self.subjects)
        place = chance.randrange(len(proof))
        report = Report()
        check_proof(_flip(proof, place, chance), bundle, self.key, self.roots, report)
        # A byte that breaks the JSON, or its spelling, is a fault of the proof as a whole.
        expected = frozenset(_proof_names(proof, place) | {PROOF})
        yield Change("proof, verify.pyz", expected, _lines(report))

    def in_the_chain(self, chance: random.Random) -> Iterator[Change]:
        with self.engine.connect() as connection:
            row = chance.choice(connection.execute(select(chain_entries)).all())
        changed = _flip_text(row.document, chance)
        with self._changed(chain_entries, chain_entries.c.number == row.number, "document", row.document, changed):
            yield Change("chain", frozenset({f"哈希链第 {row.number} 条"}), self._chain_faults())

    def in_a_record(self, chance: random.Random) -> Iterator[Change]:
        """In the database alone: an act rewritten, whose file and entry in the chain say otherwise."""
        with self.engine.connect() as connection:
            row = chance.choice(connection.execute(select(keep_records)).all())
        column = chance.choice(["document", "document", "subject"])
        changed = _flip_text(row._mapping[column], chance)
        with self._changed(keep_records, keep_records.c.number == row.number, column, row._mapping[column], changed):
            yield Change("record of an act", frozenset({f"{row.path} 记录"}), self._record_faults())

    def in_a_record_file(self, chance: random.Random) -> Iterator[Change]:
        path = chance.choice(sorted(self.home.glob("records/*")))
        data = path.read_bytes()
        path.write_bytes(_flip(data, chance.randrange(len(data)), chance))
        name = path.relative_to(self.home).as_posix()
        yield Change("file of a record", frozenset({f"{name} 记录"}), self._record_faults())
        path.write_bytes(data)

    def _record_faults(self) -> frozenset[str]:
        """Names with the file they are of: a fault of one record is no fault of another."""
        return frozenset(
            f"{Path(report.path).relative_to(self.home).as_posix()} {check.name}"
            for report in verify_records(self.engine, self.home)
            for check in report.checks
            if not check.ok
        )

    def in_a_seal(self, chance: random.Random) -> Iterator[Change]:
        with self.engine.connect() as connection:
            row = chance.choice(connection.execute(select(seals)).all())
        changed = _flip_text(row.document, chance)
        with self._changed(seals, seals.c.number == row.number, "document", row.document, changed):
            yield Change("head", frozenset({"head.json"}), self._chain_faults())

    def in_a_seal_file(self, chance: random.Random) -> Iterator[Change]:
        path = chance.choice(sorted(self.home.glob("seals/*/*")))
        data = path.read_bytes()
        path.write_bytes(_flip(data, chance.randrange(len(data)), chance))
        yield Change("file of a head", frozenset({path.name}), self._chain_faults())
        path.write_bytes(data)

    def in_a_token(self, chance: random.Random) -> Iterator[Change]:
        """In the database and on disk alike, so that only the token itself, or its size in the proof, can tell."""
        with self.engine.connect() as connection:
            row = connection.execute(_FIRST_STAMP).one()
        changed = _flip(row.token, chance.randrange(len(row.token)), chance)
        path = self.home / "seals/000001" / row.token_file
        path.write_bytes(changed)
        with self._changed(time_stamps, time_stamps.c.id == row.id, "token", row.token, changed):
            yield Change("token", frozenset({row.token_file}), self._chain_faults())
        path.write_bytes(row.token)

    def _chain_faults(self) -> frozenset[str]:
        return _failed(verify_chain(self.engine, self.home, self.key, self.quick))

    @contextmanager
    def _changed(
        self, table: Table, where: ColumnElement[bool], column: str, before: object, after: object
    ) -> Iterator[None]:
        with writing(self.engine) as connection:
            connection.execute(update(table).where(where).values({column: after}))
        try:
            yield
        finally:
            with writing(self.engine) as connection:
                connection.execute(update(table).where(where).values({column: before}))

    def is_whole(self) -> bool:
        with self.engine.connect() as connection:
            stored = len(connection.execute(all_bundles()).all())
        reports = verify_all(self.engine, self.home) + verify_chain(
            self.engine, self.home, seal_key(self.home).fingerprint, self.authorities
        )
        return stored == len(self.given.bundles + self.given.looks) and all(report.ok for report in reports)


def _handed_out(path: Path) -> tuple[bytes, bytes]:
    """A bundle and its proof."""
    return path.read_bytes(), Path(f"{path}{SUFFIX}").read_bytes()


def _flip(data: bytes, place: int, chance: random.Random) -> bytes:
    changed = bytearray(data)
    changed[place] ^= chance.randrange(1, 256)
    return bytes(changed)


def _names_of(member: str) -> frozenset[str]:
    """What a fault in a member may be called: the signature is a matter of its own."""
    return frozenset({member, SIGNATURE} if member == DIGEST else {member})


def _flip_text(text: str, chance: random.Random) -> str:
    """One character of an ASCII document, staying ASCII and without NUL, which PostgreSQL would refuse."""
    place = chance.randrange(len(text))
    other = chance.choice([chr(code) for code in range(1, 128) if chr(code) != text[place]])
    return text[:place] + other + text[place + 1 :]


def _member_at(data: bytes, place: int) -> str:
    end = 0
    for name, body in read_canonical_zip(data).items():
        end += 30 + len(name) + len(body)  # the header of a member has 30 bytes before its name
        if place < end:
            return name
    return ARCHIVE


def _proof_names(proof: bytes, place: int) -> set[str]:
    """What a fault at this byte is called, by the value of the outermost object that the byte lies in."""
    given = json.loads(proof)
    start = 1
    for key in sorted(given):
        value = json.dumps(given[key], ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        end = start + len(key) + 4 + len(value)  # two quotes, a colon, the value, a comma
        if start <= place < end:
            return _PROOF_PARTS.get(key, {"时间戳", *(f"时间戳 {stamp['authority']}" for stamp in given["stamps"])})
        start = end
    return set()


def _failed(reports: list[VerifyReport]) -> frozenset[str]:
    return frozenset(check.name for report in reports for check in report.checks if not check.ok)


def _lines(report: Report) -> frozenset[str]:
    return frozenset(line.name for line in report.lines if line.result == FAILED)


def main(count: int, seed: int) -> int:
    counts: Counter[str] = Counter()
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        night = Night(Path(name))
        for change in night.changes(count, random.Random(seed)):
            counts[change.where] += 1
            if not change.caught:
                missed += 1
                print(f"MISSED {change.where}: expected {set(change.expected)}, failed {set(change.failed)}")
        print(
            f"{count} changes, {sum(counts.values())} verifications, {missed} missed; whole after: {night.is_whole()}"
        )
    for where, number in sorted(counts.items()):
        print(f"  {number:5} {where}")
    return missed


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), 7)))
