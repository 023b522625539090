"""JSON lines read fast; the one door to orjson."""

import json

import orjson


class NotJson(ValueError):
    """The bytes are no JSON text. The message is that of the standard library's parser."""


def read_json(line: bytes) -> object:
    """The value of one line, as the standard library reads it.

    orjson refuses some of what the standard library takes: lone surrogates, NaN, a byte order mark, deep nesting. What
    it refuses is therefore read again. Raises `UnicodeDecodeError`, `RecursionError` or `NotJson`.
    """
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return read_json_exactly(line)


def read_json_exactly(line: bytes) -> object:
    """`read_json` by the standard library alone, which keeps integers of any size."""
    text = line.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    try:
        return json.loads(text)
    except ValueError as fault:
        raise NotJson(str(fault)) from None
