"""Whatever people and tools write, Home, lists, forms and answers stay inside Slack's limits and are text."""

import re
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.blocks import Shown, fit, section
from bot.slack.views import answers, inputs, modals
from bot.slack.views.approvals import approver
from bot.slack.views.controls import control_form
from bot.slack.views.home import HomeFacts, home_view
from coordination.desk import Desk, Profile, SourceView
from coordination.noise import ChannelPolicy, QuietHours
from coordination.outlook import outlook
from coordination.policy import Role
from coordination.ports import Person
from devslack.blocks import check_blocks, check_view
from handlers.slack.answers import (
    ApprovalPage,
    Followed,
    Following,
    Help,
    Lines,
    Listing,
    Loudness,
    MentionHelp,
    Myself,
    OldCard,
    Problems,
    Sources,
    ThreadApprovals,
    ThreadPage,
    UnknownSteps,
)
from handlers.slack.mentions import WORDS
from handlers.slack.screens import ChoiceForm, ControlForm
from handlers.slack.verbs import VERBS
from tests.properties.facts import (
    EVIL,
    WORSE,
    approvals,
    deep_steps,
    hostile,
    moments,
    named,
    runs,
    threads,
    workflows,
)
from tests.properties.test_views import URL, markup

LIVE = re.compile(r"<!(?!date\^)|<@UEVIL|<#CEVIL|<https://evil")
people = st.builds(
    partial(Person, id="U1"), handle=hostile, name=hostile, is_bot=st.booleans(),
    deleted=st.booleans(), is_admin=st.booleans(), restricted=st.booleans(),
)  # fmt: skip
profiles = st.builds(
    partial(Profile, id="U1"), person=st.none() | people,
    roles=st.sets(st.sampled_from(Role)).map(frozenset),
)  # fmt: skip
followed = st.builds(
    Followed, key=st.integers(1, 10**9), subject=named,
    filters=st.dictionaries(st.sampled_from(["only", "branch"]), hostile, max_size=2),
)  # fmt: skip


def each_its_own(found: list[Any]) -> tuple[Any, ...]:
    """Give each an id and a number of its own, as the store does: to draw until they differ is dear."""
    return tuple(
        replace(each, id=f"{each.id[:-2]}{place:02d}", number=each.number * 10 + place)
        for place, each in enumerate(found)
    )


def desk_of(
    profile: Profile, waiting: tuple[Any, ...], others: int, drawn: tuple[Any, ...], going: int
) -> Desk:
    return Desk(profile, waiting, others, drawn[:going], drawn[going:])


desks = st.builds(
    desk_of, profiles, st.lists(approvals, max_size=3).map(each_its_own), st.integers(0, 9),
    st.lists(runs, max_size=4).map(each_its_own), st.integers(0, 4),
)  # fmt: skip
policies = st.builds(
    ChannelPolicy, fallback=st.none() | hostile, owners=st.lists(hostile, max_size=5).map(tuple),
    digest=st.none() | st.floats(0.5, 168),
    quiet_hours=st.none() | st.builds(QuietHours, start=st.times(), end=st.times(), zone=hostile),
)  # fmt: skip
sources = st.builds(
    SourceView, name=named, kind=hostile, channel=st.none() | hostile, scheme=st.none() | hostile,
    used_at=st.none() | moments,
)  # fmt: skip
ways = st.sampled_from(["waiting", "running", "results", "following", "problems"])


def hold(shown: Shown) -> None:
    assert 0 < len(shown.text) <= 400
    assert check_blocks(list(shown.blocks)) == []
    assert check_view(modals.said(shown, live=True)) == []
    harmless(shown.text, *markup(shown.blocks))


def harmless(*texts: str) -> None:
    for text in texts:
        assert LIVE.search(text) is None, text
        assert "hunter2" not in text
        assert "\u202e" not in text


@given(
    desks,
    st.lists(followed, max_size=3, unique_by=lambda each: each.key),
    st.none() | st.lists(hostile, max_size=3),
    hostile,
)
def test_any_home_can_be_published(
    desk: Desk, follows: list[Followed], wrong: list[str] | None, said: str
) -> None:
    line = fit(answers.escape(said) or "x", [section("x", "t")])
    problems = None if wrong is None else tuple(wrong)
    for demo in (None, "demo"):
        for shown in (None, line):
            view = home_view(HomeFacts(desk, tuple(follows), problems, demo, shown), public_url=URL)
            assert check_view(view) == []
            assert len(view["blocks"]) <= 90
            harmless(*markup(view))


