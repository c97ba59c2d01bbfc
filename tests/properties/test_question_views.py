"""Whatever a question holds, its card, its details, its forms and its reminders stay inside Slack's limits."""

import re
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.blocks import Shown
from bot.slack.views import details, modals, nudges
from bot.slack.views.approvals import BUTTONS, approval_card
from coordination.question_view import QuestionView
from coordination.questions import Approval, Delegation, Escalation, Raised
from devslack.blocks import check_blocks, check_view
from handlers.slack import ids
from tests.properties import shapes
from tests.properties import test_views as views
from tests.properties.facts import (
    MAYBE,
    MOMENT,
    PERSON,
    QUESTION,
    SLUG,
    WORDS,
    asked_for,
    drawn,
    hostile,
)
from tests.properties.shapes import TEXT
from tests.properties.test_views import URL, markup

OURS = re.compile(
    r"<(@[UW](?!EVIL)[A-Z0-9]+|!subteam\^S0[A-Z]+|!date\^\d+\^[^<>|]*\|[^<>|]*"
    r"|https://baton\.example/[^<>|]*\|[^<>|]*)>"
)
HANDLES = {"grace": "U0GRACE", "sre": "S0SRE"}
FORM = shapes.one_of(
    shapes.sampled_from(
        ["@grace", "@sre", "S0SRE", "<!subteam^S0SRE>", "<!subteam^SEVIL>", "@nobody"]
    ),
    PERSON.map(lambda each: f"<@{each}>"),
    WORDS,
)
LIST = shapes.lists(FORM, min_size=1, max_size=6)
LENGTH = shapes.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds))
LONG = shapes.sampled_from(
    ["x" * 900 + "\n", "line\n" * 400, "+a\n-b\n" * 90, "```\n", "\n" * 3000]
)
BODY = shapes.one_of(TEXT, LONG, shapes.tuples(TEXT, LONG, TEXT).map("".join))
HASH = shapes.just("0" * 64)
FILE = shapes.one_of(
    shapes.fixed_dictionaries(
        {"file": TEXT, "sha256": HASH, "lines": shapes.integers(0, 10**6), "text": BODY},
        optional={"missing": shapes.integers(1, 10**6), "end": BODY},
    ).map(lambda shown: {**shown, "missing": shown.get("missing", 0)}),
    shapes.fixed_dictionaries({"diff": TEXT, "sha256": HASH, "text": BODY}),
    shapes.fixed_dictionaries({"diff": TEXT, "problem": TEXT}),
)


def labelled(approval: Approval, labels: tuple[str, ...]) -> Approval:
    named = zip(approval.question.decisions, labels, strict=False)
    return replace(approval, question=replace(approval.question, labels=tuple(named)))


# An approval with all that may come to a question.
ASKED = shapes.builds(
    labelled,
    asked_for(
        {
            "show": shapes.tuples(QUESTION["show"], shapes.lists(FILE, max_size=4)).map(
                lambda both: both[0] + both[1]
            ),
            "approvers": LIST,
            "decisions": shapes.lists(SLUG, min_size=1, max_size=10, unique_by=str),
            "remind": shapes.lists(LENGTH, max_size=10),
            "escalate": shapes.lists(shapes.builds(Escalation, LENGTH, LIST), max_size=5),
        },
        delegations=shapes.lists(
            shapes.builds(Delegation, PERSON, PERSON, MAYBE, MOMENT), max_size=12
        ),
        escalated=shapes.lists(shapes.builds(Raised, MOMENT, LIST), max_size=3),
        again_as=shapes.none() | shapes.integers(1, 99),
    ),
    shapes.lists(TEXT, max_size=3),
)
questions = drawn(ASKED)
people_asked = drawn(shapes.lists(FORM, min_size=1, max_size=11))


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


@given(questions)
def test_the_forms_of_any_question_open(approval: Approval) -> None:
    assert check_view(details.delegation_form(approval)) == []
    for choice in approval.question.choices:
        assert check_view(modals.reason_form(approval, choice)) == []


@given(
    questions,
    st.sampled_from(["remind", "escalate", "delegate"]),
    people_asked,
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
