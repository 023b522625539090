"""Articles as one cites several of them: each law once, by rank, its articles in order."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from classifier.reference import CitedArticle

_NUMBER = re.compile(r"(第[^第]+条(?:之[^第]+)?)(第[^第]+款)?(第（[^（）]+）项)?")


def in_order(articles: Iterable[CitedArticle]) -> list[CitedArticle]:
    """Each once, by rank and then as they come; articles of a law as it counts them."""
    unique = {article.basis: article for article in articles}
    laws = list(dict.fromkeys(article.title for article in unique.values()))
    return sorted(unique.values(), key=lambda article: (_rank(article), laws.index(article.title), article.parts))


def _rank(article: CitedArticle) -> int:
    """Laws before regulations of the State Council, those before rules and notices."""
    issued_by = article.law.issued_by if article.law else ""
    return 0 if issued_by.startswith("全国人民代表大会") else 1 if issued_by == "国务院" else 2


def cited_together(articles: Iterable[CitedArticle], *, short: bool = False) -> str:
    """《广告法》第九条第（三）项、第十六条第一款第（一）项、第（二）项；《医疗广告管理办法》第三条; empty for none. With `short` laws go by
    their short names, which the second annex explains."""
    return "；".join(
        (cited[0].short_title if short else cited[0].title) + "、".join(filter(None, numbers_of(cited)))
        for cited in (list(found) for _, found in groupby(in_order(articles), key=lambda article: article.title))
    )


def numbers_of(articles: Sequence[CitedArticle]) -> Iterator[str]:
    """One for each article of one law, without what the one before says already: 第十六条第一款第（一）项, 第（二）项; empty for the law as a whole."""
    before: tuple[str, str] = ("", "")
    for article in articles:
        match = _NUMBER.fullmatch(article.number)
        if match is None:
            yield article.number
            continue
        whole, paragraph, item = (part or "" for part in match.groups())
        if whole != before[0] or not (paragraph or item):
            yield article.number
        else:
            yield item if item and paragraph == before[1] else paragraph + item
        before = whole, paragraph
