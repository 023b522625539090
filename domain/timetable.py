"""When nights are due by the clock of a place, and what becomes of each time: run, made up for once, missed, or left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

#: A night that could not begin in time is still worth beginning for so long; after that the next one is nearer.
CATCH_UP = timedelta(hours=12)


class RunState(StrEnum):
    """`begun` has no end yet: it is under way, or the process that ran it died."""

    BEGUN = "begun"
    ENDED = "ended"
    BROKEN_OFF = "broken-off"
    MISSED = "missed"
    LEFT_OUT = "left-out"


RUN_ZH: dict[RunState, str] = {
    RunState.BEGUN: "进行中",
    RunState.ENDED: "已结束",
    RunState.BROKEN_OFF: "被中断",
    RunState.MISSED: "未运行",
    RunState.LEFT_OUT: "停运",
}


@dataclass(frozen=True, slots=True)
class Closure:
    """A time without nights: a maintenance window, or a pause while `until` is None. Times are aware; `why` is Chinese."""

    since: datetime
    until: datetime | None
    why: str

    def covers(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Due:
    """A time by the timetable and what is to be done about it now: `state` BEGUN means to begin it."""

    at: datetime
    state: RunState
    why: str = ""


def next_time(after: datetime, at: time, zone: tzinfo) -> datetime:
    """The first moment after `after` (aware) at which the clock of `zone` shows `at`; in UTC.

    On a day whose clock skips that time it is as long after midnight as on others; on one that shows it twice, the first counts.
    """
    local = after.astimezone(zone)
    for days in (0, 1, 2):
        moment = datetime.combine(local.date() + timedelta(days=days), at, zone).astimezone(UTC)
        if moment > after:
            return moment
    raise AssertionError("two days have a time of day in them")


def due_times(handled_until: datetime, now: datetime, at: time, zone: tzinfo, closures: Sequence[Closure]) -> list[Due]:
    """What to do about the times after `handled_until` and up to `now`, oldest first.

    Of several that nobody was there for, only the newest is made up for, once, while it is not too long ago; others are missed.
    A time that a closure covers is left out; one that a closure covers *now* is too, even when it was due before.
    """
    moments: list[datetime] = []
    moment = next_time(handled_until, at, zone)
    while moment <= now:
        moments.append(moment)
        moment = next_time(moment, at, zone)
    found = []
    for place, moment in enumerate(moments):
        newest = place == len(moments) - 1
        shut = next((each for each in closures if each.covers(moment) or (newest and each.covers(now))), None)
        if shut is not None:
            found.append(Due(moment, RunState.LEFT_OUT, shut.why))
        elif newest and now - moment <= CATCH_UP:
            found.append(Due(moment, RunState.BEGUN))
        else:
            found.append(Due(moment, RunState.MISSED, "到时没有运行 yiguang schedule"))
    return found
