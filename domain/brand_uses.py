"""What weighing brand names goes by: the names of a page, the uses of a brand word in them, named evidence, what follows from it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.brand_book import Brand, BrandBook
from domain.site_logos import LogoLikeness

PIGGYBACKING_FROM = 0.65
"""Score (0..1) from which a use is called piggybacking; tuned on the names of `tests/brand_names`, see its test."""
_LAWFUL_TO = 0.1
NAME_PART = re.compile(r"[-_|—–,，。！!？?:：;；、\s【】\[\]]+")
"""What parts the names in a title, or in a list of keywords."""
LONGEST_NAME = 26
_EXPLAINS = (
    ("stated-union", "union", "载明“{}”", 0.5),
    ("denial", "denial", "“{}”：说的是否认或警示", 0.6),
    ("history", "history", "“{}”说的是经历", 0.5),
)
"""Evidence against, the words that give it, how it is told, its weight."""


class BrandVerdict(StrEnum):
    PIGGYBACKING = "piggybacking"
    LAWFUL = "lawful"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PageNames:
    """The names a page uses. `claims` are sentences in which it speaks of other hospitals, its staff or partners; `logo` is
    whose sign the site's own looks like."""

    institution: str = ""
    site_name: str = ""
    account: str = ""
    host: str = ""
    title: str = ""
    keywords: str = ""
    description: str = ""
    claims: tuple[str, ...] = ()
    logo: LogoLikeness | None = None


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
class Use:
    """A brand word in one name, with what surrounds it; `spelling` differs from the token when it is disguised."""

    token: str
    spelling: str
    before: str
    after: str
    name: str
    where: str


def judgement_of(
    token: str, where: str, quote: str, pro: Sequence[Evidence], contra: Sequence[Evidence]
) -> BrandJudgement:
    """What the evidence for and against adds up to."""
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


def uses_in(name: str, where: str, book: BrandBook) -> Iterator[Use]:
    """The brand words in a name, as they are or disguised, those left out that are part of another word."""
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
        yield Use(token, spelling, before, after, plain, where)


def owner_named(use: Use, book: BrandBook) -> tuple[Brand, str] | None:
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


def said_lawfully(said: str, book: BrandBook) -> Iterator[Evidence]:
    """What is said around another's name that explains it."""
    for name, key, text, weight in _EXPLAINS:
        if word := any_word(said, book.words[key]):
            yield Evidence(name, text.format(word), weight)


def registry_against(token: str, book: BrandBook, registered: Sequence[InstitutionFact]) -> Iterator[Evidence]:
    """What the registry says for the name being carried lawfully."""
    owners = {plain_name(name) for brand in book.owners_of(token) for name in brand.names}
    for fact in registered:
        partner = next((name for name in fact.affiliated_with if plain_name(name) in owners), "")
        if partner:
            yield Evidence("registered-affiliate", f"登记为{partner}的关联机构", 1.0)
        elif fact.public:
            yield Evidence("registered-public", f"登记为公立机构：{fact.name}", 0.5)


def speaks_of_others(names: PageNames, book: BrandBook) -> bool:
    """Whether the page belongs to a directory, a newspaper, an authority or a school."""
    host = f".{names.host}"
    return any(is_about_others(name, book) for name in (names.site_name, names.account)) or bool(
        re.search(r"\.(?:gov|edu|ac)(?:\.cn)?$", host)
    )


def is_about_others(site_name: str, book: BrandBook) -> bool:
    """A directory, a newspaper, an authority: it speaks of hospitals, it is none."""
    return any(word in site_name for word in book.words["about_others"]) and "医院" not in site_name


def any_word(text: str, words: Sequence[str]) -> str:
    """The first of the words that the text has, empty when it has none."""
    return next((word for word in words if word in text), "")
