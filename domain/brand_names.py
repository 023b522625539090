"""Whether the names a page uses lean on a well-known hospital's: a weighing with named evidence, never a verdict in law.

A brand word alone decides nothing: real places, universities, branches and partners carry it lawfully. What cannot be
told from names and registry facts stays unknown (待核).
"""

from collections.abc import Iterator, Sequence

from domain.brand_book import BrandBook
from domain.brand_hosts import likenesses, official_brand
from domain.brand_logo import with_logo
from domain.brand_search_words import search_words
from domain.brand_uses import (
    LONGEST_NAME,
    NAME_PART,
    BrandJudgement,
    BrandVerdict,
    Evidence,
    InstitutionFact,
    PageNames,
    Use,
    any_word,
    is_about_others,
    judgement_of,
    owner_named,
    plain_name,
    registry_against,
    said_lawfully,
    speaks_of_others,
    uses_in,
)

_AFFILIATION_REACH = 18
_MOST_CLAIMS = 200
_FREE_PREFIXES = "新老"


def judge_names(names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact] = ()) -> BrandJudgement | None:
    """The weightiest judgement over everything the page calls itself; None when it touches no brand."""
    if (owner := official_brand(names.host, book)) is not None:
        against = Evidence("official-domain", f"域名属于{owner.owner}", 1.0)
        return BrandJudgement(BrandVerdict.LAWFUL, 0.0, owner.token, "host", names.host, (), (against,))
    found = [
        *(_weigh(use, names, book, registered) for use in _self_uses(names, book)),
        *_title(names, book, registered),
        *search_words(names, book, registered),
        *_claims(names, book, registered),
        *_host(names, book),
    ]
    return with_logo(_weightiest(found), names, book, registered)


def _weightiest(found: Sequence[BrandJudgement]) -> BrandJudgement | None:
    """The best of what was found, and more certain where another place says the same."""
    if not found:
        return None
    best = max(found, key=lambda judgement: (judgement.score, len(judgement.evidence_for)))
    also = {
        other.where for other in found if other.token == best.token and other.score > 0.3 and _says_more(other, best)
    }
    if best.evidence_for and also and not any(item.weight >= 1 for item in best.evidence_against):
        more = Evidence("several-places", f"同一字号另见于 {len(also)} 处名称", min(0.2, 0.1 * len(also)))
        return judgement_of(best.token, best.where, best.quote, (*best.evidence_for, more), best.evidence_against)
    return best


def _says_more(other: BrandJudgement, best: BrandJudgement) -> bool:
    """Whether another place adds to the best one: a site's own name in its title too is the same name once more."""
    return other.where != best.where and other.quote not in best.quote and best.quote not in other.quote


def _self_uses(names: PageNames, book: BrandBook) -> Iterator[Use]:
    for where in ("institution", "site_name", "account"):
        name: str = getattr(names, where)
        if name and not (where != "institution" and is_about_others(name, book)):
            for part in NAME_PART.split(name):
                if _is_institution(part, book):
                    yield from uses_in(part, where, book)


def _is_institution(name: str, book: BrandBook) -> bool:
    return len(name) <= LONGEST_NAME and any(word in name for word in book.words["institution"])


def _weigh(use: Use, names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact]) -> BrandJudgement:
    pro: list[Evidence] = []
    contra = list(registry_against(use.token, book, registered))
    owner = owner_named(use, book)
    if owner is not None:
        pro.extend(_beyond_owner(owner[1], names, book))
        contra.append(Evidence("owner-name", f"与权利人{owner[0].owner}的名称一致", 0.0 if pro else 0.4))
    else:
        pro.extend(_for(use, book))
        contra.extend(_against(use, book))
    pro.extend(_registry_for(use, registered))
    if pro and use.where == "title":
        contra.append(Evidence("title-only", "只见于标题", 0.1))
    return judgement_of(use.token, use.where, use.name, pro, contra)


def _beyond_owner(rest: str, names: PageNames, book: BrandBook) -> Iterator[Evidence]:
    """What a name says beyond an owner's own; departments, campuses and channels are the owner's."""
    words = book.words
    if not rest or (rest.startswith(words["campus"]) and not any_word(rest, words["never_department"])):
        return
    word = any_word(rest, words["affiliation"]) or any_word(rest, words["never_department"])
    if word and word not in ("分院", "国际部"):
        yield Evidence("owner-name-extended", f"权利人名称后接“{word}”", 0.7)
        return
    if any_word(rest, words["commercial"]) and not (rest.endswith("科") and len(rest) <= 9) and "中心" not in rest:
        yield Evidence("owner-name-with-trade", f"权利人名称后接“{rest}”", 0.4 if names.host else 0.35)


