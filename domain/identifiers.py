"""Grammars of the numbers by which an advertisement or its operator is registered.

A number that breaks its grammar is a hint for a person, never a lead by itself: prefixes, brackets and date forms of
real certificates vary by city.
"""

import re
from collections.abc import Iterator
from datetime import date

from domain.contacts import plain_digits
from domain.page import Identifier

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤川青藏琼宁"
#: 蜀ICP备, 黔ICP备, 滇ICP备, 陇ICP备: filings of four provinces go by their other short names.
FILING_PROVINCES = f"{PROVINCES}蜀黔滇陇"

# （京）医广【2016】第07-01-0355号, 鲁中医广字【2013】第0902-001-3711号, （渝）医广[2015]（网络）第189号,
# （粤B）医广【2016】第07-01-0355号, 鄂（武）医广【2016】第07-01-0355号; in 四川（川）医广 the province belongs to a name
_MEDICAL_AD = re.compile(
    rf"(?:(?P<outer>[{PROVINCES}])\s?(?![（(]\s?(?P=outer)\s?[)）])(?=[（(]))?"
    rf"(?:[（(]\s?(?:[\u4e00-\u9fa5]{{1,4}}[A-Z]?|[A-Z])\s?[)）]\s?){{1,2}}中?医广字?{{tail}}"
    rf"|[{PROVINCES}济呼深穗][A-Z]?\s?中?医广字?{{tail}}".replace(
        "{tail}",
        r"\s?[【\[〔（(﹝［]?\s?(?:19|20)\d{2}\s?年?\s?[】\]〕）)﹞］]?\s?(?:[（(][\u4e00-\u9fa5]{1,4}[)）])?\s?"
        r"第\s?[0-9A-Za-z]+(?:\s?[-—–]\s?[0-9A-Za-z]+){0,4}\s?号?",
    )
)
_SERIAL = re.compile(r"(?P<year>(?:19|20)\d{2})[^第]*第\s?(?P<serial>[0-9A-Za-z—–-]+)")
# 豫械广审(文)第261112-17214号 (the first six digits are the day of expiry), 苏医械广审(文)第2012120208号
_PRODUCT_AD = re.compile(
    rf"[{PROVINCES}国]\s?(?:药|医?械|食健|食特)广审\s?[（(]\s?[视声文]\s?[)）]\s?第?\s?(?P<number>\d{{6}}-\d{{5}}|\d{{10}})\s?号?"
)
# 登记号：PDY00066X31010412A1002; 12 digits (older clinics) only behind its label
_LICENCE = re.compile(r"[0-9A-Z](?<![0-9A-Za-z].)[0-9A-Z]{7}[0-9X]-?\d{8}[A-Z]\d{3}[129](?![0-9A-Za-z])")
_LICENCE_LABELLED = re.compile(
    r"(?:登记号|许可证号?|许可证编号|执业许可证?|机构代码)\s?[:：]?\s?(?P<number>[0-9A-Z]{8}[0-9X]-?\d{8}[A-Z]\d{3}[129]|\d{10}[123][1-9])(?![0-9A-Za-z])"
)
_CREDIT_CODE = re.compile(
    r"[0-9A-HJ-NPQRTUWXY](?<![0-9A-Za-z].)[0-9A-HJ-NPQRTUWXY]\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![0-9A-Za-z])"
)
_CREDIT_LABEL = re.compile(r"(?:信用代码|注册号|税号)[^0-9A-Za-z]{0,6}$")
# 京ICP备16017287号-1, 京ICP证030173号
_ICP = re.compile(
    rf"[{FILING_PROVINCES}]\s?[iI][cC][pP]\s?[备证]\s?(?:案)?\s?(?:第)?\s?\d{{6,10}}\s?号?(?:\s?-\s?\d{{1,4}}(?!\d))?[A-Z]?",
)
# 川公网安备 51010502010725号
_PSB = re.compile(rf"[{FILING_PROVINCES}]公网安备\s?(?P<number>\d{{14}})\s?号?")

