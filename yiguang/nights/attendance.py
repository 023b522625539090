"""Who takes part in a night with what it is set up for, and what becomes of work that nobody is there for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

from domain.abilities import Ability
from storage.crawl.workers import HEARD_EVERY, Worker, announce, hear, leave, live_workers
from yiguang.nights.durable import QUEUES, queues_waiting
from yiguang.nights.durable_engine import also_take_from
from yiguang.settings import Settings

#: The process that runs the night, among the workers; no worker can have such a name.
NIGHT_ITSELF = "(nightly)"
#: Whoever was restarted is back within this time. After it, what nobody can do is done as well as the night's own process can.
NOBODY_AFTER = timedelta(seconds=60)
#: A night in which some have no browser is divided into more shards than are crawled at once, so that those who have one need not
#: wait for the end of it; each shard still has sites enough to visit side by side.
SHARDS_EACH = 4

_DONE_WITHOUT_ZH = {
    Ability.CRAWL: "没有可采集的工作进程，由本进程采集",
    Ability.SHOW: "没有能显示网页的进程，余下须显示的页面只按收到的样子判断，线索无法取证",
}


@dataclass(frozen=True, slots=True)
class Crew:
    """Those who crawl a night besides its own process. `slots` are all shards that are crawled at once."""

    others: bool
    slots: int
    all_show: bool

    def shards(self, sites: int, sites_each: int) -> int:
        """Into how many shards the night is divided; `sites_each` are visited side by side."""
        if self.all_show:
            return self.slots
        return max(self.slots, min(self.slots * SHARDS_EACH, sites // sites_each))


def crew(settings: Settings, workers: Sequence[Worker]) -> Crew:
    """The night's own process and `workers` that are alive."""
    others = [worker for worker in workers if worker.name != NIGHT_ITSELF and worker.can - {Ability.READ}]
    crawling = [(worker.capacity, worker.can) for worker in others]
    crawling.append((settings.shards, settings.can))
    crawling = [each for each in crawling if Ability.CRAWL in each[1]]
    slots = max(1, sum(capacity for capacity, _ in crawling))
    return Crew(bool(others), slots, all(Ability.SHOW in can for _, can in crawling))


@dataclass(slots=True)
class Attendance:
    """Has the night's own process known among the workers, and looks whether somebody is there for all that is to be done. `now` is
    by the clock of this machine, against which only this process' own times are held."""

    engine: Engine
    settings: Settings
    night_id: str
    #: The one that all processes share.
    clock: Callable[[], datetime]
    tell: Callable[[str], None]
    hours_are_over: Callable[[], bool]
    _heard_at: datetime | None = None
    _nobody_since: datetime | None = None
    _stepped_in: set[Ability] = field(default_factory=set)

    @property
    def _alone(self) -> bool:
        return self.engine.dialect.name != "postgresql"

    def begin(self, now: datetime) -> None:
        """The night's process joins: before others may ask for what it can."""
        if not self._alone:
            capacity = self.settings.shards if self.settings.can - {Ability.READ} else 0
            announce(self.engine, NIGHT_ITSELF, capacity, self.clock(), self.settings.can, in_place=True)
            self._heard_at = now

    def look(self, now: datetime) -> None:
        """To be called often; looks every few seconds. To be called inside of `durable_night` only."""
        if self._heard_at is None or now - self._heard_at < HEARD_EVERY:
            return
        if hear(self.engine, NIGHT_ITSELF, self.clock()):
            self._heard_at = now
        else:
            self.begin(now)
        self._step_in(now)

    def end(self) -> None:
        """The night's process leaves."""
        if self._heard_at is not None:
            leave(self.engine, NIGHT_ITSELF)

    def _step_in(self, now: datetime) -> None:
        """Take what waits for a process that is not there, once nothing else is left to do or the hours of the night are over."""
        if self.settings.can.issuperset(QUEUES):
            return
        waiting = queues_waiting(self.night_id)
        able = {ability for worker in live_workers(self.engine, self.clock()) for ability in worker.can}
        if not waiting or able.intersection(waiting):
            self._nobody_since = None
            return
        self._nobody_since = self._nobody_since or now
        if now - self._nobody_since < NOBODY_AFTER and not self.hours_are_over():
            return
        for ability in waiting:
            if ability not in self._stepped_in:
                self._stepped_in.add(ability)
                self.tell(_DONE_WITHOUT_ZH[ability])
                also_take_from(QUEUES[ability])
