"""How an item of the desk goes from a lead to a decision: states, verdicts, and who may take which step."""

import math
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from domain.roles import Act, Role, may


class ItemKind(StrEnum):
    """`audit` was drawn at random from the pages below the threshold; a reader is not told."""

    LEAD = "lead"
    AUDIT = "audit"


class ItemState(StrEnum):
    """`read-once` awaits the second of two readings that do not know of each other. `disputed` awaits a third person.

    `held` was put aside from one of the open states and goes back to it. Only `confirmed` may be referred: two different
    persons have confirmed it.
    """

    WAITING = "waiting"
    SENT_BACK = "sent-back"
    READ_ONCE = "read-once"
    FIRST_CONFIRMED = "first-confirmed"
    DISPUTED = "disputed"
    HELD = "held"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    NOT_AD = "not-ad"


STATE_ZH: dict[ItemState, str] = {
    ItemState.WAITING: "待初审",
    ItemState.SENT_BACK: "退回初审",
    ItemState.READ_ONCE: "待第二人盲审",
    ItemState.FIRST_CONFIRMED: "待复审",
    ItemState.DISPUTED: "意见不一，待第三人",
    ItemState.HELD: "搁置",
    ItemState.CONFIRMED: "已确认（两人）",
    ItemState.DISMISSED: "已排除",
    ItemState.NOT_AD: "非广告",
}


class Stage(StrEnum):
    """Whose turn it is; an item that is decided has no stage."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"


STAGE_OF: dict[ItemState, Stage] = {
    ItemState.WAITING: Stage.FIRST,
    ItemState.SENT_BACK: Stage.FIRST,
    ItemState.READ_ONCE: Stage.FIRST,
    ItemState.FIRST_CONFIRMED: Stage.SECOND,
    ItemState.DISPUTED: Stage.THIRD,
}
DECIDED = frozenset({ItemState.CONFIRMED, ItemState.DISMISSED, ItemState.NOT_AD})


class Verdict(StrEnum):
    """`later` decides nothing: the item comes back, to somebody else if need be."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"
    NOT_AD = "not-ad"
    LATER = "later"


VERDICT_ZH: dict[Verdict, str] = {
    Verdict.CONFIRM: "确认线索",
    Verdict.DISMISS: "排除",
    Verdict.NOT_AD: "非广告",
    Verdict.LATER: "稍后",
}


class FindingVerdict(StrEnum):
    """What a reader says of one finding; `wrong-rule` means that the wording matters, but not as this rule has it."""

    YES = "yes"
    NO = "no"
    WRONG_RULE = "wrong-rule"


FINDING_VERDICT_ZH: dict[FindingVerdict, str] = {
    FindingVerdict.YES: "成立",
    FindingVerdict.NO: "不成立",
    FindingVerdict.WRONG_RULE: "规则不对",
}


class Refused(Exception):
    """A step that may not be taken; the message is Chinese for the person who tried."""


class RoleMayNot(Refused):
    """The role does not allow it."""

    def __init__(self, role: Role, act: Act) -> None:
        super().__init__("您的角色不能进行此操作")
        self.role, self.act = role, act


class SamePerson(Refused):
    """The person has read this item already."""

    def __init__(self) -> None:
        super().__init__("您已看过此条，须由另一人复审")


class AlreadyDecided(Refused):
    """The item is closed; it must be reopened first."""

    def __init__(self, state: ItemState) -> None:
        super().__init__(f"此条已有结论（{STATE_ZH[state]}），须先重新打开")
        self.state = state


_CLOSED_BY: dict[Verdict, ItemState] = {
    Verdict.CONFIRM: ItemState.CONFIRMED,
    Verdict.DISMISS: ItemState.DISMISSED,
    Verdict.NOT_AD: ItemState.NOT_AD,
}


def act_of(state: ItemState) -> Act:
    """What deciding an open item is: a first reading, or a second or third one."""
    return Act.DECIDE_FIRST if STAGE_OF.get(state, Stage.FIRST) is Stage.FIRST else Act.DECIDE_SECOND