@given(approvals, runs, followed)
def test_a_home_with_everything_full_keeps_all_its_buttons(
    approval: Any, run: Any, follow: Followed
) -> None:
    """Eleven of each: ten are shown, and the way to the rest."""
    asked = replace(approval, state="open")
    many = range(1, 12)
    desk = Desk(
        Profile("U1", None, frozenset()),
        tuple(replace(asked, number=n, id=f"ap_{n:026d}") for n in many),
        0,
        tuple(replace(run, number=n, id=f"run_{n:026d}") for n in many),
        tuple(replace(run, number=100 + n) for n in many),
    )
    follows = tuple(replace(follow, key=n) for n in many)
    view = home_view(HomeFacts(desk, follows, tuple("x" * 400 for _ in many)), public_url=URL)

    assert check_view(view) == []
    actions = [each["block_id"] for each in view["blocks"] if each["type"] == "actions"]
    assert sum(each.startswith("d:") for each in actions) == 10
    assert [each for each in actions if each.startswith("s:")] == [
        "s:waiting", "s:running", "s:results", "s:following", "s:problems",
    ]  # fmt: skip


@given(
    ways,
    st.integers(0, 3),
    desks,
    st.lists(followed, max_size=3, unique_by=lambda each: each.key),
    st.lists(hostile, max_size=3),
)
def test_any_page_of_a_list_can_be_shown(
    kind: Any, page: int, desk: Desk, follows: list[Followed], wrong: list[str]
) -> None:
    listing = Listing(kind, page, desk, tuple(follows), tuple(wrong))
    hold(answers.draw(listing, public_url=URL))


@given(threads, approvals, st.lists(hostile, max_size=5), profiles, st.lists(sources, max_size=3))
def test_any_answer_about_a_thread_or_a_person_can_be_shown(
    thread: Any, approval: Any, lines: list[str], profile: Profile, found: list[SourceView]
) -> None:
    said = [
        ThreadPage(thread),
        ThreadApprovals((approval,), {approval.id: f"{URL}/x"}),
        ThreadApprovals(()),
        ApprovalPage(approval),
        Lines(lines[0] if lines else "x", tuple(lines)),
        Problems(tuple(lines)),
        Myself(profile, f"{URL}/login?t=abc"),
        Myself(profile, None),
        Sources(tuple(found)),
        OldCard(None),
        OldCard(f"{URL}/x"),
        MentionHelp(WORDS, lines[0] if lines else ""),
        Help(tuple(verb.explained for verb in VERBS)),
    ]
    for answer in said:
        shown = answers.draw(answer, public_url=URL)
        if isinstance(answer, ApprovalPage):  # whom its asker names is mentioned
            assert check_blocks(list(shown.blocks)) == []
        else:
            hold(shown)


@given(
    st.lists(followed, max_size=5),
    policies,
    st.dictionaries(named, hostile | st.integers() | st.floats(0, 9), max_size=4),
)
def test_what_somebody_follows_and_hears_can_be_shown(
    follows: list[Followed], policy: ChannelPolicy, figures: dict[str, Any]
) -> None:
    hold(answers.draw(Following(tuple(follows), "You follow `x`."), public_url=URL))
    hold(answers.draw(Loudness("C1", policy, figures, "Changed: replies."), public_url=URL))


@given(runs, st.lists(deep_steps, max_size=6, unique_by=lambda each: each.path))
def test_any_step_that_is_unknown_or_failed_can_be_asked_about(run: Any, steps: list[Any]) -> None:
    whole = replace(run, steps=tuple(steps))
    form = control_form(ControlForm("retry", outlook(whole, {}, None, ending=False)))
    assert check_view(form) == []
    harmless(*markup(form))
    shown = answers.draw(UnknownSteps(whole), public_url=URL)
    if shown.blocks:
        hold(shown)


@given(
    st.lists(workflows, min_size=1, max_size=4),
    st.integers(1, 60),
    st.sampled_from(["", "draft_1"]),
)
def test_any_choice_of_workflows_can_be_asked_for(found: list[Any], many: int, draft: str) -> None:
    every = [replace(each, name=f"{each.name[:30]}_{n}") for n in range(many) for each in found]
    view = inputs.choice_form(ChoiceForm(every, draft))
    assert check_view(view) == []
    harmless(*markup(view))


def test_the_hostile_texts_are_hostile() -> None:
    assert any(LIVE.search(text) for text in EVIL)
    assert any(len(text) > 3_000 for text in WORSE)


def test_who_is_no_person_and_no_group_is_never_mentioned() -> None:
    assert approver("<#CEVIL>", {"x": "<#CEVIL>"}) == "&lt;#CEVIL&gt;"
    assert approver("@ada", {"ada": "U1"}) == "<@U1>"
    assert approver("@ops", {"ops": "S1"}) == "<!subteam^S1>"