def _for(use: Use, book: BrandBook) -> Iterator[Evidence]:
    words, shown = book.words, use.spelling
    yield Evidence("brand-word", f"名称含知名医院字号“{use.token}”，而非其权利人", book.weights[use.token])
    if use.spelling != use.token and not use.spelling.startswith("三"):
        yield Evidence("disguised-spelling", f"以“{shown}”谐音、形近“{use.token}”", 0.1)
    if word := next((word for word in words["prefix"] if _is_coined_front(use.before, word)), ""):
        yield Evidence("coined-prefix", f"字号前缀“{word}”", 0.25)
    if word := next((word for word in words["suffix"] if use.after.startswith(word)), ""):
        yield Evidence("coined-suffix", f"字号后缀“{word}”", 0.2)
    if word := any_word(use.after, words["commercial"]) or any_word(use.before, words["commercial"]):
        yield Evidence("trade-category", f"民营机构惯用类别“{word}”", 0.3)
    if word := any_word(use.after, words["affiliation"]):
        yield Evidence("claimed-affiliation", f"自称“{word}”", 0.3)
    if use.before and not any_word(use.before, tuple(_places(use.token, book))):
        yield Evidence("other-place", f"冠以“{use.before}”，权利人不在该地", 0.1)
    if word := any_word(use.name, words["company"]):
        yield Evidence("company", f"主体为{word}", 0.1)


def _against(use: Use, book: BrandBook) -> Iterator[Evidence]:
    words = book.words
    yield from said_lawfully(use.name, book)
    if word := any_word(use.name, words["public"]):
        yield Evidence("public-kind", f"公立机构惯用名称“{word}”", 0.4)
    if word := any_word(use.name, book.homes.get(use.token, ())):
        yield Evidence("place-name", f"“{use.token}”为{word}一带的地名", 0.4)


def _registry_for(use: Use, registered: Sequence[InstitutionFact]) -> Iterator[Evidence]:
    for fact in registered:
        if fact.public is False and plain_name(fact.name) in (use.name, plain_name(use.name)):
            yield Evidence("registered-private", f"登记为民营机构：{fact.name}", 0.2)
            return


def _title(names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact]) -> Iterator[BrandJudgement]:
    if speaks_of_others(names, book):
        return
    for part in NAME_PART.split(names.title):
        if len(part) <= 16 and part.removesuffix("官网").endswith(book.words["institution"]):
            for use in uses_in(part, "title", book):
                yield _weigh(use, names, book, registered)


def _claims(names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact]) -> Iterator[BrandJudgement]:
    if speaks_of_others(names, book):
        return
    own = plain_name(names.institution or names.site_name or names.account)
    for claim in names.claims[:_MOST_CLAIMS]:
        for use in uses_in(claim, "claims", book):
            if use.token in own and owner_named(Use(use.token, use.token, "", "", own, ""), book):
                continue
            near = use.after[:_AFFILIATION_REACH]
            word = any_word(near, book.words["affiliation"]) or any_word(
                use.before[-6:], ("师承", "携手", "联合", "联手", "牵手")
            )
            if not word:
                continue
            pro = [
                Evidence("brand-word", f"提及“{use.token}”", book.weights[use.token]),
                Evidence("claimed-affiliation", f"自称“{word}”", 0.3),
            ]
            contra = [*_against(use, book), *registry_against(use.token, book, registered)]
            if own_public := any_word(own, book.words["public"]):
                contra.append(Evidence("public-kind", f"本机构为“{own_public}”", 0.4))
            yield judgement_of(use.token, "claims", claim, pro, contra)


def _host(names: PageNames, book: BrandBook) -> Iterator[BrandJudgement]:
    if not names.host or speaks_of_others(names, book):
        return
    for likeness in likenesses(names.host, book):
        kind = {
            "homograph": "以形近字母仿",
            "typo": "与之仅差一两个字母：",
            "core-with-word": "含有其域名主体：",
            "pinyin-with-word": "含有字号拼音：",
        }[likeness.kind]
        pro = (Evidence(f"host-{likeness.kind}", f"域名{kind}{likeness.domain}", likeness.weight),)
        yield judgement_of(likeness.token, "host", names.host, pro, ())


def _is_coined_front(before: str, word: str) -> bool:
    """新协和 in any place; but 京 or 华 may be the end of a place's own name (南京, 金华)."""
    return before == word or (before.endswith(word) and (len(word) > 1 or word in _FREE_PREFIXES))


def _places(token: str, book: BrandBook) -> Iterator[str]:
    for brand in book.owners_of(token):
        for place in (brand.province, brand.city):
            yield place.removesuffix("省").removesuffix("市")