def stages_of_role(role: Role) -> tuple[Stage, ...]:
    """The readings that a person in that role may make, most urgent first."""
    if may(role, Act.DECIDE_SECOND):
        return Stage.THIRD, Stage.SECOND, Stage.FIRST
    return (Stage.FIRST,) if may(role, Act.DECIDE_FIRST) else ()


def next_state(
    state: ItemState, verdict: Verdict, role: Role, same_person: bool, read_twice: bool = False
) -> ItemState:
    """The state after a verdict. `same_person` says that the reader has an earlier verdict on this item that counts;
    `read_twice` that the first reading is to be made by two persons who do not know of each other.

    An item that is held is decided in the state it was held in. Raises RoleMayNot, SamePerson or AlreadyDecided; ValueError
    for `held` and for `read-once`, see `settle`.
    """
    if state in DECIDED:
        raise AlreadyDecided(state)
    act = act_of(state)
    if not may(role, act):
        raise RoleMayNot(role, act)
    if same_person:
        raise SamePerson
    if state is ItemState.HELD:
        raise ValueError("what is held is decided in the state it was held in")
    if verdict is Verdict.LATER:
        return ItemState.HELD
    if state is ItemState.READ_ONCE:
        raise ValueError("the second of two readings is settled with the first")
    if state is ItemState.DISPUTED:
        return _CLOSED_BY[verdict]
    if state is ItemState.FIRST_CONFIRMED:
        return ItemState.CONFIRMED if verdict is Verdict.CONFIRM else ItemState.DISPUTED
    if read_twice:
        return ItemState.READ_ONCE
    return ItemState.FIRST_CONFIRMED if verdict is Verdict.CONFIRM else _CLOSED_BY[verdict]


def settle(first: Verdict, first_role: Role, second: Verdict, second_role: Role) -> ItemState:
    """What two readings that did not know of each other come to. Two analysts who both confirm still need a reviewer."""
    if Verdict.LATER in (first, second):
        raise ValueError("a reading that was put off settles nothing")
    if first is not second:
        return ItemState.DISPUTED
    if first is not Verdict.CONFIRM:
        return _CLOSED_BY[first]
    reviewed = may(first_role, Act.DECIDE_SECOND) or may(second_role, Act.DECIDE_SECOND)
    return ItemState.CONFIRMED if reviewed else ItemState.FIRST_CONFIRMED


def cohen_kappa(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Agreement of two readers beyond chance (Cohen 1960), -1..1, from their verdicts on the same items.

    None without pairs, and where both always said one and the same thing: then chance explains everything.
    """
    counted = Counter(pairs)
    total = counted.total()
    if not total:
        return None
    firsts: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for (first, second), times in counted.items():
        firsts[first] += times
        seconds[second] += times
    agreed = sum(times for (first, second), times in counted.items() if first == second) / total
    chance = sum(firsts[verdict] * seconds[verdict] for verdict in firsts) / (total * total)
    return None if chance >= 1.0 else (agreed - chance) / (1.0 - chance)


def jeffreys(successes: int, trials: int) -> float:
    """The share as the mean of its posterior under Jeffreys' prior, Beta(1/2, 1/2): (successes + 1/2) / (trials + 1). 1/2 for no trials.

    Of few trials that all came out alike the plain share says 0 or 1, which is an end of its interval and more than they tell; this one
    lies within. Brown, Cai and DasGupta, "Interval Estimation for a Binomial Proportion", Statistical Science 16 (2001), 101-133.
    Raises ValueError unless 0 <= successes <= trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials}")
    return (successes + 0.5) / (trials + 1)


_Z = 1.959964  # 95 % of the normal distribution


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval (Wilson 1927) of a share; (0, 1) for no trials. Raises ValueError unless 0 <= successes <= trials."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials}")
    if not trials:
        return 0.0, 1.0
    share, square = successes / trials, _Z * _Z
    middle = share + square / (2 * trials)
    spread = _Z * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    low, high = ((middle + sign * spread) / (1 + square / trials) for sign in (-1, 1))
    # At the ends the interval includes the share itself; rounding must not move it off
    return (0.0 if successes == 0 else max(0.0, low)), (1.0 if successes == trials else min(1.0, high))
