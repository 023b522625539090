"""Another's name where search engines look: the keywords and the description of a page (反不正当竞争法 7(2))."""

from collections.abc import Iterator, Sequence

from domain.brand_book import BrandBook
from domain.brand_uses import (
    LONGEST_NAME,
    NAME_PART,
    BrandJudgement,
    Evidence,
    InstitutionFact,
    PageNames,
    any_word,
    judgement_of,
    owner_named,
    plain_name,
    registry_against,
    said_lawfully,
    speaks_of_others,
    uses_in,
)


def search_words(names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact]) -> Iterator[BrandJudgement]:
    """Uses that count: only of a page that itself is a private medical institution's.

    Keywords weigh more than the description, which is a sentence and may say something lawful; the title only adds to either.
    """
    own = _own_name(names, book, registered)
    private = any(fact.public is False for fact in registered) or any_word(own, book.words["commercial"])
    if not own or not private or any_word(own, book.words["public"]) or speaks_of_others(names, book):
        return
    said = plain_name(f"{names.title}。{names.keywords}。{names.description}")
    compared = any_word(said, book.words["comparison"])
    comparison = (Evidence("comparison", f"“{compared}”：说的是比较", 0.3),) if compared else ()
    for where, text, worth, place in (
        ("keywords", names.keywords, 0.3, "搜索关键词"),
        ("description", names.description, 0.2, "页面简介"),
    ):
        for word in NAME_PART.split(text):
            for use in uses_in(word, where, book):
                if use.token in own or not (owner_named(use, book) or use.after.startswith("医院")):
                    continue
                pro = [
                    Evidence("brand-word", f"{place}含“{use.token}”", book.weights[use.token]),
                    Evidence(f"search-{where}", f"以“{word}”为{place}，而本机构为“{own}”", worth),
                ]
                if use.token in names.title:
                    pro.append(Evidence("also-in-title", f"标题亦含“{use.token}”", 0.1))
                contra = [*said_lawfully(said, book), *comparison, *registry_against(use.token, book, registered)]
                yield judgement_of(use.token, where, word, pro, contra)


def _own_name(names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact]) -> str:
    """What the page itself goes by; without a name of its own the last part of its title that has a trade's name."""
    own = names.institution or names.site_name or names.account or next((fact.name for fact in registered), "")
    if own:
        return plain_name(own)
    titled = [part for part in NAME_PART.split(names.title) if len(part) <= LONGEST_NAME]
    return plain_name(next((part for part in reversed(titled) if any_word(part, book.words["commercial"])), ""))
