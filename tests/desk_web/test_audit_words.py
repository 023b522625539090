"""The audit log as an auditor reads it: in Chinese, whatever codes the record holds."""

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from domain.roles import Role
from review.audit_log import AuditEntry, AuditLog
from review.web.audit_words import ACT_ZH, line_of, subject_code, subject_words
from review.web.rendering import Renderer
from storage.tables import audit_entries
from tests.desk_web.served import Served, served_desk
from tests.review.desk import Page, desk
from tests.storage.samples import NOW

TITLES = {"permitted": "已有广告审查证明"}


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    with served_desk(engine, tmp_path) as served:
        served.items = desk(engine, tmp_path, {name: Page(0.9) for name in "abc"})
        yield served


def told(act: str, detail: Mapping[str, Any], subject: str = "item:12") -> str:
    entry = AuditEntry(1, NOW, "ann", act, subject, json.loads(json.dumps(detail)), "0" * 64)
    return "；".join(f"{label}：{said}" for label, said in line_of(entry, TITLES, Renderer(8, "").time).details)


@pytest.mark.parametrize(
    ("act", "detail", "expected"),
    [
        ("account-created", {"role": "analyst"}, "角色：初审员"),
        ("role-changed", {"from": "analyst", "to": "reviewer"}, "原角色：初审员；新角色：复审员"),
        ("log-in", {"address": "192.0.2.7", "by": "single"}, "方式：统一身份；来自：192.0.2.7"),
        (
            "log-in-refused",
            {"address": "192.0.2.7", "why": "name-locked"},
            "原因：此账号尝试次数过多，已暂时锁定（name-locked）；来自：192.0.2.7",
        ),
        (
            "decided",
            {"batch": "ab12", "verdict": "dismiss", "reason": "permitted", "items": [3, 4], "state": "dismissed"}
            | {"findings": {"7": "yes", "8": "no", "9": "yes"}},
            "结论：排除；现为：已排除；理由：已有广告审查证明；条目：3、4；逐处判断：成立 2 处，不成立 1 处；批次：ab12",
        ),
        (
            "decided-in-bulk",
            {"note": "重复", "items": list(range(30)), "filters": {"families": ["cure-guarantee"], "stage": "first"}},
            f"说明：重复；条目：{'、'.join(map(str, range(20)))} 等 30 项；筛选：类别 保证治愈，审次 初审",
        ),
        ("held", {"until": "2026-11-29T16:00:00+00:00", "note": "等"}, "至：2026-11-30 00:00；说明：等"),
        ("sent-back", {"note": "重看", "from": "first-confirmed"}, "此前：待复审；说明：重看"),
        ("assigned", {"to": None, "items": [1]}, "条目：1"),
        ("handed-over", {"to": "bob", "note": ""}, "交给：bob"),
        (
            "drawn",
            {"seed": "5eed", "given": {"1": "ann", "2": "bob", "3": "ann"}, "items": 9, "drawn": [1, 2, 3]}
            | {"of_targets": 40, "of_readers": 2},
            "条目：9 条；分派：ann 2 个，bob 1 个；抽出对象：1、2、3；对象共：40 个；审读人共：2 人；种子：5eed",
        ),
        ("taken-in", {"leads": 5, "items": 6, "seed": "5eed"}, "线索：5 条；条目：6 条；种子：5eed"),
        ("log-verified", {"faults": 0}, "不符：0 处"),
        (
            "rule-proposed",
            {"file": "x.patch", "why": "误报", "trial": {"pages": 90, "gained": 1, "lost": 2, "kept": 3}},
            "原因：误报；试行：最近 90 页上新增 1 处，失去 2 处，不变 3 处；文件：x.patch",
        ),
        (
            "original-exported",
            {"case": 7, "sha256": "ab" * 32, "reason": "核对", "role": "officer", "record": "k/1.json"},
            f"角色：移送员；理由：核对；线索：7；保管记录：k/1.json；证据包 SHA-256：{'ab' * 8}…",
        ),
        (
            "package-made",
            {"cases": [7, 8], "recipient": "amr", "manifest_sha256": "cd" * 32},
            f"移送：市监；线索：7、8；清单 SHA-256：{'cd' * 8}…",
        ),
        ("package-step", {"step": "struck", "corrects": "4"}, "步骤：更正（撤销记错的一步）；更正的步骤：4"),
        ("lead-statement", {"kind": "dispute", "text": "非我院"}, "种类：当事人异议；内容：非我院"),
        ("tip-taken", {"source": "media", "reporters_key": "new"}, "来源：媒体曝光；举报人密钥：另立一把"),
        ("token-made", {"scopes": ["leads:read"], "days": 30}, "范围：读取线索；有效期：30 天"),
        (
            "of-later",
            {"unheard_of": {"a": [1]}, "until": "never", "verdict": 3},
            "结论：3；至：never；unheard_of：a [1]",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isascii() else "",
)
def test_details_are_told_in_chinese(act: str, detail: Mapping[str, Any], expected: str) -> None:
    """They stood there as JSON, with English keys and codes."""
    assert told(act, detail) == expected


def test_what_free_text_says_is_no_code() -> None:
    assert told("reporter-opened", {"reason": "denied"}) == "理由：denied"
    assert told("rule-proposed", {"why": "denied"}) == "原因：denied"
    assert told("handed-over", {"to": "analyst", "note": "new"}) == "交给：analyst；说明：new"


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("item:12", "条目 12"),
        ("account:ann", "账号 ann"),
        ("account:None", "所有人"),
        ("single-sign-on", "统一身份登录"),
        ("case:7", "线索原件 7"),
        ("page:7", "线索 7"),
        ("package:市监〔2026〕1号", "移送材料 市监〔2026〕1号"),
        ("something:else", "something:else"),
    ],
)
def test_a_subject_is_asked_for_as_it_is_shown_and_as_it_is_written(subject: str, words: str) -> None:
    assert subject_words(subject) == words
    assert subject_code(words) == subject_code(subject) == subject


