"""Token buckets: never more than the burst at once, never more than the rate in the long run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.rates import Bucket, Rate, charged, full, refilled, take

TEN = Rate(per_second=10, burst=20)


def test_a_burst_goes_at_once_and_then_the_rate() -> None:
    bucket = full(TEN, at=0)
    for _ in range(20):
        bucket, wait = take(TEN, bucket, 1, at=0)
        assert wait == 0

    bucket, wait = take(TEN, bucket, 1, at=0)
    assert wait == pytest.approx(0.1)
    bucket, wait = take(TEN, bucket, 1, at=0.1)
    assert wait == 0


def test_a_refusal_costs_nothing() -> None:
    empty = Bucket(0.0, 0.0)
    for _ in range(5):
        empty, wait = take(TEN, empty, 10, at=0)
        assert wait == pytest.approx(1)

    assert take(TEN, empty, 10, at=1)[1] == 0


def test_more_than_a_burst_waits_for_a_full_bucket_and_is_owed() -> None:
    bucket, wait = take(TEN, full(TEN, at=0), 50, at=0)
    assert wait == 0
    assert bucket.level == -30

    assert take(TEN, bucket, 1, at=0)[1] == pytest.approx(3.1)
    assert take(TEN, Bucket(19.0, 0.0), 50, at=0)[1] == pytest.approx(0.1)


def test_a_bucket_is_never_more_than_full() -> None:
    assert refilled(TEN, Bucket(0.0, 0.0), at=10_000).level == 20


def test_a_clock_that_stands_still_or_jumps_back_gives_nothing() -> None:
    assert refilled(TEN, Bucket(1.0, 100.0), at=50).level == 1


def test_what_was_let_in_already_is_owed() -> None:
    assert charged(Bucket(5.0, 0.0), 30).level == -25


rates = st.builds(Rate, st.floats(0.5, 100), st.integers(1, 200))


@given(rates, st.lists(st.tuples(st.floats(0, 5), st.integers(1, 50)), max_size=60))
def test_in_any_span_no_more_goes_than_burst_and_rate_allow(
    rate: Rate, asked: list[tuple[float, int]]
) -> None:
    at, bucket = 0.0, full(rate, at=0)
    taken: list[tuple[float, int]] = []
    for pause, cost in asked:
        at += pause
        bucket, wait = take(rate, bucket, cost, at=at)
        assert wait >= 0
        if wait == 0:
            taken.append((at, cost))

    largest = max((cost for _, cost in taken), default=0)
    for start, (began, _) in enumerate(taken):
        for place in range(start, len(taken)):
            sent = sum(cost for _, cost in taken[start : place + 1])
            span = taken[place][0] - began
            assert sent <= rate.burst + largest + rate.per_second * span + 1e-6


@given(rates, st.integers(1, 300))
def test_who_waits_as_long_as_told_is_let_in(rate: Rate, cost: int) -> None:
    bucket, _ = take(rate, full(rate, at=0), rate.burst, at=0)
    bucket, wait = take(rate, bucket, cost, at=0)

    assert wait > 0
    assert take(rate, bucket, cost, at=wait + 1e-6)[1] == 0
