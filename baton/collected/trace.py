"""The trace that a process belongs to, in the form of the W3C's header ``traceparent``."""

import os

__all__ = ["new_span", "trace_id_of", "traceparent"]


def trace_id_of(header: str | None) -> str | None:
    """Return the trace that *header* names, or None where it is malformed: never an error.

    Source: https://www.w3.org/TR/trace-context/#traceparent-header
    """
    parts = (header or "").strip().split("-")
    given = parts[1] if len(parts) >= 4 else ""
    if len(given) == 32 and given.strip("0") and not given.strip("0123456789abcdef"):
        return given
    return None


def new_span() -> str:
    """Return the id of a new span."""
    return os.urandom(8).hex()


def traceparent(trace_id: str | None, span_id: str) -> str:
    """Return the header by which a program joins the trace, a new one where there is none."""
    return f"00-{trace_id or os.urandom(16).hex()}-{span_id}-01"
