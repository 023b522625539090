"""Logging of every process: structlog over the standard library, JSON lines when stderr is not a terminal."""

import logging
import re
import sys
from typing import Any, TextIO

import structlog

#: Names under which something secret is logged, wherever they stand in a name.
_SECRET_NAMES = re.compile(r"password|passwd|secret|token|authorization|cookie|api_?key|private_?key", re.IGNORECASE)
#: In running text: what is between user and host of a URL, and what follows the name of a secret in a query or header.
_IN_URL = re.compile(r"(?<=://)([^/\s:@]+):[^/\s@]+@")
_IN_TEXT = re.compile(
    r"((?<![A-Za-z])(?:password|passwd|secret|access_token|token|sign|authorization|cookie|api_?key)"
    r"[\"']?\s*[=:]\s*[\"']?(?:Bearer |Basic )?)[^\s&\"',;]+",
    re.IGNORECASE,
)
_HIDDEN = "***"


def hide_secrets(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A processor of structlog: secrets do not get into logs, by whichever library they come."""
    return {name: _HIDDEN if _SECRET_NAMES.search(name) else _hidden(value) for name, value in event.items()}


def _hidden(value: Any) -> Any:
    match value:
        case str():
            return _IN_TEXT.sub(rf"\1{_HIDDEN}", _IN_URL.sub(rf"\1:{_HIDDEN}@", value))
        case dict():
            return {
                name: _HIDDEN if isinstance(name, str) and _SECRET_NAMES.search(name) else _hidden(item)
                for name, item in value.items()
            }
        case list() | tuple():
            return [_hidden(item) for item in value]
        case _:
            return value


def set_up_logging(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Sends all logging, structlog's and the standard library's, to `stream` (default stderr) in one form."""
    target = sys.stderr if stream is None else stream
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if target.isatty() else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                hide_secrets,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # says at each start which database it found
