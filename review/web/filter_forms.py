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
        return Filters.from_json(data)
    except (ValueError, OverflowError):
        raise bad_request("筛选条件不正确") from None


def filters_from_text(text: str) -> Filters:
    """From the JSON that forms carry along. Raises Problem."""
    if not text:
        return Filters()
    try:
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ValueError(text)
        return Filters.from_json(data)
    except (ValueError, RecursionError):
        raise bad_request("筛选条件不正确") from None


def query_of(filters: Filters) -> str:
    """As an address has it, to be read back by `filters_of`."""
    pairs: list[tuple[str, str]] = []
    for name, value in filters.as_json().items():
        values = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, each.value if isinstance(each, ItemState | Stage) else str(each)) for each in values]
    return urlencode(pairs)
