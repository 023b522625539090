"""Grammars of the contacts that a page shows: telephone numbers, WeChat and QQ accounts, street addresses."""

import re
from collections.abc import Iterator
from functools import lru_cache

from domain.page import Contact, ContactKind

#: Other ways to write a digit, one code point each, so that offsets stay true: １ ① ❶ 𝟏 and so on.
_DIGIT_FORMS = {
    0: "０⓪⓿🄌𝟎𝟘𝟢𝟬𝟶",
    **{
        digit: "".join(
            chr(first + digit - 1) for first in (0xFF11, 0x2460, 0x2474, 0x2488, 0x2776, 0x2780, 0x278A, 0x24F5)
        )
        + "".join(chr(first + digit) for first in (0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6))
        for digit in range(1, 10)
    },
}
_PLAIN = {ord(form): str(digit) for digit, forms in _DIGIT_FORMS.items() for form in forms} | {ord("－"): "-"}
_PLAIN |= {code + 0xFEE0: chr(code) for code in range(0x41, 0x7B)}
#: The mathematical digits as one range: single characters beyond the basic plane make a class many times slower.
_FORM = re.compile(f"[{''.join(chr(code) for code in _PLAIN if code <= 0xFFFF)}\U0001d7ce-\U0001d7ff🄌]")
_HAN_DIGITS = str.maketrans("零〇一幺二三四五六七八九", "001123456789")

# Each grammar begins with a character that must be there and looks back behind it: so the engine can skip ahead.
#: Blanks but no line ends: three prices one under the other are no number (198, 1980, 2980).
_BLANKS = r" \t\u00a0\u2002-\u200a\u3000"
_GAP = rf"[-.·—–_{_BLANKS}]{{0,2}}"
_DASH = rf"[-—–{_BLANKS}]{{0,3}}"
#: A digit with an optional key-cap around it (1️⃣ is three code points).
_CAP = r"(?:\ufe0f?\u20e3)?"
_DIGIT = rf"\d{_CAP}"
#: The number of a page, not of a telephone: /2010-10-21/083518264402s.shtml
_PAGE = r"[A-Za-z]{0,2}\.s?html?"
# 13900001234, 139-0000-1234, +86 139 0000 1234, 1️⃣3️⃣9️⃣…; three prices beside each other (198 1980 2980 元) are none
_MOBILE = re.compile(
    rf"1(?:(?<![\d.]1)|(?<=\+861)|(?<=00861)){_CAP}[3-9]{_CAP}{_DIGIT}{_GAP}(?:{_DIGIT}){{4}}{_GAP}(?:{_DIGIT}){{4}}(?![\d元]|[{_BLANKS}]元|{_PAGE})"
)
# 一三九零零零零一二三四, 139零零零零1234: at least one Chinese digit
_HAN_MOBILE = re.compile(
    r"[一幺1](?<![零〇一幺二三四五六七八九\d.].)(?<!\d\..)(?=\d{0,10}[零〇一幺二三四五六七八九])"
    r"[三四五六七八九3-9][零〇一幺二三四五六七八九\d]{9}(?![零〇一二三四五六七八九\d])"
)
# 010-66661234, (0755) 2666 1234, 0755-26661234转801, +86-10-66661234, and the numbers of samples: 000-00001234
_AREA = r"(?:10|2\d|[3-9]\d\d|00(?=-0000))"
_ABROAD = rf"86{_DASH}(?:10|2\d|(?![48]00)[3-9]\d\d)"
_LANDLINE = re.compile(
    rf"(?:0(?:(?<![\d.-]0)|(?<=86-0)(?<!\d86-0))(?:(?!086){_AREA}|0{_ABROAD})|\(0{_AREA}\)|（0{_AREA}）|\+{_ABROAD}){_DASH}"
    rf"(?:[1-9]\d{{2,3}}|0000)[-{_BLANKS}]?\d{{4}}"
    rf"(?:(?:-|转)\d{{1,5}})?(?!\d|{_PAGE})"
)
# 400-000-1234, 4000001234, 400-0000-123, 400-0-000-123, 400 - 000 - 1234, 400—000—1234
_SERVICE = re.compile(
    rf"[48](?<![\d.-].)00{_DASH}(?:\d{{3}}{_DASH}\d{{4}}|\d{{4}}{_DASH}\d{{3}}|\d{_DASH}\d{{3}}{_DASH}\d{{3}})(?![\d-])"
)
#: Words behind 微信 in menus and beside codes: 官方微信 WeChat.
_NO_ACCOUNT = (
    r"(?!(?i:account|alipay|android|douyin|download|english|facebook|follow|instagram|iphone|linkedin|mobile|official|online"
    r"|qr-?code|service|subscribe|taobao|telegram|tiktok|twitter|version|website|wechat|weixin|whatsapp|windows|youtube)"
    r"(?![-_A-Za-z0-9]))"
)
# 微信：demo_abcd, 加V demo_abcd, VX13900001234, WECHAT: demo_abcd
_WECHAT = re.compile(
    r"[微薇威徽维vVwW加](?:(?<=[微薇威徽维vV])信|(?<=[vVwW])(?<![A-Za-z0-9].)[xX]|(?<=[wW])(?i:eixin|echat)"
    r"|(?<=加)[微薇威vV])\s{0,2}(?:公众号|公众平台|客服|咨询|账号|帐号|号码|号|同号|ID|id)?\s{0,2}[:：为是]?\s{0,2}"
    rf"{_NO_ACCOUNT}(?P<number>[A-Za-z][-_A-Za-z0-9]{{5,19}}|1[3-9]\d{{9}}(?!\d))(?![-_A-Za-z0-9@.])"
)
#: Only behind one of these an account may stand in the next line; 微信公众号 there is the name of a code.
_ACCOUNT_LABEL = re.compile(r"[:：为是]|(?<!众)号|[iI][dD]")
_SAME_WECHAT = re.compile(r"\s{0,2}[(（,，、]?\s{0,2}(?:同)?(?:微信|[vV][xX]?|微)\s?(?:同号|同步|号同)")
_QQ = re.compile(
    r"[qQ扣企咨](?:(?<=[qQ])(?<![A-Za-z0-9].)[qQ]|(?<=扣)扣|(?<=企)鹅号|(?<=咨)询[qQ])\s{0,2}(?:咨询|客服|交流|在线)?"
    r"\s{0,2}(?:号码|号|群)?\s{0,2}[:：]?\s{0,2}(?P<number>[1-9]\d{4,10})(?!\d)"
)
#: A blank inside an address: 四川省 成都市 某路 100 号. What comes behind it is a place or a number, not the next label.
_ADDRESS_BLANK = (
    rf"(?:(?<=[省市区县州旗镇乡])[{_BLANKS}]{{1,2}}(?=[\u4e00-\u9fa5]{{1,12}}[省市区县州旗镇乡村路街道巷])"
    rf"(?![\u4e00-\u9fa5]{{1,12}}[{_BLANKS}]?[:：])"
    rf"|(?<=[路街道巷段弄号栋幢座楼层])[{_BLANKS}]{{1,2}}(?=[A-Z]?\d{{1,5}}[-\d]{{0,6}}[{_BLANKS}]{{0,2}}[号弄栋幢座楼层室])"
    rf"|(?<=\d)[{_BLANKS}]{{1,2}}(?=[号弄栋幢座楼层室]))"
)
_ADDRESS = re.compile(
    r"(?:地\s{0,4}址|院\s{0,4}址|来院路线|乘车路线|门诊地点|就诊地点)\s{0,3}[:：]\s{0,3}"
    rf"(?P<number>(?:[\u4e00-\u9fa5A-Za-z0-9()（）#·-]|{_ADDRESS_BLANK}){{6,60}})"
)
#: An address has at least one of these; "地址：www.demo.example" has none.
_PLACE = re.compile(r"[省市区县镇乡村路街道巷号弄里楼层]")


