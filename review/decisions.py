"""Decisions on items: made once, by the right person, on what that person saw, and taken back within a minute."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, or_, select, update

from domain.reviews import (
    FindingVerdict,
    ItemState,
    Refused,
    Stage,
    Verdict,
    next_state,
    settle,
)
from domain.roles import Act, Role
from review.accounts import Account, require
from review.audit_log import AuditLog
from review.item_locks import is_free, together
from review.item_rows import UNLOCKED, Batch, changed, put_back, readers, resumed
from review.items import Filters, is_put_aside, is_read_by, narrowed, without_conflicts
from review.locked_rows import MAX_NOTE, DecidedItem, Incomplete, lock_in_order, open_row, write_row
from review.reasons import Reason
from review.settings import DeskSettings
from storage.database import writing
from storage.tables import desk_decisions, desk_finding_verdicts, desk_items, findings, pages


class CountChanged(Refused):
    """A filtered set is not as large as the person saw."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"筛选结果已由 {expected} 条变为 {found} 条，请重新核对")
        self.expected, self.found = expected, found


class CannotUndo(Refused):
    """There is nothing to take back, or not any more."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What one act did. `skipped` are items that were to be decided with another and are not free any more."""

    batch: str
    items: tuple[DecidedItem, ...]
    skipped: tuple[int, ...] = ()


