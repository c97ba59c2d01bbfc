"""Whatever the facts are, a view stays inside Slack's limits, mentions nobody and links nowhere."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

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
from coordination.ports import Definition, RunView, StepView
from coordination.questions import Approval
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
from tests.properties.facts import (
    T0,
    approvals,
    deep_steps,
    hostile,
    inputs,
    processes,
    runs,
    slug,
    threads,
    workflows,
)

URL = "https://baton.example"
# All that our own views may write between angle brackets.
OURS = re.compile(
    r"<(@[UW](?!EVIL)[A-Z0-9]+|!date\^\d+\^[^<>|]*\|[^<>|]*|https://baton\.example/[^<>|]*\|[^<>|]*)>"
)
TOKEN = re.compile(r"<[^<>]*>")


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


@given(found=processes, printed=st.booleans())
def test_any_output_can_be_shown(*, found: ProcessView, printed: bool) -> None:
    hold(output_reply(found, printed=printed))


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
