"""What a form says of a retry is what the core does: both look at the same runs, of every verb."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from coordination.outlook import Outlook, outlook
from coordination.ports import RunStatus, RunView, StepStatus, StepView
from tests.workflows.core.story import Story
from tests.workflows.language.samples import Catalogue, read
from workflows.core.commands import RunAction
from workflows.language.compile import compile_workflow
from workflows.runtimes.host.records import step_records

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
RAN = {StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.CANCELLED, StepStatus.COMPENSATED}
LOG = "action: baton.log, params: {message: x}"


def play(text: str, fails: Sequence[str]) -> tuple[Story, RunView, dict[str, Any]]:
    """Run a definition to its end; the actions at *fails* fail."""
    checked = read(text)
    story = Story()
    story.plan = compile_workflow(checked.workflow, Catalogue(), revision="r")
    story.core = type(story.core)(story.plan)
    todo = list(story.start())
    while todo:
        command = todo.pop(0)
        if isinstance(command, RunAction) and story.core.steps[command.path].status == "running":
            failed = command.path in fails
            todo += story.fail(command.path) if failed else story.done(command.path, {"n": 1})
    return story, seen(story), dict(checked.body)


def seen(story: Story) -> RunView:
    """Show a run as the store keeps it."""
    core = story.core
    records = step_records(core, "run_1", core.steps, lambda value: value)
    names = ("path", "name", "kind", "attempts", "redo", "action", "input", "output", "error")
    steps = tuple(
        StepView(status=StepStatus(each.status), **{name: getattr(each, name) for name in names})
        for each in records
    )
    ended = RunStatus(core.status.value)
    return RunView(
        "run_1", 1, "flow", "Flow", "r", ended, "UADA", {}, {}, None, None, T0, T0, T0, T0, None, steps, ()
    )  # fmt: skip


def begun_anew(story: Story, from_path: str | None, run: RunView) -> set[str]:
    """Return the actions that ran and, as the core says, run again."""
    again = story.core.would_rerun(from_path) or []
    inside = tuple(f"{path}{joint}" for path in again for joint in ".[#~")
    return {
        step.path
        for step in run.steps
        if step.kind == "action" and step.status in RAN
        if step.path in again or (step.path.startswith(inside) and not step.path.endswith("~undo"))
    }


def listed(found: Outlook) -> set[str]:
    return {step.path for step in found.again if step.kind == "action"}


LINE = f"""
name: flow
steps:
  - {{id: a, {LOG}}}
  - {{id: b, {LOG}}}
  - {{id: c, {LOG}}}
"""
GRAPH = f"""
name: flow
steps:
  - {{id: a, {LOG}, needs: []}}
  - {{id: b, {LOG}, needs: [a]}}
  - {{id: c, {LOG}, needs: [a]}}
  - {{id: d, {LOG}, needs: [b, c]}}
  - {{id: tidy, {LOG}, needs: [{{step: b, on: always}}]}}
"""
HANDLED = f"""
name: flow
steps:
  - {{id: a, {LOG}, on_error: continue}}
  - id: b
    {LOG.replace(", ", chr(10) + "    ", 1)}
    on_error:
      - {{id: mend, {LOG}}}
      - {{id: more, {LOG}}}
  - {{id: c, {LOG}}}
  - {{id: else_, {LOG}, needs: [{{step: c, on: failure}}]}}
  - {{id: d, {LOG}, needs: [else_]}}
"""
LOOP = f"""
name: flow
steps:
  - {{id: a, {LOG}}}
  - id: fan
    for_each: [1, 2]
    concurrency: 1
    steps:
      - {{id: one, {LOG}}}
      - {{id: two, {LOG}}}
  - {{id: z, {LOG}}}
