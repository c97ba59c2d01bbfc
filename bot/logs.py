"""Logs are events with fields: readable on a terminal, JSON off one."""

import logging
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog


class Losing:
    """A stream that loses what cannot be written: a full disk under the log must not stop the work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def configure(stream: TextIO, level: int = logging.INFO) -> None:
    """Send every event of *level* and above to *stream*; what it does not take is lost."""
    losing = cast("TextIO", Losing(stream))
    terminal = stream.isatty()
    render = (  # a traceback without the values in it: those may be secrets, and are slow to draw
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if terminal else [structlog.processors.format_exc_info]),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(losing),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=losing, level=logging.WARNING, format="%(name)s: %(message)s")
