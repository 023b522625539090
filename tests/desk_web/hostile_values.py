"""What no form of ours sends: values that break what trusts them, and strategies that mix them with possible ones."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

#: Sent percent-encoded. Bytes are sent as they are: no text has them.
VALUES: tuple[str | bytes, ...] = (
    "", " ", "0", "-1", "1", "+1", "1.5", "1e9", "NaN", "Infinity", "true", "null", "[]", "{}", "[[[[", "9" * 18, "9" * 19,
    "9223372036854775807", "9223372036854775808", "9" * 5000, "-9223372036854775809", "0x10", "１２", "٣", "²", "½", "\0", "1\0",
    "a\0b", "\u202e1", "\u2066\u2069", "\ufeff", "\u200b", "e\u0301" * 40, "\U0010ffff", "\r\nSet-Cookie: a=b", "\n", "..", "../..",
    "%00", "%", "' OR 1=1 --", "\"><script>", "{{7*7}}", "${7*7}", "2026-13-45", "0000-00-00", "9999-12-31", "0001-01-01",
    "2026-12-01T00:00", '{"targets":[1e999]}', '{"targets":[NaN]}', '{"targets":["1"]}', '{"targets":1}', '{"targets":[true]}',
    '{"families":5}', '{"families":[5]}', '{"families":[[]]}', '{"stage":[]}', '{"stage":{}}', '{"states":[{}]}',
    '{"states":"waiting"}', '{"rule":5}', '{"rule":"\\ud800"}', '{"rule":"\\u0000"}', '{"regions":["\\udfff"]}', "[" * 3000,
    '{"x":' * 900, "1" * 4301, "confirm", "dismiss:", ":", "later:\0", "长" * 3999, "x" * 100_000, b"\xed\xa0\x80", b"\xff\xfe", b"%zz",
)  # fmt: skip

#: One possible value by the name of a field or of a question in an address.
POSSIBLE: dict[str, str] = {
    "families": "efficacy-rate", "states": "waiting", "stage": "first", "regions": "示例区", "nights": "2026-11-24", "targets": "1",
    "institution": "示例", "assignee": "analyst0", "rule": "cure-rate", "after": "1", "before": "1", "limit": "5", "done": "bulk",
    "ended": "1", "of": "clinic.example", "cluster": "0", "actor": "analyst0", "act": "decided", "subject": "item:1",
    "filters": "{}", "in_hand": "1", "item": "1", "verdict": "later", "version": "1", "reason": "negated", "choice": "later:",
    "note": "看", "with": "1", "finding-1": "yes", "until": "2026-12-01", "to": "nobody", "count": "0", "batch": "x", "name": "nobody",
    "display": "x", "role": "analyst", "old": "x", "new": "y", "again": "y", "password": "x", "text": "治愈率达98%", "yaml": "id: x",
    "readers": "1", "from": "2026-11-01", "bundle": "evidence/n/" + "0" * 64 + ".wacz", "sign": "0" * 64, "part": "text",
    "code": "x", "state": "y", "error": "z", "iss": "http://127.0.0.1", "csrf": "x", "": "x", "\0": "x", "finding-": "yes",
    "finding-\u0663": "no", "finding-99999999999999999999": "no",
}  # fmt: skip

hostile = st.one_of(st.sampled_from(VALUES), st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace")))


@st.composite
def questions(draw: st.DrawFn) -> list[tuple[str, str | bytes]]:
    """Some names, some of them twice, most with a possible value."""
    names = draw(st.lists(st.sampled_from(list(POSSIBLE)), max_size=8))
    return [(name, draw(st.one_of(st.just(POSSIBLE[name]), st.just(POSSIBLE[name]), hostile))) for name in names]


def values_of(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema of ours allows, as they stand in a form. Knows the words of JSON Schema that our descriptions use."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "array":
        return st.lists(values_of(schema["items"]), max_size=3)
    if schema["type"] == "integer":
        low, high = schema.get("minimum", -(2**70)), schema.get("maximum", 2**70)
        return st.one_of(st.integers(low, min(high, low + 10)), st.integers(low, high), st.just(high)).map(str)
    assert schema["type"] == "string", schema
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
