"""Alternatives are left alone where the text, or a sentence of it, cannot meet them; and nowhere else."""

from hypothesis import given
from hypothesis import strategies as st

from classifier.matcher import Matcher

ANCHORS = [(0, "治"), (1, "好"), (1, "包好!"), (2, "药")]
REQUIRED = [(0, ["根治", "率"]), (1, ["三天"]), (1, ["退款"])]
MATCHER = Matcher(ANCHORS, {"words": ["药", "医院"]}, REQUIRED)


def anchors(text: str, without: frozenset[int] = frozenset()) -> dict[int, list[tuple[int, int]]]:
    ends = [place for place, character in enumerate(text) if character in "。!"]
    scan = MATCHER.scan(text)
    possible = MATCHER.possible(scan, lambda number: number not in without)
    found = MATCHER.anchors(scan, possible, ends)
    return {number: [hit[:2] for hit in hits] for number, hits in found.items()}


def test_every_clause_is_required() -> None:
    assert anchors("三天就好") == {}
    assert anchors("三天就好,不好退款") == {1: [(3, 4), (6, 7)]}
    assert anchors("治") == {}
    assert anchors("根治") == {0: [(1, 2)]}
    assert anchors("药") == {2: [(0, 1)]}


def test_every_sentence_stands_for_itself() -> None:
    assert anchors("三天就好。不好退款") == {}
    assert anchors("治病。根治病。治病。治的率") == {0: [(4, 5), (10, 11)]}


def test_a_literal_over_the_end_of_a_sentence_joins_them() -> None:
    assert anchors("三天包好!退款") == {1: [(3, 4), (2, 5)]}


def test_conditions_of_the_page_come_first() -> None:
    assert anchors("根治药", frozenset({0})) == {2: [(2, 3)]}


def test_words_of_groups_are_counted_and_first_places_kept() -> None:
    scan = MATCHER.scan("药,医院,药")
    assert MATCHER.by_group(scan.cues) == {"words": (2, 3)}
    assert dict(scan.first_seen) == {MATCHER.literals.index("药"): (0, 1), MATCHER.literals.index("医院"): (2, 4)}
    assert MATCHER.by_group(MATCHER.scan("").cues) == {}


def test_words_of_groups_are_no_part_of_a_longer_number_or_latin_word() -> None:
    matcher = Matcher([(0, "0元")], {"words": ["0元", "spa", "加v", "12315"]})

    def seen(text: str) -> dict[str, int]:
        scan = matcher.scan(text)
        assert scan.cues == matcher.cues_within(scan, 0, len(text))
        assert scan.first_seen.keys() == scan.cues.keys()
        return {matcher.literals[literal]: times for literal, times in scan.cues.items()}

    assert seen("补牙200元,洁牙98.0元,根管1,500元") == {}
    assert seen("拔牙80元,检查0元") == {"0元": 1}
    assert seen("spark与dspa无关") == {}
    assert seen("做spa的spa馆") == {"spa": 2}
    assert seen("加vdemo11,加v") == {"加v": 2}
    assert seen("电话000123151,拨打12315") == {"12315": 1}
    assert len(matcher.scan("补牙200元").hits) == 1


@given(st.text(alphabet="治好药根率三天退款。!包", max_size=30))
def test_what_is_left_out_lacks_a_clause_in_its_sentence(text: str) -> None:
    found = anchors(text)
    for sentence in text.replace("!", "。").split("。"):
        for number, words in ((0, ("治",)), (1, ("好",))):
            clauses = [clause for owner, clause in REQUIRED if owner == number]
            if any(word in sentence for word in words) and all(any(w in sentence for w in c) for c in clauses):
                assert number in found
    if "药" in text:
        assert len(found[2]) == text.count("药")
