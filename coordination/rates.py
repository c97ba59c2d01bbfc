"""How much one source may send: token buckets, counted in events. Pure; the time is an argument."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """*per_second* in the long run, *burst* at once."""

    per_second: float = 50.0
    burst: int = 500


DEFAULT = Rate()
READ = Rate(20.0, 100)
APPROVE = Rate(5.0, 25)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of a rate. *level* below zero is what was sent on credit; *at* is monotonic, in s."""

    level: float
    at: float


def full(rate: Rate, *, at: float) -> Bucket:
    """Return the bucket of a source that has sent nothing yet."""
    return Bucket(float(rate.burst), at)


def take(rate: Rate, bucket: Bucket, cost: int, *, at: float) -> tuple[Bucket, float]:
    """Take *cost* out of *bucket*; return what is left, and the seconds to wait where it is too little.

    What costs more than the whole burst is let through once the bucket is full, and is owed then:
    it could never be sent otherwise, and the long run stays the same.
    """
    left = refilled(rate, bucket, at=at)
    missing = min(cost, rate.burst) - left.level
    if missing > 0:
        return left, missing / rate.per_second
    return charged(left, cost), 0.0


def charged(bucket: Bucket, cost: int) -> Bucket:
    """Return *bucket* after *cost*, on credit where it does not hold so much."""
    return Bucket(bucket.level - cost, bucket.at)


def refilled(rate: Rate, bucket: Bucket, *, at: float) -> Bucket:
    """Return *bucket* as it is now."""
    passed = max(0.0, at - bucket.at)
    return Bucket(min(float(rate.burst), bucket.level + passed * rate.per_second), at)
