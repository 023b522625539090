"""Who a confirmed lead goes to, whose seat decides which office, and why; every reason is said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Recipient(StrEnum):
    """Kinds of authority; the keys of `lexicons/recipients.yml`, which rules name in `recipients`."""

    AMR = "amr"
    NHC = "nhc"
    CAC = "cac"
    POLICE = "police"
    NHSA = "nhsa"
    NMPA = "nmpa"


class Medium(StrEnum):
    """Where the page stands, seen from the institution that it promotes."""

    OWN_SITE = "own-site"
    OWN_ACCOUNT = "own-account"
    THIRD_PARTY = "third-party"
    UNKNOWN = "unknown"


MEDIUM_ZH: dict[Medium, str] = {
    Medium.OWN_SITE: "自设网站",
    Medium.OWN_ACCOUNT: "自有账号",
    Medium.THIRD_PARTY: "第三方媒介",
    Medium.UNKNOWN: "媒介归属待查",
}


class Seat(StrEnum):
    """Whose seat decides which office of an authority it is."""

    ADVERTISER = "advertiser"
    PUBLISHER = "publisher"


SEAT_ZH: dict[Seat, str] = {Seat.ADVERTISER: "广告主（机构）所在地", Seat.PUBLISHER: "发布者所在地"}

#: What a jurisdiction rests on, as it is cited on paper; by `Jurisdiction.basis`. One that is not here is a sentence of its own.
BASIS_ZH: dict[str, str] = {
    "互联网广告管理办法20": "《互联网广告管理办法》第二十条",
    "医疗广告管理办法20": "《医疗广告管理办法》第二十条",
    "医保基金条例38": "《医疗保障基金使用监督管理条例》第三十八条",
    "三品一械办法": "《药品、医疗器械、保健食品、特殊医学用途配方食品广告审查管理暂行办法》",
    "行政执法机关移送涉嫌犯罪案件的规定": "《行政执法机关移送涉嫌犯罪案件的规定》",
}

#: How the first of a route's reasons begin: the matters of which that recipient is in charge, and those that touch its duties.
IN_CHARGE, TOUCHED = "主办事项：", "涉及其职责："


@dataclass(frozen=True, slots=True)
class RoutedFinding:
    """What routing has to know of a live finding. `recipients` are those of its rule, the first in charge; `severity` 1..5."""

    title: str
    severity: int
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """The institution that is promoted. Empty or None where nobody knows."""

    name: str = ""
    region: str = ""
    licensed: bool | None = None  # holds a licence to practise


@dataclass(frozen=True, slots=True)
class Publication:
    """`region` is the seat of whoever runs the site or account; empty when nobody knows. `is_account` where the page is a post of an
    account, whoever has it."""

    medium: Medium
    region: str = ""
    is_account: bool = False


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """`region` is empty when it is not known: the letter then says 待查. `basis` cites the rule by short name and article."""

    seat: Seat
    region: str
    basis: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """One recipient. Of the routes of a lead exactly one is `in_charge`, the first; `reasons` are Chinese, at least one."""

    recipient: Recipient
    in_charge: bool
    reasons: tuple[str, ...]
    jurisdiction: Jurisdiction


@dataclass(frozen=True, slots=True)
class RouteChange:
    """What a person made of the proposal: these recipients, in this order, for a reason that stays with the case."""

    recipients: tuple[Recipient, ...]
    by: str
    note: str


def routes_of(
    findings: Sequence[RoutedFinding], is_ad: bool, subject: Subject, publication: Publication
) -> tuple[Route, ...]:
    """The proposal for one lead, the recipient in charge first; empty when no finding names anybody.

    A page that is no advertisement goes to the health authority alone, as wrong information or popular science
    (医疗广告认定指南 5-8): the market regulator has no advertisement to act on.
    """
    reasons = _reasons(findings, is_ad, subject, publication)
    order = sorted(reasons, key=lambda recipient: _weight(recipient, findings, is_ad), reverse=True)
    return tuple(
        Route(recipient, place == 0, tuple(reasons[recipient]), _jurisdiction(recipient, subject, publication))
        for place, recipient in enumerate(order)
    )


def changed(
    routes: Sequence[Route], change: RouteChange, subject: Subject, publication: Publication
) -> tuple[Route, ...]:
    """The routes that a person chose; reasons of recipients that were proposed stay. Raises ValueError, with a Chinese message,
    when nobody is left, one is named twice or the note is empty."""
    if not change.recipients:
        raise ValueError("至少保留一个接收部门")
    if len(set(change.recipients)) != len(change.recipients):
        raise ValueError("接收部门重复")
    if not change.note.strip():
        raise ValueError("更改接收部门须写明理由")
    proposed = {route.recipient: route.reasons for route in routes}
    chosen = f"由{change.by}人工确定：{change.note.strip()}"
    return tuple(
        Route(
            recipient,
            place == 0,
            (*proposed.get(recipient, ()), chosen),
            _jurisdiction(recipient, subject, publication),
        )
        for place, recipient in enumerate(change.recipients)
    )


def _reasons(
    findings: Sequence[RoutedFinding], is_ad: bool, subject: Subject, publication: Publication
) -> dict[Recipient, list[str]]:
    if not is_ad:
        return (
            {Recipient.NHC: ["页面不构成广告，作为信息公开或者科普内容问题通报（《医疗广告认定指南》第五条至第九条）"]}
            if findings
            else {}
        )
    reasons: dict[Recipient, list[str]] = {}
    for recipient in Recipient:
        first = _titles(item for item in findings if item.recipients[:1] == (recipient,))
        also = _titles(item for item in findings if recipient in item.recipients[1:])
        said = ([f"{IN_CHARGE}{first}"] if first else []) + ([f"{TOUCHED}{also}"] if also else [])
        if said:
            reasons[recipient] = said
    if not reasons:
        return {}
    if subject.licensed is False:
        reasons.setdefault(Recipient.NHC, []).append(
            "登记资料中没有该机构的执业许可，可能属于未取得许可发布医疗广告（《医疗广告管理办法》第二十条）"
        )
    if publication.is_account or publication.medium in (Medium.OWN_ACCOUNT, Medium.THIRD_PARTY):
        reasons.setdefault(Recipient.CAC, []).append(
            "信息在平台账号或者第三方媒介上，账号和信息的处置属网信部门职责，须附主管部门定性意见"
        )
    return reasons


def _titles(findings: Iterable[RoutedFinding]) -> str:
    titles = dict.fromkeys(finding.title for finding in findings)
    if any("、" in title for title in titles):  # or nobody can tell where one ends
        return "、".join(f"“{title}”" for title in titles)
    return "、".join(titles)


def _weight(recipient: Recipient, findings: Sequence[RoutedFinding], is_ad: bool) -> tuple[int, int, int]:
    """Who is in charge: whoever the gravest finding names first, then whoever is named first most, then most at all."""
    if not is_ad:
        return (0, 0, 0)
    first = [item.severity for item in findings if item.recipients[:1] == (recipient,)]
    return (max(first, default=0), sum(first), sum(recipient in item.recipients for item in findings))


def _jurisdiction(recipient: Recipient, subject: Subject, publication: Publication) -> Jurisdiction:
    if recipient is Recipient.AMR:
        return _market_regulator(subject, publication)
    if recipient is Recipient.CAC:
        return Jurisdiction(Seat.PUBLISHER, publication.region, "网络信息内容由网站、账号主体所在地管理")
    basis = {
        Recipient.NHC: "医疗广告管理办法20",
        Recipient.NHSA: "医保基金条例38",
        Recipient.NMPA: "三品一械办法",
        Recipient.POLICE: "行政执法机关移送涉嫌犯罪案件的规定",
    }[recipient]
    return Jurisdiction(Seat.ADVERTISER, subject.region, basis)


def _market_regulator(subject: Subject, publication: Publication) -> Jurisdiction:
    """互联网广告管理办法 20: the publisher's seat; the advertiser's where it publishes itself, or finds it first."""
    if publication.medium in (Medium.OWN_SITE, Medium.OWN_ACCOUNT):
        return Jurisdiction(Seat.ADVERTISER, subject.region, "互联网广告管理办法20", "自行发布，由广告主所在地管辖")
    if publication.region:
        return Jurisdiction(Seat.PUBLISHER, publication.region, "互联网广告管理办法20", "由广告发布者所在地管辖")
    note = "发布者所在地待查；广告主所在地先行发现或者接到线索的，也可以管辖"
    return Jurisdiction(Seat.ADVERTISER, subject.region, "互联网广告管理办法20", note)
