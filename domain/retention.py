"""How long evidence is kept, and what may be deleted when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: 行政处罚法 36: what endangers life and health may be punished for five years
REFERRED_MIN_MONTHS = 60


class KeepClass(StrEnum):
    """Why something is kept. Bundles are leads until a person says otherwise; night files are captures; texts are what the
    database holds of pages that were no lead."""

    REFERRED = "referred"
    LEAD = "lead"
    DISMISSED = "dismissed"
    CAPTURE = "capture"
    TEXT = "text"


KEEP_ZH: dict[KeepClass, str] = {
    KeepClass.REFERRED: "已移送",
    KeepClass.LEAD: "线索",
    KeepClass.DISMISSED: "审核后排除",
    KeepClass.CAPTURE: "巡查原始记录",
    KeepClass.TEXT: "非线索页面的文字",
}


class RecordKind(StrEnum):
    """An act on evidence that is never forgotten."""

    HOLD = "hold"
    RELEASE = "release"
    RETENTION = "retention"  # a bundle was put into another class
    DELETION = "deletion"
    TEXTS = "texts"  # words of pages that were no lead were cleared from the database
    OPENING = "opening"  # the sealed original was handed to somebody
    DESK_LOG = "desk-log"  # the head of the desk's audit log when a night was sealed
    KEY = "key"  # the signing key was handed over to a new one


RECORD_ZH: dict[RecordKind, str] = {
    RecordKind.HOLD: "留置",
    RecordKind.RELEASE: "解除留置",
    RecordKind.RETENTION: "改类",
    RecordKind.DELETION: "删除",
    RecordKind.TEXTS: "清除文字",
    RecordKind.OPENING: "调阅原件",
    RecordKind.DESK_LOG: "审计日志末条",
    RecordKind.KEY: "更换密钥",
}


@dataclass(frozen=True, slots=True)
class RetentionTerm:
    """What one class asks: `months` from `since`. Texts are Chinese; `basis` as rules state it, law and article."""

    title: str
    months: int
    since: str
    basis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """All terms; `sha256` is of the file they were read from. Raises ValueError for a class missing or too short."""

    terms: Mapping[KeepClass, RetentionTerm]
    sha256: str

    def __post_init__(self) -> None:
        for keep_class in KeepClass:
            if keep_class not in self.terms:
                raise ValueError(f"缺少 {keep_class} 一类")
            if self.terms[keep_class].months < 1:
                raise ValueError(f"{keep_class} 的期限不足一个月")
        if self.terms[KeepClass.REFERRED].months < REFERRED_MIN_MONTHS:
            raise ValueError(f"{KeepClass.REFERRED} 的期限不得少于 {REFERRED_MIN_MONTHS} 个月（行政处罚法36）")

    def due_at(self, keep_class: KeepClass, since: datetime) -> datetime:
        """From when on it may be deleted."""
        return add_months(since, self.terms[keep_class].months)


def add_months(moment: datetime, months: int) -> datetime:
    """The same day and time `months` later; where that month has no such day, the first of the next: never too early."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    try:
        return moment.replace(year=year, month=month + 1)
    except ValueError:
        year, month = divmod(year * 12 + month + 1, 12)
        return moment.replace(year=year, month=month + 1, day=1)
