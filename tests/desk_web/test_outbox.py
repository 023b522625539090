"""Packages at the desk: who sees them, what is first, and that nothing in them is more than text."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.roles import Act, Role, may
from review.web.package_lines import PackageLine, TermLine
from tests.desk_web.served import Served, plain_lexicon, served_desk

PLAIN = PackageLine(
    "医广线移〔2026〕1号", "市场监督管理部门", "已寄送，待接收", False, (), ("[1] 审批同意",), (7,), (), "等回执"
)
LATE = replace(PLAIN, number="医广线移〔2026〕2号", terms=(TermLine("线索核查：2026-11-01 前，已逾期", True),))
FIRST = replace(PLAIN, number="医广线移〔2026〕3号", supervised=True, rescinded=(7,))
HOSTILE = replace(PLAIN, number="<script>alert(1)</script>", steps=("<img src=x onerror=alert(2)>\u202e",))


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    lexicon = replace(plain_lexicon(), outbox=lambda: [PLAIN, HOSTILE, LATE, FIRST])
    with served_desk(engine, tmp_path, lexicon=lexicon) as desk:
        yield desk


def test_supervised_packages_come_first_then_late_ones(served: Served) -> None:
    shown = served.client(Role.OFFICER).get("/outbox").text
    places = [shown.index(one.number) for one in (FIRST, LATE, PLAIN)]
    assert places == sorted(places)
    assert "1 份有逾期" in shown and "挂牌督办" in shown and "其中 7 已撤回" in shown and "下一步：等回执" in shown
    assert "<script>alert" not in shown and "<img src=x" not in shown and "\u202e" not in shown


def test_who_may_see_referrals_sees_them(served: Served) -> None:
    for role in Role:
        expected = 200 if may(role, Act.SEE_REFERRALS) else 403
        assert served.client(role).get("/outbox").status_code == expected, role


def test_a_desk_without_terms_says_so(engine: Engine, tmp_path: Path) -> None:
    with served_desk(engine, tmp_path, (Role.OFFICER,)) as desk:
        assert desk.client(Role.OFFICER).get("/outbox").status_code == 404
