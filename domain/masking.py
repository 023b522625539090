"""Blacking out what identifies patients, for copies of a page's text that circulate.

Every masked code point becomes one `█`, so an offset into the original is the same offset into the copy. What a hospital
shows of itself on purpose stays: its own telephone numbers and its staff's names are what a lead is about.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.contacts import find_contacts, plain_digits
from domain.page import ContactKind

BLACK = "█"


class MaskKind(StrEnum):
    """What was blacked out."""

    IDENTITY_NUMBER = "identity-number"
    PAPER = "paper"
    PHONE = "phone"
    ACCOUNT = "account"
    MAIL = "mail"
    NAME = "name"
    AGE = "age"
    HOME = "home"
    PLATE = "plate"
    FACE = "face"  # in pictures only

    @property
    def reason(self) -> str:
        """Chinese, for the list that goes with the copy."""
        return REASONS[self]


REASONS = {
    MaskKind.IDENTITY_NUMBER: "公民身份号码",
    MaskKind.PAPER: "证件、病历或医保号码",
    MaskKind.PHONE: "个人电话（不在咨询、预约等用语之后）",
    MaskKind.ACCOUNT: "微信或 QQ（不在咨询、预约等用语之后）",
    MaskKind.MAIL: "电子邮箱",
    MaskKind.NAME: "患者或其家属的称谓",
    MaskKind.AGE: "患者年龄",
    MaskKind.HOME: "患者住址或来处",
    MaskKind.PLATE: "车牌号",
    MaskKind.FACE: "人像",
}


@dataclass(frozen=True, slots=True)
class MaskWords:
    """The word lists; see `lexicons/keeping/masking.toml`."""

    patients: tuple[str, ...]
    titles: tuple[str, ...]
    staff: tuple[str, ...]
    surnames: tuple[str, ...]
    no_names: tuple[str, ...]
    own_contact: tuple[str, ...]
    personal_contact: tuple[str, ...]
    papers: tuple[str, ...]
    homes: tuple[str, ...]
    age_limits_before: tuple[str, ...]
    age_limits_after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mask:
    """One blacked-out span, in code points of the original and of the copy alike."""

    start: int
    end: int
    kind: MaskKind


@dataclass(frozen=True, slots=True)
class MaskedText:
    """A copy and the list of all that differs from the original; masks are in order and do not overlap."""

    text: str
    masks: tuple[Mask, ...]


# 990000199001010000, 990000 19900101 0000, and the 15 digits of old papers
_IDENTITY = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:[ \u3000-]?(?:19|20)\d{2}[ \u3000-]?(?:0[1-9]|1[0-2])[ \u3000-]?(?:0[1-9]|[12]\d|3[01])"
    r"[ \u3000-]?\d{3}[\dXx]|\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3})(?![0-9A-Za-z])"
)
# 某某@demo.example
_MAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
# 京A·D0001, 沪AD00001
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤川青藏琼宁][A-HJ-NP-Z][·• ]?[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳](?![A-Za-z0-9])"
)
_AGE = r"(?:\d{1,3}|[一二三四五六七八九十百两]{1,4})\s?(?:周岁|岁|个月大)"
_NAME_PART = r"[\u4e00-\u9fa5]"
#: How far before a number its label may stand, and how far a patient's age from the word for the patient; code points.
_LABEL_REACH = 14
_AGE_REACH = 12
_LIMIT_REACH = 6
_STOP = re.compile(r"[。！？!?\n；;]")
_SENTENCE_REACH = 60
#: What may stand between a label and the second or third number behind it
_NUMBERS = re.compile(r"[\d\s、,，/／—–()（）+-]{7,}")


class Masker:
    """Masks texts by one set of words. Raises ValueError when a list of it is empty: then nothing would be masked."""

    def __init__(self, words: MaskWords) -> None:
        empty = [name for name in MaskWords.__slots__ if not getattr(words, name)]
        if empty:
            raise ValueError(f"词表为空：{'、'.join(empty)}")
        patient, title, surname = (_any_of(items) for items in (words.patients, words.titles, words.surnames))
        self._patient = re.compile(patient)
        # 患者张小明， 患者张某某， 顾客李女士， 患者小林， 吴某军， 陈**: up to a title or the end of the phrase
        end = r"(?=[\s，,。、！!（(:：0-9说讲称在于是因的]|$)"
        titled = rf"(?!{_NAME_PART}?(?:{surname})(?:{title})){_NAME_PART}{{0,2}}(?:{title})"
        hidden = rf"某(?:某|{_NAME_PART}{end})?|[×*＊]{{2}}|[×*＊xX]{{1,2}}{end}"
        no_name = _any_of(words.no_names)
        self._named_patient = re.compile(
            rf"(?:{patient})[:：\s]{{0,2}}(?!{no_name})"
            rf"(?P<name>(?:{surname})(?:{titled}|{hidden}|{_NAME_PART}{{1,2}}{end})|[小阿老](?:{surname}){end})"
        )
        # 王女士， 李大爷， 张小明先生， 陈某
        self._titled = re.compile(rf"(?P<name>(?:{surname})(?:{titled}|{hidden}))")
        self._staff = re.compile(rf"(?:{_any_of(words.staff)})$")
        self._paper = re.compile(
            # 0012 3456 78: groups as on the card, but no date behind the number, and no sum of money in its place
            rf"(?:{_any_of(words.papers)})[为是:：\s]{{0,3}}(?!\d+(?:\.\d+)?\s?(?:元|万|年|岁|人|名|天))"
            rf"(?P<number>[0-9A-Za-z]{{2,}}(?:[ \u00a0\u3000][0-9A-Za-z]{{2,}}(?![-/.年月:：元])){{1,5}}(?<=\d)(?![0-9A-Za-z])"
            rf"|[0-9A-Za-z][0-9A-Za-z-]{{4,29}})"
        )
        self._home = re.compile(
            rf"(?:{_any_of(words.homes)})[于在:：\s]{{0,2}}(?P<place>[\u4e00-\u9fa5A-Za-z0-9-]{{1,29}}[省市区县旗镇乡村路街巷号栋室])"
        )
        self._age = re.compile(rf"{_AGE}(?!{_any_of(words.age_limits_after)})")
        self._limit = re.compile(rf"(?:{_any_of(words.age_limits_before)})$")
        self._own = re.compile(_any_of(words.own_contact))
        self._personal = re.compile(_any_of(words.personal_contact))

    def mask(self, text: str) -> MaskedText:
        """The copy. Masking it again finds nothing: no mark of a person is left that this knows."""
        masks: list[Mask] = []
        copy = text
        while found := list(_disjoint(self._find(copy))):
            masks += found
            copy = _blackened(copy, found)
        return MaskedText(copy, tuple(sorted(masks, key=lambda mask: mask.start)))

    def _find(self, text: str) -> Iterator[Mask]:
        plain = plain_digits(text)
        patterns = (
            (MaskKind.IDENTITY_NUMBER, _IDENTITY, 0),
            (MaskKind.PAPER, self._paper, "number"),
            (MaskKind.MAIL, _MAIL, 0),
            (MaskKind.PLATE, _PLATE, 0),
            (MaskKind.NAME, self._named_patient, "name"),
            (MaskKind.NAME, self._titled, "name"),
            (MaskKind.HOME, self._home, "place"),
        )
        for kind, pattern, group in patterns:
            for match in pattern.finditer(plain):
                start, end = match.span(group)
                if kind is MaskKind.HOME and not self._is_about_a_patient(plain, start, end):
                    continue
                if kind is MaskKind.NAME and self._staff.search(plain, max(0, start - 4), start):
                    continue
                yield Mask(start, end, kind)
        yield from self._ages(plain)
        yield from self._contacts(text, plain)

    def _ages(self, plain: str) -> Iterator[Mask]:
        for match in self._age.finditer(plain):
            if self._limit.search(plain, max(0, match.start() - _LIMIT_REACH), match.start()):
                continue
            near = plain[max(0, match.start() - _AGE_REACH) : match.end() + _AGE_REACH]
            if self._patient.search(near) or BLACK in near:
                yield Mask(*match.span(), MaskKind.AGE)

    def _contacts(self, text: str, plain: str) -> Iterator[Mask]:
        """Mobiles and accounts that no word of the advertiser's introduces; landlines and service lines are never a patient's."""
        for contact in find_contacts(text):
            if contact.kind not in (ContactKind.MOBILE, ContactKind.WECHAT, ContactKind.QQ):
                continue
            before = _NUMBERS.sub("", _sentence_before(plain, contact.start))[-_LABEL_REACH:]
            kind = MaskKind.PHONE if contact.kind is ContactKind.MOBILE else MaskKind.ACCOUNT
            personal = kind is MaskKind.PHONE and self._personal.search(before)  # "患者请加微信" is the advertiser's
            if personal or not self._own.search(before):
                yield Mask(contact.start, contact.end, kind)

    def _is_about_a_patient(self, plain: str, start: int, end: int) -> bool:
        """Whether the sentence speaks of a patient: "地址：来自示例市" does not."""
        sentence = _sentence_before(plain, start) + _STOP.split(plain[end : end + _SENTENCE_REACH])[0]
        return BLACK in sentence or self._patient.search(sentence) is not None


def _sentence_before(plain: str, start: int) -> str:
    return _STOP.split(plain[max(0, start - _SENTENCE_REACH) : start])[-1]


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))


def _disjoint(masks: Iterable[Mask]) -> Iterator[Mask]:
    """From left to right, the longer first; what overlaps an earlier one is found again in the next round if it is left."""
    end = 0
    for mask in sorted(masks, key=lambda mask: (mask.start, -mask.end)):
        if mask.start >= end and mask.end > mask.start:
            yield mask
            end = mask.end


def _blackened(text: str, masks: Iterable[Mask]) -> str:
    letters = list(text)
    for mask in masks:
        letters[mask.start : mask.end] = BLACK * (mask.end - mask.start)
    return "".join(letters)
