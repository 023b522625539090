"""Leads gained and lost, with judges that can be read at a glance."""

from domain.findings import Document, Finding, Judgement
from yiguang.judgement.lexicon_diff import Page, compare, in_words


def finding(rule: str, quote: str, text: str) -> Finding:
    start = text.index(quote)
    return Finding(rule, "anxiety", quote, start, start + len(quote), 0.5, ("广告法16",), 3)


def judge(words: dict[str, str]) -> object:
    """Flags a text that holds one of the words; `words` are by rule."""

    def by_words(document: Document) -> Judgement:
        text = document.text
        found = tuple(finding(rule, word, text) for rule, word in words.items() if word in text)
        return Judgement(0.9 if found else 0.1, bool(found), "other", False, findings=found)

    return by_words


PAGES = [
    Page("甲", Document(text="后果不堪设想"), 1),
    Page("乙", Document(text="再不治就晚了"), 0),
    Page("丙", Document(text="平安")),
]


def test_gained_and_lost_leads_are_told_apart() -> None:
    found = compare(PAGES, judge({"old": "不堪设想"}), judge({"new": "就晚了"}))  # type: ignore[arg-type]
    assert (found.pages, found.leads_before, found.leads_after, found.scores_moved) == (3, 1, 1, 2)
    assert [change.page.id for change in found.gained] == ["乙"]
    assert [change.page.id for change in found.lost] == ["甲"]
    assert found.as_json()["rules"] == {"new": {"gained": 1, "lost": 0}, "old": {"gained": 0, "lost": 1}}
    assert found.as_json()["families"] == {"anxiety": {"gained": 1, "lost": 1}}
    shown = in_words(found)
    assert "new「就晚了」" in shown
    assert "涉嫌 0，合法 1" in shown


def test_nothing_changed() -> None:
    found = compare(PAGES, judge({"a": "平安"}), judge({"a": "平安"}))  # type: ignore[arg-type]
    assert in_words(found).count("\n") == 0


def test_hostile_pages_do_not_reach_the_terminal() -> None:
    page = Page("\x1b[2J", Document(text="就\x1b[31m晚了"))
    assert "\x1b" not in in_words(compare([page], judge({}), judge({"new": "晚了"})))  # type: ignore[arg-type]
