"""What people type after /baton, and what they are told for it: privately, and always something."""

import re

from bot.definitions import LIBRARY
from handlers.slack.verbs import VERBS
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE

TYPED = re.compile(r"`/baton ([^`]+)`")
PIPELINE = LIBRARY / "automated_testing_pipeline.yaml"
GREET = """
name: greet
title: Greet somebody
description: Says hello.
inputs:
  who: {type: string, required: true, description: Whom to greet}
  times: {type: integer, default: 1, minimum: 1, maximum: 3}
  loud: {type: boolean, default: true}
  tone: {type: string, enum: [warm, cool], default: warm}
  code: {type: string, pattern: "^[a-z]+$", default: abc}
steps:
  - {id: greet, action: test.work, params: {what: "hello {{ inputs.who }} x{{ inputs.times }}{{ '!' if inputs.loud else '' }}"}}
"""


async def test_help_lists_exactly_what_there_is_on_one_screen(baton: BatonInABox) -> None:
    told = await baton.slash("help", by="ada")
    typed = TYPED.findall(told)

    assert sorted(set(typed) - {"help <verb>"}) == sorted(verb.example for verb in VERBS)
    assert len(told.splitlines()) <= 12
    hint = baton.slack.look("users")["app"]["commands"][0]["usage_hint"]
    assert hint.split(" | ") == [verb.name for verb in VERBS]


async def test_help_about_one_verb_says_how_it_is_written(baton: BatonInABox) -> None:
    for verb in VERBS:
        told = await baton.slash(f"help {verb.name.upper()}", by="ada")
        assert f"/baton {verb.usage}" in told
        assert verb.about in told


async def test_every_example_of_help_can_be_typed_as_it_stands(baton: BatonInABox) -> None:
    for verb in VERBS:
        told = await baton.slash(verb.example, by="grace")
        assert told or baton.form(by="grace")
        assert "Something went wrong" not in told
        assert "Usage:" not in told


async def test_nothing_after_the_command_is_help(baton: BatonInABox) -> None:
    assert await baton.slash("", by="ada") == await baton.slash("help", by="ada")


async def test_an_unknown_verb_is_answered_with_the_nearest(baton: BatonInABox) -> None:
    told = await baton.slash("stauts last", by="ada")

    assert told.startswith("I do not know `stauts`. Did you mean `status`?")
    assert "^^^^^^" in told
    assert baton.slack.roots() == []


async def test_a_start_without_its_inputs_opens_the_form(baton: BatonInABox) -> None:
    await baton.publish(GREET)
    told = await baton.slash("start greet times:2", by="linus")
    assert told == ""
    assert baton.form(by="linus").startswith("*Greet somebody*")
    errors = await baton.submit(who="Ada", times="9", by="linus")

    assert list(errors) == ["times"]
    assert baton.performed == []
    assert await baton.submit(who="Ada", times="2", by="linus") == {}
    assert baton.performed == ["hello Ada x2!"]
    assert "R-1" in baton.form(by="linus")
    assert baton.card("R-1").state == "Succeeded"


async def test_the_shipped_pipeline_asks_for_what_it_needs(baton: BatonInABox) -> None:
    await baton.publish(PIPELINE.read_text(encoding="utf-8"))
    told = await baton.slash("start automated_testing_pipeline", by="grace")

    assert told == ""
    assert baton.form(by="grace").startswith("*Test and release*")
    assert await baton.runs() == ()


async def test_an_empty_form_says_what_is_missing(baton: BatonInABox) -> None:
    await baton.publish(GREET)
    await baton.slash("start greet", by="linus")
    refused = await baton.leave_empty(by="linus")

    assert list(refused) == ["who"]
    assert await baton.runs() == ()


async def test_a_start_with_all_its_inputs_starts_at_once(baton: BatonInABox) -> None:
    await baton.publish(GREET)
    told = await baton.slash('start greet who:"Ada Byron"', by="linus")

    assert told.startswith("R-1 Greet somebody is started")
    assert baton.performed == ["hello Ada Byron x1!"]
    assert baton.card("R-1").state == "Succeeded"


async def test_a_command_that_slack_delivers_twice_starts_one_run(baton: BatonInABox) -> None:
    await baton.publish(GREET)
    await baton.slack.fault("duplicate_envelope")
    await baton.slash("start greet who:Ada", by="linus")

    assert len(await baton.runs()) == 1
    assert baton.performed == ["hello Ada x1!"]


