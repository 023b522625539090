"""The gate: floors that do not hold are named, and no proposal lowers one by itself."""

import tomllib
from typing import Any

import pytest

from benchmarks import gate
from classifier.rule_files import lexicons_sha256

FIGURES = {
    "whole": {"auc": 0.98, "recall": 0.75, "ece": 0.01, "false_positive_rate": 0.012},
    "family.privacy": {"recall": 0.9, "family_f1": 0.6},
}
CARD = {"date": "2026-11-25"}


def floors(text: str) -> dict[str, Any]:
    return {"at_least": {}, "at_most": {}, "corpora": {}, **tomllib.loads(text)}


def test_figures_on_the_right_side_hold() -> None:
    held = floors(
        '[at_least.whole]\nauc = 0.98\n[at_most.whole]\nece = 0.01\n[at_least."family.privacy"]\nfamily_f1 = 0.5'
    )
    assert list(gate.sunk(FIGURES, held)) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[at_least.whole]\nauc = 0.9801", "whole auc"),
        ("[at_most.whole]\nece = 0.009", "whole ece"),
        ('[at_least."family.privacy"]\nrecall = 0.95', "family.privacy recall"),
        ('[at_least."family.scalper"]\nrecall = 0.1', "family.scalper recall: no figure"),
    ],
)
def test_a_sunk_figure_is_named(text: str, named: str) -> None:
    (fault,) = gate.sunk(FIGURES, floors(text))
    assert fault.startswith(named)


def test_a_proposal_holds_and_never_lowers_a_floor() -> None:
    old = floors("[at_least.whole]\nrecall = 0.9\n[at_most.whole]\nece = 0.001")
    proposed = tomllib.loads(gate.proposal(FIGURES, old, CARD, lower=False))
    assert proposed["at_least"]["whole"]["recall"] == 0.9
    assert proposed["at_most"]["whole"]["ece"] == 0.001
    assert proposed["at_least"]["whole"]["auc"] <= FIGURES["whole"]["auc"]
    lowered = tomllib.loads(gate.proposal(FIGURES, old, CARD, lower=True))
    assert list(gate.sunk(FIGURES, lowered)) == []
    assert lowered["at_least"]["whole"]["recall"] < 0.75


def test_another_corpus_or_an_older_model_is_said() -> None:
    digests = {path.name: gate.sha256(path) for path in gate.corpora()}
    now = {"rules_sha256": lexicons_sha256(gate.LEXICONS), "corpora": digests}
    assert list(gate.stale(now, {"corpora": digests})) == []
    assert [said[:27] for said in gate.stale({**now, "rules_sha256": ""}, {"corpora": digests})] == [
        "the model is older than the"
    ]
    assert len(list(gate.stale(now, {"corpora": {**digests, "own.jsonl": ""}}))) == 1
    assert len(list(gate.stale({**now, "corpora": {}}, {"corpora": {}}))) == 2
