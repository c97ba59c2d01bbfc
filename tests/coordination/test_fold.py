"""The state of a process, whatever order its events arrive in."""

from datetime import timedelta
from typing import Any

import pytest

from baton.events import ErrorInfo, Event, Link, Progress, Status, Subject
from coordination.attempts import Placed, Standing, place, remember_key
from coordination.processes import Fold, extend, fold, in_order, judge, starts_again
from tests.coordination.inbox import T0, CountingIds, event

IDS = CountingIds()


def told(status: str, at: float = 0, **more: Any) -> Event:
    return event("build", status, at, ids=IDS, **more)


def status_of(*events: Event) -> Status:
    return fold(events).status


def step(before: Fold, new: Event, *earlier: Event) -> tuple[Any, ...]:
    after = extend(before, new) or fold([*earlier, new])
    return (after.status.value, *judge(before, after, new))


def test_a_place_in_the_order_is_written_as_short_as_it_can_be() -> None:
    alone, counted = fold([told("started")]), fold([told("started", sequence=4)])
    at = alone.to_json()["top"]
    assert isinstance(at, str)
    assert counted.to_json()["top"] == [at, 4, at]
    assert Fold.from_json({**alone.to_json(), "top": [at, -1, at]}) == alone  # of earlier versions
    for state in (alone, counted):
        assert Fold.from_json(state.to_json()) == state


# The status


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["queued"], "queued"),
        (["queued", "started"], "started"),
        (["started", "queued"], "started"),
        (["started", "in_progress", "pending_approval"], "pending_approval"),
        (["pending_approval", "in_progress"], "in_progress"),
        (["pending_approval", "approved"], "in_progress"),
        (["in_progress", "completed", "in_progress"], "completed"),
        (["completed", "failed"], "completed"),
        (["failed", "failed"], "failed"),
        (["skipped"], "skipped"),
    ],
)
def test_a_status_never_falls_back(words: list[str], shown: str) -> None:
    assert status_of(*(told(word, at) for at, word in enumerate(words))) == shown


def test_within_one_rank_the_later_by_order_is_shown() -> None:
    asks, works = told("pending_approval", 5), told("in_progress", 3)
    assert status_of(asks, works) == "pending_approval"
    assert status_of(works, asks) == "pending_approval"


def test_a_heartbeat_shows_nothing() -> None:
    asks = told("pending_approval", 1, message="Deploy?")
    after = fold([asks, told("in_progress", 2, heartbeat=True, message="alive")])
    assert (after.status, after.content["message"]) == ("pending_approval", "Deploy?")
    assert fold([told("in_progress", 1, heartbeat=True)]).status == "in_progress"


# What was said


def test_progress_never_goes_backwards_while_it_counts_the_same() -> None:
    events = [
        told("in_progress", 1, progress=Progress(current=5, total=10)),
        told("in_progress", 2, progress=Progress(current=3, total=10)),
    ]
    assert fold(events).content["progress"]["current"] == 5
    events.append(told("in_progress", 3, progress=Progress(current=1, total=4)))
    assert fold(events).content["progress"] == {"current": 1, "total": 4}


def test_messages_give_way_and_objects_grow() -> None:
    events = [
        told("started", 1, message="one", result={"a": 1, "b": 1}, labels={"team": "web"}),
        told("in_progress", 3, message="three", result={"b": 3}),
        told("in_progress", 2, message="two", result={"b": 2, "c": 2}, labels={"env": "x"}),
    ]
    content = fold(events).content
    assert content["message"] == "three"
    assert content["result"] == {"a": 1, "b": 3, "c": 2}
    assert content["labels"] == {"team": "web", "env": "x"}


def test_links_are_gathered_by_what_they_are() -> None:
    events = [
        told("started", 1, links=(Link("self", "https://ci/1"), Link("log", "https://ci/1"))),
        told("in_progress", 2, links=(Link("self", "https://ci/1", "Build 1"),)),
    ]
    assert fold(events).content["links"] == [
        {"rel": "self", "url": "https://ci/1", "title": "Build 1"},
        {"rel": "log", "url": "https://ci/1"},
    ]


def test_state_does_not_grow_without_end() -> None:
    events = [
        told("in_progress", at, result={f"k{at}": 1}, links=(Link("x", f"https://ci/{at}"),))
        for at in range(600)
    ]
    content = fold(events).content
    assert (len(content["result"]), len(content["links"])) == (500, 50)
    assert "k599" in content["result"]


def test_an_error_belongs_to_the_end_that_counts() -> None:
    failed = told("failed", 2, error=ErrorInfo("exit 1"))
    assert fold([told("started", 1), failed]).content["error"] == {"message": "exit 1"}
    fine = told("completed", 1)
    assert "error" not in fold([fine, failed]).content


@pytest.mark.parametrize(
    ("events", "started"),
    [
        ([told("queued", 1), told("started", 4), told("in_progress", 3)], 3),
        ([told("completed", 9)], None),
        ([told("completed", 9, started_at=T0 + timedelta(seconds=2))], 2),
        ([told("queued", 1)], None),
        ([told("completed", 9), told("started", 4)], 4),
    ],
)
def test_the_start_is_the_earliest_that_is_known(events: list[Event], started: int | None) -> None:
    expected = None if started is None else T0 + timedelta(seconds=started)
    assert fold(events).started_at == expected


