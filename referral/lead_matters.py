"""What a lead is suspected of: its claims under the matter that they belong to, each matter once with every place that it is seen in."""

from collections.abc import Sequence
from dataclasses import dataclass

from classifier.citations import ArticleKind
from classifier.reference import CitedArticle
from domain.routing import Recipient
from referral.citing import cited_together
from referral.lead import Claim, ReferredLead


@dataclass(frozen=True, slots=True)
class Place:
    """`quote` is masked; offsets are code points into the page's text. `severity` is that of the gravest claim in it, 1..5."""

    start: int
    end: int
    quote: str
    severity: int


@dataclass(frozen=True, slots=True)
class LeadMatter:
    """`said` and `why` as in `classifier.matters.Matter`, not yet on paper."""

    said: str
    why: str
    places: tuple[Place, ...]
    articles: tuple[CitedArticle, ...]

    def gravest(self, count: int) -> list[Place]:
        """So many places at most, in the order of the text."""
        kept = sorted(self.places, key=lambda place: -place.severity)[:count]
        return [place for place in self.places if place in kept]

    def duties(self, *, short: bool = False) -> str:
        """What it may offend against and what would follow, in one line; empty where guides alone speak of it."""
        return cited_together((each for each in self.articles if each.kind is not ArticleKind.GUIDE), short=short)

    def guides(self, *, short: bool = False) -> str:
        return cited_together((each for each in self.articles if each.kind is ArticleKind.GUIDE), short=short)


def matters_of(lead: ReferredLead, recipient: Recipient | None = None) -> list[LeadMatter]:
    """Those of which the recipient is in charge first, then those that touch its duties; the gravest before others."""
    claims: dict[str, list[Claim]] = {}
    for claim in lead.claims:
        claims.setdefault(claim.title, []).append(claim)

    def order(found: list[Claim]) -> tuple[bool, bool, int]:
        in_charge = any(claim.recipients[:1] == (recipient,) for claim in found)
        concerned = any(recipient in claim.recipients for claim in found)
        return (not in_charge, not concerned, -max(claim.severity for claim in found))

    return [
        LeadMatter(
            found[0].title,
            found[0].why,
            _places(found),
            tuple(article for claim in found for article in claim.articles),
        )
        for found in sorted(claims.values(), key=order)
    ]


def _places(claims: Sequence[Claim]) -> tuple[Place, ...]:
    """In the order of the text; those that overlap are one, with all that they quote."""
    joined: list[Place] = []
    for claim in sorted(claims, key=lambda each: (each.start, -each.end)):
        if not joined or claim.start >= joined[-1].end:
            joined.append(Place(claim.start, claim.end, claim.quote, claim.severity))
            continue
        last = joined[-1]
        quote = last.quote + claim.quote[last.end - claim.start :]  # nothing more where the last one holds it
        joined[-1] = Place(last.start, max(last.end, claim.end), quote, max(last.severity, claim.severity))
    return tuple(joined)
