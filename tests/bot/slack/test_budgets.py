"""Budgets: pure counting, with a clock that is only a number."""

import pytest

from bot.slack.blocks import Shown, section
from bot.slack.budgets import Bucket, Budget, Promises, Window, edits, posts, rested
from bot.slack.bursts import MOST, SPAN, Bursts, cause_of


def taken(budget: Budget, now: float, *, urgent: bool) -> int:
    """Take until there is nothing left at *now*; count."""
    count = 0
    while budget.wait(now, urgent=urgent) <= 0 and count < 1_000:
        budget.take(now)
        count += 1
    return count


def test_edits_have_a_reserve_that_only_the_urgent_may_take() -> None:
    budget = edits(40, 10)
    assert taken(budget, 0.0, urgent=False) == 40
    assert taken(budget, 0.0, urgent=True) == 10
    assert budget.wait(0.0, urgent=True) == 60.0
    assert budget.wait(59.9, urgent=True) == pytest.approx(0.1)
    assert taken(budget, 60.0, urgent=False) == 40


@pytest.mark.parametrize("step", [0.1, 0.7, 1.9, 7.0])
def test_never_more_than_fifty_edits_in_any_minute(step: float) -> None:
    budget, sent, now = edits(40, 10), [], 0.0
    while now < 300:
        for urgent in (True, False):
            sent += [now] * taken(budget, now, urgent=urgent)
        now += step
    busiest = max(sum(start <= at < start + 60 for at in sent) for start in sent)
    assert busiest == 50
    assert len(sent) >= 50 * 4


def test_a_channel_takes_a_burst_and_then_one_a_second() -> None:
    budget = posts(1.0, 5, 3)
    assert taken(budget, 100.0, urgent=False) == 2
    assert taken(budget, 100.0, urgent=True) == 3
    assert budget.wait(100.0, urgent=True) == pytest.approx(1.0)
    assert budget.wait(100.25, urgent=True) == pytest.approx(0.75)
    assert taken(budget, 101.0, urgent=True) == 1
    assert taken(budget, 104.0, urgent=False) == 0  # three came back, and they are kept
    assert taken(budget, 105.0, urgent=False) == 1


def test_those_who_wait_are_told_to_come_back_one_after_the_other() -> None:
    budget = Budget(Window(2, 10.0), Promises(2.0))
    for _ in range(2):
        assert budget.wait(0.0, urgent=False) == 0.0
        budget.take(0.0)
    assert [budget.wait(1.0, urgent=False) for _ in range(3)] == [9.0, 11.0, 13.0]
    assert budget.wait(1.0, urgent=True) == 9.0  # the urgent do not queue up behind them
    assert taken(budget, 50.0, urgent=False) == 2  # and the third was told to wait until 60
    assert budget.wait(51.0, urgent=False) == 11.0


def test_a_channel_that_rested_may_be_forgotten() -> None:
    budgets = {"C1": posts(1.0, 5, 3), "C2": posts(1.0, 5, 3)}
    for budget in budgets.values():
        taken(budget, 0.0, urgent=True)
    taken(budgets["C2"], 3.0, urgent=True)
    assert rested(budgets, 4.9) == []
    assert rested(budgets, 5.0) == ["C1"]
    assert rested({"edits": edits(40, 10)}, 5.0) == []


def test_a_clock_that_stands_still_gives_nothing_back() -> None:
    bucket = Bucket(1, 1.0)
    bucket.take(7.0)
    assert bucket.wait(7.0, urgent=True) == 1.0
    assert bucket.wait(7.0, urgent=True) == 1.0


# Many failures of one cause


def test_the_sixth_failure_of_one_cause_within_two_minutes_begins_a_card() -> None:
    bursts = Bursts()
    said = [bursts.note("C1", "disk full", thread, float(thread)) for thread in range(8)]
    assert said[:MOST] == [None] * MOST
    burst = said[-1]
    assert burst is not None
    assert (burst.count, list(burst.threads), burst.carrier) == (8, [5, 6, 7], 5)


def test_other_causes_and_other_places_are_counted_by_themselves() -> None:
    bursts = Bursts()
    for number in range(MOST):
        for place, cause in (("C1", "a"), ("C1", "b"), ("C2", "a")):
            assert bursts.note(place, cause, number, 0.0) is None


def test_failures_far_apart_are_said_one_by_one() -> None:
    bursts = Bursts()
    times = [number * SPAN / 4 for number in range(30)]
    assert [bursts.note("C1", "a", 1, now) for now in times] == [None] * 30


def test_a_burst_goes_on_until_it_is_quiet_for_two_minutes() -> None:
    bursts = Bursts()
    for number in range(7):
        bursts.note("C1", "a", number, 0.0)
    later = bursts.note("C1", "a", 8, SPAN)  # slower by now, but the same trouble
    assert later is not None
    assert later.count == 8
    assert bursts.note("C1", "a", 9, 3 * SPAN) is None


def test_a_cause_is_what_failures_say_without_numbers_and_ids() -> None:
    def failed(run: int, why: str, last: str) -> Shown:
        printed = f"*deploy*\n```\nstarting {run}\n{last}\n```"
        return Shown(f"R-{run}: deploy failed: {why}", (section(printed, "o"),))

    one = cause_of(failed(12, "exit code 1", "no space on /dev/sda1 after 81 s"))
    assert one == cause_of(failed(977, "exit code 2", "no space on /dev/sda2 after 3 s"))
    assert one != cause_of(failed(12, "exit code 1", "permission denied"))