def test_what_is_kept_reads_back_the_same() -> None:
    events = [
        told("started", 1, sequence=1, name="Build", category="build", subject=Subject(pr=7)),
        told("failed", 2, sequence=2, error=ErrorInfo("no")),
    ]
    after = fold(events)
    assert Fold.from_json({**after.to_json(), "other": 1}) == after


# The order


def test_a_sequence_outranks_clocks() -> None:
    later = told("in_progress", 1, sequence=2, message="second")
    earlier = told("in_progress", 9, sequence=1, message="first")
    assert [one.message for _, one in in_order([later, earlier])] == ["first", "second"]
    assert fold([later, earlier]).content["message"] == "second"


def test_an_event_without_a_sequence_keeps_its_place_in_time() -> None:
    numbered = [told("in_progress", 10, sequence=1), told("in_progress", 5, sequence=2)]
    between, after = told("in_progress", 7), told("in_progress", 11)
    ordered = [one for _, one in in_order([after, *numbered, between])]
    assert ordered == [between, *numbered, after]


# Disorder: what each kind of event does to a process that stands like this


def test_d2_a_lower_status_is_history_and_may_move_the_start() -> None:
    works = told("in_progress", 5)
    before = fold([works])
    late = told("started", 1)
    assert step(before, late, works) == ("in_progress", "late", False)
    assert fold([works, late]).started_at == T0 + timedelta(seconds=1)


def test_d3_of_the_same_rank_the_older_is_history() -> None:
    asks = told("pending_approval", 5)
    assert step(fold([asks]), told("in_progress", 2), asks) == ("pending_approval", "late", False)


@pytest.mark.parametrize("more", [{}, {"heartbeat": True}, {"progress": Progress(fraction=0.5)}])
def test_d4_after_the_end_news_of_the_work_are_history(more: dict[str, Any]) -> None:
    done = told("completed", 5)
    before = fold([done])
    assert step(before, told("in_progress", 6, **more), done) == ("completed", "late", False)
    assert fold([done, told("in_progress", 6, **more)]).content == before.content


def test_d5_the_first_end_stays() -> None:
    done = told("completed", 5)
    assert step(fold([done]), told("failed", 6), done) == ("completed", "late", False)
    assert step(fold([done]), told("failed", 4), done) == ("completed", "late", False)
    assert step(fold([done]), told("completed", 7), done) == ("completed", "late", False)


def test_d6_its_own_source_may_correct_an_end() -> None:
    firing = told("failed", 5, message="down", error=ErrorInfo("down"))
    before = fold([firing])
    resolved = told("completed", 9, correction=True)
    assert step(before, resolved, firing) == ("completed", "updated", True)
    after = fold([firing, resolved])
    assert after.ended_at == T0 + timedelta(seconds=9)
    assert "error" not in after.content

    foreign = told("completed", 9, correction=True, source="stranger")
    assert step(before, foreign, firing) == ("failed", "late", False)


def test_d8_a_second_start_is_progress() -> None:
    first = told("started", 1)
    assert step(fold([first]), told("started", 2), first) == ("started", "updated", True)


def test_d9_any_first_event_makes_the_process() -> None:
    done = told("completed", 5)
    assert judge(None, fold([done]), done) == ("created", True)


def standing(*events: Event, attempt: int = 1, **more: Any) -> Standing:
    return Standing(attempt, fold(events), **more)


def test_d7_a_start_after_the_end_begins_the_next_attempt() -> None:
    ended = standing(told("started", 1), told("completed", 5))
    assert place(ended, told("started", 9)) == Placed(2, begins=True)
    assert place(ended, told("queued", 9)) == Placed(2, begins=True)
    assert place(ended, told("in_progress", 9)) == Placed(1)
    assert place(ended, told("started", 4)) == Placed(1)
    assert place(ended, told("started", 9, heartbeat=True)) == Placed(1)


def test_d7_a_delayed_start_is_no_new_attempt() -> None:
    unseen = fold([told("completed", 5)])
    assert not starts_again(unseen, told("started", 8))
    assert starts_again(unseen, told("started", 11))
    timed = told("started", 8, received_at=T0 + timedelta(seconds=9))
    assert starts_again(unseen, timed)
    seen = fold([told("started", 1), told("completed", 5)])
    assert starts_again(seen, told("started", 8))


def test_d11_and_d12_a_number_decides_the_attempt() -> None:
    second = standing(told("started", 1), attempt=2)
    assert place(second, told("completed", 9, attempt=1)) == Placed(1, past=True)
    assert place(second, told("started", 9, attempt=3)) == Placed(3, begins=True)
    assert place(second, told("started", 9, attempt=2)) == Placed(2)
    assert place(None, told("started", attempt=4)) == Placed(4, begins=True)


def test_a_key_opens_an_attempt_and_addresses_it_later() -> None:
    first = told("failed", 1, attempt_key="t1")
    stands = remember_key(standing(first), first)
    assert place(stands, told("completed", 2, attempt_key="t1")) == Placed(1)
    again = told("failed", 3, attempt_key="t2")
    assert place(stands, again) == Placed(2, begins=True)
    second = remember_key(standing(again, attempt=2, attempt_keys=stands.attempt_keys), again)
    assert place(second, told("completed", 4, attempt_key="t1")) == Placed(1, past=True)
    assert place(second, told("failed", 4, attempt_key="t3", attempt=2)) == Placed(2)
    assert Standing.from_json(2, second.to_json()) == second


def test_the_first_key_names_the_attempt_that_is_under_way() -> None:
    assert place(standing(told("started", 1)), told("in_progress", 2, attempt_key="k")) == Placed(1)