_GB32100_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_GB32100_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
#: First character: the registering department. A code without label must begin with one that is in use.
_CREDIT_DEPARTMENTS = frozenset("1235679AN")
#: First two digits of GB/T 2260 region codes.
_REGIONS = frozenset(
    str(code)
    for codes in (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 66))
    for code in codes
)


def credit_code_holds(code: str) -> bool:
    """Whether an 18-character unified social credit code satisfies the check character of GB 32100-2015."""
    code = code.strip().upper()
    if len(code) != 18 or any(character not in _GB32100_ALPHABET for character in code):
        return False
    total = sum(
        _GB32100_ALPHABET.index(character) * weight for character, weight in zip(code, _GB32100_WEIGHTS, strict=False)
    )
    return _GB32100_ALPHABET[(31 - total % 31) % 31] == code[17]


def medical_ad_day_holds(number: str) -> bool | None:
    """False when the approval day inside a certificate number cannot be (88-88), None when the number carries none."""
    match = _SERIAL.search(plain_digits(number).replace(" ", ""))
    if match is None:
        return None
    parts = re.split("[-—–]", match["serial"])
    if len(parts) >= 3 and len(parts[0]) == len(parts[1]) == 2:
        month_day = parts[0] + parts[1]
    elif len(parts) >= 2 and len(parts[0]) == 4:
        month_day = parts[0]
    elif len(parts) == 1 and len(parts[0]) == 7:
        month_day = parts[0][:4]
    else:
        return None
    return month_day.isdigit() and _is_day(int(match["year"]), int(month_day[:2]), int(month_day[2:]))


def find_identifiers(text: str) -> tuple[Identifier, ...]:
    """Every registration number in the text in reading order; `text[start:end] == value`."""
    found: dict[tuple[str, int], Identifier] = {}
    for identifier in _all_identifiers(text, plain_digits(text)):
        found.setdefault((identifier.kind, identifier.start), identifier)
    return tuple(sorted(found.values(), key=lambda identifier: (identifier.start, identifier.end)))


def _all_identifiers(text: str, plain: str) -> Iterator[Identifier]:
    if "医广" in plain:
        for match in _MEDICAL_AD.finditer(plain):
            yield _identifier("medical-ad", text, match.span(), medical_ad_day_holds(match[0]))
    if "广审" in plain:
        for match in _PRODUCT_AD.finditer(plain):
            yield _identifier("product-ad", text, match.span(), _expiry_holds(match["number"]))
    for match in _LICENCE_LABELLED.finditer(plain):
        yield _identifier("licence", text, match.span("number"), None)
    for match in _LICENCE.finditer(plain):
        yield _identifier("licence", text, match.span(), None)
    for match in _CREDIT_CODE.finditer(plain):
        holds = credit_code_holds(match[0])
        labelled = _CREDIT_LABEL.search(plain, max(0, match.start() - 16), match.start()) is not None
        if labelled or (holds and match[0][0] in _CREDIT_DEPARTMENTS and not _is_citizen_number(match[0])):
            yield _identifier("credit-code", text, match.span(), holds)
    for match in _ICP.finditer(plain):
        yield _identifier("icp", text, match.span(), None)
    for match in _PSB.finditer(plain):
        yield _identifier("psb", text, match.span(), None if match["number"][:2] in _REGIONS else False)


def _identifier(kind: str, text: str, span: tuple[int, int], valid: bool | None) -> Identifier:
    start, end = span
    return Identifier(kind, text[start:end], start, end, valid)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _expiry_holds(number: str) -> bool | None:
    """New numbers begin with YYMMDD of expiry, old ones with YYYYMM of approval."""
    if "-" in number:
        return _is_day(2000 + int(number[:2]), int(number[2:4]), int(number[4:6]))
    return _is_day(int(number[:4]), int(number[4:6]), 1)


def _is_citizen_number(code: str) -> bool:
    """A citizen's identity number carries a birthday in places 7 to 14; it must never be taken for a company's."""
    year, month, day = code[6:10], code[10:12], code[12:14]
    return (
        code[:17].isdigit()
        and code[:2] in _REGIONS
        and year[:2] in ("19", "20")
        and _is_day(int(year), int(month), int(day))
    )
