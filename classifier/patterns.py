"""Regular expressions from data: compiled only when they cannot run away.

The window a pattern sees is at most some 160 characters, so what could still run away is repetition inside
repetition. `*`, `+` and `{n,}` are allowed on a single character or class only; a group may be repeated at most a few
times when it repeats something itself.
"""

import re
import re._constants as constants  # type: ignore[import-not-found]  # typeshed leaves the parser of `re` out
import re._parser as parser  # type: ignore[import-not-found]  # the same
from collections.abc import Iterable
from typing import Any

_REPEATS = (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT)
_MAX_BOUND = 120
_MAX_OUTER = 4
"""How often a group may be repeated that has a repetition of its own."""


class UnsafePattern(ValueError):
    """The pattern does not compile, or its cost could grow faster than the text."""


def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile `text`; raises `UnsafePattern` with the reason."""
    try:
        compiled = re.compile(text)
        tree = parser.parse(text)
    except re.error as error:
        raise UnsafePattern(f"pattern does not compile: {error} in {text!r}") from error
    _check(tree, inside_repeat=False, source=text)
    if tree.getwidth()[0] == 0:
        raise UnsafePattern(f"pattern can match nothing at all: {text!r}")
    return compiled


def alternation(words: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern that matches any of the literals; an entry beginning with `re:` is a pattern. None for no words."""
    parts: list[str] = []
    for word in words:
        if word.startswith("re:"):
            compile_pattern(word[3:])
            parts.append(f"(?:{word[3:]})")
        else:
            parts.append(re.escape(word))
    return re.compile("|".join(sorted(parts, key=len, reverse=True))) if parts else None


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
