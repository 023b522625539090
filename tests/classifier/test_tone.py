"""Topics are taken out of what characters see; the tone of a page is that of its strongest sentences."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.matcher import Matcher
from classifier.sentence_grams import grams_of
from classifier.tone import NAMES, counted, sentences_of, tone
from classifier.tone_train import cross_fitted, fit_tone, page_sentences, tones
from classifier.topics import without_topics

GROUPS = {"illness": ("白癜风", "风湿", "类风湿", "疤痕"), "other": ("我院", "保证")}
MATCHER = Matcher([], GROUPS)
TOPICS = MATCHER.literals_of(["illness"])


def masked(text: str, low: int = 0, high: int | None = None) -> str:
    end = len(text) if high is None else high
    return without_topics(text, MATCHER.scan(text).hits, TOPICS, low, end).replace("\ue000", "□")


def test_each_word_of_a_topic_becomes_one_character() -> None:
    assert masked("我院治白癜风，保证不留疤痕。") == "我院治□，保证不留□。"


def test_the_longer_of_words_that_begin_together_or_overlap_counts_once() -> None:
    assert masked("治类风湿") == "治□"


def test_words_that_reach_over_the_bounds_stay() -> None:
    assert masked("白癜风与疤痕", 1, 5) == "癜风与疤"


@given(st.lists(st.sampled_from(["白癜风", "类风湿", "疤痕", "甲", "。", "我院"]), max_size=30), st.integers(0, 20))
def test_what_is_no_topic_is_kept_in_order(words: list[str], low: int) -> None:
    text = "".join(words)
    low = min(low, len(text))
    rest = masked(text, low).replace("□", "")
    for topic in ("类风湿", "白癜风", "疤痕"):
        assert topic not in rest or topic in text[low:]
    assert [c for c in rest if c in "甲。我院"] == [c for c in text[low:] if c in "甲。我院"]


def test_a_page_without_sentences_has_no_tone() -> None:
    assert not tone(np.array([], dtype=np.float32), 0.0).any()


def test_one_promise_among_many_plain_sentences_stays_the_strongest() -> None:
    named = dict(zip(NAMES, tone(np.array([-3.0] * 11 + [4.0]), 0.0).tolist(), strict=True))
    assert named["tone:strongest"] == 1.0
    assert named["tone:second"] == -0.75
    assert named["tone:surplus"] < named["tone:strongest"]
    assert named["tone:share"] < 0.0


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=40), st.floats(0, 1))
def test_tone_does_not_depend_on_order_and_shrinks_with_the_discount(decisions: list[float], discount: float) -> None:
    values = np.array(decisions)
    full = tone(values, 0.0)
    assert np.array_equal(full, tone(values[::-1], 0.0))
    assert (np.abs(tone(values, discount)) <= np.abs(full) + 1e-6).all()


def test_headings_are_no_sentences() -> None:
    sentences = sentences_of("简介\n我院保证三个疗程断根不复发。")
    assert counted(sentences).tolist() == [False, True]


def test_training_gives_a_page_its_tone_by_a_scorer_that_did_not_see_it() -> None:
    """With labels that have nothing to do with the texts, seen pages look clear-cut and held-out ones do not."""
    random = np.random.default_rng(0)
    texts = ["".join(random.choice(list("天地人和日月山川风云水火"), 40).tolist()) + "。" for _ in range(60)]
    labels = random.integers(0, 2, 60)
    folds = np.arange(60) % 5
    sentences = page_sentences([grams_of(text) for text in texts], [0.0] * 60)
    everybody = np.ones(60, dtype=np.bool_)
    seen = tones(fit_tone(sentences, labels, everybody), sentences, everybody)[:, 0]
    held_out = cross_fitted(sentences, labels, folds, everybody)[:, 0]

    def told_apart(values: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> float:
        return float(values[labels == 1].mean() - values[labels == 0].mean())

    assert told_apart(seen) > 4 * abs(told_apart(held_out))
