"""Approvals, runs, threads and workflows full of hostile text, for whatever is shown to people."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import add
from string import ascii_lowercase, digits
from typing import Any

from hypothesis import strategies as st

from baton.status import Status
from coordination.definitions import WorkflowView
from coordination.ports import Definition, OpenQuestion, RunStatus, RunView, StepStatus, StepView
from coordination.questions import Approval, Covered, Question, Vote
from coordination.threads_view import ProcessView, ThreadView
from tests.properties import shapes
from tests.properties.shapes import TEXT, Shape

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


def drawn(shape: Shape[Any]) -> st.SearchStrategy[Any]:
    return shapes.drawn(shape, hostile)


WORDS = TEXT.map(
    lambda text: "ok" if text == "<@UEVIL>" else text
)  # whom an asker names is mentioned
NAMED = TEXT.map(lambda text: text or "x")
SLUG = shapes.text(ascii_lowercase, f"{ascii_lowercase}{digits}_", most=40)
MOMENT = shapes.integers(0, 10**7).map(lambda seconds: T0 + timedelta(seconds=seconds))
PERSON = shapes.text("U", digits, least=3, most=8)
ACTOR = shapes.one_of(PERSON, TEXT, shapes.just("timer"))
MAYBE = shapes.none() | TEXT
MAYBE_MOMENT = shapes.none() | MOMENT
LEAF = shapes.one_of(TEXT, shapes.integers(-(10**30), 10**30), shapes.booleans(), shapes.none())


def nested(inner: Shape[Any]) -> Shape[Any]:
    some = shapes.lists(inner, max_size=2).map(list)
    return shapes.one_of(LEAF, LEAF, some, shapes.dictionaries(TEXT, inner, max_size=2))


VALUE = nested(nested(LEAF))

QUESTION: Mapping[str, Shape[Any]] = {
    "title": TEXT,
    "description": MAYBE,
    "show": shapes.lists(VALUE, max_size=2),
    "approvers": shapes.lists(
        shapes.one_of(PERSON, PERSON.map(lambda who: f"<@{who}>"), WORDS), max_size=6
    ),
    "quorum": shapes.integers(1, 9),
    "decisions": shapes.lists(SLUG, min_size=1, max_size=6, unique_by=str),
    "answer": shapes.sampled_from(["choice", "text"]),
    "require_reason": shapes.sampled_from(["reject", "always", "never"]),
    "covers": shapes.lists(
        shapes.builds(partial(Covered, digest="d"), path=NAMED, action=TEXT, params=VALUE),
        max_size=6,
    ),
    "not_covered": shapes.lists(shapes.tuples(NAMED, TEXT), max_size=5),
}
VOTE = shapes.builds(
    partial(Vote, version=1, state="counted"), person=PERSON, choice=SLUG,
    text=MAYBE, comment=MAYBE, via=TEXT, at=MOMENT,
)  # fmt: skip
APPROVAL: Mapping[str, Shape[Any]] = {
    "number": shapes.integers(1, 10**6),
    "state": shapes.sampled_from(["open", "checking", "approved", "rejected", "answered", "expired", "withdrawn", "superseded"]),
    "version": shapes.integers(1, 999),
    "asked_at": MOMENT,
    "run_number": shapes.none() | shapes.integers(1, 10**6),
    "workflow": MAYBE,
    "requested_by": shapes.none() | ACTOR,
    "expires_at": MAYBE_MOMENT,
    "votes": shapes.lists(VOTE, max_size=4),
    "decision": shapes.none() | SLUG,
    "decided_by": shapes.none() | ACTOR,
    "comment": MAYBE,
    "text": MAYBE,
    "via": MAYBE,
    "note": MAYBE,
    "decided_at": MAYBE_MOMENT,
}  # fmt: skip


def asked_for(question: Mapping[str, Shape[Any]], **more: Shape[Any]) -> Shape[Approval]:
    """Shape an approval whose question has these members, and *more* of its own."""
    constant = partial(Approval, id="ap_00000000000000000000000001", digest="d", key=1)
    asking = shapes.builds(Question, **{**QUESTION, **question})
    return shapes.builds(constant, question=asking, **{**APPROVAL, **more})


ERROR = shapes.none() | shapes.fixed_dictionaries({"type": TEXT, "message": TEXT})
STEP = shapes.builds(
    partial(StepView, kind="action"), path=NAMED.map(lambda text: text[:300]), name=TEXT,
    status=shapes.sampled_from(StepStatus), attempts=shapes.integers(0, 9), action=MAYBE,
    error=ERROR, started_at=MAYBE_MOMENT, ended_at=MAYBE_MOMENT,
)  # fmt: skip
DEEP_STEP = shapes.builds(lambda step, value: replace(step, input=value), STEP, VALUE)
ASKED = shapes.builds(
    partial(OpenQuestion, approval_id="ap_1"), number=shapes.integers(1, 99), path=TEXT,
    title=TEXT, approvers=shapes.lists(TEXT, max_size=4), quorum=shapes.integers(1, 3),
    approved=shapes.integers(0, 2), since=MOMENT, expires_at=MAYBE_MOMENT,
)  # fmt: skip
RUN = shapes.builds(
    partial(RunView, revision="abc", trigger={}, inputs={}, outputs=None, thread_id="th_1"),
    id=shapes.integers(1, 10**6).map(lambda n: f"run_{n:026d}"),
    number=shapes.integers(1, 10**6),
    workflow=SLUG,
    title=TEXT,
    status=shapes.sampled_from(RunStatus),
    started_by=ACTOR,
    error=ERROR,
    created_at=MOMENT,
    started_at=MAYBE_MOMENT,
    ended_at=MAYBE_MOMENT,
    updated_at=MOMENT,
    steps=shapes.lists(STEP, max_size=4, unique_by=lambda step: step.path),
    questions=shapes.lists(ASKED, max_size=2),
)
NUMBER = shapes.none() | shapes.floats(0, 10**6)
STATE = shapes.fixed_dictionaries(
    {},
    optional={
        "message": TEXT,
        "progress": shapes.fixed_dictionaries(
            {}, optional={"current": NUMBER, "total": NUMBER, "unit": TEXT, "fraction": NUMBER}
        ),
        "subject": shapes.dictionaries(
            shapes.sampled_from(["repo", "sha", "ref", "environment", "version"]), TEXT, max_size=5
        ),
        "actor": shapes.fixed_dictionaries({"name": TEXT}),
        "error": shapes.fixed_dictionaries({"message": TEXT}),
        "metadata": shapes.fixed_dictionaries({"tail": TEXT}),
    },
)


def process(children: Shape[tuple[ProcessView, ...]]) -> Shape[ProcessView]:
    return shapes.builds(
        partial(ProcessView, key=1, category=None, thread_id="th_1"),
        namespace=TEXT, process_id=NAMED, attempt=shapes.integers(1, 9),
        source=TEXT, name=TEXT, status=shapes.sampled_from(Status), state=STATE, owner=MAYBE,
        run_id=shapes.none() | shapes.just("run_1"), started_at=MAYBE_MOMENT,
        ended_at=MAYBE_MOMENT, created_at=MOMENT, updated_at=MOMENT, children=children,
    )  # fmt: skip


PROCESS = process(shapes.lists(process(shapes.just(())), max_size=3))
THREAD = shapes.builds(
    partial(ThreadView, key=1, id="th_1", channel=None, approvals=(), slots=()), title=TEXT,
    created_at=MOMENT, updated_at=MOMENT, processes=shapes.lists(PROCESS, max_size=2),
    runs=shapes.lists(RUN, max_size=5, unique_by=lambda run: run.number),
)  # fmt: skip
INPUTS = shapes.dictionaries(
    SLUG,
    shapes.fixed_dictionaries(
        {"type": shapes.sampled_from(["string", "integer", "boolean", "array"])},
        optional={
            "required": shapes.booleans(),
            "description": TEXT,
            "default": VALUE,
            "enum": shapes.lists(TEXT, max_size=4).map(list),
        },
    ),
    max_size=5,
)
WORKFLOW = shapes.builds(
    partial(WorkflowView, status="active", revision=1),
    name=SLUG,
    definition=shapes.builds(
        partial(Definition, hash="h"), name=SLUG, title=TEXT, description=TEXT,
        body=INPUTS.map(lambda declared: {"inputs": declared}), source=TEXT, channel=MAYBE,
        start_by=shapes.lists(TEXT, max_size=4),
    ),
    problems=shapes.one_of(shapes.none(), shapes.just([{"message": "bad <!channel>"}])),
    published_at=MOMENT,
    published_by=ACTOR,
    updated_at=MOMENT,
)  # fmt: skip

# What most tests draw.
named = hostile.map(lambda text: text or "x")
moments = st.integers(0, 10**7).map(lambda seconds: T0 + timedelta(seconds=seconds))
slug = st.builds(
    add, st.sampled_from(ascii_lowercase), st.text(f"{ascii_lowercase}{digits}_", max_size=40)
)
approvals, runs, deep_steps = drawn(asked_for({})), drawn(RUN), drawn(DEEP_STEP)
processes, threads, workflows = drawn(PROCESS), drawn(THREAD), drawn(WORKFLOW)
inputs = drawn(INPUTS)
