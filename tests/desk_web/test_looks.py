"""Later looks at the desk: outcome, seal, and the evidence to take away, for those who may."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine, select

from domain.roles import Role
from domain.visits import FrontierUrl, Visit
from review.web.settings import SESSION_COOKIE
from storage.evidence.package import LOOK
from storage.tables import desk_items
from storage.takedowns.takedown import ReferredCase
from storage.verifier.bundle import check_bundle
from storage.verifier.proof import check_proof
from storage.verifier.report import Report
from tests.desk_web.served import Hostile, Served, hostile_night, served_desk
from tests.storage.look_nights import gone, look_at, refer, unreachable
from tests.storage.samples import exchange, judgement, page, visit

EVIL = "<script>alert(1)</script>"
TEXT = f"示例门诊部\n{EVIL}本院治愈率达98%，无效退款。"


def hostile(row: FrontierUrl, at: datetime) -> Visit:
    """Another text than was referred, with a script in it."""
    said = judgement(False, TEXT)
    live = replace(said.findings[0], quote=EVIL, start=TEXT.index(EVIL), end=TEXT.index(EVIL) + len(EVIL))
    found = exchange(row.url, TEXT.encode())
    return visit(
        row,
        page=page(row.url, TEXT),
        judgement=replace(said, findings=(live,)),
        exchanges=(found,),
        started_at=at,
        ended_at=at,
    )


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    with served_desk(engine, tmp_path, (Role.ANALYST, Role.REVIEWER)) as served:
        served.items = hostile_night(engine, tmp_path, {"a": Hostile("某页")})
        yield served


def looked_at(served: Served) -> ReferredCase:
    with served.engine.connect() as connection:
        case = refer(served.engine, connection.scalars(select(desk_items.c.page_id)).one())
    for hours, found in ((24, gone), (72, unreachable), (168, hostile)):
        case = look_at(served.engine, served.folder, case, hours, found)
    return case


def test_each_look_shows_its_seal_and_hands_out_its_evidence(served: Served, browser: Browser) -> None:
    case = looked_at(served)
    client = served.client(Role.REVIEWER)
    item = served.items["a"]
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.add_cookies([{"name": SESSION_COOKIE, "value": client.token, "url": served.url}])
    desk = context.new_page()
    desk.goto(f"{served.url}/items/{item}")
    links = desk.locator("a", has_text="证据").evaluate_all("all => all.map(one => one.href)")
    links = [link for link in links if link.startswith(served.viewer) and "part" not in link]
    assert len(links) == 3
    markup = desk.content()
    assert "第 1 号封存摘要" in markup and "没有机构时间戳" in markup
    proofs = desk.locator("a", has_text="封存证明").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert len(proofs) == 3
    shown = context.new_page()
    for link, proof, look in zip(links, proofs, case.looks, strict=True):
        shown.goto(link)
        assert shown.locator("dt", has_text="结果").count() == 1
        assert shown.evaluate("document.scripts.length") == 0
        bundle = httpx.get(link.replace("/?", "/part/bundle?"), trust_env=False).content
        said = json.loads(httpx.get(link.replace("/?", "/part/look?"), trust_env=False).content)
        with ZipFile(BytesIO(bundle)) as archive:
            assert json.loads(archive.read(LOOK)) == said
        report = Report()
        check_bundle(bundle, None, report)
        check_proof(client.get(proof).content, bundle, None, [], report)
        assert report.ok and look.bundle_sha256 in link
    assert EVIL in shown.locator("pre").inner_text()
    context.close()


def test_who_may_not_see_referrals_sees_no_looks(served: Served) -> None:
    case = looked_at(served)
    analyst = served.client(Role.ANALYST)
    assert "移送后复测" not in analyst.get(f"/items/{served.items['a']}").text
    path = f"/items/{served.items['a']}/looks/{case.looks[0].page_id}/proof"
    assert analyst.get(path).status_code == 403
    reviewer = served.client(Role.REVIEWER)
    assert reviewer.get(path).status_code == 200
    assert reviewer.get(f"/items/{served.items['a']}/looks/{case.case_id}/proof").status_code == 404
    assert reviewer.get(f"/items/9999/looks/{case.looks[0].page_id}/proof").status_code == 404
