"""A sealed and stamped night, and what a recipient gets of it: bundles, proofs, roots, and the one-file verifier."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select

from domain.retention import RecordKind
from storage.database import migrate, open_engine
from storage.keeping.custody import hold
from storage.sealing.keep_records import record_act
from storage.sealing.proof import SUFFIX, proof_of
from storage.sealing.rfc3161 import Rfc3161Authority, find_openssl
from storage.sealing.seals import seal_night
from storage.sealing.stamps import request_stamps
from storage.tables import bundles, look_bundles
from tests.storage.crawl import claim, clock, open_sample_night, open_store, seal_key
from tests.storage.look_nights import gone, look_at, refer, softened, unreachable
from tests.storage.samples import NOW, exchange, secure, visit
from tests.storage.time_authority import TimeAuthority
from yiguang.packages.verifier_file import build_verifier


@dataclass(frozen=True)
class HandOver:
    """What lies in a recipient's folder. `key` is the fingerprint that the operator published; `looks` are bundles of later looks."""

    folder: Path
    bundles: tuple[Path, ...]
    looks: tuple[Path, ...]
    verifier: Path
    roots: tuple[Path, ...]
    key: str


def make_night(home: Path) -> tuple[Engine, list[Rfc3161Authority]]:
    """Leads of which one is on hold, one was opened, and one was referred and looked at again three times, sealed, and stamped by two
    authorities of which one sends no DER."""
    engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
    migrate(engine)
    night_id, ids = open_sample_night(engine, links=4)
    store = open_store(engine, home)
    while rows := claim(engine, night_id, ids, limit=3):
        for row in rows:
            store.record(visit(row, flagged=True, exchanges=(exchange(row.url), secure(exchange(row.url)))))
    store.close()
    with engine.connect() as connection:
        held, opened = connection.scalars(select(bundles.c.path).order_by(bundles.c.id).limit(2))
    hold(engine, home, held, night_id, "示例甲", "行政复议未结", NOW)
    record_act(engine, home, RecordKind.OPENING, opened, night_id, "示例乙", {"reason": "移送"}, NOW)
    seal_night(engine, home, night_id, seal_key(home), NOW)
    with engine.connect() as connection:
        case = refer(engine, connection.scalars(select(bundles.c.page_id).order_by(bundles.c.id).limit(1)).one())
    for hours, found in ((24, gone), (72, softened), (168, unreachable)):
        case = look_at(engine, home, case, hours, found)
    authorities = []
    for name, odd in (("tsa-1", False), ("tsa-2", True)):
        with TimeAuthority(home / name, name=f"示例时间戳 {name}", rsa_keys=odd, falling_order=odd) as server:
            authority = Rfc3161Authority(name, server.url, server.roots, 20, find_openssl())
            assert {attempt.fault for attempt in request_stamps(engine, home, [authority], clock)} == {""}
        authorities.append(authority)
    return engine, authorities


def hand_out(engine: Engine, home: Path, authorities: list[Rfc3161Authority], out: Path) -> HandOver:
    roots = [shutil.copy(authority.roots_file, out / f"{authority.name}.pem") for authority in authorities]
    with engine.connect() as connection:
        leads = list(connection.scalars(select(bundles.c.path).order_by(bundles.c.id)))
        looks = list(connection.scalars(select(look_bundles.c.path).order_by(look_bundles.c.id)))
    copies = []
    for path in (*leads, *looks):
        proof = proof_of(engine, path)
        assert proof is not None
        copies.append(Path(shutil.copy(home / path, out)))
        (out / f"{copies[-1].name}{SUFFIX}").write_bytes(proof)
    verifier = out / "verify.pyz"
    verifier.write_bytes(build_verifier())
    first = len(leads)
    given = tuple(copies[:first]), tuple(copies[first:])
    return HandOver(out, *given, verifier, tuple(Path(path) for path in roots), seal_key(home).fingerprint)