@lru_cache(maxsize=1)  # contacts and registration numbers are looked for in the same text, one after the other
def plain_digits(text: str) -> str:
    """The text with every other form of a digit, Latin letter or hyphen replaced, code point for code point."""
    return _FORM.sub(lambda form: _PLAIN[ord(form[0])], text)


def normal_number(contact: Contact) -> str:
    """The bare form by which two spellings of one contact are equal: `139-0000 1234` and `13900001234`."""
    bare = plain_digits(contact.value).translate(_HAN_DIGITS)
    if contact.kind in (ContactKind.ADDRESS, ContactKind.WECHAT):
        return re.sub(r"\s", "", bare).lower()
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
    accounts: set[int] = set()  # 微信：13900001234（微信同号） is one account
    for kind, grammar in grammars:
        group = "number" if "number" in grammar.groupindex else 0
        for match in grammar.finditer(plain):
            start, end = match.span(group)
            if kind is ContactKind.ADDRESS and not _PLACE.search(plain, start, end):
                continue
            if kind is ContactKind.WECHAT and not _is_behind_its_label(plain[match.start() : start]):
                continue
            yield Contact(kind, text[start:end], start, end)
            if kind is ContactKind.WECHAT:
                accounts.add(start)
            elif kind is ContactKind.MOBILE and start not in accounts and _SAME_WECHAT.match(plain, end):
                yield Contact(ContactKind.WECHAT, text[start:end], start, end)


def _is_behind_its_label(label: str) -> bool:
    return "\n" not in label or _ACCOUNT_LABEL.search(label) is not None


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
