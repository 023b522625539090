"""Advertisement certificates as written on a page: their fields, and what can be said of them on the day of capture.

Medical advertisements carry 医广 numbers (valid one year: 医疗广告管理办法 13); advertisements of drugs, devices, health
food and special medical food carry 广审 numbers. Forms vary by city, so a field that is missing is not a flaw; only a
day that cannot be is one. Nothing is ever called valid by its form: that takes a record of the authority.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from string import ascii_uppercase

from domain.contacts import plain_digits
from domain.identifiers import PROVINCES

#: First two digits of GB/T 2260 region codes and the short names that certificates and filings of the province begin with.
PROVINCE_OF_CODE: dict[str, str] = {
    "11": "京", "12": "津", "13": "冀", "14": "晋", "15": "蒙", "21": "辽", "22": "吉", "23": "黑", "31": "沪", "32": "苏",
    "33": "浙", "34": "皖", "35": "闽", "36": "赣", "37": "鲁", "41": "豫", "42": "鄂", "43": "湘", "44": "粤", "45": "桂",
    "46": "琼", "50": "渝", "51": "川", "52": "贵", "53": "云", "54": "藏", "61": "陕", "62": "甘", "63": "青", "64": "宁",
    "65": "新",
}  # fmt: skip
_OTHER_SHORT_NAMES = {"蜀": "川", "黔": "贵", "滇": "云", "秦": "陕", "陇": "甘"}
_VALID_YEARS = 1
"""医疗广告管理办法 13: the certificate is valid for one year; old 广审 numbers likewise."""
_ONLINE_MEDIA = frozenset({"网络", "互联网", "网站", "文", "声", "视", ""})

# （京）医广【2016】第07-01-0355号, （成青） 医广【2019】第03-12-510105020号, 鲁中医广字【2013】第0902-001-3711号,
# （渝）医广[2015]（网络）第189号, （浙）（杭）医广【2018】第88-88-088号, 济医广〔2022〕第0123号,
# （粤B）医广【2016】第07-01-0355号, 鄂（武）医广【2016】第07-01-0355号
_MEDICAL_AD = re.compile(
    rf"(?:(?:(?P<outer>[{PROVINCES}])\s?(?=[(（]))?"
    rf"[(（]\s?(?P<first>[\u4e00-\u9fa5]{{1,4}}[A-Z]?|[A-Z])\s?[)）]\s?(?:[(（]\s?(?P<second>[\u4e00-\u9fa5]{{1,4}}[A-Z]?|[A-Z])\s?[)）]\s?)?"
    rf"|(?P<bare>[{PROVINCES}济呼深穗][A-Z]?)\s?)(?P<tcm>中)?医广字?\s?"
    r"[【\[〔（(﹝［]?\s?(?P<year>(?:19|20)\d{2})\s?年?\s?[】\]〕）)﹞］]?\s?(?:[（(](?P<media>[\u4e00-\u9fa5]{1,4})[)）])?\s?"
    r"第\s?(?P<serial>[0-9A-Za-z]+(?:\s?[-—–]\s?[0-9A-Za-z]+){0,4})\s?号?",
    re.ASCII,
)
# 豫械广审(文)第261112-17214号, 苏医械广审(文)第2012120208号
_PRODUCT_AD = re.compile(
    rf"(?P<first>[{PROVINCES}国])\s?(?P<product>药|医?械|食健|食特)广审\s?[（(]\s?(?P<media>[视声文])\s?[)）]\s?"
    r"第?\s?(?P<serial>\d{6}-\d{5}|\d{10})\s?号?",
    re.ASCII,
)


class Verdict(StrEnum):
    """What can be said of a certificate; `cannot-verify` (待核) is the rule when no record is at hand."""

    VALID = "valid"
    EXPIRED = "expired"
    MALFORMED = "malformed"
    MISMATCH = "mismatch"
    NOT_FOUND = "not-found"
    CANNOT_VERIFY = "cannot-verify"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A number taken apart. `kind` is `medical-ad` or `product-ad`.

    `prefixes` are the regions it begins with, widest first (`("浙", "杭")`); `serial` has its parts joined by `-`.
    `expires_on` is the last day it can have been valid: with an unknown day of approval the end of the year after.
    `flaws` are reasons (Chinese) why such a number cannot have been issued.
    """

    kind: str
    prefixes: tuple[str, ...]
    product: str
    tcm: bool
    media: str
    serial: str
    year: int | None
    approved_on: date | None
    expires_on: date | None
    flaws: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The number without brackets and spaces: the same for every way to print it, different for every other number."""
        return "|".join(
            (
                "".join(self.prefixes),
                self.product,
                "中" if self.tcm else "",
                str(self.year or ""),
                self.media,
                self.serial,
            )
        )


@dataclass(frozen=True, slots=True)
class CertificateRecord:
    """What an authority has published about one certificate; `media` empty when it does not say, days may be unknown."""

    number: str
    holder: str
    media: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    source: str = ""
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class CertificateContext:
    """What is known beside the number.

    `names` are the names the page uses for its operator, `region_code` the operator's GB/T 2260 code ("" unknown),
    `tcm_institution` None when unknown. `register_complete` says that the records at hand hold every certificate of
    the issuing region: only then does a missing record mean something.
    """

    captured_on: date
    published_on: date | None = None
    names: tuple[str, ...] = ()
    region_code: str = ""
    tcm_institution: bool | None = None
    register_complete: bool = False


@dataclass(frozen=True, slots=True)
class CertificateJudgement:
    """`reasons` are Chinese. `hints` never decide. `expired_when_published` is None when that day is unknown.

    `mild` cites the guide where the law itself calls the case a light one.
    """

    verdict: Verdict
    certificate: Certificate | None
    reasons: tuple[str, ...]
    hints: tuple[str, ...] = ()
    expired_when_published: bool | None = None
    mild: str = ""


def parse_certificate(number: str) -> Certificate | None:
    """The fields of a number, None when the whole text has no known shape."""
    plain = plain_digits(number).strip()
    if match := _MEDICAL_AD.fullmatch(plain):
        return _medical_ad(match)
    if match := _PRODUCT_AD.fullmatch(plain):
        return _product_ad(match)
    return None


def judge_certificate(
    number: str, context: CertificateContext, record: CertificateRecord | None = None
) -> CertificateJudgement:
    """The verdict on a number as the page shows it. `record` is the authority's record of this number, if one was found.

    Raises ValueError when `record` is about another number.
    """
    certificate = parse_certificate(number)
    if certificate is None:
        return CertificateJudgement(Verdict.MALFORMED, None, ("文号不合任何已知格式",))
    flaws = list(certificate.flaws)
    if certificate.approved_on is not None and certificate.approved_on > context.captured_on:
        flaws.append(f"批准日期 {certificate.approved_on} 晚于取证日 {context.captured_on}")
    elif certificate.year is not None and certificate.year > context.captured_on.year:
        flaws.append(f"文号年份 {certificate.year} 晚于取证日 {context.captured_on}")
    hints = _hints(certificate, context)
    if flaws:
        return CertificateJudgement(Verdict.MALFORMED, certificate, tuple(flaws), hints)
    if record is not None:
        known = parse_certificate(record.number)
        if known is None or known.key != certificate.key:
            raise ValueError("the record is about another certificate")
    last_day = record.valid_until if record is not None and record.valid_until else certificate.expires_on
    expired_then = None if context.published_on is None or last_day is None else context.published_on > last_day
    verdict, reasons = _decide(certificate, context, record, last_day)
    mild = "监管工作指南5：仅证明到期、内容未变的，可从轻" if verdict is Verdict.EXPIRED else ""
    return CertificateJudgement(verdict, certificate, reasons, hints, expired_then, mild)


def _decide(
    certificate: Certificate, context: CertificateContext, record: CertificateRecord | None, last_day: date | None
) -> tuple[Verdict, tuple[str, ...]]:
    if record is not None and (differences := _differences(certificate, context, record)):
        return Verdict.MISMATCH, differences
    if last_day is not None and context.captured_on > last_day:
        source = "登记" if record is not None and record.valid_until else "文号"
        return Verdict.EXPIRED, (f"按{source}最迟 {last_day} 到期，取证日 {context.captured_on}",)
    if record is None:
        if context.register_complete:
            return Verdict.NOT_FOUND, ("公示库已覆盖该地区，未见此文号",)
        return Verdict.CANNOT_VERIFY, ("无公示记录可比对，待核",)
    if not context.names:
        return Verdict.CANNOT_VERIFY, ("页面未见机构名称，无法与持证人比对，待核",)
    if last_day is None:
        return Verdict.CANNOT_VERIFY, ("公示记录未载有效期，待核",)
    return Verdict.VALID, (f"与公示记录一致，持证人 {record.holder}，有效期至 {last_day}",)


def _differences(certificate: Certificate, context: CertificateContext, record: CertificateRecord) -> tuple[str, ...]:
    found: list[str] = []
    if context.names and not any(_plain_name(name) == _plain_name(record.holder) for name in context.names):
        found.append(f"登记持证人为 {record.holder}，页面名称为 {'、'.join(context.names)}")
    if record.media and not any(media in _ONLINE_MEDIA for media in record.media):
        found.append(f"核准媒介为 {'、'.join(record.media)}，不含网络")
    if record.valid_from is not None and context.captured_on < record.valid_from:
        found.append(f"登记自 {record.valid_from} 起有效，取证日 {context.captured_on}")
    if certificate.media not in _ONLINE_MEDIA and not record.media:
        found.append(f"文号标注媒介为 {certificate.media}，用于网络")
    return tuple(found)


def _hints(certificate: Certificate, context: CertificateContext) -> tuple[str, ...]:
    hints: list[str] = []
    expected = PROVINCE_OF_CODE.get(context.region_code[:2])
    first = certificate.prefixes[0].rstrip(ascii_uppercase)  # 粤B is a city of 粤
    given = _OTHER_SHORT_NAMES.get(first, first)
    if expected is not None and given in PROVINCE_OF_CODE.values() and given != expected:
        hints.append(f"文号省份简称“{first}”与机构所在省“{expected}”不一致")
    if certificate.kind == "medical-ad" and context.tcm_institution is not None:
        if context.tcm_institution and not certificate.tcm:
            hints.append("中医机构的文号通常带“中”字")
        elif certificate.tcm and not context.tcm_institution:
            hints.append("文号带“中”字，而机构不属中医类")
    if certificate.media not in _ONLINE_MEDIA:
        hints.append(f"文号标注媒介为“{certificate.media}”，用于网络")
    return tuple(hints)


def _medical_ad(match: re.Match[str]) -> Certificate:
    year = int(match["year"])
    parts = re.split(r"\s?[-—–]\s?", match["serial"])
    month_day = _month_day(parts)
    flaws: list[str] = []
    approved_on: date | None = None
    if month_day is not None:
        approved_on = _day(year, int(month_day[:2]), int(month_day[2:]))
        if approved_on is None:
            flaws.append(f"文号中的月日 {month_day[:2]}-{month_day[2:]} 不存在")
    if not any(character in "123456789" for character in match["serial"]):
        flaws.append("文号没有序号")
    return Certificate(
        kind="medical-ad",
        prefixes=tuple(
            prefix for prefix in (match["outer"], match["first"] or match["bare"], match["second"]) if prefix
        ),
        product="医",
        tcm=match["tcm"] is not None,
        media=match["media"] or "",
        serial="-".join(parts),
        year=year,
        approved_on=approved_on,
        expires_on=_a_year_after(approved_on) if approved_on else date(year + _VALID_YEARS, 12, 31),
        flaws=tuple(flaws),
    )


def _product_ad(match: re.Match[str]) -> Certificate:
    """New numbers begin with YYMMDD of expiry, old ones with YYYYMM of approval."""
    serial, year, approved_on, expires_on = match["serial"], None, None, None
    if "-" in serial:
        expires_on = _day(2000 + int(serial[:2]), int(serial[2:4]), int(serial[4:6]))
        flaws = () if expires_on else (f"文号中的到期日 {serial[:6]} 不存在",)
    else:
        approved_on = _day(int(serial[:4]), int(serial[4:6]), 1)
        # a placeholder such as 9999120208 has no year after it
        flaws = () if approved_on and 1994 <= approved_on.year < 2100 else (f"文号中的年月 {serial[:6]} 不存在",)
        approved_on = None if flaws else approved_on
        if approved_on is not None:
            year, expires_on = approved_on.year, _end_of_month(_a_year_after(approved_on))
    return Certificate(
        kind="product-ad",
        prefixes=(match["first"],),
        product=match["product"],
        tcm=False,
        media=match["media"],
        serial=serial,
        year=year,
        approved_on=approved_on,
        expires_on=expires_on,
        flaws=flaws,
    )


def _month_day(parts: Sequence[str]) -> str | None:
    """MMDD of approval: 07-01-0355, 0902-001-3711 or seven digits; None when the form carries no day (189)."""
    if len(parts) >= 3 and len(parts[0]) == len(parts[1]) == 2:
        found = parts[0] + parts[1]
    elif (len(parts) >= 2 and len(parts[0]) == 4) or (len(parts) == 1 and len(parts[0]) == 7):
        found = parts[0][:4]
    else:
        return None
    return found if found.isdigit() else None


def _plain_name(name: str) -> str:
    return re.sub(r"[\s()（）·]", "", name)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _a_year_after(day: date) -> date:
    return _day(day.year + _VALID_YEARS, day.month, day.day) or date(day.year + _VALID_YEARS, 2, 28)


def _end_of_month(day: date) -> date:
    first_of_next = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return first_of_next - timedelta(days=1)
