"""Whether a page offers what only a medical institution may offer although it is run by none: a weighing, never a verdict.

Both halves are needed: who runs the page (by its name, by what it states, by the registry) and the medical act that it
offers. Who may treat cannot be read off a page: what the registry lacks stays 待核, and a licensed institution is silent.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.brand_uses import Evidence, any_word
from domain.findings import Document
from domain.institutions import RegisteredInstitution

LEAD_FROM = 0.7
"""Score (0..1) from which an operator's offer is filed as a lead; below, down to `REMARK_FROM`, it is told as 待核."""
REMARK_FROM = 0.4
_SENTENCE_ENDS = re.compile(r"[。！？!?；;\n]")
_TITLE_PART = re.compile(r"[-_|｜—–,，。！!？?:：;；、\s【】\[\]]+")
_BEFORE_KIND = re.compile(r"[\u4e00-\u9fa5A-Za-z]{1,14}\Z")
_AFTER_KIND = re.compile(r"(?:[\u4e00-\u9fa5（）()]{0,8}?(?:店|馆|所|中心|公司|室|城|铺|坊|连锁|官网))?")
_NOT_IN_NAMES = re.compile(r"我们|我家|咱们|本[店馆]|[在的来到是属于]")
_NEAR = 40
_DISEASE_WITHIN = 8
_FRONT_CHARS = 60
_MOST_ACTS = 12
_SPOKEN = 12
_SHORT = 400
"""A text this short that begins with a name is taken to speak for it."""


@dataclass(frozen=True, slots=True)
class ScopeBook:
    """`lexicons/registry/operators.toml`: words for kinds of shops, for doubtful names and for medical acts, by what they are called."""

    shops: Mapping[str, tuple[str, ...]]
    doubtful: Mapping[str, tuple[str, ...]]
    names: Mapping[str, tuple[str, ...]]
    acts: Mapping[str, tuple[str, ...]]
    treatment_title: str
    treatment: re.Pattern[str]
    near: Mapping[str, tuple[str, ...]]
    kinds: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the page: the name it goes by, the kind that name says, where it stands, and what that is worth (0..1)."""

    name: str
    kind: str
    where: str
    weight: float


@dataclass(frozen=True, slots=True)
class OfferedAct:
    """A medical act that the text offers at `start`..`end` (code points), `kind` in Chinese; `priced` with price or booking."""

    words: str
    kind: str
    start: int
    end: int
    priced: bool


@dataclass(frozen=True, slots=True)
class ScopeJudgement:
    """`score` is 0..1 and no probability; evidence is named on both sides."""

    score: float
    operator: Operator
    acts: tuple[OfferedAct, ...]
    evidence_for: tuple[Evidence, ...]
    evidence_against: tuple[Evidence, ...]


def scope_book(data: Mapping[str, Any]) -> ScopeBook:
    """From `registry/operators.toml`. Raises ValueError or KeyError when it does not hold what it should."""
    shops, doubtful = _listed(data["shops"]), _listed(data["doubtful"])
    treatment = data["treatment"]
    verbs, diseases = _any_of(treatment["verbs"]), _any_of(treatment["diseases"])
    gap, closer = (rf"[^。！？!?；;\n{more}]{{0,{_DISEASE_WITHIN}}}?" for more in ("", "，,、"))
    return ScopeBook(
        shops=shops,
        doubtful=doubtful,
        names=_listed(data["names"]),
        acts={act["title"]: tuple(act["words"]) for act in data["acts"].values()},
        treatment_title=treatment["title"],
        treatment=re.compile(f"(?:{verbs}){gap}(?:{diseases})|(?:{diseases}){closer}(?:{verbs})"),
        near=_listed(data["near"]),
        kinds=re.compile(_any_of([word for words in (*shops.values(), *doubtful.values()) for word in words])),
    )


def judge_scope(
    document: Document, book: ScopeBook, registered: Sequence[RegisteredInstitution] = ()
) -> ScopeJudgement | None:
    """The weighing, None when the page is of no such operator, offers no such act, or is a licensed institution's."""
    if any(not _is_not_medical(item, book) for item in registered):
        return None
    operator = _operator(document, book)
    if operator is None:
        return None
    acts = tuple(_offered(document.text, book))[:_MOST_ACTS]
    if not acts:
        return None
    pro = tuple(_for(operator, acts, document, book, registered))
    contra = tuple(_against(document, book))
    total = sum(item.weight for item in pro) - sum(item.weight for item in contra)
    return ScopeJudgement(round(min(0.99, max(0.0, total)), 3), operator, acts, pro, contra)


def _listed(table: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(words) for key, words in table.items()}


