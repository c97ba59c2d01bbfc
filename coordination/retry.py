"""How long to wait before something is tried again."""

from datetime import timedelta

CEILING = timedelta(seconds=60)


def next_delay(
    attempt: int,
    *,
    jitter: float,
    retry_after: timedelta | None = None,
    base: timedelta = timedelta(seconds=1),
    ceiling: timedelta = CEILING,
) -> timedelta:
    """Return how long to wait after try number *attempt* failed: 1 s, 2 s, 4 s … up to *ceiling*.

    Args:
        attempt: tries so far, counted from 1.
        jitter: drawn by the caller, from 0.0 (the whole delay) up to 1.0 (a quarter less).
        retry_after: what the other side asked for; it wins, and is never cut.
        base: the delay after the first try.
        ceiling: no delay of our own is longer.

    Raises:
        ValueError: *attempt* is below 1.
    """
    if attempt < 1:
        raise ValueError(f"attempts are counted from 1, got {attempt}")
    if retry_after is not None:
        return retry_after
    doubled = base * (1 << min(attempt - 1, 20))
    return min(doubled, ceiling) * (1 - jitter / 4)
