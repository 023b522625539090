"""A site's sign that looks like a well-known hospital's, as evidence beside its names. Alone it is a question (待核)."""

from collections.abc import Sequence

from domain.brand_book import BrandBook
from domain.brand_uses import (
    BrandJudgement,
    BrandVerdict,
    Evidence,
    InstitutionFact,
    PageNames,
    judgement_of,
    plain_name,
    speaks_of_others,
)

_ALONE, _BESIDE_A_NAME = 0.4, 0.35


def with_logo(
    judged: BrandJudgement | None, names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact] = ()
) -> BrandJudgement | None:
    """What was judged from names, with the evidence of the sign: it adds to a use of the same owner's name that nothing
    certain explains; where names say nothing, it is what is said."""
    if names.logo is None or _is_explained(names, book, registered):
        return judged
    text = f"与{names.logo.owner}的标志相似（相似度 {names.logo.similarity:.2f}）"
    tokens = {brand.token for brand in book.brands if names.logo.owner in brand.names}
    alone = judgement_of(
        next(iter(sorted(tokens)), names.logo.owner),
        "logo",
        names.logo.url,
        (Evidence("copied-logo", text, _ALONE),),
        (),
    )
    if judged is None:
        return alone
    if judged.token in tokens and judged.evidence_for and not any(item.weight >= 1 for item in judged.evidence_against):
        more = Evidence("copied-logo", f"站标{text}", _BESIDE_A_NAME)
        return judgement_of(
            judged.token, judged.where, judged.quote, (*judged.evidence_for, more), judged.evidence_against
        )
    return alone if judged.verdict is not BrandVerdict.PIGGYBACKING and judged.score < alone.score else judged


def _is_explained(names: PageNames, book: BrandBook, registered: Sequence[InstitutionFact]) -> bool:
    """Whether the page goes by the owner's own name, belongs to one who speaks of others, or the registry has it as the owner or
    a partner."""
    assert names.logo is not None
    owner = names.logo.owner
    owners = {owner, *(name for brand in book.brands if owner in brand.names for name in brand.names)}
    plain = {plain_name(name) for name in owners}
    shown = [plain_name(name) for name in (names.institution, names.site_name, names.account, names.title)]
    if any(name in own for name in plain for own in shown):
        return True
    known = (name for fact in registered for name in (fact.name, *fact.aliases, *fact.affiliated_with))
    return speaks_of_others(names, book) or any(plain_name(name) in plain for name in known)
