"""What a cover letter and the sheets behind it say, for whichever form they are written in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any

from classifier.citations import ArticleKind
from classifier.reference import CitedArticle
from domain.beijing import BEIJING
from domain.institutions import shown_party
from domain.outbox import STATEMENT_ZH
from domain.routing import BASIS_ZH, IN_CHARGE, MEDIUM_ZH, SEAT_ZH, TOUCHED, Recipient, Route
from referral.checklist import check, published, to_the_minute
from referral.citing import cited_together, in_order, numbers_of
from referral.lead import ReferredLead
from referral.lead_matters import LeadMatter, matters_of
from referral.paper import on_paper
from referral.recipients import RecipientCard

#: A sheet sets out so many matters, the gravest, and quotes so many places for each; the list of evidence has them all.
_MATTERS_SHOWN = 8
_PLACES_SHOWN = 4
#: The cover letter names so many matters of a lead; its sheet has them all.
_MATTERS_NAMED = 3
#: So many leads are set out behind the letter; it says how many more there are, and the list of leads has them all.
LEADS_SHOWN = 50
#: What a person may fill in besides `referral.checklist.FIELDS`: who answers for the letter, name and telephone.
LIAISON = "liaison"
_TO_BE_FOUND = "（待查）"
_TO_BE_FILLED = "（待填写）"
#: Of `referral.checklist.FIELDS`: what a sheet says anyway, in rows of its own.
_ON_THE_SHEET = frozenset(
    {"subject", "publisher", "medium", "url", "title", "published", "quotes", "articles", "ad-basis", "category"}
)


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
    articles = _articles(consignment)
    leads = [
        lead_values(number, lead, route, card, consignment.told)
        for number, lead, route in islice(consignment.numbered(), LEADS_SHOWN)
    ]
    return {
        "title": title_of(consignment),
        "number": on_paper(consignment.number),
        "recipient": office_of(consignment),
        "sender": on_paper(consignment.sender),
        "liaison": on_paper(consignment.told.get(LIAISON, "")) or _TO_BE_FILLED,
        "date": _date(consignment.made_at),
        "seen": _seen([lead.captured_at for lead in consignment.leads]),
        "request": _request(consignment),
        "opinion": on_paper(consignment.told.get("opinion", "")) or _no_opinion(card.recipient),
        "total": len(consignment.leads),
        "leads": leads,
        "more_leads": max(0, len(consignment.leads) - LEADS_SHOWN),
        "missing": list(dict.fromkeys(item["label"] for lead in leads for item in lead["missing"])),
        "articles_head": "有关规定" if _plain_leads(consignment) else "涉嫌违反的规定",
        "duties": cited_together(article for article in articles if article.kind is ArticleKind.DUTY),
        "guides": cited_together(article for article in articles if article.kind is ArticleKind.GUIDE),
        "liabilities": cited_together(article for article in articles if article.kind is ArticleKind.LIABILITY),
        "laws": _laws(in_order([*articles, *(article for lead in consignment.leads for article in lead.ad_basis)])),
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


def _seen(moments: Sequence[datetime]) -> str:
    """From the first to the last, as running text writes it."""
    ends = dict.fromkeys(
        f"{_date(moment)}{moment.astimezone(BEIJING):%H:%M}" for moment in (min(moments), max(moments))
    )
    return "至".join(ends)


def _no_opinion(recipient: Recipient) -> str:
    return "未定性，供研判" if recipient is Recipient.CAC else "未附其他部门意见"


def office_of(consignment: Consignment) -> str:
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
    basis = BASIS_ZH.get(seat.basis, seat.basis)
    asked = list(zip(card.requires, check(lead, card, told), strict=True))
    matters = matters_of(lead, card.recipient)
    titles = [on_paper(matter.said) for matter in matters]
    return {
        "number": number,
        "case": lead.case_id,
        "subject": on_paper(shown_party(lead.subject.name)) or _TO_BE_FOUND,
        "medium": MEDIUM_ZH[lead.publication.medium],
        "publisher": on_paper(lead.account or lead.site_name) or _TO_BE_FOUND,
        "url": on_paper(lead.url),
        "final_url": "" if lead.final_url == lead.url else on_paper(lead.final_url),
        "heading": on_paper(lead.title) or "（无标题）",
        "published": published(lead) or "页面未标注",
        "captured": to_the_minute(lead.captured_at),
        "bundle_sha256": lead.bundle_sha256,
        "is_ad": "初步判断符合广告特征" if lead.is_ad else "不构成广告，作为信息公开或者科普内容问题通报",
        "ad_basis": cited_together(lead.ad_basis, short=True) or "无",
        "matters": [_matter(place, matter) for place, matter in enumerate(matters[:_MATTERS_SHOWN], 1)],
        "other_matters": "；".join(titles[_MATTERS_SHOWN:]),
        "named": _named(titles),
        "reasons": "；".join(on_paper(reason) for reason in route.reasons),
        "remit": _remit(lead, route, titles[:_MATTERS_SHOWN]),
        "seat": f"{SEAT_ZH[seat.seat]}：{_region(seat.region) or '待查'}（{basis}{'，' + seat.note if seat.note else ''}）",
        "checked": [{"label": item.label, "value": on_paper(item.value)} for _, item in asked if item.value],
        "found": [
            {"label": item.label, "value": on_paper(item.value)}
            for key, item in asked
            if item.value and (key not in _ON_THE_SHEET or told.get(key, "").strip())
        ],
        "statements": [
            {"kind": STATEMENT_ZH[said.kind], "at": to_the_minute(said.at), "text": on_paper(said.text)}
            for said in lead.statements
        ],
        "missing": [{"label": item.label, "how": item.how} for _, item in asked if not item.value],
        "confirmed": "、".join(f"{on_paper(made.by)}（{to_the_minute(made.at)}）" for made in lead.confirmations),
    }


def _matter(number: int, matter: LeadMatter) -> dict[str, Any]:
    return {
        "number": number,
        "said": on_paper(matter.said),
        "why": on_paper(matter.why),
        "places": [
            {"place": f"第{place.start + 1}至{place.end}字", "quote": on_paper(place.quote)}
            for place in matter.gravest(_PLACES_SHOWN)
        ],
        "more_places": max(0, len(matter.places) - _PLACES_SHOWN),
        "articles": matter.duties(short=True),
        "guides": matter.guides(short=True),
    }


def _named(titles: Sequence[str]) -> str:
    """The first few, and how many there are."""
    said = "；".join(titles[:_MATTERS_NAMED])
    return said if len(titles) <= _MATTERS_NAMED else f"{said}；等 {len(titles)} 项"


def _remit(lead: ReferredLead, route: Route, titles: Sequence[str]) -> str:
    """Which of the matters are the recipient's, by their numbers on the sheet, and whatever else is a reason for it."""
    first = {on_paper(claim.title) for claim in lead.claims if claim.recipients[:1] == (route.recipient,)}
    also = {on_paper(claim.title) for claim in lead.claims if route.recipient in claim.recipients[1:]} - first
    said = []
    for known, words in ((first, "由贵单位主办"), (also, "涉及贵单位职责")):
        numbers = [str(number) for number, title in enumerate(titles, 1) if title in known]
        which = "下表所列各项" if len(numbers) == len(titles) else f"下表第 {'、'.join(numbers)} 项"
        if numbers and any(reason.startswith((IN_CHARGE, TOUCHED)) for reason in route.reasons):
            said.append(which + words)
    said += [on_paper(reason) for reason in route.reasons if not reason.startswith((IN_CHARGE, TOUCHED))]
    return "；".join(said)


def _articles(consignment: Consignment) -> list[CitedArticle]:
    """Every article cited, once, by law and number; for a market regulator with those that say what follows, which are its own to apply."""
    cited: dict[str, CitedArticle] = {}
    for lead in consignment.leads:
        for claim in lead.claims:
            for article in claim.articles:
                cited.setdefault(article.basis, article)
                if consignment.card.recipient is Recipient.AMR:
                    cited |= {each.basis: each for each in article.liabilities}
    return in_order(cited.values())


def _laws(articles: Sequence[CitedArticle]) -> list[dict[str, Any]]:
    """With what each article says in our words; the short name only where it is not the name that a sheet cites anyway."""
    laws = []
    for title, found in groupby(articles, key=lambda article: article.title):
        cited = list(found)
        law = cited[0].law
        laws.append(
            {
                "name": law.name if law else title,
                "short": law.short if law and cited[0].short_title != title else "",
                "issued": law.number if law else "",
                "articles": [
                    {"number": number or "全文", "point": article.point or "（见原文）"}
                    for number, article in zip(numbers_of(cited), cited, strict=True)
                ],
            }
        )
    return laws
