"""What a cover letter says, for whichever form it is written in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from classifier.reference import CitedArticle
from domain.beijing import BEIJING
from domain.institutions import shown_party
from domain.outbox import STATEMENT_ZH
from domain.routing import MEDIUM_ZH, SEAT_ZH, Recipient, Route
from referral.checklist import check, published, to_the_minute
from referral.lead import Claim, ReferredLead
from referral.paper import on_paper
from referral.recipients import RecipientCard

#: A letter names so many places of a lead; the list of evidence has them all.
_QUOTES_SHOWN = 30
#: So many leads are set out in the letter itself; it says how many more there are, and the list of leads has them all.
LEADS_SHOWN = 50
_TO_BE_FOUND = "（待查）"


@dataclass(frozen=True, slots=True)
class Consignment:
    """One package: these leads to this recipient. `number` is the letter's; `told` has what a person filled in, by key of
    `referral.checklist.FIELDS`, as `opinion`, the competent department's; `routes` belongs to `leads` one by one."""

    number: str
    card: RecipientCard
    leads: Sequence[ReferredLead]
    routes: Sequence[Route]
    sender: str
    made_at: datetime
    told: Mapping[str, str]

    def numbered(self) -> Iterator[tuple[int, ReferredLead, Route]]:
        """The leads with their routes, counted from 1."""
        for number, (lead, route) in enumerate(zip(self.leads, self.routes, strict=True), 1):
            yield number, lead, route


def letter_values(consignment: Consignment) -> dict[str, Any]:
    """The names that a template of a letter may use; every text is plain and on one line."""
    card = consignment.card
    return {
        "title": title_of(consignment),
        "number": on_paper(consignment.number),
        "recipient": _office(consignment),
        "sender": on_paper(consignment.sender),
        "date": _date(consignment.made_at),
        "request": _request(consignment),
        "opinion": on_paper(consignment.told.get("opinion", "")) or _no_opinion(card.recipient),
        "leads": [
            lead_values(number, lead, route, card, consignment.told)
            for number, lead, route in islice(consignment.numbered(), LEADS_SHOWN)
        ],
        "more_leads": max(0, len(consignment.leads) - LEADS_SHOWN),
        "articles_head": "有关规定" if _plain_leads(consignment) else "涉嫌违反的规定",
        "articles": _articles(consignment.leads),
        "looked_at": any(lead.looks for lead in consignment.leads),
    }


def title_of(consignment: Consignment) -> str:
    plain, leads = consignment.card.plain, _plain_leads(consignment)
    if plain is None or not leads:
        return consignment.card.letter
    return plain.letter if len(leads) == len(consignment.leads) else plain.mixed_letter


def _request(consignment: Consignment) -> str:
    plain, leads = consignment.card.plain, _plain_leads(consignment)
    if plain is None or not leads:
        return consignment.card.request
    return plain.request if len(leads) == len(consignment.leads) else consignment.card.request + plain.request


def _plain_leads(consignment: Consignment) -> list[ReferredLead]:
    """Those that go there as no advertisements."""
    return [lead for lead in consignment.leads if consignment.card.plain is not None and not lead.is_ad]


def _date(moment: datetime) -> str:
    """The day in Beijing as official letters write it, 2026年3月5日 (GB/T 9704-2012 7.3.5.4)."""
    day = moment.astimezone(BEIJING)
    return f"{day.year}年{day.month}月{day.day}日"


def _no_opinion(recipient: Recipient) -> str:
    return "未定性，供研判" if recipient is Recipient.CAC else "未附其他部门意见"


def _office(consignment: Consignment) -> str:
    """The recipient and the seat that decides which office it is, where all leads have the same."""
    regions = {route.jurisdiction.region for route in consignment.routes}
    region = regions.pop() if len(regions) == 1 else ""
    # By its code alone an office has no name
    return on_paper(f"{region}{consignment.card.name}") if region and not region.isdecimal() else consignment.card.name


def _region(region: str) -> str:
    return f"行政区划代码 {region}" if region.isdecimal() else on_paper(region)


def lead_values(
    number: int, lead: ReferredLead, route: Route, card: RecipientCard, told: Mapping[str, str]
) -> Mapping[str, Any]:
    """What is said of one lead; every text is plain and on one line."""
    seat = route.jurisdiction
    checked = check(lead, card, told)
    quotes = _quotes(lead)
    return {
        "number": number,
        "case": lead.case_id,
        "subject": on_paper(shown_party(lead.subject.name)) or _TO_BE_FOUND,
        "medium": MEDIUM_ZH[lead.publication.medium],
        "publisher": on_paper(lead.account or lead.site_name) or _TO_BE_FOUND,
        "url": on_paper(lead.url),
        "heading": on_paper(lead.title) or "（无标题）",
        "published": published(lead) or "页面未标注",
        "captured": to_the_minute(lead.captured_at),
        "bundle_sha256": lead.bundle_sha256,
        "is_ad": "符合广告特征" if lead.is_ad else "不构成广告，作为信息公开或者科普内容问题通报",
        "ad_basis": "、".join(article.basis for article in lead.ad_basis) or "无",
        "quotes": quotes[:_QUOTES_SHOWN],
        "more_quotes": max(0, len(quotes) - _QUOTES_SHOWN),
        "reasons": "；".join(on_paper(reason) for reason in route.reasons),
        "seat": f"{SEAT_ZH[seat.seat]}：{_region(seat.region) or '待查'}（{seat.basis}{'，' + seat.note if seat.note else ''}）",
        "checked": [{"label": item.label, "value": on_paper(item.value)} for item in checked if item.value],
        "statements": [
            {"kind": STATEMENT_ZH[said.kind], "at": to_the_minute(said.at), "text": on_paper(said.text)}
            for said in lead.statements
        ],
        "missing": [{"label": item.label, "how": item.how} for item in checked if not item.value],
        "confirmed": "、".join(f"{on_paper(made.by)}（{to_the_minute(made.at)}）" for made in lead.confirmations),
    }


def _quotes(lead: ReferredLead) -> list[dict[str, str]]:
    """One row for each place in the text, whatever number of rules point at it."""
    places: dict[tuple[int, int], list[Claim]] = {}
    for claim in lead.claims:
        places.setdefault((claim.start, claim.end), []).append(claim)
    return [
        {
            "place": f"正文第 {start + 1} 至 {end} 字",
            "quote": on_paper(claims[0].quote),
            "title": "；".join(dict.fromkeys(on_paper(claim.title) for claim in claims)),
            "articles": "、".join(dict.fromkeys(article.basis for claim in claims for article in claim.articles)),
        }
        for (start, end), claims in places.items()
    ]


def _articles(leads: Sequence[ReferredLead]) -> list[dict[str, str]]:
    """Every law and article cited, once, with what it says in our words."""
    cited: dict[str, CitedArticle] = {}
    for lead in leads:
        for claim in lead.claims:
            for article in claim.articles:
                cited.setdefault(article.basis, article)
    return [
        {
            "law": article.law.name if article.law else article.basis,
            "number": article.law.number if article.law else "",
            "article": article.article,
            "point": article.point,
            "basis": article.basis,
        }
        for article in cited.values()
    ]
