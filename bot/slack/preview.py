"""Every card at every rung, from sample facts: for a look before Slack shows them, and for tests."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from baton.status import Status
from bot.slack.blocks import Block, Shown, at_rung
from bot.slack.telling import said
from bot.slack.views.approvals import approval_card
from bot.slack.views.notices import Line, digest_card, follow_card, reminder, rollup_card
from bot.slack.views.nudges import Nudge, nudge
from bot.slack.views.processes import output_reply
from bot.slack.views.runs import failure_reply
from bot.slack.views.threads import thread_card
from bot.slack.views.unknown import unknown_card
from coordination.ports import RunStatus, RunView, StepStatus, StepView
from coordination.questions import Approval, Covered, Question
from coordination.threads_view import ProcessView, ThreadView

Draw: TypeAlias = Callable[[int], Shown]

RUNGS = ("rich", "stable", "short", "words")
URL = "https://baton.example"
T0 = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PEOPLE = {"grace": "U0GRACE", "linus": "U0LINUS"}
NOTHING = Shown("(nothing)")


def cards() -> Mapping[str, Draw]:
    """Return what draws each card at a rung, by its name."""
    page = f"{URL}/r/R-1423"
    asked = approval()
    found = [
        Line("Build web", "Failed", f"{URL}/a", 3),
        Line("Deploy api", "Needs you", None, 1),
    ]
    failed, unsure = step("deploy", StepStatus.FAILED), step("deploy", StepStatus.UNKNOWN)
    return {
        "thread": lambda rung: at_rung(
            thread_card(thread(), public_url=URL, rung=rung), rung, page
        ),
        "stalled": lambda rung: at_rung(
            thread_card(stalled(), public_url=URL, rung=rung), rung, None
        ),
        "approval": lambda rung: approval_card(asked, run_url=page, people=PEOPLE, rung=rung),
        "unknown": lambda rung: unknown_card(
            run(unsure), unsure, attempt=1, run_url=page, rung=rung
        ),
        "failure": lambda rung: at_rung(
            failure_reply(run(failed), failed, printed="one\ntwo\nthree\n", run_url=page)
            or NOTHING,
            rung,
            page,
        ),
        "output": lambda rung: at_rung(output_reply(process(Status.FAILED)), rung, None),
        "nudge": lambda rung: nudge(facts(asked), rung=rung) or NOTHING,
        "mention": lambda rung: reminder(asked, PEOPLE, rung=rung) or NOTHING,
        "subscription": lambda rung: follow_card(thread(), public_url=URL, rung=rung),
        "digest": lambda rung: digest_card(found, since=T0, until=T0 + 540 * MINUTE, rung=rung),
        "rollup": lambda rung: rollup_card("deploy failed: exit code …", 27, T0, found, rung=rung),
    }


def approval() -> Approval:
    return Approval(
        id="ap_00000000000000000000000017",
        number=17,
        state="open",
        version=1,
        digest="0" * 64,
        question=question(),
        asked_at=T0,
        key=1,
        run_number=1423,
        workflow="release",
        requested_by="U0ADA",
        expires_at=T0 + 60 * MINUTE,
    )


def question() -> Question:
    params = {"argv": ["./deploy.sh", "production"]}
    return Question(
        title="Deploy api 1.8.2 to production?",
        description="14 files, +310 -92. 212 tests passed.",
        approvers=("@grace", "@linus", "role:operator"),
        covers=(Covered("deploy", "shell.run", params, "0" * 64),),
        not_covered=(("announce", "it depends on deploy"),),
    )


def facts(asked: Approval) -> Nudge:
    url = f"{URL}/r/R-1423"
    return Nudge(asked, "remind", ("U0GRACE",), PEOPLE, direct=True, url=url)


def thread() -> ThreadView:
    deploy = step("deploy", StepStatus.RUNNING)
    return ThreadView(
        key=1,
        id="th_00000000000000000000000001",
        title="Release api 1.8.2",
        channel="#releases",
        created_at=T0,
        updated_at=T0 + 5 * MINUTE,
        processes=(process(Status.IN_PROGRESS),),
        runs=(run(step("test", StepStatus.COMPLETED), deploy),),
        approvals=(),
        slots=(),
    )


def stalled() -> ThreadView:
    quiet = replace(process(Status.IN_PROGRESS), stalled_since=T0 + 20 * MINUTE)
    return replace(thread(), title="Build api", processes=(quiet,), runs=())


def process(status: Status) -> ProcessView:
    state: Mapping[str, Any] = {
        "message": "Compiling",
        "progress": {"current": 5, "total": 12, "unit": "packages", "fraction": None},
        "subject": {"repo": "acme/api", "ref": "main", "sha": "4f0c2d9a1b7e"},
        "next_steps": [{"label": "Review"}, {"label": "Deploy", "url": "https://ci.example/d"}],
        "links": [{"url": "https://ci.example/881", "title": "CI run 881"}],
        "result": {"tail": "12 passed\n1 failed: test_login\n"},
    }
    return ProcessView(
        key=1,
        namespace="ci",
        process_id="build-881",
        attempt=1,
        source="ci",
        name="Build api",
        category="build",
        status=status,
        state=state,
        owner="U0ADA",
        thread_id="th_00000000000000000000000001",
        run_id=None,
        started_at=T0,
        ended_at=T0 + 5 * MINUTE if status.terminal else None,
        created_at=T0,
        updated_at=T0 + 5 * MINUTE,
    )


def run(*steps: StepView) -> RunView:
    return RunView(
        id="run_00000000000000000000001423",
        number=1423,
        workflow="release",
        title="Release to production",
        revision="0" * 64,
        status=RunStatus.RUNNING,
        started_by="U0ADA",
        trigger={},
        inputs={"branch": "main"},
        outputs=None,
        error=None,
        created_at=T0,
        started_at=T0,
        ended_at=None,
        updated_at=T0 + 5 * MINUTE,
        thread_id="th_00000000000000000000000001",
        steps=steps,
        questions=(),
    )


def step(path: str, status: StepStatus) -> StepView:
    error = {"type": "failed", "message": "exit code 1"} if status is StepStatus.FAILED else None
    return StepView(
        path=path,
        name=path.capitalize(),
        kind="action",
        status=status,
        attempts=1,
        action="shell.run",
        input={"argv": ["./deploy.sh", "production"]},
        error=error,
        started_at=T0,
        ended_at=T0 + MINUTE if status in (StepStatus.COMPLETED, StepStatus.FAILED) else None,
    )


def as_text(name: str, draw: Draw) -> str:
    """Write a card at every rung so that its structure can be seen in a terminal."""
    return "".join(f"=== {name}, {word}\n{written(draw(rung))}" for rung, word in enumerate(RUNGS))


def as_json(draw: Draw) -> str:
    """Write a card at every rung as Slack is sent it."""
    drawn = {word: said(draw(rung)) for rung, word in enumerate(RUNGS)}
    return json.dumps(drawn, indent=1, ensure_ascii=False) + "\n"


def written(shown: Shown) -> str:
    rows = [f"text: {shown.text}"]
    for block in shown.blocks:
        rows += [f"[{block['type']}]", *(f"  {line}" for line in lines_of(block))]
    return "\n".join(rows) + "\n"


def lines_of(block: Block) -> Sequence[str]:
    """Return what stands in a block, a line for each text."""
    found = [str(each["title"]) for each in (block, *block.get("tasks", ())) if "title" in each]
    for name in ("text", "fields", "elements"):
        parts = block.get(name) or []
        for part in parts if isinstance(parts, list) else [parts]:
            said = part.get("text")
            if isinstance(said, Mapping):  # of something to press
                said = f"({said['text']})"
            if part.get("type") == "overflow":
                said = "(" + " | ".join(each["text"]["text"] for each in part["options"]) + ")"
            found += str(said).splitlines()
    return found
