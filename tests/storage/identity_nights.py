"""Twenty invented hospitals behind one telephone, and a stranger."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from domain.contacts import find_contacts
from domain.findings import Judgement
from domain.identifiers import find_identifiers
from domain.page import ExtractedPage
from domain.targets import Target
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import finish_night, open_night
from storage.crawl.targets import list_targets, save_targets
from storage.crawl.visits import SqlVisitStore
from tests.storage.samples import NOW, judgement, rendering, visit

SHARED_PHONE = "000-00009911"
HOSPITALS = tuple(f"http://www.qingyu-yiyuan{number}.example/" for number in range(20))
STRANGER = "http://www.linpu-minghe.example/"
CLAIM = "本院治愈率达98%，签约治疗，无效退款。"


def hospital_text(number: int, phone: str = SHARED_PHONE) -> str:
    return f"青屿第{number}医院\n{CLAIM}\n咨询热线：{phone}\n技术支持：某网络公司 000-00007777"


def page_at(url: str, text: str, **changes: object) -> ExtractedPage:
    """A page whose body ends where its last two lines begin."""
    body_end = len(text) - len("\n".join(text.split("\n")[-2:])) - 1
    plain = ExtractedPage(
        url=url,
        title="",
        text=text,
        encoding="utf-8",
        body_start=0,
        body_end=max(1, body_end),
        contacts=find_contacts(text),
        identifiers=find_identifiers(text),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # the field types are checked where they are read


def judged(page: ExtractedPage, flagged: bool) -> Judgement:
    if CLAIM in page.text:
        return judgement(flagged, page.text)
    return replace(judgement(False), findings=(), is_ad=False)


def night(
    engine: Engine,
    store: SqlVisitStore,
    number: int,
    shown: Mapping[str, ExtractedPage],
    flagged: Sequence[str] = (),
) -> dict[str, int]:
    """One night over some pages, one target each; the id of each page by its address."""
    now = NOW + timedelta(days=number)
    save_targets(engine, [Target(url, url, max_pages=5) for url in shown])
    targets = [row for row in list_targets(engine) if row.target.url in shown]
    night_id = open_night(engine, now, targets)
    frontier = SqlFrontier(engine)
    frontier.seed(night_id, [(row.id, row.target.url) for row in targets], now)
    ids = {}
    while rows := frontier.claim(night_id, [row.id for row in targets], "w1", 50, now + timedelta(seconds=1), 60.0):
        for place, row in enumerate(rows):
            ended = now + timedelta(seconds=10 + place)
            page, is_lead = shown[row.url], row.url in flagged
            store.record(
                visit(
                    row,
                    page=page,
                    judgement=judged(page, is_lead),
                    rendering=rendering(row.url) if is_lead else None,
                    started_at=now,
                    ended_at=ended,
                )
            )
            ids[row.url] = row.id
    finish_night(engine, night_id, now + timedelta(hours=1))
    return ids
