"""Hostile texts cost no more than their length: what patterns are given to read is counted, not timed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from classifier import findings
from classifier.engine import Analyser
from domain.findings import Document

ANALYSER = Analyser(Path(__file__).parents[2] / "lexicons")
BAITS = {
    "one character": "最",
    "one anchor": "治愈率",
    "anchors of many rules": "我院祖传秘方根治治愈率98%无效退款专家推荐",
    "digits": "98.6%",
    "no end of a sentence": "患者张先生说，他在这里治好了，",
    "nested repetition": "治愈治愈治治愈愈率率率",
    "opening quotation marks": "“治愈",
    "numbers and units": "三个疗程九十八天",
    "from one to another": "从一到一从十到",
}


def work(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Characters in the windows that patterns read, and findings made."""
    read = 0
    given = findings._stretches

    def counting(anchors: Sequence[Any], window: int, bounds: findings.Bounds) -> Iterator[Any]:
        nonlocal read
        for stretch in given(anchors, window, bounds):
            read += stretch.end - stretch.start + len(stretch.anchors)
            yield stretch

    with monkeypatch.context() as patch:
        patch.setattr(findings, "_stretches", counting)
        located = ANALYSER.analyse(Document(text=text)).located
    return read, len(located)


@pytest.mark.parametrize("bait", BAITS.values(), ids=BAITS.keys())
def test_work_grows_with_the_text_only(bait: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = (bait * (size // len(bait)) for size in (8_000, 32_000))
    read_short, found_short = work(short, monkeypatch)
    read_long, found_long = work(long, monkeypatch)
    assert read_long <= 4 * read_short + 2_000
    alternatives = sum(len(rule.words) for rule in ANALYSER.rules)
    assert read_long <= alternatives * 2 * len(long)
    assert found_long <= found_short + 24 * len(ANALYSER.rules)


def test_the_counter_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    read, found = work(BAITS["anchors of many rules"], monkeypatch)
    assert read > 0
    assert found > 3


def test_a_hundred_thousand_repeated_characters_are_folded_away(monkeypatch: pytest.MonkeyPatch) -> None:
    read, _ = work("最" * 100_000 + "佳", monkeypatch)
    assert read < 1_000
