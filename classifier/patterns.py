"""Regular expressions from data: compiled only when they cannot run away.

The window a pattern sees is at most some 160 characters, so what could still run away is repetition inside
repetition, and many repetitions one after the other. `*`, `+` and `{n,}` are allowed on a single character or class
only; a group may be repeated at most a few times when it repeats something itself; and the ways in which repetitions and
alternatives could share out one stretch of text are multiplied and limited.
"""

import re
import re._constants as constants  # type: ignore[import-not-found]  # typeshed leaves the parser of `re` out
import re._parser as parser  # type: ignore[import-not-found]  # the same
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

_REPEATS = (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT)
_MAX_BOUND = 120
_MAX_OUTER = 4
"""How often a group may be repeated that has a repetition of its own."""


_MAX_WAYS = 5_000_000
"""In how many ways a pattern may be tried at one place before it fails; a bound for the worst text, rarely reached."""
_WINDOW = 160
"""Repetitions without a bound end with the window at the latest."""
_WIDE = 60
"""A repetition that varies by so much counts double: three of them in a row are too many, two are not."""
_FEW = 3
"""A repetition that varies by less than this is as good as fixed."""


class UnsafePattern(ValueError):
    """The pattern does not compile, or its cost could grow faster than the text."""


@dataclass(slots=True, unsafe_hash=True)
class Pattern:
    """A pattern known to be safe. It is compiled when it is first needed: most are not, where few pages are read."""

    text: str
    _compiled: re.Pattern[str] | None = field(default=None, compare=False, repr=False)

    @property
    def compiled(self) -> re.Pattern[str]:
        if self._compiled is None:
            self._compiled = re.compile(self.text)
        return self._compiled


@cache
def parsed(text: str) -> Any:
    """The parse tree of a pattern, made once for all who look into it; to be read only. Raises re.error."""
    return parser.parse(text)


def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile `text`; raises `UnsafePattern` with the reason."""
    try:
        compiled = re.compile(text)
        tree = parsed(text)
    except re.error as error:
        raise UnsafePattern(f"pattern does not compile: {error} in {text!r}") from error
    _check(tree, inside_repeat=False, source=text)
    ways = _ways(tree)
    if ways > _MAX_WAYS:
        raise UnsafePattern(
            f"repetitions that could share out a text in {ways:.0e} ways, more than {_MAX_WAYS:,}: {text!r}"
        )
    if tree.getwidth()[0] == 0:
        raise UnsafePattern(f"pattern can match nothing at all: {text!r}")
    return compiled


#: Looks back over literals and classes, then plain characters, of which the last is not repeated.
_LOOKS_BACK = re.compile(r"(?P<looks>(?:\(\?<[=!][^()\\]+\))+)(?P<literal>[^\s\\.^$*+?{}\[\]|()#]+)(?![*+?{])")


def alternation(words: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern that matches any of the literals; an entry beginning with `re:` is a pattern. None for no words."""
    parts: list[tuple[int, str]] = []  # by the length as written, the longest first
    for word in words:
        if word.startswith("re:"):
            compile_pattern(word[3:])
            parts.append((len(f"(?:{word[3:]})"), f"(?:{_literal_first(word[3:])})"))
        else:
            parts.append((len(escaped := re.escape(word)), escaped))
    ordered = sorted(parts, key=lambda part: part[0], reverse=True)
    return re.compile("|".join(part for _, part in ordered)) if parts else None


def _literal_first(pattern: str) -> str:
    """The same pattern with its first literal before what must not (or must) stand before it: (?<!不是)智商税 as 智商税(?<!不是智商税).

    A search tries an alternation only at the characters that its alternatives begin with, as long as all begin with a literal.
    """
    match = _LOOKS_BACK.match(pattern)
    if match is None:
        return pattern
    literal = match["literal"]
    looks = re.sub(r"\(\?<([=!])(.*?)\)", lambda look: f"(?<{look[1]}(?:{look[2]}){literal})", match["looks"])
    return f"{literal}{looks}{pattern[match.end() :]}"


