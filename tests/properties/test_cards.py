"""Every private answer, Home, list, digest, roll-up and letter: whatever it holds, it fits and does nothing."""

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.slack.blocks import Shown, at_rung
from bot.slack.text import sentence
from bot.slack.views import answers, modals, notices
from bot.slack.views.controls import FORMS, control_form
from bot.slack.views.home import HomeFacts, home_view
from bot.slack.views.notices import Line
from coordination.definitions import WorkflowView
from coordination.desk import Desk
from coordination.outlook import outlook
from coordination.ports import RunView
from coordination.questions import Approval
from coordination.threads_view import ThreadView
from devslack.blocks import check_blocks, check_view
from handlers.slack.screens import ControlForm
from tests.properties import test_views as views
from tests.properties.facts import approvals, hostile, moments, runs, slug, threads, workflows
from tests.properties.test_views import TOKEN, URL, harmless, markup

ANYTHING = st.one_of(hostile, st.integers(0, 10**6), st.none(), st.just(timedelta(minutes=3)))
WHOLE: Mapping[Any, st.SearchStrategy[Any]] = {
    Approval: approvals,
    RunView: runs,
    ThreadView: threads,
    WorkflowView: workflows,
    Shown: hostile.map(lambda text: answers.words(sentence(text) or "x")),
    str: hostile,
    bool: st.booleans(),
    int: st.integers(1, 10**6),
    float: st.floats(0, 10**6),
    datetime: moments,
    time: st.times(),
    timedelta: st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    Any: ANYTHING,
    object: ANYTHING,
}
OURS = st.just(f"{URL}/r/R-1")
# What Baton itself fills in, by the name of the member: addresses, names that were checked, mentions.
NAMED: Mapping[str, st.SearchStrategy[Any]] = {
    "url": st.none() | OURS,
    "thread_url": st.none() | OURS,
    "link": st.none() | OURS,
    "urls": st.dictionaries(slug, OURS, max_size=2),
    "person": st.just("U123"),
    "id": st.just("U123"),
    "channel": st.just("C123"),
    "just": st.sampled_from(["", "Saved."]),
    "usage": st.just("status [run]"),
    "example": st.just("status R-1"),
    "demo": st.none() | slug,
    "word": st.sampled_from(["Failed", "Running", "Needs you"]),
    "group": st.sampled_from(["Look", "Steer"]),
}


def any_of(kind: Any, name: str = "") -> st.SearchStrategy[Any]:
    """Return a strategy for a type as it is declared; texts are hostile ones."""
    inner = typing.get_args(kind)
    if name in NAMED and (kind in WHOLE or str in inner):
        return NAMED[name]
    if kind in WHOLE:
        return WHOLE[kind]
    if isinstance(kind, type) and is_dataclass(kind):
        return built(kind)
    return composed(typing.get_origin(kind), inner) if inner else st.from_type(kind)