class Decisions:
    """The decisions of one database. Given `reasons`, only these are accepted."""

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], datetime],
        settings: DeskSettings | None = None,
        reasons: Sequence[Reason] = (),
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._settings = settings or DeskSettings()
        self._reasons = {reason.code: reason for reason in reasons}
        self._log = AuditLog(engine, clock)

    def decide(
        self,
        account: Account,
        item_id: int,
        verdict: Verdict,
        reason: str = "",
        note: str = "",
        finding_verdicts: Mapping[int, FindingVerdict] | None = None,
        expected_version: int = 0,
        with_items: Sequence[int] = (),
    ) -> Decided:
        """One verdict on an item, and on those of its cluster in `with_items`; `finding_verdicts` are by id of the finding.

        Raises NoSuchItem, InOtherHands, ItemChanged, Incomplete, or what `domain.reviews.next_state` raises.
        """
        self._check_words(verdict, reason, note)
        now = self._clock()
        with writing(self._engine) as connection:
            if len(set(with_items)) <= self._settings.max_bulk:  # else it is refused below
                lock_in_order(connection, {item_id, *with_items})
            row = open_row(connection, account, item_id, expected_version, now)
            members, skipped = self._members(connection, account, row, with_items, now)
            batch = Batch(secrets.token_hex(8), account, verdict, reason, note.strip(), now)
            decided = self._apply(connection, batch, [row, *members])
            said = self._say_of_findings(connection, batch, row, finding_verdicts or {})
            detail = batch.detail() | {"items": [item.item_id for item in decided], "findings": said}
            detail["state"] = decided[0].state.value
            self._log.record(connection, account.name, "decided", f"item:{item_id}", detail)
        return Decided(batch.id, tuple(decided), skipped)

    def bulk_count(self, account: Account, filters: Filters) -> int:
        """How many items `bulk` would decide. Raises RoleMayNot."""
        require(account, Act.BULK_DECIDE)
        with self._engine.connect() as connection:
            chosen = self._bulk_items(account, filters, self._clock()).subquery()
            return int(connection.scalar(select(func.count()).select_from(chosen)) or 0)

    def bulk(
        self, account: Account, filters: Filters, verdict: Verdict, reason: str, note: str, expected_count: int
    ) -> Decided:
        """Dismiss, or put off, first readings by the hundred; a lead is only confirmed by who has seen it.

        `expected_count` is what `bulk_count` said to the person. Raises RoleMayNot, Incomplete or CountChanged.
        """
        require(account, Act.BULK_DECIDE)
        if verdict is Verdict.CONFIRM:
            raise Incomplete("确认须逐条进行，不能批量")
        if not note.strip():
            raise Incomplete("批量决定须写明理由")
        self._check_words(verdict, reason, note)
        now = self._clock()
        with writing(self._engine) as connection:
            query = self._bulk_items(account, filters, now)
            rows = connection.execute(query.order_by(desk_items.c.id).with_for_update(of=desk_items)).all()
            if len(rows) != expected_count:
                raise CountChanged(expected_count, len(rows))
            if not 1 <= len(rows) <= self._settings.max_bulk:
                raise Incomplete(f"一次可批量决定 1 至 {self._settings.max_bulk} 条，现为 {len(rows)} 条")
            batch = Batch(secrets.token_hex(8), account, verdict, reason, note.strip(), now)
            decided = self._apply(connection, batch, rows)
            detail = batch.detail() | {"items": [row.id for row in rows], "filters": filters.as_json()}
            self._log.record(connection, account.name, "decided-in-bulk", f"batch:{batch.id}", detail)
        return Decided(batch.id, tuple(decided))

    def undo(self, account: Account, batch: str = "") -> Decided:
        """Take back the person's own last act, whole, while nobody has built on it. Raises CannotUndo or RoleMayNot."""
        require(account, Act.UNDO)
        now = self._clock()
        made = desk_decisions.c
        with writing(self._engine) as connection:
            last = connection.execute(
                select(made.batch, made.made_at)
                .where(made.account_id == account.id, made.undone_at.is_(None))
                .order_by(made.made_at.desc(), made.id.desc())
                .limit(1)
            ).one_or_none()
            if last is None or (batch and last.batch != batch):
                raise CannotUndo("没有可以撤销的决定")
            if now - last.made_at > self._settings.undo:
                raise CannotUndo(f"只能撤销 {int(self._settings.undo.total_seconds())} 秒之内的决定")
            query = select(desk_decisions, desk_items.c.version).join(desk_items, desk_items.c.id == made.item_id)
            query = query.where(made.batch == last.batch).order_by(made.item_id).with_for_update(of=desk_items)
            rows = connection.execute(query).all()
            if any(row.version != row.item_version for row in rows):
                raise CannotUndo("此后已有变化，不能撤销")
            main = min(rows, key=lambda row: row.id).item_id
            undone = [self._put_back(connection, account, row, now, row.item_id == main) for row in rows]
            connection.execute(update(desk_decisions).where(made.batch == last.batch).values(undone_at=now))
            detail = {"batch": last.batch, "items": [item.item_id for item in undone]}
            self._log.record(connection, account.name, "undone", f"item:{undone[0].item_id}", detail)
        return Decided(last.batch, tuple(undone))

    def _check_words(self, verdict: Verdict, reason: str, note: str) -> None:
        if len(note) > MAX_NOTE:
            raise Incomplete(f"说明至多 {MAX_NOTE} 字")
        if verdict is Verdict.DISMISS and not reason:
            raise Incomplete("排除须选择理由")
        if not reason:
            return
        if verdict not in (Verdict.DISMISS, Verdict.NOT_AD) or len(reason) > 64:
            raise Incomplete("此决定不需要理由")
        if not self._reasons:
            return
        known = self._reasons.get(reason)
        if known is None or known.retired or verdict not in known.verdicts:
            raise Incomplete("没有这一理由")
        if known.needs_note and not note.strip():
            raise Incomplete(f"选择“{known.title}”须写明说明")

    def _members(
        self, connection: Connection, account: Account, row: Any, with_items: Sequence[int], now: datetime
    ) -> tuple[list[Any], tuple[int, ...]]:
        wanted = set(with_items) - {row.id}
        if not wanted:
            return [], ()
        if len(wanted) > self._settings.max_bulk:
            raise Incomplete(f"一次至多决定 {self._settings.max_bulk} 条")
        query = without_conflicts(select(desk_items), account).where(
            together(row, account, now), desk_items.c.id.in_(wanted)
        )
        members = list(connection.execute(query.order_by(desk_items.c.id).with_for_update()).all())
        return members, tuple(sorted(wanted - {member.id for member in members}))

    @staticmethod
    def _bulk_items(account: Account, filters: Filters, now: datetime) -> Any:
        query = without_conflicts(narrowed(select(desk_items), filters, account), account)
        return query.where(
            desk_items.c.stage == Stage.FIRST.value,
            desk_items.c.read_twice.is_(False),
            desk_items.c.kind == "lead",
            is_free(account, now),
            ~is_put_aside(account.id, now),
            ~is_read_by(account.id),
            or_(desk_items.c.assignee.is_(None), desk_items.c.assignee == account.id),
        )

    def _apply(self, connection: Connection, batch: "Batch", rows: Sequence[Any]) -> list[DecidedItem]:
        done, made = [], []
        for row in rows:
            after = self._after(connection, batch, row)
            values = changed(row, batch, after, self._settings)
            done.append(DecidedItem(row.id, after, row.version + 1))
            write_row(connection, row, values)
            made.append(batch.decision(row, after))
        connection.execute(insert(desk_decisions), made)
        return done

    @staticmethod
    def _after(connection: Connection, batch: "Batch", row: Any) -> ItemState:
        state, account = resumed(row), batch.account
        if state is ItemState.READ_ONCE and batch.verdict is not Verdict.LATER:
            earlier = connection.execute(_counting().where(desk_decisions.c.item_id == row.id)).one()
            return settle(Verdict(earlier.verdict), Role(earlier.role), batch.verdict, account.role)
        return next_state(state, batch.verdict, account.role, account.id in readers(row), row.read_twice)

    def _say_of_findings(
        self, connection: Connection, batch: "Batch", row: Any, said: Mapping[int, FindingVerdict]
    ) -> dict[str, str]:
        if not said:
            return {}
        # Those of a page that had not changed lie with the earlier one, as they are shown
        shown = select(func.coalesce(pages.c.same_as, pages.c.id)).where(pages.c.id == row.page_id).scalar_subquery()
        query = select(findings.c.id, findings.c.rule).where(findings.c.page_id == shown, findings.c.id.in_(said))
        rules = {finding.id: finding.rule for finding in connection.execute(query)}
        if set(said) - set(rules):
            raise Incomplete("所标的内容不在此页")
        decision = connection.scalars(
            select(desk_decisions.c.id).where(desk_decisions.c.batch == batch.id, desk_decisions.c.item_id == row.id)
        ).one()
        connection.execute(
            insert(desk_finding_verdicts),
            [
                {"decision_id": decision, "finding_id": number, "rule": rules[number], "verdict": verdict.value}
                for number, verdict in sorted(said.items())
            ],
        )
        return {str(number): verdict.value for number, verdict in sorted(said.items())}

    def _put_back(
        self, connection: Connection, account: Account, decision: Any, now: datetime, in_hand: bool
    ) -> DecidedItem:
        """The item as it was before, in the person's hands when it was what they had open."""
        lock = {"lock_holder": account.id, "lock_until": now + self._settings.lock} if in_hand else UNLOCKED
        version = decision.item_version + 1
        this = desk_items.c.id == decision.item_id
        values = put_back(decision.before) | lock | {"version": version}
        connection.execute(update(desk_items).where(this).values(values))
        return DecidedItem(decision.item_id, ItemState(decision.before["state"]), version)


def _counting() -> Any:
    """Verdicts that count: made, not put off, not taken back, not superseded."""
    made = desk_decisions.c
    return select(desk_decisions).where(
        made.undone_at.is_(None), made.superseded_at.is_(None), made.verdict != Verdict.LATER.value
    )
