"""Tips: what people and other offices report, and whether it was answered in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TipSource(StrEnum):
    """Where a tip comes from."""

    PUBLIC = "public"
    HOTLINE = "hotline"
    TRANSFER = "transfer"
    SUPERIOR = "superior"
    MEDIA = "media"


SOURCE_ZH: dict[TipSource, str] = {
    TipSource.PUBLIC: "群众举报",
    TipSource.HOTLINE: "12345、12315 等平台转来",
    TipSource.TRANSFER: "其他部门移送",
    TipSource.SUPERIOR: "上级交办",
    TipSource.MEDIA: "媒体曝光",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What whoever sent the tip was told; `at` is when (aware), as the person says."""

    by: str
    at: datetime
    noted_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class TipRecord:
    """One tip. `reference` is the number of whoever passed it on, empty without one; answers are oldest first. Who sent it is not
    here."""

    id: int
    source: TipSource
    reference: str
    received_at: datetime
    taken_by: str
    text: str
    urls: tuple[str, ...]
    answers: Sequence[Answer] = ()

    @property
    def answered_at(self) -> datetime | None:
        """When it was answered first."""
        return min((answer.at for answer in self.answers), default=None)


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who sent a tip; kept sealed, shown to few, exported never."""

    name: str
    contact: str
