"""Rules at the desk: a text tried, a change tried, and a change proposed without touching what is in force."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from classifier.engine import Analyser
from classifier.reference import load_reference
from domain.findings import Document, Judgement
from domain.roles import Role
from review.reasons import load_reasons
from review.web.desk import Lexicon
from review.web.proposals import difference
from tests.desk_web.served import LEXICONS, Served, served_desk
from tests.review.desk import Page, desk
from yiguang.judgement.rule_trial import RuleTrial

RULE = (LEXICONS / "rules" / "cure-rate.yml").read_text("utf-8")


def judged(document: Document) -> Judgement:
    """The real analysis under a score of nobody's."""
    found = tuple(item.finding for item in Analyser(LEXICONS).analyse(document).located)
    return Judgement(0.5, False, "promotion", True, findings=found)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(load_reasons(LEXICONS), load_reference(LEXICONS), LEXICONS, judged, RuleTrial(LEXICONS))


@pytest.fixture
def served(engine: Engine, tmp_path: Path, lexicon: Lexicon) -> Iterator[Served]:
    with served_desk(engine, tmp_path, (Role.EDITOR, Role.ANALYST, Role.AUDITOR), lexicon=lexicon) as served:
        served.items = desk(engine, tmp_path, {"a": Page(0.9)})
        yield served


def test_a_patch_has_the_lines_of_its_file() -> None:
    assert difference("a", "x: 1\nq: 甲\u2028乙", "x: 2\nq: 甲\u2028乙") == (
        "--- a/rules/a.yml\n+++ b/rules/a.yml\n@@ -1,2 +1,2 @@\n-x: 1\n+x: 2\n q: 甲\u2028乙\n\\ No newline at end of file\n"
    )


def test_a_text_is_tried_and_not_kept(served: Served) -> None:
    answer = served.client(Role.ANALYST).post("/rules/try", {"text": "治愈率高达98%<script>alert(1)</script>"})
    assert answer.status_code == 200 and "治愈率高达98%" in answer.text and "/rules/cure-rate" in answer.text
    assert "<script>alert" not in answer.text


def test_a_change_is_tried_on_examples_and_recent_pages(served: Served) -> None:
    editor = served.client(Role.EDITOR)
    without = re.sub(r"status: live", "status: retired", RULE, count=1)
    answer = editor.post("/rules/cure-rate/try", {"yaml": without})
    assert answer.status_code == 200 and re.search(r"失去 <b>1</b> 处", answer.text)
    broken = editor.post("/rules/cure-rate/try", {"yaml": RULE.replace("weight: 0.8", "weight: heavy", 1)})
    assert "不能采用" in broken.text and "weight 应是" in broken.text
    dangerous = editor.post("/rules/cure-rate/try", {"yaml": RULE.replace('pattern: "', 'pattern: "(?:a+)+', 1)})
    assert "不能采用" in dangerous.text


def test_a_proposal_is_a_patch_for_review_and_changes_nothing(served: Served) -> None:
    editor = served.client(Role.EDITOR)
    changed = RULE.replace("weight: 0.8", "weight: 0.7", 1)
    assert editor.post("/rules/cure-rate/propose", {"yaml": changed}).status_code == 400  # why is not said
    answer = editor.post("/rules/cure-rate/propose", {"yaml": changed, "note": "误报偏多\n# -x"})
    assert answer.headers["location"] == "/rules/cure-rate?done=proposed"
    (patch,) = (served.folder / "proposals").iterdir()
    told = patch.read_text("utf-8")
    head = "\n".join(line[2:] for line in told.splitlines() if line.startswith("# "))
    assert json.loads(head)["why"] == "误报偏多\n# -x" and json.loads(head)["by"] == served.people[Role.EDITOR].name
    assert "-weight: 0.8\n+weight: 0.7\n" in told
    assert (LEXICONS / "rules" / "cure-rate.yml").read_text("utf-8") == RULE
    assert ">提交规则改动</td>" in served.client(Role.AUDITOR).get("/audit?act=rule-proposed").text


def test_a_change_that_fails_its_examples_is_not_taken(served: Served) -> None:
    changed = re.sub(r"status: live", "status: shadow", RULE, count=1).replace("治愈率, 有效率", "甲乙丙丁")
    changed = re.sub(r"anchors: \[.*?\]", "anchors: [甲乙丙丁戊]", changed, flags=re.DOTALL)
    answer = served.client(Role.EDITOR).post("/rules/cure-rate/propose", {"yaml": changed, "note": "x"})
    assert answer.status_code == 422 and "没有命中" in answer.text
    assert not (served.folder / "proposals").exists()


@pytest.mark.parametrize("rule", ["..%2Fsecret", "no-such-rule", "cure-rate.yml", "%00", "CURE-RATE"])
def test_no_other_file_is_a_rule(served: Served, rule: str) -> None:
    editor = served.client(Role.EDITOR)
    assert editor.get(f"/rules/{rule}").status_code == 404
    assert editor.post(f"/rules/{rule}/propose", {"yaml": "x", "note": "x"}).status_code == 404