def _check(tree: Any, *, inside_repeat: bool, source: str) -> None:
    for operator, argument in tree:
        if operator in _REPEATS:
            _, high, body = argument
            single = len(body) == 1 and body[0][0] in (
                constants.LITERAL, constants.NOT_LITERAL, constants.IN, constants.ANY,
            )  # fmt: skip
            many = high == constants.MAXREPEAT or high > 1
            if many and inside_repeat:
                raise UnsafePattern(f"a repetition inside a repetition: {source!r}")
            if high == constants.MAXREPEAT and not single:
                raise UnsafePattern(f"an unbounded repetition of a group: {source!r}")
            if high != constants.MAXREPEAT and high > _MAX_BOUND:
                raise UnsafePattern(f"a repetition above {_MAX_BOUND}: {source!r}")
            _check(body, inside_repeat=inside_repeat or (high > _MAX_OUTER and not single), source=source)
        else:
            for child in _children(operator, argument):
                _check(child, inside_repeat=inside_repeat, source=source)


def _ways(tree: Any) -> float:
    """A bound for the ways in which the pattern can be matched against the beginning of one text."""
    ways = 1.0
    for operator, argument in tree:
        if operator is constants.POSSESSIVE_REPEAT:
            continue
        if operator in _REPEATS:
            low, high, body = argument
            inner = _ways(body)
            high = min(high, _WINDOW)
            if _is_space(body):
                high = min(high, low + _FEW)  # a run of spaces is folded to few
            if high - low >= _FEW or inner > 1.0:
                ways *= (high - low + 1) * (2 if high - low >= _WIDE else 1)
            ways *= inner**high
        elif operator is constants.BRANCH:
            ways *= max(_ways(branch) for branch in argument[1]) * _alike(argument[1])
        else:
            for child in _children(operator, argument):
                ways *= _ways(child)
    return ways


def _is_space(body: Any) -> bool:
    return len(body) == 1 and body[0] == (constants.IN, [(constants.CATEGORY, constants.CATEGORY_SPACE)])


def _alike(branches: Iterable[Any]) -> int:
    """How many alternatives can match at one place at most, as their first letters tell."""
    heads = [(_head(branch), _first(branch)) for branch in branches]
    return max(sum(_may_both(head, other) for other in heads) for head in heads)


def _may_both(one: tuple[str, frozenset[int] | None], other: tuple[str, frozenset[int] | None]) -> bool:
    if one[0] and other[0]:
        return one[0].startswith(other[0])
    return one[1] is None or other[1] is None or bool(one[1] & other[1])


def _head(branch: Any) -> str:
    """The letters that an alternative begins with for certain."""
    letters = []
    for operator, argument in branch:
        if operator is not constants.LITERAL:
            break
        letters.append(chr(argument))
    return "".join(letters)


def _first(branch: Any) -> frozenset[int] | None:
    """The code points that an alternative can begin with; None when they are many or it may be empty."""
    for operator, argument in branch:
        if operator is constants.LITERAL:
            return frozenset({argument})
        if operator in _REPEATS and argument[0] > 0:
            return _first(argument[2])
        if operator is constants.IN:
            return _members(argument)
        return None
    return None


def _members(entries: Any) -> frozenset[int] | None:
    members: set[int] = set()
    for kind, value in entries:
        if kind is constants.LITERAL:
            members.add(value)
        elif kind is constants.RANGE and value[1] - value[0] < 128:
            members.update(range(value[0], value[1] + 1))
        elif kind is constants.CATEGORY and value is constants.CATEGORY_DIGIT:
            members.update(range(0x30, 0x3A))  # other digits are folded to these
        else:
            return None
    return frozenset(members)


def _children(operator: Any, argument: Any) -> Iterable[Any]:
    if operator is constants.BRANCH:
        return tuple(argument[1])
    if operator is constants.SUBPATTERN:
        return (argument[-1],)
    if operator in (constants.ASSERT, constants.ASSERT_NOT):
        return (argument[1],)
    if operator is constants.ATOMIC_GROUP:
        return (argument,)
    if operator is constants.GROUPREF_EXISTS:
        return tuple(child for child in argument[1:] if child is not None)
    return ()