def _any_of(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _is_not_medical(item: RegisteredInstitution, book: ScopeBook) -> bool:
    """Lists of institutions hold medical ones; a row is of another kind only when its class says so and it has no licence."""
    return (
        not item.licence
        and not item.subjects
        and any_word(item.institution_class, book.names["class_not_medical"]) != ""
    )


def _operator(document: Document, book: ScopeBook) -> Operator | None:
    """By the site's name or account, the title, a name above or below the main text, or its own voice: what is worth most.

    A medical institution's name in the site's name, account or title settles it: None.
    """
    own = [name for name in (document.site_name.strip(), document.account.strip()) if name]
    titled = [part for part in _TITLE_PART.split(document.title) if part]
    if any(any_word(name, book.names["medical"]) or any_word(name, book.names["not_a_shop"]) for name in own):
        return None
    if any(part.endswith(book.names["medical"]) or any_word(part, book.names["not_a_shop"]) for part in titled):
        return None
    found = [*_named(own, "站名或账号", 0.0, book), *_named(titled, "标题", 0.1, book), *_in_text(document, book)]
    return max(found, key=lambda operator: operator.weight, default=None)


def _named(names: Sequence[str], where: str, less: float, book: ScopeBook) -> Iterator[Operator]:
    for name in names:
        match = book.kinds.search(name)
        if match and not any_word(name, book.names["medical"]) and _AFTER_KIND.fullmatch(name, match.end()):
            kind, worth = _kind(match[0], book)
            yield Operator(name, kind, where, worth - less)


def _in_text(document: Document, book: ScopeBook) -> Iterator[Operator]:
    """The first name above or below the main text, or that the text speaks for."""
    text = document.text
    first, last = (document.body_start, document.body_end) if document.body_end else (0, len(text))
    for match in book.kinds.finditer(text):
        front = _BEFORE_KIND.search(text, max(0, match.start() - 14), match.start())
        after = _AFTER_KIND.match(text, match.end())
        start, end = front.start() if front else match.start(), after.end() if after else match.end()
        start += max((said.end() for said in _NOT_IN_NAMES.finditer(text[start : match.start()])), default=0)
        around = text[max(0, start - 6) : end + 6]
        if any_word(around, book.names["medical"]) or any_word(around, book.names["not_a_shop"]):
            continue
        kind, worth = _kind(match[0], book)
        if front and (end <= first or start >= last):
            yield Operator(text[start:end], kind, "页首或页脚", worth - 0.1)
            return
        spoken = text[max(0, start - _SPOKEN) : end + _SPOKEN]
        if any_word(spoken, book.names["own_voice"]) or (start <= 2 and len(text) <= _SHORT):
            yield Operator(text[start:end], kind, "正文自称", worth / 2)
            return


def _kind(word: str, book: ScopeBook) -> tuple[str, float]:
    """What kind of operator a word of a name says and how much that is worth."""
    for worth, table in ((0.5, book.shops), (0.3, book.doubtful)):
        for kind, words in table.items():
            if word in words:
                return kind, worth
    raise KeyError(word)


def _offered(text: str, book: ScopeBook) -> Iterator[OfferedAct]:
    """Acts in order of kind, each word once, where the sentence does not take them back and something near offers them."""
    seen: set[str] = set()
    for kind, words in book.acts.items():
        for match in re.finditer(_any_of(words), text):
            if match[0] not in seen and (act := _act(text, match, kind, book)) is not None:
                seen.add(match[0])
                yield act
    for match in book.treatment.finditer(text):
        if match[0] not in seen and (act := _act(text, match, book.treatment_title, book)) is not None:
            seen.add(match[0])
            yield act


def _act(text: str, match: re.Match[str], kind: str, book: ScopeBook) -> OfferedAct | None:
    start, end = match.span()
    near = book.near
    if text[:start].endswith(near["before_not"]) or text[end:].startswith(near["after_not"]):
        return None
    if any_word(_sentence(text, start, end), near["not_offered"]):
        return None
    around = text[max(0, start - _NEAR) : end + _NEAR]
    if not any_word(around, near["offered"]):
        return None
    return OfferedAct(match[0], kind, start, end, any_word(around, near["priced"]) != "")


def _sentence(text: str, start: int, end: int) -> str:
    front = max(
        (match.end() for match in _SENTENCE_ENDS.finditer(text, max(0, start - _FRONT_CHARS), start)), default=0
    )
    after = _SENTENCE_ENDS.search(text, end, end + _FRONT_CHARS)
    return text[max(front, start - _FRONT_CHARS) : after.start() if after else end + _FRONT_CHARS]


def _for(
    operator: Operator,
    acts: Sequence[OfferedAct],
    document: Document,
    book: ScopeBook,
    registered: Sequence[RegisteredInstitution],
) -> Iterator[Evidence]:
    yield Evidence(
        "operator-name", f"{operator.where}“{operator.name}”是{operator.kind}的名称", round(operator.weight, 2)
    )
    for number, kind in enumerate(dict.fromkeys(act.kind for act in acts)):
        words = "、".join(f"“{act.words}”" for act in acts if act.kind == kind)
        yield Evidence("medical-act", f"提供{kind}{words}", 0.3 if number == 0 else 0.1 if number <= 2 else 0.0)
    if any(act.priced for act in acts):
        yield Evidence("priced", "附价格或预约方式", 0.1)
    if stated := any_word(document.text, book.names["stated"]):
        yield Evidence("stated-not-medical", f"页面自述“{stated}”", 0.2)
    for item in registered:
        yield Evidence(
            "registered-not-medical", f"名录所载类别为“{item.institution_class}”（{item.source}，{item.as_of}）", 0.3
        )
        return


def _against(document: Document, book: ScopeBook) -> Iterator[Evidence]:
    if any(number.startswith("licence:") for number in document.identifiers):
        yield Evidence("licence-shown", "页面载有医疗机构登记号，真伪待核", 0.4)
    elif word := any_word(document.text, book.near["licensed"]):
        yield Evidence("licence-mentioned", f"页面提及“{word}”", 0.3)
    if word := any_word(document.text, book.near["partner"]):
        yield Evidence("partner", f"“{word}”：可能由别的医疗机构实施", 0.3)
