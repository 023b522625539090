"""Every screen for people who do not see it as others do: axe finds nothing serious, in light and in dark."""

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import Engine

from domain.roles import Role
from review.provider import Provider
from review.sign_on import SignOn
from review.sign_on_settings import SignOnSettings
from review.web.package_lines import PackageLine, TermLine
from review.web.settings import SESSION_COOKIE
from storage.operators.operator_profiles import OperatorProfiles
from tests.desk_web.served import LEXICONS, Served, plain_lexicon, served_desk
from tests.review.desk import Clock, desk
from tests.review.desk import Page as NightPage
from yiguang.lexicon_books import load_identity_policy, load_practitioner_book, load_risk_weights

AXE = gzip.decompress((Path(__file__).parent / "axe.min.js.gz").read_bytes())
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
SCREENS: tuple[tuple[Role | None, str], ...] = (
    (None, "/login"),
    (Role.ANALYST, "/no-such-page"),
    (Role.ANALYST, "/conflicts"),
    (Role.ANALYST, "/password"),
    (Role.REVIEWER, "/queue"),
    (Role.REVIEWER, "/items/1"),
    (Role.REVIEWER, "/operators?of=clinic.example"),
    (Role.REVIEWER, "/outbox"),
    (Role.REVIEWER, "/figures"),
    (Role.REVIEWER, "/draws"),
    (Role.EDITOR, "/rules"),
    (Role.EDITOR, "/rules/cure-rate"),
    (Role.ADMIN, "/accounts"),
    (Role.AUDITOR, "/audit"),
)

PACKAGE = PackageLine(
    "医广线移〔2026〕1号",
    "市场监督管理部门",
    "已寄送，待接收",
    True,
    (TermLine("线索核查：2026-11-01 前，已逾期", True),),
    ("[1] 审批同意",),
    (7,),
    (7,),
    "等回执",
)


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    profiles = OperatorProfiles(
        engine, load_identity_policy(LEXICONS), load_risk_weights(LEXICONS), load_practitioner_book(LEXICONS)
    )
    lexicon = replace(plain_lexicon(), operators=profiles.of, outbox=lambda: [PACKAGE])
    with served_desk(engine, tmp_path, lexicon=lexicon, sign_on=lambda url: never_asked(engine, url)) as served:
        served.items = desk(engine, tmp_path, {"a": NightPage(0.9), "b": NightPage(0.8)})
        yield served


def never_asked(engine: Engine, url: str) -> SignOn:
    """Shows all that there is to show of signing in by a provider; nobody goes there."""
    settings = SignOnSettings("http://127.0.0.1:1", "desk", "secret", url)
    return SignOn(engine, Clock(), settings, Provider(settings))


def test_the_checker_is_the_published_one() -> None:
    assert hashlib.sha256(AXE).hexdigest() == AXE_SHA256


DARK = tuple(screen for screen in SCREENS if screen[0] in (None, Role.REVIEWER))


@pytest.mark.parametrize(("scheme", "screens"), [("light", SCREENS), ("dark", DARK)], ids=["light", "dark"])
def test_axe_finds_nothing_serious(
    served: Served, browser: Browser, scheme: str, screens: tuple[tuple[Role | None, str], ...]
) -> None:
    tokens = {role: served.client(role).token for role in Role}
    found: list[tuple[str, str, str]] = []
    for role, path in screens:
        context = browser.new_context(color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
        if role is not None:
            context.add_cookies([{"name": SESSION_COOKIE, "value": tokens[role], "url": served.url}])
        page = context.new_page()
        page.goto(f"{served.url}{path}")
        found += [(path, fault["id"], fault["nodes"][0]["html"][:120]) for fault in serious(page)]
        context.close()
    assert found == []


def serious(page: Page) -> list[dict[str, Any]]:
    page.evaluate(AXE.decode())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [fault for fault in result["violations"] if fault["impact"] in ("serious", "critical")]
