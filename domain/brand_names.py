"""Whether the names a page uses lean on a well-known hospital's: a weighing with named evidence, never a verdict in law.

A brand word alone decides nothing: real places, universities, branches and partners carry it lawfully. What cannot be
told from names and registry facts stays unknown (待核).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.brand_book import Brand, BrandBook
from domain.brand_hosts import likenesses, official_brand

PIGGYBACKING_FROM = 0.65
"""Score (0..1) from which a use is called piggybacking; tuned on the names of `tests/brand_names`, see its test."""
_LAWFUL_TO = 0.1
_TITLE_PART = re.compile(r"[-_|—–,，。！!？?:：;；、\s【】\[\]]+")
_LONGEST_NAME = 26
_AFFILIATION_REACH = 18
_MOST_CLAIMS = 200
_FREE_PREFIXES = "新老"


class BrandVerdict(StrEnum):
    PIGGYBACKING = "piggybacking"
    LAWFUL = "lawful"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PageNames:
    """The names a page uses. `claims` are sentences in which it speaks of other hospitals, its staff or partners."""

    institution: str = ""
    site_name: str = ""
    account: str = ""
    host: str = ""
    title: str = ""
    keywords: str = ""
    description: str = ""
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InstitutionFact:
    """What a registry says about the institution the page names. `public` is None when it does not say.

    `affiliated_with` are full names of hospitals whose name it may use: owners, unions, branches of record.
    """

    name: str
    aliases: tuple[str, ...] = ()
    public: bool | None = None
    region: str = ""
    affiliated_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason: `name` is a stable key, `text` Chinese, `weight` what it adds (for) or takes away (against), 0..1."""

    name: str
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class BrandJudgement:
    """`score` is 0..1 and no probability. `where` names the field of `PageNames` and `quote` the words in it."""

    verdict: BrandVerdict
    score: float
    token: str
    where: str
    quote: str
    evidence_for: tuple[Evidence, ...] = ()
    evidence_against: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class _Use:
    """A brand word in one name, with what surrounds it; `spelling` differs from the token when it is disguised."""

    token: str
    spelling: str
    before: str
    after: str
    name: str
    where: str


def judge_names(names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact] = ()) -> BrandJudgement | None:
    """The weightiest judgement over everything the page calls itself; None when it touches no brand."""
    if (owner := official_brand(names.host, book)) is not None:
        against = Evidence("official-domain", f"域名属于{owner.owner}", 1.0)
        return BrandJudgement(BrandVerdict.LAWFUL, 0.0, owner.token, "host", names.host, (), (against,))
    found = [
        *(_weigh(use, names, book, registered) for use in _self_uses(names, book)),
        *_title(names, book, registered),
        *_search_words(names, book, registered),
        *_claims(names, book, registered),
        *_host(names, book),
    ]
    if not found:
        return None
    best = max(found, key=lambda judgement: (judgement.score, len(judgement.evidence_for)))
    also = {
        other.where for other in found if other.token == best.token and other.where != best.where and other.score > 0.3
    }
    if best.evidence_for and also and not any(item.weight >= 1 for item in best.evidence_against):
        more = Evidence("several-places", f"同一字号另见于 {len(also)} 处名称", min(0.2, 0.1 * len(also)))
        return _judgement(best.token, best.where, best.quote, (*best.evidence_for, more), best.evidence_against)
    return best


def _judgement(
    token: str, where: str, quote: str, pro: Sequence[Evidence], contra: Sequence[Evidence]
) -> BrandJudgement:
    total = sum(item.weight for item in pro) - sum(item.weight for item in contra)
    score = round(min(0.99, max(0.0, total)), 3)
    if score >= PIGGYBACKING_FROM:
        verdict = BrandVerdict.PIGGYBACKING
    elif contra and score <= _LAWFUL_TO:
        verdict = BrandVerdict.LAWFUL
    else:
        verdict = BrandVerdict.UNKNOWN
    return BrandJudgement(verdict, score, token, where, quote, tuple(pro), tuple(contra))


