"""What the identity graph costs: noting links with each page, gathering one operator, and finding all operators.

    python -m benchmarks.identity_speed [SITES] [DATABASE_URL]

Without a URL a SQLite file that is thrown away; a PostgreSQL database must be an empty one. The sites are invented: one in
ten shares its telephone with up to twenty others, one in fifty shows a vendor's number, 300 stand under one platform.
"""

import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, text

from domain.contacts import find_contacts
from domain.identifiers import find_identifiers
from domain.identity import Node, NodeKind, site_of
from domain.page import ExtractedPage, SelfStatement
from storage.database import migrate, open_engine, writing
from storage.operators.identity_graph import IdentityGraph
from storage.pages.identity import add_identities
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import NOW, judgement, visit
from yiguang.lexicon_books import load_identity_policy

LEXICONS = Path(__file__).parents[1] / "lexicons"
BATCH = 500
LOOK_UPS = 100


def page_of(number: int, chance: random.Random) -> ExtractedPage:
    phone = f"000-{number - number % 20:08}" if chance.random() < 0.1 else f"000-{50_000_000 + number:08}"
    vendor = "　技术支持：000-00000777" if chance.random() < 0.02 else ""
    host = f"s{number}.pingtai.example" if number % 333 == 0 else f"www.s{number}.example"
    name = f"青屿第{number}医院"
    body = f"{name}\n本院治愈率达98%，加微信：demo_s{number} 预约\n"
    written = f"{body}地址：青屿区某路{number}号\n京ICP备{10_000_000 + number}号-1{vendor}"
    return ExtractedPage(
        url=f"http://{host}/",
        title=name,
        text=written,
        encoding="utf-8",
        body_start=0,
        body_end=len(body) - 1,
        contacts=find_contacts(written),
        identifiers=find_identifiers(written),
        statements=(
            SelfStatement("name", name, "copyright", f"版权所有 {name}"),
            SelfStatement("phone", phone, "structured-data"),
        ),
    )


def note_links(engine: Engine, folder: Path, sites: int) -> tuple[float, float]:
    """Milliseconds a page: for sites never seen, and for the same pages in the same night again. All links are proved by one
    page that is stored as a night stores it."""
    night_id, ids = open_sample_night(engine)
    (row,) = claim(engine, night_id, ids[:1])
    store = open_store(engine, folder)
    store.record(visit(row))
    store.close()
    chance = random.Random(1)
    judged = replace(judgement(False), findings=())
    taken = [0.0, 0.0]
    with writing(engine) as connection:
        for first in range(0, sites, BATCH):
            shown = [page_of(number, chance) for number in range(first, min(first + BATCH, sites))]
            some = [visit(row, page=page, judgement=judged, ended_at=NOW) for page in shown]
            for round_ in range(2):
                before = time.perf_counter()
                add_identities(connection, some)
                taken[round_] += time.perf_counter() - before
    with writing(engine) as connection:
        connection.execute(text("ANALYZE identity_links"))
    return taken[0] / sites * 1000, taken[1] / sites * 1000


def gather(graph: IdentityGraph, sites: int) -> Iterator[float]:
    """Milliseconds of each operator gathered from one of its sites."""
    chance = random.Random(2)
    for _ in range(LOOK_UPS):
        number = chance.randrange(1, sites)
        before = time.perf_counter()
        around = graph.around(site_of(f"s{number}.example"))
        yield (time.perf_counter() - before) * 1000
        assert number % 333 == 0 or around.cluster is not None


def main() -> None:
    sites = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/a.db")
        migrate(engine)
        fresh, again = note_links(engine, Path(folder), sites)
        print(f"noting links: {fresh:.3f} ms for a page of a new site, {again:.3f} ms for one whose links are known")
        graph = IdentityGraph(engine, load_identity_policy(LEXICONS))
        taken = sorted(gather(graph, sites))
        print(
            f"one operator: median {statistics.median(taken):.1f} ms, 95 % within {taken[int(LOOK_UPS * 0.95)]:.1f} ms"
        )
        vendor = graph.around(Node(NodeKind.PHONE, "00000000777"))
        assert vendor.cluster is None
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        before = time.perf_counter()
        clusters = graph.clusters()
        print(
            f"all operators: {time.perf_counter() - before:.1f} s, {len(clusters)} of several sites, largest {len(clusters[0].subjects)}"
        )
        print(f"memory: {memory} MB before, at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
        engine.dispose()


if __name__ == "__main__":
    main()
