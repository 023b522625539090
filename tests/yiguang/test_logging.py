"""Secrets do not get into logs."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from yiguang.logging import set_up_logging


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logging(stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_secrets_are_hidden_wherever_they_come_from(logged: io.StringIO) -> None:
    log = structlog.get_logger("tests.fresh")
    log.info("connected", url="postgresql://clerk:hunter2@db.example/x", smtp_password="hunter2", site=3)
    log.info("sent", headers={"Authorization": "Bearer hunter2", "Accept": "text/html"})
    logging.getLogger("other").warning("POST https://hook.example/send?access_token=hunter2&a=1 failed")
    try:
        raise ValueError("login with password=hunter2 refused")
    except ValueError:
        log.exception("no login")
    text = logged.getvalue()
    assert "hunter2" not in text
    first, second, third, last = (json.loads(line) for line in text.splitlines())
    assert (first["url"], first["site"]) == ("postgresql://clerk:***@db.example/x", 3)
    assert second["headers"] == {"Authorization": "***", "Accept": "text/html"}
    assert third["event"] == "POST https://hook.example/send?access_token=***&a=1 failed"
    assert "password=***" in last["exception"]
