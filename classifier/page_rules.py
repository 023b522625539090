"""Rules that judge the page as a whole, and what in the text their finding points at."""

import re

from classifier.analysis import Analysis
from classifier.findings import CLAIM_FAMILIES, Located, make_finding
from classifier.matcher import Matcher, Scan
from classifier.rules import PageAlternative, Rule
from domain.contacts import find_contacts

_GROUPS = {
    "appointment": (
        "appointment-words",
        "qr-words",
        "wechat-words",
        "direct-message-words",
        "join-group-words",
        "order-words",
        "jump-words",
    ),
    "institution": ("institution-words", "beauty-salon-words", "wellness-words"),
    "promo": ("promo-words", "price-lure-words"),
    "medical-beauty-item": ("medical-beauty-items",),
    "goods": ("health-product-words", "plain-goods-words", "ranked-goods-words"),
}
_WHOLE_PHRASE = frozenset({"goods", "institution"})
"""Kinds whose words say little alone (胶囊, 口腔): the phrase they stand in is pointed at."""
_WAYS_TO_COME = frozenset({"contact", "appointment"})
_LAST_RESORTS = frozenset({"claim", "first-sentence"})
"""Kinds that are pointed at for want of words of the rule's own: where those were found, they say it."""
_PHRASE_REACH = 14
_PLAIN = 0.3
"""Weight (0..1) from which a claim says enough to be pointed at; cues (从此) weigh less."""
_EFFECTS = CLAIM_FAMILIES - {"endorsement", "absolute-term", "comparison"}
"""Families of claims that say what something does; that somebody praises it is none."""
_BREAK = re.compile(r"[\s，。！？；：、,.!?;:()（）“”\"《》【】\[\]|#*>]")
_FIRST_SENTENCE = re.compile(r"[^\s。！？!?\n][^。！？!?\n]{0,59}")


def page_findings(rules: tuple[Rule, ...], analysis: Analysis, matcher: Matcher) -> list[Located]:
    """One finding per rule whose page condition holds, unless nothing can be pointed at or its words point there."""
    located: list[Located] = []
    pointed: dict[str, list[tuple[int, int]]] = {}
    for item in analysis.live:
        pointed.setdefault(item.rule.id, []).append((item.finding.start, item.finding.end))
    for rule in rules:
        for alternative in rule.pages:
            if not alternative.condition.holds(analysis.facts):
                continue
            kind, span = _quote(alternative, analysis, matcher)
            if span is None:
                continue
            places = pointed.get(rule.id, ())
            if (places and kind in _LAST_RESORTS) or any(_same_place(kind, span, place) for place in places):
                break  # its words found that place, or one that says more
            gates = ("shadow",) if rule.status == "shadow" else ()
            finding = make_finding(rule, analysis.read.document.text, *span, gates)
            located.append(Located(finding, rule, *span, False))
            break
    return located


def _same_place(kind: str, span: tuple[int, int], place: tuple[int, int]) -> bool:
    """A number alone and with the word before it are one thing; the name of a house in a sentence says more than that."""
    if kind in _WAYS_TO_COME:
        return place[0] < span[1] and span[0] < place[1]
    return span == place


def _quote(alternative: PageAlternative, analysis: Analysis, matcher: Matcher) -> tuple[str, tuple[int, int] | None]:
    """The first kind of thing that is in the text, and where."""
    for kind in (*alternative.quote, "first-sentence"):
        span = _find(kind, analysis, matcher)
        if span is not None:
            return kind, span
    return "", None


def _find(kind: str, analysis: Analysis, matcher: Matcher) -> tuple[int, int] | None:
    """A span of the original text, or None when there is nothing of that kind."""
    document = analysis.read.document
    match kind:
        case "contact":
            for value in (*document.contact_in_body, *document.contact_in_footer):
                at = document.text.find(value) if value else -1
                if at >= 0:
                    return at, at + len(value)
            if "contact" not in analysis.facts:
                return None
            found = find_contacts(document.text[:20_000])
            return (found[0].start, found[0].end) if found else None
        case "product":
            return analysis.read.folded.original_span(*analysis.read.product) if analysis.read.product else None
        case "institution" if analysis.read.institution:
            return analysis.read.folded.original_span(*analysis.read.institution)
        case "title":
            at = document.text.find(document.title) if document.title else -1
            return (at, at + len(document.title)) if at >= 0 else None
        case "first-sentence":
            sentence = _FIRST_SENTENCE.search(document.text)
            return sentence.span() if sentence else None
        case "claim":
            claims = [
                item.finding
                for item in analysis.live
                if item.finding.family in _EFFECTS and item.finding.weight >= _PLAIN
            ]
            best = max(claims, key=lambda item: (item.weight, -item.start), default=None)
            return (best.start, best.end) if best else None
        case _:
            span = _first_cue(_GROUPS[kind], analysis.read.scan, analysis, matcher)
            return _phrase(document.text, *span) if span and kind in _WHOLE_PHRASE else span


def _phrase(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with what stands around it up to the next break, not further than `_PHRASE_REACH` to each side."""
    low, high = max(0, start - _PHRASE_REACH), end + _PHRASE_REACH
    before = [match.end() for match in _BREAK.finditer(text, low, start)]
    after = _BREAK.search(text, end, high)
    return before[-1] if before else low, after.start() if after else min(high, len(text))


def _first_cue(groups: tuple[str, ...], scan: Scan, analysis: Analysis, matcher: Matcher) -> tuple[int, int] | None:
    spans = [span for literal, span in scan.first_seen.items() if any(g in groups for g in matcher.groups_of[literal])]
    return analysis.read.folded.original_span(*min(spans, key=lambda span: (span[0], -span[1]))) if spans else None