def plain_name(name: str) -> str:
    """A name without spaces, brackets and width: the form in which names are compared."""
    return re.sub(r"[\s·•“”\"'()（）《》「」]", "", unicodedata.normalize("NFKC", name))


def _uses(name: str, where: str, book: BrandBook) -> Iterator[_Use]:
    plain = plain_name(name)
    for spelling, token in (*((token, token) for token in book.pinyin), *book.spellings.items()):
        place = plain.find(spelling)
        if place < 0 or token not in book.pinyin:
            continue
        before, after = plain[:place], plain[place + len(spelling) :]
        if spelling.isdigit() and (before[-1:].isdigit() or after[:1].isdigit()):
            continue
        if before[-1:] and before[-1:] in book.part_of_other_word.get(token, ()):
            continue
        coined = any(word in plain for word in book.words["own_brand_despite"])
        if not coined and after.startswith(book.words["not_brand_after"]):
            continue
        if any(word in before for word in book.words["not_brand_before"]):
            continue
        yield _Use(token, spelling, before, after, plain, where)


def _self_uses(names: PageNames, book: BrandBook) -> Iterator[_Use]:
    for where in ("institution", "site_name", "account"):
        name: str = getattr(names, where)
        if name and not (where != "institution" and _is_about_others(name, book)):
            for part in _TITLE_PART.split(name):
                if _is_institution(part, book):
                    yield from _uses(part, where, book)


def _is_institution(name: str, book: BrandBook) -> bool:
    return len(name) <= _LONGEST_NAME and any(word in name for word in book.words["institution"])


def _is_about_others(site_name: str, book: BrandBook) -> bool:
    """A directory, a newspaper, an authority: it speaks of hospitals, it is none."""
    return any(word in site_name for word in book.words["about_others"]) and "医院" not in site_name


def _weigh(use: _Use, names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact]) -> BrandJudgement:
    pro: list[Evidence] = []
    contra = list(_registry_against(use.token, book, registered))
    owner = _owner_named(use, book)
    if owner is not None:
        pro.extend(_beyond_owner(owner[1], names, book))
        contra.append(Evidence("owner-name", f"与权利人{owner[0].owner}的名称一致", 0.0 if pro else 0.4))
    else:
        pro.extend(_for(use, book))
        contra.extend(_against(use, book))
    pro.extend(_registry_for(use, registered))
    if pro and use.where == "title":
        contra.append(Evidence("title-only", "只见于标题", 0.1))
    return _judgement(use.token, use.where, use.name, pro, contra)


def _owner_named(use: _Use, book: BrandBook) -> tuple[Brand, str] | None:
    """The owner whose name the whole name begins with, and what follows it there."""
    best: tuple[int, Brand, str] | None = None
    for brand in book.owners_of(use.token):
        for known in map(plain_name, brand.names):
            place = use.name.find(known)
            if place < 0 or use.token not in known and use.spelling not in known:
                continue
            front = use.name[:place]
            if front and front not in brand.owner and front.removesuffix("市") not in (brand.city + brand.province):
                continue
            if best is None or len(known) > best[0]:
                best = len(known), brand, use.name[place + len(known) :]
    return None if best is None else best[1:]


def _beyond_owner(rest: str, names: PageNames, book: BrandBook) -> Iterator[Evidence]:
    """What a name says beyond an owner's own; departments, campuses and channels are the owner's."""
    words = book.words
    if not rest or (rest.startswith(words["campus"]) and not _any(rest, words["never_department"])):
        return
    word = _any(rest, words["affiliation"]) or _any(rest, words["never_department"])
    if word and word not in ("分院", "国际部"):
        yield Evidence("owner-name-extended", f"权利人名称后接“{word}”", 0.7)
        return
    if _any(rest, words["commercial"]) and not (rest.endswith("科") and len(rest) <= 9) and "中心" not in rest:
        yield Evidence("owner-name-with-trade", f"权利人名称后接“{rest}”", 0.4 if names.host else 0.35)


