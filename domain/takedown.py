"""Whether a referred page is gone, softened, moved or still there: the ladder of visits and the grade of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.outcome import NO_LONGER_THERE, Outcome

#: Days after a package was sent on which its pages are visited again.
LADDER_DAYS = (1, 3, 7, 14, 30, 90)
#: A page is called gone when a later visit, at least this long after the first, finds it gone too.
CONFIRM_AFTER = timedelta(hours=6)

#: What says that a page no longer exists. The crawl gives these only after a control fetch has shown that the rest of the site,
#: or for `dns-gone` the name service, answers as it should.
GONE_OUTCOMES = NO_LONGER_THERE - {Outcome.MIGRATED}
_UNREACHABLE = frozenset({Outcome.TIMEOUT, Outcome.HTTP_ERROR, Outcome.CHALLENGE})


class Grade(StrEnum):
    """`gone-once` waits for the visit that confirms it. `unreachable` and `unknown` say nothing about the page."""

    GONE = "gone"
    GONE_ONCE = "gone-once"
    SOFTENED = "softened"
    MOVED = "moved"
    UNCHANGED = "unchanged"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


GRADE_ZH: dict[Grade, str] = {
    Grade.GONE: "已下线（两次核实）",
    Grade.GONE_ONCE: "见到下线一次，待再次核实",
    Grade.SOFTENED: "页面仍在，内容有所改动",
    Grade.MOVED: "原页下线，同一内容另处仍在",
    Grade.UNCHANGED: "未见改动",
    Grade.UNREACHABLE: "未能访问，不能认定",
    Grade.UNKNOWN: "无法判定",
}


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """What a finding said at the time: its rule and its quote."""

    rule: str
    quote: str


@dataclass(frozen=True, slots=True)
class Look:
    """One visit to a referred page. `claims` are the live findings of a page of content, empty else.

    `copies` are addresses at which other visits, not before this one by more than a day, found the same text.
    """

    at: datetime
    outcome: Outcome
    claims: tuple[Claim, ...] = ()
    flagged: bool = False
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Graded:
    """`left`, `dropped` and `added` compare the claims with those referred; all empty unless the page had content.

    `reappeared` when an earlier visit had found it gone or put right and claims are there again: the case is a repeat.
    """

    grade: Grade
    left: tuple[Claim, ...] = ()
    dropped: tuple[Claim, ...] = ()
    added: tuple[Claim, ...] = ()
    copies: tuple[str, ...] = ()
    reappeared: bool = False

    @property
    def put_right(self) -> bool:
        """The page is there and nothing of what was referred, nor anything new, is."""
        return self.grade is Grade.SOFTENED and not self.left and not self.added

    @property
    def settled(self) -> bool:
        """Nothing is left to be done unless it comes back."""
        return self.grade is Grade.GONE or self.put_right


def grade(referred: Sequence[Claim], looks: Sequence[Look]) -> Graded:
    """What the last of `looks` says of a page that was referred for `referred`; earlier ones come first.

    Raises ValueError without a look, or when they are not in order of time.
    """
    if not looks:
        raise ValueError("nothing to grade: no visit")
    if any(later.at < earlier.at for earlier, later in zip(looks, looks[1:], strict=False)):
        raise ValueError("visits are not in order of time")
    graded: list[Graded] = []
    for count in range(1, len(looks) + 1):
        graded.append(_grade_last(referred, looks[:count], graded))
    return graded[-1]


def _grade_last(referred: Sequence[Claim], looks: Sequence[Look], before: Sequence[Graded]) -> Graded:
    look = looks[-1]
    if look.outcome is Outcome.CONTENT:
        return _compared(referred, look, any(earlier.settled or earlier.grade is Grade.MOVED for earlier in before))
    if look.outcome is Outcome.MIGRATED:
        return Graded(Grade.MOVED, copies=look.copies)
    if look.outcome in GONE_OUTCOMES:
        if look.copies:
            return Graded(Grade.MOVED, copies=look.copies)
        return Graded(Grade.GONE if look.at - _gone_since(looks) >= CONFIRM_AFTER else Grade.GONE_ONCE)
    return Graded(Grade.UNREACHABLE if look.outcome in _UNREACHABLE else Grade.UNKNOWN)


def _gone_since(looks: Sequence[Look]) -> datetime:
    """When it was first found gone and not seen since. A visit in between that could not tell does not count either way."""
    since = looks[-1].at
    for look in reversed(looks):
        if look.outcome in GONE_OUTCOMES:
            since = look.at
        elif look.outcome in (Outcome.CONTENT, Outcome.MIGRATED):
            break
    return since


def _compared(referred: Sequence[Claim], look: Look, was_settled: bool) -> Graded:
    now = set(look.claims)
    left = tuple(claim for claim in dict.fromkeys(referred) if claim in now)
    dropped = tuple(claim for claim in dict.fromkeys(referred) if claim not in now)
    added = tuple(sorted(now - set(referred)))
    unchanged = not dropped and (bool(left) or look.flagged)
    return Graded(
        Grade.UNCHANGED if unchanged else Grade.SOFTENED,
        left,
        dropped,
        added,
        look.copies,
        reappeared=was_settled and bool(left or added) and look.flagged,
    )


def next_visit(sent_at: datetime, looks: Sequence[Look], referred: Sequence[Claim]) -> datetime | None:
    """When the page is due again; None after the last step of the ladder.

    A page found gone once is due as soon as that can be confirmed, whatever the ladder says. Steps that were missed are made
    up for by one visit.
    """
    last = looks[-1] if looks else None
    steps = [sent_at + timedelta(days=days) for days in LADDER_DAYS]
    pending = [step for step in steps if last is None or step > last.at]
    if last is not None and grade(referred, looks).grade is Grade.GONE_ONCE:
        return min([_gone_since(looks) + CONFIRM_AFTER, *pending[:1]])
    return pending[0] if pending else None
