"""Operating points, decisions, ledger, comparison, evaluation: on numbers that can be worked out by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.comparison import compare_cards, compare_scores
from classifier.decisions import contradictions, fingerprint, is_held_out, new_rows, read_decisions
from classifier.errors import LexiconError
from classifier.evaluation import evaluate
from classifier.ledger import Entry, ledger, wilson
from classifier.measure import average_precision, reliability
from classifier.operating_point import Night, UnusableCapacity, by_capacity, by_night_scores, by_rate
from classifier.reliability_plot import reliability_svg
from classifier.train import Row
from domain.findings import Document

LABELS = np.array([0, 0, 0, 0, 1, 1], dtype=np.int64)
SCORES = np.array([0.1, 0.2, 0.3, 0.8, 0.7, 0.9])


def row(name: str, label: int, text: str = "", group: str = "", genre: str = "", families: tuple[str, ...] = ()) -> Row:
    return Row(name, group or name, label, Document(text=text or name), 1.0, genre, families)


def test_average_precision_and_reliability() -> None:
    assert average_precision(LABELS, SCORES) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([0, 1], dtype=np.int64), np.array([0.5, 0.5])) == 0.5
    assert reliability(np.array([0, 1, 1], dtype=np.int64), np.array([0.05, 0.99, 1.0])) == (
        (0.05, 0.0, 1),
        (0.995, 1.0, 2),
    )


def test_capacity_sets_the_lowest_threshold_that_people_can_read() -> None:
    night = Night(pages=1000, base_rate=0.1)
    point = by_capacity(LABELS, SCORES, night, capacity=330)  # 100 unlawful all found, 900 * 1/4 lawful beside them
    assert point.threshold == 0.7
    assert point.expected["flags_a_night"] == pytest.approx(325)
    assert point.expected["precision"] == pytest.approx(100 / 325)
    assert by_capacity(LABELS, SCORES, night, capacity=324).threshold == 0.8
    assert by_capacity(LABELS, SCORES, night, capacity=60).expected["false_positive_rate"] == 0.0


@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=2, max_size=60),
    st.integers(1, 500), st.integers(1, 5000), st.floats(0, 1),
)  # fmt: skip
def test_a_capacity_is_never_passed(rows: list[tuple[int, float]], capacity: int, pages: int, base_rate: float) -> None:
    labels = np.array([0, 1, *(label for label, _ in rows)], dtype=np.int64)
    scores = np.array([0.2, 0.8, *(score for _, score in rows)])
    point = by_capacity(labels, scores, Night(pages, base_rate), capacity)
    flagged = scores >= point.threshold
    expected = pages * (base_rate * flagged[labels == 1].mean() + (1 - base_rate) * flagged[labels == 0].mean())
    assert expected <= capacity * (1 + 1e-9)
    assert point.expected["flags_a_night"] == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80), st.integers(1, 50))
def test_a_night_of_scores_flags_no_more_than_asked(scores: list[float], capacity: int) -> None:
    point = by_night_scores(np.array(scores), capacity)
    assert (np.array(scores) >= point.threshold).sum() <= capacity
    lower = [score for score in sorted(set(scores)) if score < point.threshold]
    if lower:
        assert (np.array(scores) >= lower[-1]).sum() > capacity


def test_scores_of_a_night_are_scaled_to_the_pages_expected() -> None:
    scores = np.arange(100) / 100
    assert (scores >= by_night_scores(scores, 200, pages=2000).threshold).sum() == 10


def test_operating_points_refuse_what_makes_no_sense() -> None:
    with pytest.raises(UnusableCapacity):
        Night(0, 0.1)
    with pytest.raises(UnusableCapacity):
        Night(10, 1.5)
    with pytest.raises(UnusableCapacity):
        by_capacity(LABELS, SCORES, Night(10, 0.1), 0)
    with pytest.raises(UnusableCapacity):
        by_night_scores(np.array([]), 5)
    assert by_rate(LABELS, SCORES, 0.25).card()["chosen_by"] == "false positive rate"


def test_decisions_are_read_strictly(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    good = [
        {"id": 1, "text": "甲", "decision": "confirmed", "by": "某审核员", "rules": ["cure-rate"]},
        {"id": 2, "text": "乙", "decision": "dismissed"},
        {"id": 3, "text": "丙", "label": 1, "pair": "p"},
    ]
    path.write_text("\n".join(json.dumps(one) for one in good), encoding="utf-8")
    decisions = read_decisions(path)
    assert [one.row.label for one in decisions] == [1, 0, 1]
    assert decisions[0].rules == ("cure-rate",)
    assert decisions[1].rules is None
    assert decisions[2].row.group == "p"
    for bad in (
        '{"id":1,"text":"甲","decision":"maybe"}',
        '{"id":1,"decision":"confirmed"}',
        "[1]",
        "{",
        '{"id":1,"text":"x","label":true}',
    ):
        path.write_text(f"\n{bad}\n", encoding="utf-8")
        with pytest.raises(LexiconError, match=r"decisions\.jsonl:2"):
            read_decisions(path)


def test_one_text_with_two_labels_is_a_contradiction() -> None:
    rows = [row("a", 1, "治愈率 98％"), row("b", 0, "治愈率98%\n"), row("c", 1, "别的"), row("d", 1, "别的")]
    found = contradictions(rows)
    assert [(one.confirmed, one.dismissed) for one in found] == [(("a",), ("b",))]
    assert fingerprint(rows[0].document.text) == fingerprint(rows[1].document.text)


def test_known_and_repeated_texts_are_not_counted_again() -> None:
    fresh = new_rows([row("a", 1, "甲"), row("b", 1, "甲 "), row("c", 0, "乙")], [row("k", 0, "乙")])
    assert [one.id for one in fresh] == ["human:a"]


def test_a_part_is_held_out_by_group() -> None:
    rows = [row(f"r{number}", 1, group=f"g{number // 2}") for number in range(2000)]
    held = [is_held_out(one) for one in rows]
    assert held[::2] == held[1::2]
    assert 0.15 < sum(held) / len(held) < 0.25


def test_wilson_interval() -> None:
    low, high = wilson(8, 10)  # worked out by hand from the formula: centre (0.8 + 0.19207) / 1.38415
    assert low == pytest.approx(0.4902, abs=1e-4)
    assert high == pytest.approx(0.9433, abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 5)[1] == 1.0


def test_the_ledger_counts_pages_not_quotes() -> None:
    entries = ledger([(1, ["a", "a", "b"]), (0, ["a"]), (1, [])])
    assert entries == {"a": Entry(1, 1), "b": Entry(1, 0)}
    assert entries["a"].hits == 2
    assert entries["a"].precision == 0.5


def test_a_model_that_ranks_worse_may_not_replace_the_live_one() -> None:
    labels = np.tile(np.array([0, 1], dtype=np.int64), 30)
    groups = [f"g{number // 2}" for number in range(60)]
    live = np.where(labels == 1, 0.9, 0.1)
    worse = np.where(np.arange(60) % 3 == 0, 1 - live, live)
    assert {line.figure for line in compare_scores(labels, live, worse, groups) if line.worse} >= {"auc", "brier"}
    assert not any(line.worse for line in compare_scores(labels, worse, live, groups))
    assert not any(line.worse for line in compare_scores(labels, live, live, groups))
    assert compare_scores(labels[:10], live[:10], live[:10], groups[:10]) == ()


def test_cards_are_compared_within_a_tolerance() -> None:
    live = {"auc": 0.98, "brier": 0.05}
    assert not any(line.worse for line in compare_cards(live, {"auc": 0.976, "brier": 0.054}))
    assert [line.figure for line in compare_cards(live, {"auc": 0.96, "brier": 0.04}) if line.worse] == ["auc"]


def test_evaluation_by_genre_and_family() -> None:
    rows = [
        row("a", 1, genre="promotion", families=("anxiety", "privacy")),
        row("b", 1, genre="promotion", families=("anxiety",)),
        row("c", 0, genre="news"),
        row("d", 0, genre="news"),
    ]
    found = [frozenset({"anxiety"}), frozenset({"scalper"}), frozenset({"anxiety"}), frozenset[str]()]
    measured = evaluate(rows, np.array([0.9, 0.2, 0.8, 0.1]), found, 0.5)
    assert measured.genres["promotion"][1].share == 0.5
    assert measured.genres["news"][0].share == 0.5
    anxiety = measured.families["anxiety"]
    assert (anxiety.wanted, anxiety.flagged, anxiety.found, anxiety.agreed) == (2, 1, 1, 1)
    assert measured.family_f1 == pytest.approx(2 * 1 / (3 + 2))
    assert json.loads(json.dumps(measured.as_json()))["families"]["anxiety"]["recall"] == 0.5


def test_the_reliability_plot_shows_every_bin() -> None:
    svg = reliability_svg([(0.05, 0.1, 10), (0.9, 0.95, 40)], "试")
    assert svg.count("<circle") == 2
    assert "0.95" in svg
    assert reliability_svg([], "空").count("<circle") == 0


def test_a_difference_too_small_to_mean_anything_is_no_loss() -> None:
    labels = np.array([0, 1] * 20)
    live = np.where(labels == 1, 0.999, 0.001)
    new = np.where(labels == 1, 0.995, 0.005)
    lines = {line.figure: line for line in compare_scores(labels, live, new, [str(row) for row in range(len(labels))])}
    assert lines["brier"].new > lines["brier"].live
    assert not any(line.worse for line in lines.values())
