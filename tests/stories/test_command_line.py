"""People with terminals: what they type, what they read, and with which code it ends."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN, RELEASE
from tests.stories.terminals import Office, Terminal, open_office

TYPED = """
name: release
title: Release to production
inputs:
  version: {type: string, required: true}
  dry: {type: boolean, default: false}
  rounds: {type: integer, default: 1}
  places: {type: array, default: []}
steps:
  - id: deploy
    action: test.deploy
    params: {what: "{{ inputs.version }} {{ inputs.dry }} {{ inputs.rounds + 1 }} {{ inputs.places | join('+') }}"}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def office(baton: BatonInABox, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(baton, tmp_path / "office") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def ada(office: Office) -> Terminal:
    return await office.terminal("ada")


@pytest_asyncio.fixture(loop_scope="session")
async def grace(office: Office) -> Terminal:
    return await office.terminal("grace")


async def test_one_asks_and_another_approves(
    baton: BatonInABox, ada: Terminal, grace: Terminal
) -> None:
    asking = await ada.start('baton ask "Deploy v2.0 to production?" --approvers @grace')
    await asking.says("A-1")
    own = await ada.type("baton approve A-1")

    yes = await grace.type('baton approve A-1 --comment "all green"')
    asked = await asking.done()
    await baton.quiet()

    assert (own.code, own.out) == (4, "")  # nobody approves what they asked themselves
    assert (yes.code, yes.out, yes.err) == (0, "A-1 approved", "")
    assert (asked.code, asked.out) == (0, "approved")
    assert "all green" in asked.err
    (card,) = baton.slack.roots()
    assert (card.state, baton.slack.thread(card)[0].buttons) == ("Succeeded", [])


async def test_a_no_needs_a_reason_and_is_code_3(
    baton: BatonInABox, ada: Terminal, grace: Terminal
) -> None:
    asking = await ada.start('baton ask "Go on?" --approvers @grace --json')
    await asking.says("A-1")

    bare = await grace.type("baton reject A-1")
    no = await grace.type('baton reject A-1 --comment "the freeze"')
    late = await grace.type("baton approve A-1")
    asked = await asking.done()
    await baton.quiet()

    assert (bare.code, bare.out) == (2, "")
    assert "--comment" in bare.err
    assert (no.code, no.out) == (0, "A-1 rejected")
    assert (late.code, late.out) == (1, "")
    assert "already rejected" in late.err
    assert asked.code == 3
    assert json.loads(asked.out)["comment"] == "the freeze"
    (card,) = baton.slack.roots()
    assert card.state == "Rejected"


async def test_a_choice_made_in_slack_is_printed(baton: BatonInABox, ada: Terminal) -> None:
    asking = await ada.start(
        'baton ask "Which one?" --option keep --option drop=Away --approvers @grace --body "3 files"'
    )
    await asking.says("A-1")
    await baton.quiet()
    await baton.click("Away", by="grace")
    asked = await asking.done()

    assert (asked.code, asked.out) == (0, "drop")
    (card,) = baton.slack.roots()
    assert "3 files" in baton.slack.thread(card)[0].plain


async def test_no_answer_in_time_is_code_5(baton: BatonInABox, ada: Terminal) -> None:
    asking = await ada.start(
        'baton ask "Go on?" --approvers @grace --timeout 30m --on-timeout fail'
    )
    await asking.says("A-1")
    await baton.advance(minutes=31)
    asked = await asking.done()
    await baton.quiet()

    assert (asked.code, asked.out) == (5, "expired")
    assert "nobody answered" in asked.err
    (card,) = baton.slack.roots()
    assert card.state == "Failed"


async def test_a_question_outlives_a_restart_of_the_server(
    office: Office, ada: Terminal, grace: Terminal
) -> None:
    asking = await ada.start('baton ask "Go on?" --approvers @grace')
    await asking.says("A-1")
    await office.shut()
    await asking.says("waiting for it to come back")
    await office.restart()
    await grace.type("baton approve A-1")

    assert (await asking.done()).out == "approved"


async def test_the_same_key_finds_the_same_question_again(
    baton: BatonInABox, ada: Terminal, grace: Terminal
) -> None:
    asking = await ada.start('baton ask "Go on?" --approvers @grace --key deploy-7 --timeout 1h')
    await asking.says("A-1")
    asking.interrupt()
    left = await asking.done()
    again = await ada.start('baton ask "Go on?" --approvers @grace --key deploy-7 --timeout 1h')
    await again.says("A-1")
    await grace.type("baton approve A-1")
    asked = await again.done()
    after = await ada.type('baton ask "Go on, please?" --approvers @grace --key deploy-7')

    assert (left.code, left.out) == (130, "")
    assert "stays open" in left.err
    assert (asked.code, asked.out) == (0, "approved")
    assert (after.code, after.out) == (0, "approved")
    await baton.quiet()
    assert len(baton.slack.roots()) == 1


async def test_whoever_gives_up_takes_the_question_back(baton: BatonInABox, ada: Terminal) -> None:
    asking = await ada.start('baton ask "Go on?" --approvers @grace')
    await asking.says("A-1")
    asking.interrupt()
    left = await asking.done()
    await baton.quiet()

    assert left.code == 130
    assert "withdrawn" in left.err
    assert "Traceback" not in left.err
    (card,) = baton.slack.roots()
    assert card.state == "Cancelled"


async def test_the_end_of_a_process_is_waited_for(baton: BatonInABox, ada: Terminal) -> None:
    await ada.type('baton notify started --id build-42 --name "Build web"')
    waiting = await ada.start("baton wait build-42")
    failing = await ada.start("baton wait ci:build-42 --for failed,cancelled")
    soon = await ada.type("baton wait build-42 --timeout 0.2s --json")
    await ada.type("baton notify completed --id build-42")

    ended, otherwise = await waiting.done(), await failing.done()
    assert (ended.code, ended.out) == (0, "ci:build-42  completed  Build web")
    assert otherwise.code == 3
    assert (soon.code, json.loads(soon.out)["status"]) == (5, "started")
    assert (await ada.type("baton wait build-42 --for completed")).code == 0
    missing = await ada.type("baton wait build-43")
    assert (missing.code, missing.out) == (1, "")
    assert "ci:build-43" in missing.err


async def test_a_thread_is_over_when_all_in_it_is(baton: BatonInABox, ada: Terminal) -> None:
    await ada.type("baton notify started --id one --run th-work")
    await ada.type("baton notify failed --id two --run th-work")
    waiting = await ada.start("baton wait th-work")
    await ada.type("baton notify completed --id one")

    assert (await waiting.done()).code == 3
    assert "completed, failed" in (await ada.type("baton status th-work")).out


async def test_a_run_is_started_with_typed_inputs_and_looked_at(
    baton: BatonInABox, ada: Terminal
) -> None:
    await baton.publish(TYPED)
    started = await ada.type("baton start release version=2.0 dry=yes rounds=3 places=eu,us")
    await baton.quiet()

    assert (started.code, started.err) == (0, "")
    assert started.out.startswith("R-1  release  ")
    assert baton.performed == ["2.0 true 4 eu+us"]
    assert "deploy  completed" in (await ada.type("baton show R-1")).out
    waited = await ada.type("baton wait R-1")
    assert (waited.code, waited.out) == (0, "R-1  release  completed")

    for line, words in (
        ("baton start release version=2.0 rounds=many", "rounds takes a whole number"),
        ("baton start release versoin=2", "versoin"),
    ):
        wrong = await ada.type(line)
        assert (wrong.code, wrong.out) == (2, ""), line
        assert words in wrong.err
    unknown = await ada.type("baton start releese version=1")
    assert (unknown.code, "Did you mean 'release'" in unknown.err) == (1, True)
    assert len(await baton.runs()) == 1


async def test_a_run_is_watched_through_a_restart_until_it_ends(
    baton: BatonInABox, office: Office, ada: Terminal, grace: Terminal
) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    watching = await ada.start("baton watch R-1")
    await watching.says("Deploy to production?")
    await office.restart()
    await grace.type("baton approve A-1")
    watched = await watching.done()

    assert watched.code == 0
    lines = watched.out.splitlines()
    assert lines[0].startswith("R-1  release  http://")
    assert lines[-1] == "R-1  release  completed"
    assert sum("deploy  completed" in line for line in lines) == 1
    assert sum("gate  waiting" in line for line in lines) == 1


async def test_a_run_that_fails_is_code_3_and_retried_once(
    baton: BatonInABox, ada: Terminal, grace: Terminal
) -> None:
    await baton.publish(CHAIN)
    baton.work.fail("ship")
    await baton.report("test.completed", process="build-7")
    watched = await ada.type("baton watch R-1")
    first = await ada.type("baton retry R-1 --request-id again")
    second = await ada.type("baton retry R-1 --request-id again")
    await baton.quiet()

    assert watched.code == 3
    assert "it broke" in watched.out
    assert (first.code, second.code) == (0, 0)
    assert baton.performed == ["build", "ship", "tell"]
    over = await ada.type("baton cancel R-1 --reason late")
    assert (over.code, over.out) == (1, "")


async def test_an_unknown_step_is_resolved(
    baton: BatonInABox, office: Office, grace: Terminal
) -> None:
    await baton.publish(CHAIN)
    baton.work.hang("ship")
    await baton.report("test.completed", process="build-7")
    await office.shut()
    await baton.kill()
    await office.open()
    resolved = await grace.type("""baton resolve R-1 ship done --output '{"by": "hand"}'""")
    await baton.quiet()

    assert (resolved.code, resolved.err) == (0, "")
    assert baton.performed == ["build", "ship", "tell"]


async def test_a_run_is_steered_from_a_shell(baton: BatonInABox, grace: Terminal) -> None:
    await baton.publish(CHAIN)
    baton.work.hang("build")
    await baton.report("test.completed", process="build-7")
    for line in ("pause R-1", "skip R-1 ship", "resume R-1"):
        typed = await grace.type(f"baton {line}")
        assert (typed.code, typed.err) == (0, "")
        await baton.quiet()
    refused = await grace.type("baton signal R-1 go n=7")
    baton.work.finish("build")
    await baton.quiet()

    assert (refused.code, "waits for a signal 'go'" in refused.err) == (2, True)
    assert baton.performed == ["build", "tell"]
    assert baton.replies("build-7") == [
        "Paused by @grace",
        "`ship` is left out by @grace",
        "Resumed by @grace",
    ]


async def test_events_are_followed_and_none_is_lost_in_a_restart(
    baton: BatonInABox, office: Office, ada: Terminal
) -> None:
    await ada.type("baton notify started --id before")
    alone = _following(baton)
    following = await ada.start("baton events --follow --json --ns ci")
    plain = await ada.start("baton events -f --last 1 --type process.completed")
    await baton.until(lambda: _following(baton) == alone + 2)
    await ada.type("baton notify started --id one")
    await following.says('"one"')
    await office.restart()
    await ada.type("baton notify completed --id one --message fine")
    await following.says('"completed"')
    assert "ci:one  completed" in await plain.says("fine")
    following.interrupt()
    done = await following.done()

    events = [json.loads(line) for line in done.out.splitlines()]
    assert [(each["process_id"], each["status"]) for each in events] == [
        ("one", "started"),
        ("one", "completed"),
    ]
    assert done.code == 130
    listed = await ada.type("baton events --json --last 2")
    assert len(json.loads(listed.out)["events"]) == 2
    assert not [line for line in plain.out if "started" in line]


def _following(baton: BatonInABox) -> int:
    """Count who waits for events, the program itself among them."""
    return sum(each._kinds == {"event"} for each in baton.life.door.changes._watchers)


async def test_an_event_is_explained(baton: BatonInABox, ada: Terminal) -> None:
    reported = await baton.report("build.started", process="build-7")
    told = await ada.type(f"baton explain {reported['event_id']}")
    whole = await ada.type(f"baton explain {reported['event_id']} --json")
    (ada.folder / "event.json").write_text('{"process_id": "build-7", "status": "completed"}')
    rehearsed = await ada.type("baton explain @event.json")

    assert (told.code, told.err) == (0, "")
    assert "ci" in told.out
    assert isinstance(json.loads(whole.out)["lines"], list)
    assert rehearsed.code == 0
    thread = reported["thread_id"]
    shown = [line.strip() for line in rehearsed.out.splitlines()]
    assert shown[0] == "A rehearsal: nothing of this is stored"
    assert f"Thread: would have joined {thread}" in shown
    assert "process build-7: matched" in shown
    assert any(line.startswith("Effect: updated (") for line in shown)
    assert (await ada.type("baton explain ev_nothing")).code == 1
    assert (await baton.ask("GET", "/v1/processes/ci:build-7")).json()["status"] == "started"
    assert (await ada.type("baton notify started --id site-1")).code == 0
    own = await ada.type("baton explain site-1")  # as `baton status site-1` does
    assert own.code == 0
    assert "process site-1" in own.out
    gone = await ada.type("baton explain site-2")
    assert (gone.code, gone.err.count("site-2")) == (1, 1)


async def test_what_is_wrong_is_said_once_and_the_scope_that_is_missing_with_it(
    baton: BatonInABox, ada: Terminal
) -> None:
    await baton.publish(TYPED)
    wrong = await ada.type("baton runs --status odd")
    assert wrong.err.count("use one of") == 1
    missing = await ada.type("baton start release")
    assert missing.err.count("is required") == 1
    refused = await baton.ask("POST", "/v1/approvals/A-1/decision", json={"choice": "approve"})
    assert "token create --source NAME --scope approve" in refused.json()["detail"]


async def test_without_a_server_each_verb_says_so_in_a_sentence(
    office: Office, ada: Terminal
) -> None:
    await office.shut()
    for line, code in (
        ("baton notify started --id x", 0),
        ("baton ask Really?", 1),
        ("baton watch R-1", 1),
        ("baton doctor", 1),
        ("baton run -- sh -c 'exit 7'", 7),
    ):
        done = await ada.type(line)
        assert done.code == code, (line, done)
        assert "Traceback" not in done.err
        assert done.out == "" or line == "baton doctor"


async def test_without_a_right_token_it_is_code_4(ada: Terminal) -> None:
    for line, token in (("baton ask Really?", ""), ("baton notify started", "bt_aaaaaaaaaaaa_01")):
        done = await ada.type(line, BATON_TOKEN=token)
        assert (done.code, done.out) == (4, ""), line
