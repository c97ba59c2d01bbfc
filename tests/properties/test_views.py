"""Whatever the facts are, a view stays inside Slack's limits, mentions nobody and links nowhere."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import add
from string import ascii_lowercase, digits
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from baton.status import Status
from bot.slack.blocks import STABLE_KINDS, Shown, at_rung
from bot.slack.text import escape, replied, sentence
from bot.slack.views import answers, modals
from bot.slack.views import inputs as forms
from bot.slack.views.approvals import approval_card
from bot.slack.views.processes import output_reply
from bot.slack.views.runs import failure_reply
from bot.slack.views.threads import thread_card
from bot.slack.views.unknown import unknown_card
from coordination.definitions import WorkflowView
from coordination.ports import Definition, OpenQuestion, RunStatus, RunView, StepStatus, StepView
from coordination.questions import Approval, Covered, Question, Vote
from coordination.threads_view import ProcessView, ThreadView
from devslack.blocks import check_blocks, check_view
from handlers.slack.answers import (
    ApprovalList,
    Difference,
    Misread,
    RunList,
    RunPage,
    Sentence,
    TooLate,
    WorkflowDone,
    WorkflowList,
    WorkflowPage,
)
from handlers.slack.screens import StartForm

URL = "https://baton.example"
T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVIL = (
    "<@UEVIL>",
    "<!channel>",
    "<!here|here>",
    "<!subteam^SEVIL>",
    "<#CEVIL>",
    "<https://evil.example|ok>",
    "```",
    "`",
    "&lt;!channel&gt;",
    "\u202e\u200b",
    "token=hunter2-hunter2",
    "\n",
)
# All that our own views may write between angle brackets.
OURS = re.compile(
    r"<(@[UW](?!EVIL)[A-Z0-9]+|!date\^\d+\^[^<>|]*\|[^<>|]*|https://baton\.example/[^<>|]*\|[^<>|]*)>"
)
TOKEN = re.compile(r"<[^<>]*>")

LONG = "x" * 900
WORSE = (
    *EVIL,
    "".join(EVIL),
    LONG,
    LONG * 5,
    f"{LONG}{''.join(EVIL)}",
    "".join(EVIL) * 40,
    "",
    "ok",
)
hostile = st.one_of(st.sampled_from(WORSE), st.text(max_size=12))
words = hostile.filter(lambda text: text != "<@UEVIL>")  # whom an asker names is mentioned
named = hostile.map(lambda text: text or "x")


# Text of an alphabet is drawn in one go, a regular expression sign by sign: fifteen times as slow.
def spelled(first: str, rest: str, *, least: int, most: int) -> st.SearchStrategy[str]:
    """Draw what the pattern ``[first][rest]{least,most}`` matches."""
    return st.builds(add, st.sampled_from(first), st.text(rest, min_size=least, max_size=most))


slug = spelled(ascii_lowercase, f"{ascii_lowercase}{digits}_", least=0, most=40)
moments = st.integers(0, 10**7).map(lambda seconds: T0 + timedelta(seconds=seconds))
maybe_moment = st.none() | moments
person = spelled("U", digits, least=3, most=8)
actor = st.one_of(person, hostile, st.just("timer"))
values = st.recursive(
    st.one_of(hostile, st.integers(), st.booleans(), st.none()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(hostile, inner, max_size=2),
    max_leaves=3,
)

# What is always the same is given by `partial`: every member that is drawn costs, a constant too.
QUESTION: Mapping[str, st.SearchStrategy[Any]] = {
    "title": hostile,
    "description": st.none() | hostile,
    "show": st.lists(values, max_size=2).map(tuple),
    "approvers": st.lists(
        st.one_of(person, person.map(lambda p: f"<@{p}>"), words), max_size=6
    ).map(tuple),
    "quorum": st.integers(1, 9),
    "decisions": st.lists(slug, min_size=1, max_size=6, unique=True).map(tuple),
    "answer": st.sampled_from(["choice", "text"]),
    "require_reason": st.sampled_from(["reject", "always", "never"]),
    "covers": st.lists(
        st.builds(partial(Covered, digest="d"), path=named, action=hostile, params=values),
        max_size=6,
    ).map(tuple),
    "not_covered": st.lists(st.tuples(named, hostile), max_size=5).map(tuple),
}
votes = st.builds(
    partial(Vote, version=1, state="counted"), person=person, choice=slug,
    text=st.none() | hostile, comment=st.none() | hostile, via=hostile, at=moments,
)  # fmt: skip
APPROVAL: Mapping[str, st.SearchStrategy[Any]] = {
    "number": st.integers(1, 10**6),
    "state": st.sampled_from(["open", "checking", "approved", "rejected", "answered", "expired", "withdrawn", "superseded"]),
    "version": st.integers(1, 999),
    "asked_at": moments,
    "run_number": st.none() | st.integers(1, 10**6),
    "workflow": st.none() | hostile,
    "requested_by": st.none() | actor,
    "expires_at": maybe_moment,
    "votes": st.lists(votes, max_size=4).map(tuple),
    "decision": st.none() | slug,
    "decided_by": st.none() | actor,
    "comment": st.none() | hostile,
    "text": st.none() | hostile,
    "via": st.none() | hostile,
    "note": st.none() | hostile,
    "decided_at": maybe_moment,
}  # fmt: skip


def asked_for(
    question: Mapping[str, st.SearchStrategy[Any]],
    **more: st.SearchStrategy[Any],
) -> st.SearchStrategy[Approval]:
    """Draw an approval whose question has these members, and *more* of its own."""
    constant = partial(Approval, id="ap_00000000000000000000000001", digest="d", key=1)
    asking = st.builds(Question, **{**QUESTION, **question})
    return st.builds(constant, question=asking, **{**APPROVAL, **more})


approvals = asked_for({})
errors = st.none() | st.fixed_dictionaries({"type": hostile, "message": hostile})
steps = st.builds(
    partial(StepView, kind="action"), path=named.map(lambda text: text[:300]), name=hostile,
    status=st.sampled_from(StepStatus), attempts=st.integers(0, 9), action=st.none() | hostile,
    error=errors, started_at=maybe_moment, ended_at=maybe_moment,
)  # fmt: skip
deep_steps = st.builds(lambda step, value: replace(step, input=value), steps, values)
asked = st.builds(
    partial(OpenQuestion, approval_id="ap_1"), number=st.integers(1, 99), path=hostile,
    title=hostile, approvers=st.lists(hostile, max_size=4).map(tuple), quorum=st.integers(1, 3),
    approved=st.integers(0, 2), since=moments, expires_at=maybe_moment,
)  # fmt: skip
runs = st.builds(
    partial(RunView, revision="abc", trigger={}, inputs={}, outputs=None, thread_id="th_1"),
    id=st.integers(1, 10**6).map(lambda n: f"run_{n:026d}"),
    number=st.integers(1, 10**6),
    workflow=slug,
    title=hostile,
    status=st.sampled_from(RunStatus),
    started_by=actor,
    error=errors,
    created_at=moments,
    started_at=maybe_moment,
    ended_at=maybe_moment,
    updated_at=moments,
    steps=st.lists(steps, max_size=4, unique_by=lambda step: step.path).map(tuple),
    questions=st.lists(asked, max_size=2).map(tuple),
)
numbers = st.none() | st.floats(0, 10**6)
states = st.fixed_dictionaries(
    {},
    optional={
        "message": hostile,
        "progress": st.fixed_dictionaries(
            {},
            optional={"current": numbers, "total": numbers, "unit": hostile, "fraction": numbers},
        ),
        "subject": st.dictionaries(
            st.sampled_from(["repo", "sha", "ref", "environment", "version"]), hostile
        ),
        "actor": st.fixed_dictionaries({"name": hostile}),
        "error": st.fixed_dictionaries({"message": hostile}),
        "metadata": st.fixed_dictionaries({"tail": hostile}),
    },
)


def process(children: st.SearchStrategy[tuple[ProcessView, ...]]) -> st.SearchStrategy[ProcessView]:
    return st.builds(
        partial(ProcessView, key=1, category=None, thread_id="th_1"),
        namespace=hostile, process_id=named, attempt=st.integers(1, 9),
        source=hostile, name=hostile, status=st.sampled_from(Status),
        state=states, owner=st.none() | hostile,
        run_id=st.none() | st.just("run_1"), started_at=maybe_moment, ended_at=maybe_moment,
        created_at=moments, updated_at=moments, children=children,
    )  # fmt: skip


processes = process(st.lists(process(st.just(())), max_size=3).map(tuple))
threads = st.builds(
    partial(ThreadView, key=1, id="th_1", channel=None, approvals=(), slots=()), title=hostile,
    created_at=moments, updated_at=moments, processes=st.lists(processes, max_size=2).map(tuple),
    runs=st.lists(runs, max_size=5, unique_by=lambda run: run.number).map(tuple),
)  # fmt: skip
inputs = st.dictionaries(
    slug,
    st.fixed_dictionaries(
        {"type": st.sampled_from(["string", "integer", "boolean", "array"])},
        optional={
            "required": st.booleans(),
            "description": hostile,
            "default": values,
            "enum": st.lists(hostile, max_size=4),
        },
    ),
    max_size=5,
)
workflows = st.builds(
    partial(WorkflowView, status="active", revision=1),
    name=slug,
    definition=st.builds(
        partial(Definition, hash="h"), name=slug, title=hostile, description=hostile,
        body=inputs.map(lambda declared: {"inputs": declared}), source=hostile,
        channel=st.none() | hostile, start_by=st.lists(hostile, max_size=4).map(tuple),
    ),
    problems=st.none() | st.just([{"message": "bad <!channel>"}]),
    published_at=moments,
    published_by=actor,
    updated_at=moments,
)  # fmt: skip


def markup(value: Any) -> Iterator[str]:
    """Yield every text that Slack reads as markup."""
    if isinstance(value, Mapping):
        if value.get("type") == "mrkdwn":
            assert value["verbatim"] is True
            yield value["text"]
        if isinstance(value.get("title"), str):  # of a plan: nobody says how Slack reads it
            yield value["title"]
        for item in value.values():
            yield from markup(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from markup(item)


def hold(shown: Shown) -> None:
    """Assert the limits of Slack, our own budget, and that nobody is mentioned by foreign text."""
    assert 0 < len(shown.text) <= 400
    assert len(shown.blocks) <= 45
    if shown.blocks:
        assert check_blocks(list(shown.blocks)) == []
    for text in (shown.text, *markup(shown.blocks)):
        assert harmless(text), text


def harmless(text: str) -> bool:
    """Say whether all that stands between angle brackets is ours."""
    tokens = TOKEN.findall(text)
    return (
        all(OURS.fullmatch(token) for token in tokens)
        and "hunter2" not in text
        and "\u202e" not in text
        and "<!ch" not in text
        and "<@UEVIL" not in text
    )


def presses(shown: Shown) -> list[str]:
    elements = (each for block in shown.blocks for each in block.get("elements", ()))
    return [each["value"] for each in elements if "value" in each]


@given(approvals)
def test_any_approval_can_be_shown_at_every_rung(approval: Approval) -> None:
    for rung in (0, 1, 2):
        shown = approval_card(approval, run_url=f"{URL}/r/R-1", rung=rung)
        hold(shown)
        if rung < 2:
            values = set(presses(shown))
            nothing = approval.ended and not approval.unanswered  # else it can be asked again
            assert values == (set() if nothing else {f"{approval.id}.{approval.version}"})


@given(threads)
def test_any_thread_can_be_shown_at_every_rung(thread: ThreadView) -> None:
    shown = thread_card(thread, public_url=URL)
    for rung in (0, 1, 2):
        drawn = thread_card(thread, public_url=URL, rung=rung)
        hold(at_rung(drawn, rung, f"{URL}/r/R-1"))
        assert rung == 0 or all(block["type"] in STABLE_KINDS for block in drawn.blocks)
    assert thread_card(thread, public_url=URL) == shown


@given(runs, deep_steps, hostile)
def test_any_run_and_step_can_be_shown(run: RunView, step: StepView, printed: str) -> None:
    hold(unknown_card(run, step, attempt=1, run_url=f"{URL}/r/R-1"))
    failed = failure_reply(run, step, printed=printed, run_url=f"{URL}/r/R-1")
    assert (failed is None) == (isinstance(step.error, dict) and step.error["type"] == "rejected")
    if failed is not None:
        hold(failed)


@given(processes)
def test_any_output_can_be_shown(found: ProcessView) -> None:
    shown = output_reply(found)
    if shown is not None:
        hold(shown)


@given(st.lists(runs, max_size=2), st.lists(approvals, max_size=2), hostile, workflows)
def test_any_private_answer_can_be_shown(
    some: list[RunView], waiting: list[Approval], text: str, workflow: WorkflowView
) -> None:
    unique = {each.number: each for each in some}
    numbered = {each.number: each for each in waiting}
    said = [
        Sentence(text or "x"),
        Misread(text, 3, 4, text or "x", text or "x"),
        RunList(tuple(unique.values()), more=True, filters={"state": text}),
        WorkflowList((workflow,)),
        WorkflowPage(workflow),
        WorkflowDone(workflow, text or "x", (text or "x",) * 30),
        Difference(workflow.name, 1, 2, text * 50, (text or "x",)),
        *(RunPage(each, None) for each in some),
        *(TooLate(each) for each in waiting),
    ]
    for answer in said:
        hold_private(answers.draw(answer, public_url=URL))
    if len(numbered) == 1:
        hold_private(answers.draw(ApprovalList(tuple(waiting[:1]), everybody=True), public_url=URL))


def hold_private(shown: Shown) -> None:
    assert 0 < len(shown.text) <= 400
    assert check_blocks(list(shown.blocks)) == []
    for text in markup(shown.blocks):
        assert "<!ch" not in text
        assert "<https://evil" not in text
    assert check_view(modals.said(shown)) == []


@given(approvals, workflows, st.dictionaries(slug, hostile, max_size=5))
def test_any_form_can_be_opened(
    approval: Approval, workflow: WorkflowView, given_values: dict[str, str]
) -> None:
    for choice in approval.question.choices:
        assert check_view(modals.reason_form(approval, choice)) == []
    form = StartForm(workflow, given_values, [("a", "b <!channel>")])
    assert check_view(forms.start_form(form)) == []
    assert check_view(modals.loading("Recording…")) == []


@given(threads, st.integers(10, 60), st.integers(10, 60), inputs)
def test_large_things_fit_too(
    thread: ThreadView, many: int, more: int, declared: dict[str, Any]
) -> None:
    """Sizes come by copying, since drawing so much at random takes its time."""
    tops = tuple(replace(each, children=each.children * many) for each in thread.processes) * 3
    some = [replace(run, steps=run.steps * many) for run in thread.runs for _ in range(more)]
    numbered = tuple(replace(run, number=place) for place, run in enumerate(some, start=1))
    hold(thread_card(replace(thread, processes=tops, runs=numbered), public_url=URL))
    wide = {f"{name}{place}": each for place in range(many) for name, each in declared.items()}
    hold_private(answers.draw(RunList(numbered[:10], more=True, filters={}), public_url=URL))
    body = {"inputs": wide}
    definition = Definition("w", "W", "", "h", body, "")
    workflow = WorkflowView("w", "active", 1, definition, None, T0, "U1", T0)
    assert check_view(forms.start_form(StartForm(workflow, {}, []))) == []
    hold_private(answers.draw(WorkflowPage(workflow), public_url=URL))
    hold_private(answers.draw(WorkflowList((workflow,) * more), public_url=URL))
    gains = tuple(f"runs the program `{name}`" for name in wide)
    hold_private(answers.draw(WorkflowDone(workflow, "is in use", gains), public_url=URL))
    text = "".join(f"+{name}: {each}\n" for name, each in wide.items())
    hold_private(answers.draw(Difference("w", 1, 2, text, gains), public_url=URL))


@given(hostile)
def test_text_from_outside_is_only_text(text: str) -> None:
    assert "<" not in escape(text)
    assert set(TOKEN.findall(sentence(text))) <= {"<@UEVIL>"}
    assert set(TOKEN.findall(replied(text, {"UEVIL"}, {}))) <= {"<@UEVIL>", "<#CEVIL>"}
    assert set(TOKEN.findall(replied(text, (), {"UEVIL": "<@UEVIL>"}))) <= {"<#CEVIL>"}
