"""Grammars of the contacts that a page shows: telephone numbers, WeChat and QQ accounts, street addresses."""

import re
from collections.abc import Iterator

from domain.page import Contact, ContactKind

#: Other ways to write a digit, one code point each, so that offsets stay true: １ ① ❶ 𝟏 and so on.
_DIGIT_FORMS = {
    0: "０⓪⓿🄌𝟎𝟘𝟢𝟬𝟶〇零",
    **{
        digit: "".join(
            chr(first + digit - 1) for first in (0xFF11, 0x2460, 0x2474, 0x2488, 0x2776, 0x2780, 0x278A, 0x24F5)
        )
        + "".join(chr(first + digit) for first in (0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6))
        for digit in range(1, 10)
    },
}
_PLAIN = {ord(form): str(digit) for digit, forms in _DIGIT_FORMS.items() for form in forms}
_PLAIN |= {ord("幺"): "1", ord("－"): "-", ord("—"): "-", ord("–"): "-", ord("‑"): "-", ord("\u3000"): " "}
_PLAIN |= {code + 0xFEE0: chr(code) for code in range(0x41, 0x7B)} | {ord("："): ":"}
_HAN_DIGITS = str.maketrans("一二三四五六七八九", "123456789")

_GAP = r"[-\s.·_/]{0,2}"
#: A digit with an optional key-cap around it (1️⃣ is three code points).
_DIGIT = r"\d(?:\ufe0f?\u20e3)?"

# 000-00001234 as a landline, 139-0000-1234, 1️⃣3️⃣9️⃣..., （010）0000 1234, 400-000-1234
_MOBILE = re.compile(
    r"(?<![\d.])(?:\+?0{0,2}86[-\s]?)?(?P<number>1(?:\ufe0f?\u20e3)?[ ]?[3-9](?:\ufe0f?\u20e3)?[ ]?"
    rf"(?:{_DIGIT}[ ]?){{1}}{_GAP}(?:{_DIGIT}[ ]?){{3}}{_DIGIT}{_GAP}(?:{_DIGIT}[ ]?){{3}}{_DIGIT})(?!\d)"
)
_HAN_MOBILE = re.compile(r"(?<![一-九\d])[1一][三四五六七八九3-9][一二三四五六七八九\d]{9}(?![一二三四五六七八九\d])")
_LANDLINE = re.compile(
    r"(?<![\d.-])(?:\+?86[-\s]?)?(?P<number>[(（]?0(?:[12]\d|\d{3}|00)[)）]?[-\s]{0,3}[1-9]\d{2,3}[-\s]?\d{4}"
    r"(?:(?:-|转)\d{1,5})?|000-0000\d{4})(?!\d)"
)
_SERVICE = re.compile(r"(?<![\d.-])[48]00[-\s]?(?:\d{3}[-\s]?\d{4}|\d{4}[-\s]?\d{3}|\d[-\s]?\d{3}[-\s]?\d{3})(?![\d-])")
_WECHAT = re.compile(
    r"(?:微信|薇信|威信|徽信|维信|[vV]信|\b[vV][xX]|\b[wW][xX]|[wW]ei[xX]in|[wW]e[cC]hat|加[微薇威vV]|添加微信)"
    r"\s{0,2}(?:公众号|公众平台|客服|咨询|账号|帐号|号码|号|同号|ID|id)?\s{0,2}[:为是]?\s{0,2}"
    r"(?P<number>[A-Za-z][-_A-Za-z0-9]{5,19}|(?<!\d)1[3-9]\d{9}(?!\d))(?![-_A-Za-z0-9@.])"
)
_SAME_WECHAT = re.compile(r"\s{0,2}[(（,，、]?\s{0,2}(?:同)?(?:微信|[vV][xX]?|微)\s?(?:同号|同步|号同)")
_QQ = re.compile(
    r"(?:\b[qQ]{2}|扣扣|企鹅号|咨询[qQ])\s{0,2}(?:咨询|客服|交流|在线)?\s{0,2}(?:号码|号|群)?\s{0,2}:?\s{0,2}(?P<number>[1-9]\d{4,10})(?!\d)"
)
_ADDRESS = re.compile(
    r"(?:地\s{0,4}址|院\s{0,4}址|来院路线|乘车路线|门诊地点|就诊地点)\s{0,3}:\s{0,3}"
    r"(?P<number>[\u4e00-\u9fa5A-Za-z0-9()（）#·-]{6,60})"
)
#: An address has at least one of these; "地址：www.demo.example" has none.
_PLACE = re.compile(r"[省市区县镇乡村路街道巷号弄里楼层]")


def plain_digits(text: str) -> str:
    """The text with every other form of a digit, Latin letter or hyphen replaced, code point for code point."""
    return text if text.isascii() else text.translate(_PLAIN)


def normal_number(contact: Contact) -> str:
    """The bare form by which two spellings of one contact are equal: `139-0000 1234` and `13900001234`."""
    bare = plain_digits(contact.value).translate(_HAN_DIGITS)
    if contact.kind in (ContactKind.ADDRESS, ContactKind.WECHAT):
        return bare.lower()
    return re.sub(r"\D", "", bare)


def find_contacts(text: str) -> tuple[Contact, ...]:
    """Every contact in the text in reading order, each spelling once per place: `text[start:end] == value`.

    A mobile marked 微信同号 is given as a WeChat contact too, over the same span.
    """
    found = sorted(_all_contacts(text, plain_digits(text)), key=lambda contact: (contact.start, -contact.end))
    return tuple(_without_covered(found))


def _all_contacts(text: str, plain: str) -> Iterator[Contact]:
    grammars = (
        (ContactKind.WECHAT, _WECHAT),
        (ContactKind.QQ, _QQ),
        (ContactKind.MOBILE, _MOBILE),
        (ContactKind.SERVICE_LINE, _SERVICE),
        (ContactKind.LANDLINE, _LANDLINE),
        (ContactKind.ADDRESS, _ADDRESS),
        (ContactKind.MOBILE, _HAN_MOBILE),
    )
    for kind, grammar in grammars:
        group = "number" if "number" in grammar.groupindex else 0
        for match in grammar.finditer(plain):
            start, end = match.span(group)
            if kind is ContactKind.ADDRESS and not _PLACE.search(plain, start, end):
                continue
            yield Contact(kind, text[start:end], start, end)
            if kind is ContactKind.MOBILE and _SAME_WECHAT.match(plain, end):
                yield Contact(ContactKind.WECHAT, text[start:end], start, end)


def _without_covered(found: list[Contact]) -> Iterator[Contact]:
    """Drop a number that lies inside a longer one of another kind, as the QQ number that looks like a mobile."""
    last: Contact | None = None
    for contact in found:
        if last and contact.end <= last.end and ContactKind.ADDRESS not in (contact.kind, last.kind):
            same_place = (contact.start, contact.end) == (last.start, last.end)
            wanted = {contact.kind, last.kind} == {ContactKind.MOBILE, ContactKind.WECHAT}
            if not (same_place and wanted):
                continue
        last = contact
        yield contact