async def test_a_start_of_what_there_is_not_names_the_nearest(baton: BatonInABox) -> None:
    await baton.publish(GREET)
    told = await baton.slash("start gret", by="linus")

    assert told.startswith("There is no workflow 'gret'. Did you mean 'greet'?")
    assert await baton.runs() == ()


async def test_a_cancel_withdraws_what_is_asked_and_says_so(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    told = await baton.slash('cancel R-1 reason:"wrong branch"', by="grace")

    assert told.startswith("R-1 Release to production is cancelled")
    assert baton.card("build-7").state == "Cancelled"
    question = baton.question("build-7")
    assert question.buttons == []
    assert any("Withdrawn" in line for line in question.lines)
    assert baton.replies("build-7")[1] == "Cancelled by @grace: wrong branch"
    assert baton.performed == []


async def test_who_has_nothing_to_do_with_a_run_does_not_cancel_it(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    told = await baton.slash("cancel R-1", by="mallory")

    assert told.startswith("Only an operator")
    assert baton.card("build-7").state == "Needs you"
    assert baton.question("build-7").buttons[:2] == ["Approve", "Reject…"]


async def test_the_button_on_the_card_cancels_too(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.click("Cancel…", by="linus", on="build-7")
    await baton.submit(by="linus", reason="the freeze")

    assert baton.card("build-7").state == "Cancelled"
    assert baton.performed == []


async def test_runs_are_listed_and_narrowed_down(baton: BatonInABox) -> None:
    await baton.publish(GREET)
    await baton.publish(RELEASE)
    await baton.slash("start greet who:Ada", by="linus")
    await baton.report("test.completed", process="build-7")

    everything = await baton.slash("runs", by="mallory")
    waiting = await baton.slash("runs state:waiting", by="mallory")
    none = await baton.slash("runs state:failed since:1d", by="mallory")
    assert ("R-1" in everything, "R-2" in everything) == (True, True)
    assert ("R-1" in waiting, "R-2" in waiting) == (False, True)
    assert none.startswith("No run fits")


async def test_a_wrong_filter_is_shown_where_it_stands(baton: BatonInABox) -> None:
    told = await baton.slash("runs state:waitin", by="ada")

    assert told.startswith("There is no state `waitin`. Did you mean `waiting`?")
    assert "Usage: `/baton runs" in told


async def test_workflows_are_listed_and_described(baton: BatonInABox) -> None:
    await baton.publish(GREET)
    await baton.publish(RELEASE)

    assert "`greet` Says hello." in (await baton.slash("list", by="mallory")).splitlines()
    told = await baton.slash("describe greet", by="mallory")
    assert "Greet somebody" in told
    assert "Whom to greet" in told


async def test_everybody_finds_what_waits_for_them_and_answers_it_there(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")

    assert (await baton.slash("approvals", by="mallory")).startswith("Nothing waits for you.")
    assert "Deploy to production?" in await baton.slash("approvals all", by="mallory")
    assert (await baton.slash("approvals", by="grace")).startswith("*Waiting for you*")
    mine = baton.slack.private("grace")[-1]
    told = await baton.click("Approve", by="grace", message=mine)
    assert told == "You said `approve` to A-1. It is approved."
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["deploy build-7", "announce"]


async def test_a_list_of_approvals_gives_nobody_a_right(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.slash("approvals all", by="mallory")
    theirs = baton.slack.private("mallory")[-1]
    told = await baton.click("Approve", by="mallory", message=theirs)

    assert told == "Only @grace, @linus can answer A-1."
    assert baton.performed == []


async def test_the_status_of_a_run_that_does_not_exist_is_a_sentence(baton: BatonInABox) -> None:
    assert (await baton.slash("status R-99", by="ada")).startswith("There is no run 'R-99'.")
    assert (await baton.slash("status", by="ada")).startswith("There is no run 'last'.")


async def test_a_retry_of_what_has_not_failed_changes_nothing(baton: BatonInABox) -> None:
    await baton.publish(GREET)
    await baton.slash("start greet who:Ada", by="linus")
    told = await baton.slash("retry R-1", by="grace")

    assert told.startswith("R-1 has not failed, it is completed: nothing to retry.")
    assert baton.performed == ["hello Ada x1!"]


async def test_a_guest_starts_and_steers_nothing(baton: BatonInABox) -> None:
    """Guests see what their channels show; they do not act."""
    await baton.publish(GREET)
    await baton.slack.do("members", channel="#releases", user="U0SAM", op="join")
    told = await baton.slash("start greet who:Ada", by="sam")

    assert told.startswith("Guests and people of other workspaces")
    assert await baton.runs() == ()
    assert baton.performed == []
