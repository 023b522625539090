"""What a verdict makes of an item's row, and what undoing puts back. No database is needed for that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.reviews import DECIDED, STAGE_OF, ItemState, Verdict
from review.accounts import Account
from review.settings import DeskSettings

READERS = ("first_reader", "second_reader", "third_reader", "fourth_reader")
#: What a verdict changes of an item, and undoing puts back.
_KEPT = ("state", "stage", "held_state", "held_by", "held_until", "assignee", "decided_at", "stage_since", *READERS)
_TIMES = frozenset({"held_until", "decided_at", "stage_since"})
UNLOCKED: dict[str, Any] = {"lock_holder": None, "lock_until": None}
_UNHELD: dict[str, Any] = {"held_state": None, "held_by": None, "held_until": None}


@dataclass(frozen=True, slots=True)
class Batch:
    """One act of deciding, on one item or many."""

    id: str
    account: Account
    verdict: Verdict
    reason: str
    note: str
    now: datetime

    def detail(self) -> dict[str, Any]:
        """For the audit log."""
        words = {"verdict": self.verdict.value, "reason": self.reason, "note": self.note}
        return {"batch": self.id, **{name: value for name, value in words.items() if value}}

    def decision(self, row: Any, after: ItemState) -> dict[str, Any]:
        """The verdict's own row, with what the item was before."""
        before = {name: getattr(row, name) for name in _KEPT}
        return {
            "batch": self.id,
            "item_id": row.id,
            "item_version": row.version + 1,
            "account_id": self.account.id,
            "role": self.account.role.value,
            "stage": row.stage,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "note": self.note,
            "made_at": self.now,
            "state_after": after.value,
            "before": {
                name: value.isoformat() if isinstance(value, datetime) else value for name, value in before.items()
            },
        }


def changed(row: Any, batch: Batch, after: ItemState, settings: DeskSettings) -> dict[str, Any]:
    """The columns of an item after a verdict."""
    if after is ItemState.HELD:
        until = batch.now + settings.put_off
        held = {"held_state": resumed(row).value, "held_until": until, "held_by": batch.account.id}
        return {"state": after.value, "assignee": None, **held, **UNLOCKED}
    slot = next(name for name in READERS if getattr(row, name) is None)
    stage = STAGE_OF.get(after)
    return {
        "state": after.value,
        "stage": None if stage is None else stage.value,
        slot: batch.account.id,
        "assignee": None,
        "stage_since": batch.now,
        "decided_at": batch.now if after in DECIDED else None,
        **_UNHELD,
        **UNLOCKED,
    }


def started_again(state: ItemState, assignee: int | None, now: datetime) -> dict[str, Any]:
    """The columns of an item that begins anew at its first reading."""
    return {
        "state": state.value,
        "stage": STAGE_OF[state].value,
        "assignee": assignee,
        "decided_at": None,
        "stage_since": now,
        **dict.fromkeys(READERS),
        **_UNHELD,
        **UNLOCKED,
    }


def put_back(before: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a decision's row kept."""
    return {
        name: datetime.fromisoformat(value) if name in _TIMES and value is not None else value
        for name, value in before.items()
    }


def resumed(row: Any) -> ItemState:
    """The state that an item is decided in."""
    state = ItemState(row.state)
    return ItemState(row.held_state) if state is ItemState.HELD else state


def readers(row: Any) -> tuple[int, ...]:
    """Accounts whose verdicts on the item count, in order."""
    return tuple(reader for name in READERS if (reader := getattr(row, name)) is not None)
