"""The one door to PyYAML: plain data out of a file, errors with file and line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from classifier.errors import LexiconError
from classifier.text_file import read_text

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml reads 70 rule files in a tenth of the time
_LIST = "tag:yaml.org,2002:seq"
#: Begins the message on a value that is not what its form or its tag says.
UNREAD_VALUE = "a value cannot be read: "


class _Once(_Loader):  # type: ignore[misc]  # the loader is one of two
    """Refuses a key that a mapping has already: YAML would keep the last, and what was written first would be lost unseen."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"key {key.value!r} stands here twice", key.start_mark
                    )
                seen.add(key.value)
        built: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return built


def load_mapping(path: Path) -> dict[str, Any]:
    """The file as one mapping with string keys, keys not repeated in it or in a mapping within."""
    try:
        data = yaml.load(read_text(path), Loader=_Once)
    except yaml.YAMLError as error:
        raise _broken(path, error) from error
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise LexiconError(path, "expected one mapping with string keys")
    return data


def load_yaml_rows(path: Path) -> list[tuple[int, Mapping[str, object]]]:
    """The rows of a file that is one list of mappings, each with the line it begins on (from 1)."""
    try:
        node = yaml.compose(read_text(path), Loader=_Loader)
    except yaml.YAMLError as error:
        raise _broken(path, error) from error
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
            raise _broken(path, error) from error
        except (ValueError, LookupError, AttributeError) as error:  # 2026-99-99, 5,000 digits, !!bool x
            raise LexiconError(path, f"{UNREAD_VALUE}{error}", line) from error
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


def _broken(path: Path, error: yaml.YAMLError) -> LexiconError:
    mark = getattr(error, "problem_mark", None)
    return LexiconError(path, str(getattr(error, "problem", error)), mark.line + 1 if mark else 0)
