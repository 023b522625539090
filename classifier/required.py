"""What a text must hold for a pattern to match in it: literals read off the pattern, so that most places need no look.

A clause is a set of literals of which every match contains at least one. `(?:祖传|家传).{0,9}?秘方` has the clauses
{祖传, 家传} and {秘方}. Literals come from what a match consumes only; what a look-around asks for is left out.
"""

import re._constants as constants  # type: ignore[import-not-found]  # typeshed leaves the parser of `re` out
from collections.abc import Iterable
from itertools import chain
from typing import Any

from classifier.patterns import parsed
from classifier.rules import WordAlternative

Clause = frozenset[str]

_REPEATS = (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT)
_GROUPS = (constants.SUBPATTERN, constants.ATOMIC_GROUP)
_NO_WIDTH = (constants.AT, constants.ASSERT, constants.ASSERT_NOT)
_MOST_IN_CLASS = 24
"""A class of more characters than this tells too little to be spelled out."""
_MOST_SPELLED = 200
"""So many spellings of one stretch of a pattern are multiplied out, not more."""
_MOST_IN_CLAUSE = 400
_MOST_CLAUSES = 1
_TOO_COMMON = 60.0
_EMPTY: Clause = frozenset({""})


def clauses_of(alternative: WordAlternative) -> tuple[Clause, ...]:
    """The most telling clauses of an alternative besides its anchors: of its pattern, and one of the words nearby."""
    pattern = alternative.pattern
    clauses = rarest(required_literals(pattern.text), _MOST_CLAUSES) if pattern else ()
    clauses = tuple(clause for clause in clauses if _commonness(clause) <= _TOO_COMMON)
    return (*clauses, _shortest(frozenset(alternative.near))) if alternative.near else clauses


def required_literals(pattern: str) -> tuple[Clause, ...]:
    """Clauses of the pattern, each of literals that are not empty; none when nothing is certain."""
    tree = parsed(pattern)
    if tree.state.flags & constants.SRE_FLAG_IGNORECASE:
        return ()
    return tuple(dict.fromkeys(map(_shortest, _clauses(tree))))


def rarest(clauses: Iterable[Clause], most: int) -> tuple[Clause, ...]:
    """The `most` clauses that an ordinary text satisfies least often, as far as the length of their literals tells."""
    return tuple(sorted(clauses, key=_commonness)[:most])


def _shortest(clause: Clause) -> Clause:
    """The clause without the literals that hold another one of it: where they are, that one is."""
    kept: list[str] = []
    for literal in sorted(clause, key=lambda literal: (len(literal), literal)):
        if not any(short in literal for short in kept):
            kept.append(literal)
    return frozenset(kept)


def _commonness(clause: Clause) -> float:
    """Longer literals are rarer by far: one character counts as some thirty words of two."""
    return sum(30.0 ** (2 - len(literal)) for literal in clause)


def _clauses(tree: Iterable[Any]) -> list[Clause]:
    """Clauses of a sequence: its stretches that can be spelled out, and what its other parts require."""
    found: list[Clause] = []
    spelled = _EMPTY

    def stop() -> None:
        nonlocal spelled
        if "" not in spelled:
            found.append(spelled)
        spelled = _EMPTY

    for operator, argument in tree:
        exact = _spellings(operator, argument)
        if exact is not None and len(spelled) * len(exact) <= _MOST_SPELLED:
            spelled = frozenset(before + after for before in spelled for after in exact)
            continue
        stop()
        if exact is not None:
            spelled = exact
        else:
            found += _inside(operator, argument)
    stop()
    return found


def _spellings(operator: Any, argument: Any) -> Clause | None:
    """All that the part can match, when that is few texts; None when it is not."""
    if operator is constants.LITERAL:
        return frozenset({chr(argument)})
    if operator in _NO_WIDTH:
        return _EMPTY
    if operator is constants.IN:
        return _members(argument)
    if operator in _GROUPS:
        return _spelled_out(argument if operator is constants.ATOMIC_GROUP else argument[-1])
    if operator is constants.BRANCH:
        branches = [_spelled_out(branch) for branch in argument[1]]
        if any(branch is None for branch in branches):
            return None
        union = frozenset(chain.from_iterable(branch for branch in branches if branch is not None))
        return union if len(union) <= _MOST_SPELLED else None
    if operator in _REPEATS and argument[:2] in ((0, 1), (1, 1)):
        body = _spelled_out(argument[2])
        return body if body is None or argument[0] else body | _EMPTY
    return None


def _spelled_out(tree: Iterable[Any]) -> Clause | None:
    spelled = _EMPTY
    for operator, argument in tree:
        exact = _spellings(operator, argument)
        if exact is None or len(spelled) * len(exact) > _MOST_SPELLED:
            return None
        spelled = frozenset(before + after for before in spelled for after in exact)
    return spelled


def _members(entries: Any) -> Clause | None:
    members: set[str] = set()
    for kind, value in entries:
        if kind is constants.LITERAL:
            members.add(chr(value))
        elif kind is constants.RANGE and value[1] - value[0] < _MOST_IN_CLASS:
            members.update(map(chr, range(value[0], value[1] + 1)))
        else:
            return None
    return frozenset(members) if len(members) <= _MOST_IN_CLASS else None


def _inside(operator: Any, argument: Any) -> list[Clause]:
    """What a part requires that cannot be spelled out as a whole."""
    if operator in _GROUPS:
        return _clauses(argument if operator is constants.ATOMIC_GROUP else argument[-1])
    if operator in _REPEATS and argument[0] > 0:
        return _clauses(argument[2])
    if operator is constants.BRANCH:
        best = [rarest(_clauses(branch), 1) for branch in argument[1]]
        if all(best):
            union = frozenset(chain.from_iterable(clause for (clause,) in best))
            return [union] if len(union) <= _MOST_IN_CLAUSE else []
    return []
