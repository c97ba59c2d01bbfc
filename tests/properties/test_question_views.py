"""Whatever a question holds, its card, its details, its forms and its reminders stay inside Slack's limits."""

import re
from dataclasses import replace
from datetime import timedelta
from operator import add

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.blocks import Shown
from bot.slack.views import details, modals, nudges
from bot.slack.views.approvals import BUTTONS, approval_card
from coordination.question_view import QuestionView
from coordination.questions import Approval, Delegation, Escalation, Raised
from devslack.blocks import check_blocks, check_view
from handlers.slack import ids
from tests.properties import test_views as views
from tests.properties.test_views import (
    QUESTION,
    URL,
    asked_for,
    hostile,
    markup,
    moments,
    person,
    slug,
)

OURS = re.compile(
    r"<(@[UW](?!EVIL)[A-Z0-9]+|!subteam\^S0[A-Z]+|!date\^\d+\^[^<>|]*\|[^<>|]*"
    r"|https://baton\.example/[^<>|]*\|[^<>|]*)>"
)
HANDLES = {"grace": "U0GRACE", "sre": "S0SRE"}
forms = st.one_of(
    st.sampled_from(["@grace", "@sre", "S0SRE", "<!subteam^S0SRE>", "<!subteam^SEVIL>", "@nobody"]),
    person.map(lambda each: f"<@{each}>"),
    hostile.filter(lambda text: text != "<@UEVIL>"),
)
lists = st.lists(forms, min_size=1, max_size=6).map(tuple)
lengths = st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds))
long = st.sampled_from(["x" * 900 + "\n", "line\n" * 400, "+a\n-b\n" * 90, "```\n", "\n" * 3000])
bodies = st.one_of(hostile, long, st.tuples(hostile, long, hostile).map("".join))
files = st.one_of(
    st.fixed_dictionaries(
        {
            "file": hostile,
            "sha256": st.just("0" * 64),
            "lines": st.integers(0, 10**6),
            "text": bodies,
        },
        optional={"missing": st.integers(1, 10**6), "end": bodies},
    ).map(lambda shown: {**shown, "missing": shown.get("missing", 0)}),
    st.fixed_dictionaries({"diff": hostile, "sha256": st.just("0" * 64), "text": bodies}),
    st.fixed_dictionaries({"diff": hostile, "problem": hostile}),
)
delegations = st.builds(Delegation, person, person, st.none() | hostile, moments)


# An approval with all that may come to a question.
named_decisions = st.lists(slug, min_size=1, max_size=10, unique=True)
labels = st.lists(hostile, max_size=3)
questions = st.builds(
    lambda approval, said: replace(
        approval,
        question=replace(
            approval.question,
            labels=tuple(zip(approval.question.decisions, said, strict=False)),
        ),
    ),
    asked_for(
        {
            "show": st.builds(add, QUESTION["show"], st.lists(files, max_size=4).map(tuple)),
            "approvers": lists,
            "decisions": named_decisions.map(tuple),
            "remind": st.lists(lengths, max_size=10).map(tuple),
            "escalate": st.lists(st.builds(Escalation, lengths, lists), max_size=5).map(tuple),
        },
        delegations=st.lists(delegations, max_size=12).map(tuple),
        escalated=st.lists(st.builds(Raised, moments, lists), max_size=3).map(tuple),
        again_as=st.none() | st.integers(1, 99),
    ),
    labels,
)


# For what shows little of a question: its card and its details are drawn as often as the profile says.
SOME = settings(max_examples=10)


def hold(shown: Shown) -> None:
    assert 0 < len(shown.text) <= 400
    assert len(shown.blocks) <= 45
    if shown.blocks:
        assert check_blocks(list(shown.blocks)) == []
    for text in (shown.text, *markup(shown.blocks)):
        assert harmless(text), text


def harmless(text: str) -> bool:
    return (
        all(OURS.fullmatch(token) for token in views.TOKEN.findall(text))
        and "hunter2" not in text
        and "\u202e" not in text
    )


def offered(shown: Shown) -> set[str]:
    """Return every answer that can be given on a card."""
    found = set()
    for block in shown.blocks:
        for element in block.get("elements", ()) if block["type"] == "actions" else ():
            found |= {each["value"].rpartition(".")[2] for each in element.get("options", ())}
            action = element["action_id"]
            if action in (ids.APPROVE, ids.APPROVE_WITH):
                found.add("approve")
            elif action in (ids.REJECT, ids.REJECT_NOW):
                found.add("reject")
            elif action.startswith((f"{ids.CHOOSE}:", f"{ids.ANSWER}:")):
                found.add(action.rpartition(":")[2])
    return found


@given(questions)
def test_a_card_of_any_question_offers_every_answer(approval: Approval) -> None:
    for rung in (0, 1, 2, 3):
        shown = approval_card(approval, run_url=f"{URL}/r/R-1", people=HANDLES, rung=rung)
        hold(shown)
        if approval.state == "open" and rung < 3:
            assert offered(shown) == set(approval.question.choices)
        elif approval.state != "open":
            assert offered(shown) == set()
    listed = len(approval.question.decisions) > BUTTONS
    assert approval.state != "open" or listed == (
        "static_select" in str(approval_card(approval, run_url=None, people=HANDLES).blocks[-2])
    )


@given(questions, st.lists(hostile, max_size=30).map(tuple), st.none() | hostile, st.booleans())
def test_details_of_any_question_fit_into_a_modal(
    approval: Approval,
    waiting: tuple[str, ...],
    why_not: str | None,
    handed: bool,  # noqa: FBT001  # drawn
) -> None:
    look = QuestionView(approval, HANDLES, waiting, why_not, voted=False, handed=handed)
    view = details.details(look, run_url=f"{URL}/r/R-1")
    assert check_view(view) == []
    for text in markup(view["blocks"]):
        assert harmless(text), text


@SOME
@given(questions)
def test_the_forms_of_any_question_open(approval: Approval) -> None:
    assert check_view(details.delegation_form(approval)) == []
    for choice in approval.question.choices:
        assert check_view(modals.reason_form(approval, choice)) == []


@SOME
@given(
    questions,
    st.sampled_from(["remind", "escalate", "delegate"]),
    st.lists(forms, min_size=1, max_size=11).map(tuple),
    st.booleans(),
)
def test_a_reminder_of_any_question_can_be_sent(
    approval: Approval,
    why: str,
    people: tuple[str, ...],
    direct: bool,  # noqa: FBT001  # drawn
) -> None:
    for rung in (0, 1, 2, 3):
        facts = nudges.Nudge(approval, why, people, HANDLES, direct=direct, url=f"{URL}/r/R-1")
        shown = nudges.nudge(facts, rung=rung)
        assert (shown is None) == approval.ended
        if shown is not None:
            hold(shown)
