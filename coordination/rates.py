"""How much one source may send: a token bucket, counted in events."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """*per_second* in the long run, *burst* at once."""

    per_second: float = 50.0
    burst: int = 500


DEFAULT = Rate()
