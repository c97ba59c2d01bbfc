"""Logs are events with fields: readable on a terminal, JSON off one."""

import logging
from typing import TextIO

import structlog


def configure(stream: TextIO, level: int = logging.INFO) -> None:
    """Send every event of *level* and above to *stream*."""
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
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=stream, level=logging.WARNING, format="%(name)s: %(message)s")