def test_what_is_done_at_the_desk_reads_in_chinese_and_stays_as_it_was_sealed(served: Served) -> None:
    analyst, reviewer = served.client(Role.ANALYST), served.client(Role.REVIEWER)
    first, second, third = (served.items[name] for name in "abc")
    analyst.get(f"/items/{first}")
    decided = {"verdict": "dismiss", "reason": "permitted", "note": "有证", "version": "1"}
    assert analyst.post(f"/items/{first}/decide", decided).status_code == 303
    analyst.get(f"/items/{second}")
    held = {"until": "2026-12-01", "note": "等回函", "version": "1"}
    assert analyst.post(f"/items/{second}/hold", held).status_code == 303
    name = served.people[Role.ANALYST].name
    assert reviewer.post("/assign", {"item": str(third), "to": name}).status_code == 303
    assert reviewer.post("/draws", {"targets": "1"}).status_code in (303, 422)
    admin = served.client(Role.ADMIN)
    assert admin.post("/accounts/change", {"name": name, "act": "role", "role": "editor"}).status_code == 303
    auditor = served.client(Role.AUDITOR)
    auditor.post("/audit/verify", {})
    page = auditor.get("/audit").text
    cells = [unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r'<td class="told">(.*?)</td>', page)]
    shown = "\n".join(cells)
    assert not re.search(r"[a-z_]+：", shown) and "{" not in shown
    for part in (
        "结论：排除",
        "说明：有证",
        "现为：已排除",
        "至：2026-12-01 00:00",
        "原角色：初审员；新角色：规则编辑",
    ):
        assert part in shown
    assert set(re.findall(r'<td class="when">([^<0-9]+)</td>', page)) <= set(ACT_ZH.values())
    assert f'<a href="/audit?subject=item%3A{first}">条目 {first}</a>' in page
    assert auditor.get(f"/audit?subject=条目 {first}").text.count(f">条目 {first}</a>") == 2  # opened, decided
    with served.engine.connect() as connection:
        documents = connection.scalars(select(audit_entries.c.document)).all()
    assert any('"verdict":"dismiss"' in each for each in documents)
    assert AuditLog(served.engine, served.clock).verify() == ()


def test_a_hostile_note_is_no_markup_in_the_log(served: Served) -> None:
    AuditLog(served.engine, served.clock).record_alone(
        "x", "held", "item:<b>1</b>", {"<i>k": "<script>", "note": "<u>"}
    )
    page = served.client(Role.AUDITOR).get("/audit").text
    assert "<script>" not in page.replace('<script src="/static', "") and "<u>" not in page and "<i>k" not in page
