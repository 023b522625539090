"""Sentences as bags of n-grams: nothing crosses a sentence, sums agree with counting one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.sentence_grams import BUCKETS, grams_of

TABLE = np.random.default_rng(7).normal(size=(BUCKETS, 3)).astype(np.float32)


@given(st.text(st.sampled_from("治好啊a1 2,。!\n\ud800"), max_size=60))
def test_sums_are_those_of_each_sentence_alone(text: str) -> None:
    grams = grams_of(text)
    together = grams.sums(TABLE)
    assert together.shape == (len(grams.spans), 3)
    for (start, end), row in zip(grams.spans, together, strict=True):
        alone = grams_of(text[start:end])
        assert alone.spans == ((0, end - start),)
        np.testing.assert_allclose(alone.sums(TABLE)[0], row, rtol=1e-4, atol=1e-5)


@given(st.text(max_size=80))
def test_spans_are_apart_and_in_order(text: str) -> None:
    spans = grams_of(text).spans
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:], strict=False))
    assert not any(mark in text[start:end] for start, end in spans for mark in "。!?;…\n")


def test_numbers_differ_by_shape_only() -> None:
    assert grams_of("有效率98%").buckets.tolist() == grams_of("有效率37%").buckets.tolist()
    assert grams_of("有效率98%").buckets.tolist() != grams_of("有效率很高").buckets.tolist()


def test_a_sentence_of_one_character_has_one_gram() -> None:
    assert grams_of("好。坏").first.tolist() == [0, 1, 2]