def composed(origin: Any, inner: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for a type that is made of others."""
    if origin is Literal:
        return st.sampled_from(inner)
    parts = [st.none() if each in (type(None), ...) else any_of(each) for each in inner]
    if origin in (typing.Union, types.UnionType):
        return st.one_of(parts)
    if origin is Mapping:
        return st.dictionaries(*parts, max_size=3)
    return st.lists(parts[0], max_size=3).map(origin if origin in (tuple, frozenset) else tuple)


def built(kind: Any) -> st.SearchStrategy[Any]:
    known = typing.get_type_hints(kind)
    members = {each.name: any_of(known[each.name], each.name) for each in fields(kind) if each.init}
    return st.builds(kind, **members)


ANSWERS = sorted(answers.drawings(URL), key=lambda each: each.__name__)
# Fewer than elsewhere, since these are forty kinds of answers that share their parts, and the parts
# (approvals, runs, threads, workflows, texts) are drawn as often as anything in test_views.py.
SOME = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def hold(shown: Shown) -> None:
    assert 0 < len(shown.text) <= 400
    assert check_blocks(list(shown.blocks)) == []
    for text in (shown.text, *markup(shown.blocks)):
        assert quiet(text), text


def quiet(text: str) -> bool:
    """Say whether a private answer links only to ourselves, calls nobody together and shows no secret.

    It may name people: nobody is notified of what one person alone is told.
    """
    tokens = [
        each for each in TOKEN.findall(text) if not each.startswith(("<@", "<#C", "<!subteam^"))
    ]
    return (
        "hunter2" not in text
        and "\u202e" not in text
        and all(views.OURS.fullmatch(each) for each in tokens)
    )


@pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)
def test_any_answer_of_any_kind_can_be_shown(kind: type) -> None:
    @given(fitting(kind))
    @SOME
    def shown_well(answer: Any) -> None:
        shown = answers.draw(answer, public_url=URL)

        hold(shown)
        assert check_view(modals.said(shown)) == []

    shown_well()


LISTS = ("approvals", "workflows", "runs", "waiting", "running", "results", "sources", "followed")


def fitting(kind: type) -> st.SearchStrategy[Any]:
    """Return what such an answer holds where it is made: each thing once, and something to list."""
    made = any_of(kind).map(distinct)
    if "desk" in {each.name for each in fields(kind)}:
        made = st.builds(lambda each, desk: replace(each, desk=distinct(desk)), made, any_of(Desk))
    return made


def distinct(held: Any) -> Any:
    """Leave each thing once in the lists of *held*, as they come from the store."""
    if held is None or not is_dataclass(held):
        return held
    changed = {}
    for member in LISTS:
        if hasattr(held, member):
            found = list(getattr(held, member))
            for name in ("id", "number", "key", "name"):  # of what has such a one, each once
                marked = {getattr(each, name, at): each for at, each in enumerate(found)}
                found = list(marked.values())
            changed[member] = tuple(found)
    return replace(held, **changed)  # type: ignore[type-var]  # it is an instance


@given(fitting(HomeFacts) | fitting(HomeFacts).map(lambda each: replace(each, desk=None)))
@SOME
def test_any_home_can_be_shown(facts: HomeFacts) -> None:
    found = home_view(facts, public_url=URL)

    assert check_view(found) == []
    assert all(quiet(text) for text in markup(found["blocks"]))


lines = st.lists(any_of(Line), max_size=4)


@given(lines, hostile, st.integers(2, 10**6), moments, moments, threads)
@SOME
def test_any_digest_roll_up_and_letter_can_be_shown(
    found: list[Line], cause: str, count: int, since: datetime, until: datetime, thread: ThreadView
) -> None:
    for rung in (0, 1, 2):
        for shown in (
            notices.digest_card(found * 12, since=since, until=until, rung=rung),
            notices.rollup_card(cause, count, until, found * 12, rung=rung),
            notices.follow_card(thread, public_url=URL, rung=rung),
        ):
            views.hold(shown)
            views.hold(at_rung(shown, 3, f"{URL}/r/R-1"))


@given(approvals, st.dictionaries(hostile, hostile, max_size=3), hostile)
@SOME
def test_a_message_without_mentions_notifies_nobody(
    approval: Approval, handles: dict[str, str], note: str
) -> None:
    shown = notices.reminder(approval, handles, rung=0)
    if shown is None:
        return
    silent = notices.without_mentions(shown, handles)

    assert not notices.mentions(silent)
    assert all(harmless(text) for text in markup(silent.blocks))
    assert check_blocks(list(notices.noted(silent, note or "x").blocks)) == []


@given(runs, st.booleans())
@SOME
def test_any_form_that_steers_a_run_can_be_opened(run: RunView, ending: bool) -> None:  # noqa: FBT001
    steps = [{"id": step.path, "action": "x", "compensate": {}} for step in run.steps]
    found = outlook(run, {"steps": steps}, None, ending=ending)
    for kind in FORMS:
        if kind != "skip" or any(0 < len(step.path) <= 150 for step in found.skippable):
            form = control_form(ControlForm(kind, found))  # type: ignore[arg-type]  # one of them
            assert check_view(form) == []
            assert all(harmless(text) for text in markup(form["blocks"]))
