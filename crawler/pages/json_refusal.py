"""Answers of program interfaces that say, under status 200, that there is nothing."""

import json

from domain.outcome import Outcome
from domain.page import Reading

#: A refusal is short: {"code":500,"msg":"系统异常，请联系管理员","data":null}
_MAX_CHARACTERS = 2000
_CODES = ("code", "status", "errcode", "errCode", "error_code", "statusCode", "ret")
_MESSAGES = ("msg", "message", "errmsg", "errMsg", "error", "error_msg", "info")
_GONE = frozenset({404, 410})


def json_refusal(text: str) -> Reading | None:
    """What an object says that has a code of failure and nothing else to read; None for other texts."""
    if len(text) > _MAX_CHARACTERS:
        return None
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    code = next((_number(said[name]) for name in _CODES if name in said), None)
    message = next((said[name] for name in _MESSAGES if isinstance(said.get(name), str)), "")
    holds_something = any(isinstance(value, dict | list) and value for value in said.values())
    if code is None or code in (0, 1, 200) or not message or holds_something:
        return None
    outcome = Outcome.HTTP_GONE if code in _GONE else Outcome.HTTP_ERROR
    return Reading(outcome, f"接口答复 {code}：{' '.join(message.split())[:60]}")


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return (
        int(value) if isinstance(value, str) and value.lstrip("-").isascii() and value.lstrip("-").isdigit() else None
    )
