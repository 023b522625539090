"""Any number of people, in any order: nothing is decided twice, versions only grow, and the log tells it all."""

import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine, func, select

from domain.reviews import DECIDED, STAGE_OF, ItemState, Refused, Verdict
from domain.roles import Role
from review.audit_log import AuditLog
from review.decisions import Decisions
from review.passing_on import PassingOn
from review.queue import ReviewQueue
from review.settings import DeskSettings
from storage.database import migrate, open_engine
from storage.tables import desk_accounts, desk_decisions, desk_items
from tests.review.desk import Clock, Page, desk, own_text, people

_ROLES = (Role.ANALYST, Role.ANALYST, Role.REVIEWER, Role.REVIEWER, Role.REVIEWER)
_PEOPLE = st.integers(0, len(_ROLES) - 1)
_ITEMS = st.integers(0, 4)
_SAME = own_text("same")
_PAGES = {"a": Page(0.9, text=_SAME), "b": Page(0.8, text=_SAME), "c": Page(0.7), "d": Page(0.6), "e": Page(0.5)}


class Morning(RuleBasedStateMachine):
    """What a model of the desk in plain Python says, the desk does."""

    @initialize(share=st.sampled_from([0.0, 0.5]))
    def open_desk(self, share: float) -> None:
        self.folder = tempfile.TemporaryDirectory()
        folder = Path(self.folder.name)
        self.clock = Clock()
        self.engine = open_engine(f"sqlite:///{folder}/desk.sqlite")
        migrate(self.engine)
        ids = desk(self.engine, folder, _PAGES, DeskSettings(audit_pages=0, read_twice_share=share))
        self.ids = [ids[path] for path in _PAGES]
        self.people = people(self.engine, self.clock, *_ROLES)
        self.queue, self.decisions = ReviewQueue(self.engine, self.clock), Decisions(self.engine, self.clock)
        self.passing = PassingOn(self.engine, self.clock)
        self.versions = dict.fromkeys(self.ids, 1)
        self.holders: dict[int, tuple[int, object]] = {}
        self.made = 0

    @rule(who=_PEOPLE)
    def take_next(self, who: int) -> None:
        item = self.queue.next_item(self.people[who])
        if item is not None:
            holder = self.holders.get(item.id)
            assert holder is None or holder[0] == who or holder[1] <= self.clock.now  # type: ignore[operator]  # a time
            self.holders[item.id] = (who, self.clock.now + timedelta(minutes=15))

    @rule(who=_PEOPLE, which=_ITEMS, verdict=st.sampled_from(Verdict), stale=st.booleans(), copies=st.booleans())
    def decide(self, who: int, which: int, verdict: Verdict, stale: bool, copies: bool) -> None:
        item_id, account = self.ids[which], self.people[who]
        reason = "x" if verdict is Verdict.DISMISS else ""
        also = self.ids if copies else []
        before = self._rows()
        try:
            done = self.decisions.decide(
                account, item_id, verdict, reason, expected_version=self.versions[item_id] - stale, with_items=also
            )
        except Refused:
            assert self._rows() == before
            return
        assert not stale
        for item in done.items:
            row = before[item.item_id]
            assert account.id not in (row.first_reader, row.second_reader, row.third_reader, row.fourth_reader)
            assert ItemState(row.state) not in DECIDED
            self.versions[item.item_id] += 1
            self.made += 1
            self.holders.pop(item.item_id, None)

    @rule(who=_PEOPLE)
    def undo(self, who: int) -> None:
        with suppress(Refused):
            for item in self.decisions.undo(self.people[who]).items:
                self.versions[item.item_id] += 1
                self.holders[item.item_id] = (who, self.clock.now + timedelta(minutes=15))

    @rule(who=_PEOPLE, which=_ITEMS, back=st.booleans())
    def start_again(self, who: int, which: int, back: bool) -> None:
        act = self.passing.send_back if back else self.passing.reopen
        with suppress(Refused):
            act(self.people[who], self.ids[which], "再看", self.versions[self.ids[which]])
            self.versions[self.ids[which]] += 1
            self.holders.pop(self.ids[which], None)

    @rule(who=_PEOPLE, which=_ITEMS, to=_PEOPLE)
    def hand_over(self, who: int, which: int, to: int) -> None:
        item_id = self.ids[which]
        with suppress(Refused):
            self.passing.hand_over(self.people[who], item_id, self.people[to].name, "", self.versions[item_id])
            self.versions[item_id] += 1
            self.holders.pop(item_id, None)

    @rule(minutes=st.sampled_from([0.5, 10, 300]))
    def wait(self, minutes: float) -> None:
        self.clock.forward(minutes=minutes)

    @invariant()
    @precondition(lambda self: hasattr(self, "engine"))
    def all_is_as_it_should_be(self) -> None:
        for item_id, row in self._rows().items():
            assert row.version == self.versions[item_id]
            state = ItemState(row.state)
            underlying = ItemState(row.held_state) if state is ItemState.HELD else state
            stage = STAGE_OF.get(underlying)
            assert row.stage == (None if stage is None else stage.value)
            assert (row.decided_at is not None) == (state in DECIDED)
            counting = self._counting(item_id)
            readers = [row.first_reader, row.second_reader, row.third_reader, row.fourth_reader]
            assert [made.account_id for made in counting] == [reader for reader in readers if reader is not None]
            assert len({made.account_id for made in counting}) == len(counting)
            if state is ItemState.CONFIRMED:
                assert sum(made.verdict == Verdict.CONFIRM.value for made in counting) >= 2

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            log = AuditLog(self.engine, self.clock)
            assert log.verify() == ()
            logged = sum(len(entry.detail["items"]) for entry in log.entries(act="decided", limit=1000))
            with self.engine.connect() as connection:
                assert connection.scalar(select(func.count()).select_from(desk_decisions)) == self.made == logged
            self.engine.dispose()
            self.folder.cleanup()

    def _rows(self) -> dict[int, Any]:
        with self.engine.connect() as connection:
            return {row.id: row for row in connection.execute(select(desk_items))}

    def _counting(self, item_id: int) -> list[Any]:
        made = desk_decisions.c
        query = select(desk_decisions).where(
            made.item_id == item_id,
            made.undone_at.is_(None),
            made.superseded_at.is_(None),
            made.verdict != Verdict.LATER.value,
        )
        with self.engine.connect() as connection:
            return list(connection.execute(query.order_by(made.id)))


TestMorning = Morning.TestCase
TestMorning.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)


def test_many_at_once_never_have_the_same_item(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    ids = desk(engine, tmp_path, {f"p{n}": Page(0.5 + n / 100) for n in range(16)})
    readers = people(engine, clock, *[Role.ANALYST] * 8)
    queue, decisions = ReviewQueue(engine, clock), Decisions(engine, clock)
    start, decided = Barrier(len(readers)), []

    def morning(number: int) -> None:
        start.wait()
        while (item := queue.next_item(readers[number])) is not None:
            done = decisions.decide(readers[number], item.id, Verdict.NOT_AD, expected_version=item.version)
            decided.append((done.items[0].item_id, readers[number].id))

    threads = [Thread(target=morning, args=(number,)) for number in range(len(readers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(item for item, _ in decided) == sorted(ids.values())
    with engine.connect() as connection:
        stored = connection.execute(select(desk_decisions.c.item_id, desk_decisions.c.account_id)).all()
        assert connection.scalar(select(func.count()).select_from(desk_accounts)) == len(readers)
    assert sorted(map(tuple, stored)) == sorted(decided)
    log = AuditLog(engine, clock)
    assert log.verify() == () and len(log.entries(act="decided", limit=100)) == len(ids)
