"""Decisions become labels, and the ledger of rules."""

import json
from pathlib import Path

from sqlalchemy import Engine

from classifier.decisions import read_decisions
from domain.reviews import FindingVerdict, Verdict
from domain.roles import Role
from review.decisions import Decisions
from review.item import load_item
from review.training import rule_ledger, training_rows
from tests.review.desk import Clock, Page, desk, own_text, people


def test_settled_decisions_are_read_by_the_trainer(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    pages = {"both": Page(0.9), "no": Page(0.8, rule="price-lure"), "science": Page(0.7), "one": Page(0.6)}
    ids = desk(engine, tmp_path, pages)
    analyst, reviewer = people(engine, clock, Role.ANALYST, Role.REVIEWER)
    decisions = Decisions(engine, clock)
    for path in ("both", "one"):
        decisions.decide(analyst, ids[path], Verdict.CONFIRM, expected_version=1)
    decisions.decide(reviewer, ids["both"], Verdict.CONFIRM, expected_version=2)
    decisions.decide(analyst, ids["no"], Verdict.DISMISS, "negated", expected_version=1)
    decisions.decide(analyst, ids["science"], Verdict.NOT_AD, "science", expected_version=1)
    file = tmp_path / "decisions.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in training_rows(engine)), "utf-8")
    read = read_decisions(file)
    assert [(decision.row.id, decision.row.label, decision.by, decision.rules) for decision in read] == [
        (f"item:{ids['both']}", 1, analyst.name, ("cure-rate",)),
        (f"item:{ids['no']}", 0, analyst.name, ("price-lure",)),
        (f"item:{ids['science']}", 0, analyst.name, ("cure-rate",)),
    ]
    assert read[0].row.document.text == own_text("both")
    assert (read[0].row.families, read[1].row.families) == (("efficacy-rate",), ())
    entries = rule_ledger(engine)
    assert {rule: (entry.confirmed, entry.dismissed) for rule, entry in entries.items()} == {
        "cure-rate": (1, 1),
        "price-lure": (0, 1),
    }


def test_a_finding_called_wrong_counts_against_its_rule(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    ids = desk(engine, tmp_path, {"a": Page(0.9)})
    analyst, reviewer = people(engine, clock, Role.ANALYST, Role.REVIEWER)
    decisions = Decisions(engine, clock)
    finding = load_item(engine, tmp_path, ids["a"], analyst, clock()).live[0].id
    wrong = {finding: FindingVerdict.WRONG_RULE}
    decisions.decide(analyst, ids["a"], Verdict.CONFIRM, finding_verdicts=wrong, expected_version=1)
    decisions.decide(reviewer, ids["a"], Verdict.CONFIRM, expected_version=2)
    (row,) = training_rows(engine)
    assert (row["decision"], row["rules"], row.get("families", [])) == ("confirmed", [], [])
    entry = rule_ledger(engine)["cure-rate"]
    assert (entry.confirmed, entry.dismissed) == (0, 1)
