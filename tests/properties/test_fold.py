"""One attempt with at most one way to end: every order of arrival leads to the same state."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from baton.events import ErrorInfo, Event, Link, Progress
from coordination.processes import Fold, extend, fold
from tests.coordination.inbox import CountingIds, event

WORKING = ("queued", "started", "in_progress", "pending_approval", "approved")
WORDS = st.sampled_from(["a", "b", "c"])
SAYS = st.fixed_dictionaries(
    {},
    optional={
        "message": WORDS,
        "name": WORDS,
        "category": WORDS,
        "result": st.dictionaries(WORDS, st.integers(0, 9), max_size=2),
        "labels": st.dictionaries(WORDS, WORDS, max_size=2),
        "links": st.lists(st.builds(Link, WORDS, WORDS, WORDS), max_size=2).map(tuple),
        "progress": st.builds(
            Progress, st.integers(0, 9), st.sampled_from([None, 5, 9]), st.sampled_from([None, "x"])
        ),
        "heartbeat": st.just(value=True),
    },
)


@st.composite
def attempts(draw: st.DrawFn) -> list[Event]:
    """Draw the events of an attempt; no two at the same time or with the same sequence."""
    ids = CountingIds()
    times = draw(st.lists(st.integers(0, 40), min_size=1, max_size=9, unique=True))
    numbers = draw(st.permutations(range(len(times))))
    end = draw(st.sampled_from(["completed", "failed", "cancelled"]))
    events = []
    for at, number in zip(times, numbers, strict=True):
        status = draw(st.sampled_from([*WORKING, end]))
        said: dict[str, Any] = dict(draw(SAYS))
        if status == end:
            said["error"] = ErrorInfo(draw(WORDS))
            said["correction"] = draw(st.booleans())
        sequence = number if draw(st.booleans()) else None
        events.append(event("p", status, at, ids=ids, sequence=sequence, **said))
    return events


def arrived(events: Sequence[Event]) -> Fold:
    """Fold events one by one, as the store does: extended where that is enough."""
    state = fold(events[:1])
    for count, new in enumerate(events[1:], start=2):
        state = extend(state, new) or fold(events[:count])
    return state


@given(attempts(), st.randoms(use_true_random=False))
def test_every_order_of_arrival_gives_one_final_state(events: list[Event], random: Any) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)
    assert without_bookkeeping(arrived(shuffled)) == without_bookkeeping(fold(events))


@given(attempts(), st.data())
def test_the_same_event_twice_changes_nothing(events: list[Event], data: st.DataObject) -> None:
    doubled = [*events, data.draw(st.sampled_from(events))]
    assert without_bookkeeping(arrived(doubled)) == without_bookkeeping(fold(events))


@given(attempts(), st.randoms(use_true_random=False))
def test_folding_one_by_one_is_folding_all(events: list[Event], random: Any) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)
    assert arrived(shuffled) == fold(shuffled)


@given(attempts(), st.randoms(use_true_random=False))
def test_that_holds_too_where_ends_contradict_each_other(events: list[Event], random: Any) -> None:
    ids = CountingIds()
    others = [event("p", "rejected", 50, ids=ids), event("p", "skipped", 7.5, ids=ids)]
    corrected = event("p", "completed", 60, ids=ids, correction=True)
    shuffled = [*events, *others, corrected]
    random.shuffle(shuffled)
    assert arrived(shuffled) == fold(shuffled)


@given(attempts())
def test_what_is_kept_reads_back_the_same(events: list[Event]) -> None:
    state = fold(events)
    assert Fold.from_json(state.to_json()) == state


def without_bookkeeping(state: Fold) -> Fold:
    """Leave out which of several equal ends came first; triggers know, people do not see it."""
    return replace(state, end_event=None)
