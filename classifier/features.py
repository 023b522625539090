"""What the model sees: the structure of the judgement, and characters with little trust.

Structure means the same in every style of writing: who speaks, what is promised, what a gate silenced, how one would
reach the speaker. Characters learn a writer's style, so their block is scaled down before training.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifier.analysis import Analysis
from classifier.rules import GATES
from domain.findings import FAMILIES, GENRES

BUCKETS = 1 << 17
CHARACTERS_READ = 700
"""Code points whose n-grams are counted: the beginning of the body says what a page is; its length must not matter."""
MASKED_FROM = 2 * CHARACTERS_READ
"""Code points of the body that are enough to give as many after words of topics have shrunk to one character."""
_UNRELATED_TRUST = 0.7
"""Share of their weight that characters keep on a page that is not about bodies and medicine at all."""
_SAID = (0.0, 0.6, 1.0)
"""How much a group of words says whose words are not on a page, are there once, or more often: said again is hardly more."""
_PLENTY = 300
_CROWD = 0.4
"""In a text of more than `_PLENTY` code points some word of every group stands by chance: it says less by this power of the length."""
_DAMPING = 0.8
"""Share by which everything said on a page that is wholly off topic counts less: sellers of trousers praise too."""
_LENGTH_THAT_TELLS = 300
"""Code points after which a text that names no body and no illness is about something else; a short one may just be coy."""
_PITCH = ("selling-point-words", "easy-cure-words", "revolution-words", "miracle-words", "product-pitch-words", "agency-words",
          "benefit-words", "superiority-words", "addressing-words", "cosmetic-pitch-words", "ranking-words")  # fmt: skip
_INFORM = ("doubt-words", "limits-words", "explain-words", "reporter-words", "scholar-words", "warning-words",
           "regulatory-words", "doctor-header-words")  # fmt: skip
"""Word groups of sellers and of those who inform; their shares of a page do not depend on its length."""
_CROSSED = ("is-ad", "own-voice", "own-site", "contact", "appointment", "price-lure", "promo", "medical", "institution",
            "regulatory-genre", "science-genre", "news-genre", "forum-genre", "research-genre", "law-genre",
            "public-hospital", "health-product", "disclosure-genre")  # fmt: skip


def names(facts: Sequence[str], groups: Sequence[str], bases: Sequence[str]) -> tuple[str, ...]:
    """The names of the structural features in order; facts, groups and bases in the order they are given."""
    return (
        *(f"live:{name}" for name in FAMILIES),
        *(f"silenced:{name}" for name in FAMILIES),
        *(f"title:{name}" for name in FAMILIES),
        *(f"gate:{name}" for name in GATES),
        *(f"fact:{name}" for name in facts),
        *(f"genre:{name}" for name in GENRES),
        *(f"cues:{name}" for name in groups),
        *(f"basis:{name}" for name in bases),
        *(f"claim+{name}" for name in _CROSSED),
        *(f"silent+{name}" for name in _CROSSED),
        "is-ad", "excluded", "claim", "claims", "strongest", "rules", "weight", "severity", "silenced-share",
        "disguised", "short", "long", "claim-and-gate", "relevance", "relevant-weight", "relevant-promo", "pitch-share",
        "off-topic",
    )  # fmt: skip


def structure(
    analysis: Analysis, facts: Sequence[str], groups: Sequence[str], bases: Sequence[str]
) -> NDArray[np.float32]:
    """The structural features, each about 0..1, in the order of `names`."""
    live = [item.finding for item in analysis.located if not item.finding.silenced]
    silenced = [
        item.finding for item in analysis.located if item.finding.silenced and item.finding.gates != ("shadow",)
    ]
    gates = [gate for finding in silenced for gate in finding.gates]
    any_cues = analysis.read.view.cues["any"]
    grounds = {ground.basis for ground in (*analysis.ad.grounds, *analysis.ad.exclusions)}
    claim = float(bool(live))
    page_facts = analysis.facts | ({"is-ad"} if analysis.ad.is_ad else set())
    rules = len({finding.rule for finding in live})
    pitch, inform = (sum(any_cues.get(name, (0, 0))[1] for name in names) for names in (_PITCH, _INFORM))
    aside = off_topic(analysis.relevance, analysis.read.view.signals["length"])
    crowded = min(1.0, (_PLENTY / max(1, analysis.read.view.signals["length"])) ** _CROWD)
    missing = 1.0
    for finding in {finding.rule: finding for finding in live}.values():
        missing *= 1.0 - finding.weight
    values: list[float] = [
        *_strongest(live),
        *_strongest(silenced),
        *(float(name in analysis.title_families) for name in FAMILIES),
        *(min(gates.count(name), 3) / 3 for name in GATES),
        *(float(name in analysis.facts) for name in facts),
        *(float(name == analysis.genre) for name in GENRES),
        *(crowded * _SAID[min(any_cues.get(name, (0, 0))[0], 2)] for name in groups),
        *(float(name in grounds) for name in bases),
        *(claim * (name in page_facts) for name in _CROSSED),
        *((1.0 - claim) * (name in page_facts) for name in _CROSSED),
        float(analysis.ad.is_ad),
        float(bool(analysis.ad.exclusions)),
        claim,
        min(len(live), 8) / 8,
        max((finding.weight for finding in live), default=0.0),
        min(rules, 6) / 6,
        1.0 - missing,
        max((finding.severity for finding in live), default=0) / 5,
        len(silenced) / max(1, len(silenced) + len(live)),
        float(any(item.disguised for item in analysis.located)),
        float(analysis.read.view.signals["short"]),
        float(analysis.read.view.signals["long"]),
        claim * float(bool(silenced)),
        analysis.relevance,
        analysis.relevance * (1.0 - missing),
        analysis.relevance * float("promo" in analysis.facts),
        analysis.relevance * ((pitch + 1) / (pitch + inform + 2) - 0.5),
    ]
    return np.append(np.array(values) * (1.0 - discount(aside)), aside).astype(np.float32)


def discount(aside: float) -> float:
    """By how much (0..1) everything said on a page counts less that is off topic by `aside` (0..1)."""
    return _DAMPING * aside


def off_topic(relevance: float, length: int) -> float:
    """How sure it is (0..1) that a text of `length` code points is about something else than bodies and medicine."""
    return (1.0 - relevance) * min(1.0, max(0.0, length - _LENGTH_THAT_TELLS) / _LENGTH_THAT_TELLS)


def _strongest(findings: Sequence[object]) -> list[float]:
    best: dict[str, float] = {}
    for finding in findings:
        family, weight = finding.family, finding.weight  # type: ignore[attr-defined]
        best[family] = max(best.get(family, 0.0), weight)
    return [best.get(name, 0.0) for name in FAMILIES]


def characters(text: str, relevance: float, aside: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Hashed n-grams of 1-3 characters of the folded text: bucket numbers and weights of length 0..1 that grows with
    `relevance` and shrinks the more the page is off topic (`aside`, 0..1).

    The hash is a fixed polynomial so that the same text gives the same buckets on every machine.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    if not len(codes):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    codes = np.where((codes >= 0x30) & (codes <= 0x39), np.uint64(0x30), codes)
    parts = [codes * np.uint64(0x9E3779B1)]
    if len(codes) > 1:
        parts.append((codes[:-1] * np.uint64(0x85EBCA6B)) ^ (codes[1:] * np.uint64(0xC2B2AE35)) ^ np.uint64(0x27D4EB2F))
    if len(codes) > 2:
        parts.append(
            (codes[:-2] * np.uint64(0x165667B1)) ^ (codes[1:-1] * np.uint64(0x9E3779B97F4A7C15))
            ^ (codes[2:] * np.uint64(0xD6E8FEB86659FD93))
        )  # fmt: skip
    hashes = np.concatenate(parts)
    hashes ^= hashes >> np.uint64(29)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    buckets, counts = np.unique((hashes >> np.uint64(40)) % np.uint64(BUCKETS), return_counts=True)
    weights = np.log1p(counts).astype(np.float32)
    length = (_UNRELATED_TRUST + (1.0 - _UNRELATED_TRUST) * relevance) * (1.0 - discount(aside))
    return buckets.astype(np.int64), weights * np.float32(length / np.linalg.norm(weights))


def group_of(name: str) -> str:
    """Which part of the explanation a structural feature belongs to: 规则, 语境, 语气 or 广告认定."""
    kind = name.split(":", 1)[0]
    if kind == "tone":
        return "语气"
    if kind in ("live", "title", "claim", "claims", "strongest", "rules", "weight", "severity", "disguised"):
        return "规则"
    if kind in ("basis", "is-ad", "excluded"):
        return "广告认定"
    return "语境"
