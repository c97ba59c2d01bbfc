"""Faults of the addresses that are no methods of the Web API; they strike only when named."""

from starlette.responses import PlainTextResponse, Response

from devslack.faults import Faults


def broken(faults: Faults, name: str) -> Response | None:
    """Return the answer of a fault that was armed for *name*, or None."""
    if (limited := faults.take_named("ratelimit_next", name)) is not None:
        return too_many(limited.args.get("retry_after", 1))
    if faults.take_named("api_500", name) is not None:
        return PlainTextResponse("internal_error", 500)
    if faults.take_named("api_503", name) is not None:
        return PlainTextResponse("upstream connect error", 503)
    return None


def too_many(seconds: int) -> Response:
    """Return the refusal of a rate limit."""
    return PlainTextResponse("rate_limited", 429, {"retry-after": str(seconds)})