def _for(use: _Use, book: BrandBook) -> Iterator[Evidence]:
    words, shown = book.words, use.spelling
    yield Evidence("brand-word", f"名称含知名医院字号“{use.token}”，而非其权利人", book.weights[use.token])
    if use.spelling != use.token and not use.spelling.startswith("三"):
        yield Evidence("disguised-spelling", f"以“{shown}”谐音、形近“{use.token}”", 0.1)
    if word := next((word for word in words["prefix"] if _is_coined_front(use.before, word)), ""):
        yield Evidence("coined-prefix", f"字号前缀“{word}”", 0.25)
    if word := next((word for word in words["suffix"] if use.after.startswith(word)), ""):
        yield Evidence("coined-suffix", f"字号后缀“{word}”", 0.2)
    if word := _any(use.after, words["commercial"]) or _any(use.before, words["commercial"]):
        yield Evidence("trade-category", f"民营机构惯用类别“{word}”", 0.3)
    if word := _any(use.after, words["affiliation"]):
        yield Evidence("claimed-affiliation", f"自称“{word}”", 0.3)
    if use.before and not _any(use.before, tuple(_places(use.token, book))):
        yield Evidence("other-place", f"冠以“{use.before}”，权利人不在该地", 0.1)
    if word := _any(use.name, words["company"]):
        yield Evidence("company", f"主体为{word}", 0.1)


def _against(use: _Use, book: BrandBook) -> Iterator[Evidence]:
    words = book.words
    if word := _any(use.name, words["union"]):
        yield Evidence("stated-union", f"载明“{word}”", 0.5)
    if word := _any(use.name, words["public"]):
        yield Evidence("public-kind", f"公立机构惯用名称“{word}”", 0.4)
    if word := _any(use.name, book.homes.get(use.token, ())):
        yield Evidence("place-name", f"“{use.token}”为{word}一带的地名", 0.4)
    if word := _any(use.name, words["denial"]):
        yield Evidence("denial", f"“{word}”：说的是否认或警示", 0.6)
    if word := _any(use.name, words["history"]):
        yield Evidence("history", f"“{word}”说的是经历", 0.5)


def _registry_for(use: _Use, registered: Sequence[InstitutionFact]) -> Iterator[Evidence]:
    for fact in registered:
        if fact.public is False and plain_name(fact.name) in (use.name, plain_name(use.name)):
            yield Evidence("registered-private", f"登记为民营机构：{fact.name}", 0.2)
            return


def _registry_against(token: str, book: BrandBook, registered: Sequence[InstitutionFact]) -> Iterator[Evidence]:
    owners = {plain_name(name) for brand in book.owners_of(token) for name in brand.names}
    for fact in registered:
        partner = next((name for name in fact.affiliated_with if plain_name(name) in owners), "")
        if partner:
            yield Evidence("registered-affiliate", f"登记为{partner}的关联机构", 1.0)
        elif fact.public:
            yield Evidence("registered-public", f"登记为公立机构：{fact.name}", 0.5)


def _title(names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact]) -> Iterator[BrandJudgement]:
    if _speaks_of_others(names, book):
        return
    for part in _TITLE_PART.split(names.title):
        if len(part) <= 16 and part.removesuffix("官网").endswith(book.words["institution"]):
            for use in _uses(part, "title", book):
                yield _weigh(use, names, book, registered)


def _speaks_of_others(names: PageNames, book: BrandBook) -> bool:
    host = f".{names.host}"
    return any(_is_about_others(name, book) for name in (names.site_name, names.account)) or bool(
        re.search(r"\.(?:gov|edu|ac)(?:\.cn)?$", host)
    )


