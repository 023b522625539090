"""An interface that says under status 200 that there is nothing has not answered with a page."""

import json

import pytest

from crawler.pages.json_refusal import json_refusal
from domain.outcome import Outcome


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"code": 500, "msg": "系统异常", "data": None}, Outcome.HTTP_ERROR),
        ({"code": "404", "message": "not found"}, Outcome.HTTP_GONE),
        ({"errcode": -1, "errmsg": "参数错误"}, Outcome.HTTP_ERROR),
        ({"code": 200, "msg": "success"}, None),
        ({"code": 0, "msg": "ok"}, None),
        ({"code": 500, "msg": "部分失败", "data": [{"title": "门诊安排"}]}, None),
        ({"code": True, "msg": "x"}, None),
        ({"title": "门诊安排", "error": "无"}, None),
        ([1, 2], None),
    ],
)
def test_only_a_failure_with_nothing_else_is_one(said: object, outcome: Outcome | None) -> None:
    reading = json_refusal(json.dumps(said, ensure_ascii=False))
    assert (reading.outcome if reading else None) == outcome


@pytest.mark.parametrize("text", ["{", '{"code": 500, "msg": "' + "长" * 3000 + '"}', "[" * 5000, "门诊安排"])
def test_other_texts_are_not_taken_for_one(text: str) -> None:
    assert json_refusal(text) is None
