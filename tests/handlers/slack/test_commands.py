"""Typing `/baton …`: private answers, forms for what is missing, and help that is generated."""

from coordination.database import runs as runs_table
from coordination.database import wakeups as wakeups_table
from coordination.runs import RunFilter
from coordination.waiting_for import waiting_for
from handlers.slack import ids
from handlers.slack.verbs import VERBS
from tests.bot.slack.box import Box

INPUTS = {
    "target": {"type": "string", "required": True, "enum": ["staging", "production"]},
    "count": {"type": "integer", "default": 1, "maximum": 5, "description": "How many."},
}


async def test_help_shows_every_verb_and_three_buttons(box: Box) -> None:
    done, text = await box.slash("UADA", "")

    assert done["ack"]["state"] == "acked"
    for verb in VERBS:
        assert f"/baton {verb.example}" in text
    assert "[Waiting for me]" in text
    assert (await box.posts()) == []


async def test_a_button_of_help_does_what_its_verb_does(box: Box) -> None:
    await box.slash("UADA", "help")
    (shown,) = await box.whispers("UADA")

    await box.click("UADA", shown, ids.SHOW_WORKFLOWS)

    await box.quiet()
    _, listed = await box.whispers("UADA")
    assert "pipeline" in listed["plain"]


async def test_status_says_the_very_sentence_of_every_other_surface(box: Box) -> None:
    await box.scene.ask()
    run = await box.coordinator.run("R-3")
    waits = waiting_for(run)
    assert waits is not None

    _, text = await box.slash("UADA", "STATUS R-3")

    assert waits.text in text
    assert "Needs you" in text


async def test_status_without_a_name_is_the_last_run(box: Box) -> None:
    _, text = await box.slash("UADA", "status")
    assert "R-3" in text


async def test_runs_can_be_narrowed_down(box: Box) -> None:
    _, text = await box.slash("UADA", "runs state:waiting workflow:pipeline since:52w limit:5")
    assert "R-3" in text
    _, text = await box.slash("UADA", "runs state:failed")
    assert "No run fits" in text


async def test_approvals_lists_what_waits_for_whoever_asks_with_live_buttons(box: Box) -> None:
    await box.scene.ask()
    _, text = await box.slash("UMALLORY", "approvals")
    assert text.startswith("Nothing waits for you. 1 wait for others")

    _, text = await box.slash("UGRACE", "approvals")
    assert "[Approve]" in text
    (listed,) = await box.whispers("UGRACE")
    await box.click("UGRACE", listed, ids.APPROVE)

    await box.quiet()
    assert (await box.coordinator.approval("A-1")).state == "approved"
    assert "You said `approve` to A-1" in (await box.whispers("UGRACE"))[-1]["plain"]


async def test_describe_shows_what_a_workflow_is_started_with(box: Box) -> None:
    await box.publish("release", INPUTS)
    _, text = await box.slash("UADA", "describe release")
    assert "What release does." in text
    assert "`target` string · required" in text
    assert "`count` integer · else `1` · How many." in text


async def test_start_with_everything_starts_one_run_though_slack_sends_it_twice(box: Box) -> None:
    await box.publish("release", INPUTS)
    await box.fault("duplicate_envelope", type="slash_commands")

    with box.scene.door.changes.subscribe("start") as begun:
        done, text = await box.slash("UADA", "start release target:staging count:2")
        told = await begun.wait(0)

    assert done["ack"]["state"] == "acked"
    assert "is started" in text
    assert len(told) == 1
    page = await box.coordinator.runs(RunFilter(workflow="release"))
    assert [dict(run.inputs)["count"] for run in page.items] == [2]


async def test_start_without_what_it_needs_asks_in_a_form(box: Box) -> None:
    await box.publish("release", INPUTS)

    await box.slash("UADA", "start release count:2")

    form = await box.modal("UADA")
    assert form["callback_id"] == ids.START
    assert await box.coordinator.runs(RunFilter(workflow="release")) is not None
    assert [row.workflow for row in await box.scene.rows(runs_table)] == ["pipeline"]

    values = {
        "in.target": {"value": "production"},
        "in.count": {"value": "9"},
    }
    done = await box.do("POST", f"views/{form['id']}/submit", as_="UADA", values=values)
    assert done["view"]["errors"] == {"in.count": "`count` must be at most 5."}

    values["in.count"] = {"value": "3"}
    done = await box.do("POST", f"views/{form['id']}/submit", as_="UADA", values=values)
    assert "is started" in str(done["view"]["blocks"])
    (run,) = (await box.coordinator.runs(RunFilter(workflow="release"))).items
    assert (run.inputs["target"], run.inputs["count"]) == ("production", 3)


async def test_start_tells_the_problems_where_the_form_comes_too_late(box: Box) -> None:
    await box.publish("release", INPUTS)
    await box.fault("error_next", method="views.open", error="expired_trigger_id")

    done, text = await box.slash("UADA", "start release")

    assert done["ack"]["state"] == "acked"
    assert "`target` is required" in text


BY_ADA = {"by": "UADA", "mode": "now"}


async def test_cancel_and_retry_are_decisions_of_whoever_typed_them(box: Box) -> None:
    _, text = await box.slash("UADA", 'cancel R-3 reason:"no <!here> need"')
    assert "R-3 Pipeline is cancelled" in text
    (row,) = await box.scene.rows(wakeups_table)
    assert (row.kind, row.payload) == ("cancel", {**BY_ADA, "reason": "no <!here> need"})

    _, text = await box.slash("UMALLORY", "retry R-3")
    assert "Only an operator" in text
    assert len(await box.scene.rows(wakeups_table)) == 1


MISREAD = {
    "stauts R-3": ["I do not know `stauts`", "Did you mean `status`", "/baton stauts R-3"],
    "runs stat:failed": ["There is no `stat:`", "runs [state:<status>]"],
    "runs state:faild": ["Did you mean `failed`?"],
    "runs --state failed": ["Write state:value instead"],
    "runs \u2014state failed": ["Write state:value instead"],
    "describe": ["Something is missing here", "describe <workflow>"],
    "status R-3 R-4": ["I do not know what this is for"],
    'cancel R-3 reason:"open': ["This quote is not closed"],
    "subscribe pipeline only:faild": [
        "Did you mean `failed`?",
        "^^^^^^^^^^",
        "Usage: `/baton subscribe",
    ],
    "subscribe pipeline only:x": ["Write `failed`, `needs_you`, `ended` or `all`.", "^^^^^^"],
    "status R-99": ["There is no run 'R-99'"],
    "describe pipelin": ["Did you mean 'pipeline'?"],
    "start nothing": ["There is no workflow 'nothing'"],
}


async def test_what_cannot_be_read_is_echoed_with_the_place_and_the_usage(box: Box) -> None:
    for typed, parts in MISREAD.items():
        done, text = await box.slash("UADA", typed)

        assert done["ack"]["state"] == "acked", typed
        assert [part for part in parts if part not in text] == [], (typed, text)
    assert await box.scene.rows(wakeups_table) == []
    assert len(await box.scene.rows(runs_table)) == 1


async def test_the_mark_stands_under_the_place(box: Box) -> None:
    _, text = await box.slash("UADA", "runs limit:x")
    lines = text.splitlines()
    mark = next(place for place, line in enumerate(lines) if set(line.strip()) == {"^"})
    assert lines[mark].index("^") == lines[mark - 1].index("limit:x")
