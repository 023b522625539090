"""Lists that the desk reads: reasons, laws, rules, gates."""

from pathlib import Path

import pytest

from classifier.reference import Reference, load_reference
from domain.reviews import Verdict
from review.reasons import load_reasons, reasons_for

LEXICONS = Path(__file__).parents[2] / "lexicons"
GOOD = """
[[reason]]
code = "a"
title = "甲"
verdicts = ["dismiss", "not-ad"]
key = "1"
"""


def _load(folder: Path, text: str) -> object:
    (folder / "desk").mkdir(exist_ok=True)
    (folder / "desk" / "reasons.toml").write_text(text, "utf-8")
    return load_reasons(folder)


def test_the_reasons_of_the_house_are_chosen_by_one_key_each() -> None:
    reasons = load_reasons(LEXICONS)
    for verdict in (Verdict.DISMISS, Verdict.NOT_AD):
        chosen = reasons_for(reasons, verdict)
        assert len(chosen) >= 5 and len({reason.key for reason in chosen}) == len(chosen)
    assert next(reason for reason in reasons if reason.code == "other").needs_note
    assert reasons_for(reasons, Verdict.CONFIRM) == ()


def test_a_retired_reason_is_known_and_not_chosen(tmp_path: Path) -> None:
    retired = GOOD.replace('"a"', '"b"').replace('key = "1"', 'key = "1"\nretired = true')
    _load(tmp_path, GOOD + retired)
    reasons = load_reasons(tmp_path)
    assert [reason.code for reason in reasons] == ["a", "b"]
    assert [reason.code for reason in reasons_for(reasons, Verdict.DISMISS)] == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        GOOD + GOOD,
        GOOD.replace('"a"', '"A b"'),
        GOOD.replace('key = "1"', 'key = "12"'),
        GOOD.replace('"甲"', '""'),
        GOOD.replace('"dismiss", ', ""),
        GOOD.replace('"dismiss"', '"confirm"'),
        GOOD.replace('"dismiss"', '"maybe"'),
        GOOD + "colour = 1",
        GOOD + GOOD.replace('"a"', '"b"'),
        "[[reason]",
    ],
)
def test_a_list_that_is_not_as_it_should_be_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # TOML's own or ours
        _load(tmp_path, text)


def test_an_article_is_explained_by_the_nearest_that_is_there() -> None:
    reference = load_reference(LEXICONS)
    exact, nearest = reference.cite("广告法16(1)(2)"), reference.cite("广告法17(1)(9)")
    assert (exact.article, exact.law and exact.law.short) == ("16(1)(2)", "广告法") and "治愈率" in exact.point
    assert nearest.article == "17" and nearest.point
    assert reference.cite("无此法3").law is None and reference.cite("").law is None
    assert reference.cite("广告法999").point == ""
    assert Reference().cite("广告法2").law is None


def test_every_rule_that_may_fire_can_be_explained() -> None:
    reference = load_reference(LEXICONS)
    assert len(reference.rules) > 40 and set(reference.gates) >= {f"G{number}" for number in range(1, 14)}
    for rule in reference.rules.values():
        assert rule.title and set(rule.gates) <= set(reference.gates), rule.id