def _search_words(names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact]) -> Iterator[BrandJudgement]:
    """Another's name where search engines look (反不正当竞争法 7(2)): only of a page that itself is a private medical one.

    Keywords weigh more than the description, which is a sentence and may say something lawful; the title only adds to either.
    """
    own = _own_name(names, book, registered)
    private = any(fact.public is False for fact in registered) or _any(own, book.words["commercial"])
    if not own or not private or _any(own, book.words["public"]) or _speaks_of_others(names, book):
        return
    said = plain_name(f"{names.title}。{names.keywords}。{names.description}")
    for where, text, worth, place in (
        ("keywords", names.keywords, 0.3, "搜索关键词"),
        ("description", names.description, 0.2, "页面简介"),
    ):
        for word in _TITLE_PART.split(text):
            for use in _uses(word, where, book):
                if use.token in own or not (_owner_named(use, book) or use.after.startswith("医院")):
                    continue
                pro = [
                    Evidence("brand-word", f"{place}含“{use.token}”", book.weights[use.token]),
                    Evidence(f"search-{where}", f"以“{word}”为{place}，而本机构为“{own}”", worth),
                ]
                if use.token in names.title:
                    pro.append(Evidence("also-in-title", f"标题亦含“{use.token}”", 0.1))
                contra = [*_said_lawfully(said, book), *_registry_against(use.token, book, registered)]
                yield _judgement(use.token, where, word, pro, contra)


def _own_name(names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact]) -> str:
    """What the page itself goes by; without a name of its own the last part of its title that has a trade's name."""
    own = names.institution or names.site_name or names.account or next((fact.name for fact in registered), "")
    if own:
        return plain_name(own)
    titled = [part for part in _TITLE_PART.split(names.title) if len(part) <= _LONGEST_NAME]
    return plain_name(next((part for part in reversed(titled) if _any(part, book.words["commercial"])), ""))


def _said_lawfully(said: str, book: BrandBook) -> Iterator[Evidence]:
    """What the head of a page says that explains another's name in it."""
    for name, key, text, weight in (
        ("stated-union", "union", "载明“{}”", 0.5),
        ("history", "history", "“{}”说的是经历", 0.5),
        ("denial", "denial", "“{}”：说的是否认或警示", 0.6),
        ("comparison", "comparison", "“{}”：说的是比较", 0.3),
    ):
        if word := _any(said, book.words[key]):
            yield Evidence(name, text.format(word), weight)


def _claims(names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact]) -> Iterator[BrandJudgement]:
    if _speaks_of_others(names, book):
        return
    own = plain_name(names.institution or names.site_name or names.account)
    for claim in names.claims[:_MOST_CLAIMS]:
        for use in _uses(claim, "claims", book):
            if use.token in own and _owner_named(_Use(use.token, use.token, "", "", own, ""), book):
                continue
            near = use.after[:_AFFILIATION_REACH]
            word = _any(near, book.words["affiliation"]) or _any(
                use.before[-6:], ("师承", "携手", "联合", "联手", "牵手")
            )
            if not word:
                continue
            pro = [
                Evidence("brand-word", f"提及“{use.token}”", book.weights[use.token]),
                Evidence("claimed-affiliation", f"自称“{word}”", 0.3),
            ]
            contra = [*_against(use, book), *_registry_against(use.token, book, registered)]
            if own_public := _any(own, book.words["public"]):
                contra.append(Evidence("public-kind", f"本机构为“{own_public}”", 0.4))
            yield _judgement(use.token, "claims", claim, pro, contra)


def _host(names: PageNames, book: BrandBook) -> Iterator[BrandJudgement]:
    if not names.host or _speaks_of_others(names, book):
        return
    for likeness in likenesses(names.host, book):
        kind = {
            "homograph": "以形近字母仿",
            "typo": "与之仅差一两个字母：",
            "core-with-word": "含有其域名主体：",
            "pinyin-with-word": "含有字号拼音：",
        }[likeness.kind]
        pro = (Evidence(f"host-{likeness.kind}", f"域名{kind}{likeness.domain}", likeness.weight),)
        yield _judgement(likeness.token, "host", names.host, pro, ())


def _is_coined_front(before: str, word: str) -> bool:
    """新协和 in any place; but 京 or 华 may be the end of a place's own name (南京, 金华)."""
    return before == word or (before.endswith(word) and (len(word) > 1 or word in _FREE_PREFIXES))


def _places(token: str, book: BrandBook) -> Iterator[str]:
    for brand in book.owners_of(token):
        for place in (brand.province, brand.city):
            yield place.removesuffix("省").removesuffix("市")


def _any(text: str, words: Sequence[str]) -> str:
    return next((word for word in words if word in text), "")