"""
NESTED = f"""
name: flow
steps:
  - id: race
    parallel:
      left:
        - id: route
          switch:
            - if: "false"
              steps: [{{id: x, {LOG}}}]
            - else: [{{id: x, {LOG}}}, {{id: y, {LOG}}}]
      right: [{{id: x, {LOG}}}]
  - id: poll
    repeat: {{until: "steps.check.output.n == 1", max: 3}}
    steps: [{{id: check, {LOG}}}, {{id: note, {LOG}}}]
  - {{id: z, {LOG}}}
"""
SAGA = f"""
name: flow
steps:
  - {{id: a, {LOG}, compensate: {{{LOG}}}}}
  - {{id: b, {LOG}}}
  - {{id: c, {LOG}}}
on_failure: [{{id: say, {LOG}}}]
finally: [{{id: tidy, {LOG}}}]
"""
RUNS = [
    (LINE, ["b"], [None, "a"]),
    (LINE, ["c"], [None, "a", "b"]),
    (GRAPH, ["d"], [None, "a", "b", "c", "tidy"]),
    (GRAPH, ["b"], [None, "a", "c"]),
    (HANDLED, ["a", "b", "c", "d"], [None, "a", "b", "c", "else_", "b~error.mend"]),
    (HANDLED, ["b", "b~error.more"], [None, "a", "b~error.mend"]),
    (LOOP, ["fan[1].two"], [None, "a", "fan[0].one", "fan[1].one", "fan"]),
    (LOOP, ["z"], [None, "a", "fan[0].one", "fan[1].two", "fan"]),
    (NESTED, ["race.left.route.else.y"], [None, "race.left.route.else.x", "race"]),
    (NESTED, ["poll#1.note"], [None, "race.right.x", "poll#1.check", "race"]),
    (NESTED, ["z"], [None, "race.left.route", "poll#1.check", "poll"]),
    (SAGA, ["c"], [None, "a", "b"]),
    (SAGA, ["c", "a~undo"], [None, "a", "b"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fails", "begins"), RUNS)
def test_a_form_lists_what_the_core_runs_again(
    text: str, fails: list[str], begins: list[str | None]
) -> None:
    story, run, body = play(text, fails)
    assert run.status is RunStatus.FAILED
    for begin in begins:
        found = outlook(run, body, begin, ending=False)
        assert listed(found) == begun_anew(story, begin, run), (
            begin,
            story.core.would_rerun(begin),
        )
        assert begin is None or begin in found.starts, begin


@pytest.mark.parametrize(("text", "fails", "begins"), RUNS)
def test_a_retry_begins_nowhere_that_the_core_refuses(
    text: str, fails: list[str], begins: list[str | None]
) -> None:
    story, run, body = play(text, fails)
    starts = outlook(run, body, None, ending=False).starts
    refused = [path for path in starts if story.core.would_rerun(path) is None]
    assert set(begins) - {None} <= {*starts}
    assert refused == []


@pytest.mark.parametrize(("text", "fails", "begins"), RUNS)
def test_what_is_offered_to_be_left_out_is_what_the_core_leaves_out(
    text: str,
    fails: list[str],
    begins: list[str | None],
) -> None:
    _, run, body = play(text, fails)
    offered = [step.path for step in outlook(run, body, None, ending=False).skippable]
    assert offered != []
    for path in offered:
        story, _, _ = play(text, fails)
        story.skip(path)
        assert story.core.warning is None, (path, story.core.warning)
        assert story.stands(path) == "skipped"


@pytest.mark.parametrize(("fails", "left"), [([], ["a"]), (["c"], []), (["c", "a~undo"], ["a"])])
def test_what_can_be_taken_back_is_what_the_core_takes_back(
    fails: list[str], left: list[str]
) -> None:
    story, run, body = play(SAGA, fails)
    found = outlook(run, body, None, ending=False)
    story.rollback()

    assert [step.path for step in found.undo] == left
    assert (story.core.warning is None) == bool(left)
    assert [path.removesuffix("~undo") for path in story.running] == left
