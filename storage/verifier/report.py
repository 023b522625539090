"""What was checked, what failed, what was left unchecked and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable

from .errors import UNREADABLE

GOOD, FAILED, UNCHECKED = "相符", "不符", "未查"


@dataclass(frozen=True)
class Line:
    """One result. `name` is the member or property, `message` is Chinese."""

    result: str
    name: str
    message: str


@dataclass
class Report:
    """The results of one bundle in the order in which they were found."""

    lines: list[Line] = field(default_factory=list)

    def check(self, name: str, good: bool, yes: str, no: str) -> bool:
        self.lines.append(Line(GOOD if good else FAILED, name, yes if good else no))
        return good

    def fail(self, name: str, message: str) -> None:
        self.lines.append(Line(FAILED, name, message))

    def skip(self, name: str, message: str) -> None:
        self.lines.append(Line(UNCHECKED, name, message))

    def guarded(self, name: str, problem: Callable[[], str], good: str) -> bool:
        """A check that gives its fault in Chinese or "", and may raise on content that cannot be read."""
        try:
            fault = problem()
        except UNREADABLE as error:
            fault = f"内容无法解析（{type(error).__name__}）"
        return self.check(name, not fault, good, fault)

    @property
    def ok(self) -> bool:
        """True when something was checked and nothing failed."""
        results = {line.result for line in self.lines}
        return GOOD in results and FAILED not in results
