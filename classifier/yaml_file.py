"""The one door to PyYAML: plain data out of a file, errors with file and line."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from classifier.errors import LexiconError
from classifier.text_file import read_text

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml reads 70 rule files in a tenth of the time
_LIST = "tag:yaml.org,2002:seq"
#: Begins the message on a value that is not what its form or its tag says.
UNREAD_VALUE = "a value cannot be read: "
#: Begins the message on what is no YAML; the library's own words follow.
NOT_YAML = "not YAML: "
_VALUE_SHOWN = 40  # characters
_UNREAD = (ValueError, LookupError, AttributeError)  # 2026-99-99, 5,000 digits, !!bool x


class _KeyTwice(yaml.constructor.ConstructorError):
    """A fault of ours, not of the syntax."""


class _Once(_Loader):  # type: ignore[misc]  # the loader is one of two
    """Refuses a key that a mapping has already: YAML would keep the last, and what was written first would be lost unseen."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise _KeyTwice(None, None, f"key {key.value!r} stands here twice", key.start_mark)
                seen.add(key.value)
        built: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return built


def load_mapping(path: Path) -> dict[str, Any]:
    """The file as one mapping with string keys, keys not repeated in it or in a mapping within."""
    text = read_text(path)
    try:
        data = yaml.load(text, Loader=_Once)
    except yaml.YAMLError as error:
        raise _broken(path, text, error) from error
    except _UNREAD as error:
        node = yaml.compose(text, Loader=_Loader)
        raise LexiconError(path, f"{UNREAD_VALUE}{error}") if node is None else _unread(path, node) from error
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise LexiconError(path, "expected one mapping with string keys")
    return data


def load_yaml_rows(path: Path) -> list[tuple[int, Mapping[str, object]]]:
    """The rows of a file that is one list of mappings, each with the line it begins on (from 1)."""
    text = read_text(path)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _broken(path, text, error) from error
    if node is None:
        return []
    if not isinstance(node, yaml.SequenceNode) or node.tag != _LIST:
        raise LexiconError(path, "expected a list of rows")
    rows: list[tuple[int, Mapping[str, object]]] = []
    for child in node.value:
        line = child.start_mark.line + 1
        try:
            row = yaml.constructor.SafeConstructor().construct_document(child)
        except yaml.YAMLError as error:
            raise _broken(path, text, error) from error
        except _UNREAD as error:
            raise _unread(path, child) from error
        if not isinstance(row, dict):
            raise LexiconError(path, "expected a row of `name: value`", line)
        rows.append((line, {str(key): value for key, value in row.items()}))
    return rows


def line_of(path: Path, *keys: str | int) -> int:
    """The line (from 1) of the value reached by `keys` from the top, or of the nearest parent that exists."""
    node = yaml.compose(read_text(path), Loader=_Loader)
    line = 0
    for key in keys:
        if node is None:
            break
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == str(key)]
            if not found:
                return line
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
    return line


def _broken(path: Path, text: str, error: yaml.YAMLError) -> LexiconError:
    if isinstance(error, yaml.reader.ReaderError) and (bad := yaml.reader.Reader.NON_PRINTABLE.search(text)):
        # It has no mark, and counts bytes or characters as it was built
        before = text[: bad.start()]
        column = len(before) - before.rfind("\n")
        return LexiconError(path, f"{NOT_YAML}unacceptable character {bad[0]!r}", before.count("\n") + 1, column)
    said, mark = str(getattr(error, "problem", error)), getattr(error, "problem_mark", None)
    message = said if isinstance(error, _KeyTwice) else f"{NOT_YAML}{said}"
    return LexiconError(path, message, mark.line + 1, mark.column + 1) if mark else LexiconError(path, message)


def _unread(path: Path, node: yaml.Node) -> LexiconError:
    """Names the first value under `node` that is not what its form or its tag says."""
    for scalar in _scalars(node, set()):
        try:
            yaml.constructor.SafeConstructor().construct_document(scalar)
        except _UNREAD:
            mark = scalar.start_mark
            shown = scalar.value if len(scalar.value) <= _VALUE_SHOWN else f"{scalar.value[:_VALUE_SHOWN]}…"
            return LexiconError(path, f"{UNREAD_VALUE}{shown}", mark.line + 1, mark.column + 1)
    return LexiconError(path, f"{UNREAD_VALUE}{node.tag}", node.start_mark.line + 1, node.start_mark.column + 1)


def _scalars(node: yaml.Node, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    """In order; a node that an alias names again comes once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _scalars(child, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(key, seen)
            yield from _scalars(value, seen)
