"""Text made visible and cut into pieces: nothing is lost, nothing is hidden, nothing is markup."""

import re
import unicodedata
from html.parser import HTMLParser
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.web.charts import nice_ceiling
from review.web.filter_forms import filters_of, query_of
from review.web.highlights import Span, pieces
from review.web.marks import marked, one_line, plain
from review.web.problems import Problem
from review.web.rates import Rates
from review.web.scores import score_bars
from review.web.viewer import harmless


class Elements(HTMLParser):
    """Names of the elements, and the text outside our marks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag if dict(attrs).get("class") == "ctl" else f"!{tag}")


@given(st.text())
def test_what_is_marked_has_no_element_but_our_marks(text: str) -> None:
    parser = Elements()
    parser.feed(str(marked(text)))
    parser.close()
    assert set(parser.names) <= {"span"}


@given(st.text())
def test_no_invisible_character_is_left(text: str) -> None:
    for shown in (str(marked(text)), plain(text, 10_000)):
        hidden = [letter for letter in shown if unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t"]
        assert hidden == []
        assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]", shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a<b>&\"'", "a&lt;b&gt;&amp;&#34;&#39;"),
        ("治愈率", "治愈率"),
        ("\u202e", '<span class="ctl" title="U+202E 强制右至左">RLO</span>'),
        ("e\u0301", "e\u0301"),
        ("e" + "\u0301" * 9, 'e<span class="ctl" title="叠加符号 9 个">◌×9</span>'),
    ],
)
def test_marks(text: str, shown: str) -> None:
    assert str(marked(text)) == shown


def test_a_line_is_short_and_one() -> None:
    assert str(one_line("a\n b\t c" + "d" * 200, 10)) == "a b cdddd…"


spans = st.builds(Span, st.integers(-3, 60), st.integers(-3, 60), st.integers(1, 9), st.booleans())


@given(st.text(max_size=50), st.lists(spans, max_size=8))
def test_pieces_are_the_text_and_each_stands_under_its_findings(text: str, given_spans: list[Span]) -> None:
    found = pieces(text, given_spans)
    assert "".join(piece.text for piece in found) == text
    at = 0
    for piece in found:
        for span in given_spans:
            if 0 <= span.start < span.end <= len(text):
                covers = span.start <= at and at + len(piece.text) <= span.end
                touches = span.start < at + len(piece.text) and at < span.end
                assert covers == touches
                assert covers <= (span.finding in piece.findings)
        at += len(piece.text)


@given(st.text(min_size=30, max_size=3000), st.lists(spans, max_size=8), st.integers(1, 20))
def test_what_is_left_out_is_counted(text: str, given_spans: list[Span], longest: int) -> None:
    found = pieces(text, given_spans, longest)
    assert sum(piece.left_out + len(piece.text) for piece in found) == len(text)
    shown = {number for piece in found for number in piece.findings}
    assert shown == {span.finding for span in given_spans if 0 <= span.start < span.end <= len(text)}


@given(st.dictionaries(st.text(max_size=5), st.floats(-50, 50), min_size=1, max_size=8))
def test_score_bars_add_up_and_stay_inside(parts: dict[str, float]) -> None:
    bars = score_bars(parts, 0.5)
    assert bars is not None
    assert bars.total == pytest.approx(sum(parts.values()), abs=1e-6)
    for bar in bars.bars:
        assert bar.left >= -1e-6 and bar.left + bar.width <= 101
    assert score_bars(parts, None) is None


@given(st.floats(1e-6, 1e12))
def test_scales_end_in_round_numbers(value: float) -> None:
    assert value <= nice_ceiling(value) * 1.000001 and nice_ceiling(value) <= value * 10.001


@pytest.mark.parametrize(
    "query",
    ["states=no", "stage=fourth", "families=x", "targets=a", "targets=" + "9" * 5000, "nights=a\0", "targets=-1"],
)
def test_impossible_filters_are_refused(query: str) -> None:
    name, _, value = query.partition("=")
    with pytest.raises(Problem):
        filters_of([(name, value)])


def test_filters_survive_the_address() -> None:
    pairs = [("families", "scalper"), ("states", "held"), ("nights", "2026-11-25"), ("institution", "门诊&=x"), ("stage", "second")]  # fmt: skip
    filters = filters_of(pairs)
    assert filters_of(parse_qsl(query_of(filters))) == filters and filters.institution == "门诊&=x"


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    rates = Rates(2, 1.0, lambda: now[0])
    assert [rates.admit("a") for _ in range(3)] == [True, True, False]
    assert rates.admit("b")
    now[0] = 1.0
    assert rates.admit("a") and not rates.admit("a")


@given(st.lists(st.sampled_from(["<script", "<SCRIPT>", "</script>", "<meta http-equiv=refresh>", " src=x", " HREF = 'y'", "<base", "a", "<", "\n", "<iframe", "<form action=x"])).map("".join))  # fmt: skip
def test_a_harmless_page_has_no_element_that_acts(markup: str) -> None:
    parser = Active()
    parser.feed(harmless(markup))
    parser.close()
    assert parser.found == []


class Active(HTMLParser):
    """What would run, fetch or lead anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "meta", "base", "iframe", "form", "link", "object", "embed"}:
            self.found.append(tag)
        self.found += [name for name, _ in attrs if name in {"src", "href", "action", "srcset"}]
