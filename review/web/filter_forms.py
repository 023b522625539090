"""Filters as they stand in addresses and forms."""

import json
from collections.abc import Iterable
from urllib.parse import urlencode

from domain.reviews import ItemState, Stage
from review.items import Filters
from review.web.problems import bad_request

_LISTS = ("families", "regions", "nights", "states")
_TEXTS = ("institution", "assignee", "rule")
_NAMES = frozenset({*_LISTS, *_TEXTS, "targets", "stage"})


def filters_of(pairs: Iterable[tuple[str, str]]) -> Filters:
    """From the fields of an address; what is empty or no filter does not count. Raises Problem for impossible values."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if name in _NAMES and value.strip():
            given.setdefault(name, []).append(value.strip()[:200])
    data: dict[str, object] = {name: given[name] for name in _LISTS if name in given}
    data |= {name: given[name][0] for name in (*_TEXTS, "stage") if name in given}
    try:
        if "targets" in given:
            data["targets"] = [int(value) for value in given["targets"]]
        return _possible(Filters.from_json(data))
    except ValueError:
        raise bad_request("筛选条件不正确") from None


def filters_from_text(text: str) -> Filters:
    """From the JSON that forms carry along. Raises Problem."""
    if not text:
        return Filters()
    try:
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ValueError(text)
        return _possible(Filters.from_json(data))
    except (ValueError, RecursionError):
        raise bad_request("筛选条件不正确") from None


def _possible(filters: Filters) -> Filters:
    """Raises ValueError for what no database can be asked."""
    if any(not 0 <= target < 2**63 for target in filters.targets):
        raise ValueError("a target's id is a row's")
    words = (*filters.regions, *filters.nights, filters.institution, filters.assignee, filters.rule)
    if any("\0" in word for word in words):
        raise ValueError("no text holds a zero byte")
    for word in words:
        word.encode()  # half a surrogate pair is no text either: UnicodeEncodeError is a ValueError
    return filters


def query_of(filters: Filters) -> str:
    """As an address has it, to be read back by `filters_of`."""
    pairs: list[tuple[str, str]] = []
    for name, value in filters.as_json().items():
        values = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, each.value if isinstance(each, ItemState | Stage) else str(each)) for each in values]
    return urlencode(pairs)
