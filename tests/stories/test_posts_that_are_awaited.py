"""`await: sent`: a step ends when Slack has what it says, and tells where it stands."""

from typing import Any

from tests.stories.box import BatonInABox

AWAITED = """
name: announcing
triggers: [{event: build.completed}]
steps:
  - id: here
    action: slack.post
    params: {text: out now, await: sent}
  - id: there
    action: slack.post
    params: {channel: ["#alerts"], text: "Told in {{ steps.here.output.permalink }}", await: sent}
  - id: changed
    action: slack.update
    params: {notice_id: "{{ steps.here.output.notice_id }}", text: out since a while}
"""
ONE = """
name: announcing
triggers: [{event: build.completed}]
steps:
  - id: say
    action: slack.post
    timeout: 2h
    params: {channel: "#alerts", text: out now, await: sent}
  - {id: after, action: test.work, params: {what: "{{ steps.say.output.ts }}"}}
"""

HUSHED = """
name: hushed
triggers: [{event: build.completed}]
steps:
  - {id: make, action: data.template, params: {text: hush-hush-42}, secret_output: true}
  - id: say
    action: slack.post
    params: {text: "it is {{ steps.make.output.text }}", await: sent}
  - {id: after, action: test.work, params: {what: said}}
"""
UNINVITED = ONE.replace('channel: "#alerts", ', "").replace(
    "steps:", 'settings: {channel: "#secops"}\nsteps:'
)


async def step(baton: BatonInABox, path: str) -> Any:
    return next(each for each in (await baton.run()).steps if each.path == path)


async def test_what_stands_in_slack_is_told_with_its_address(baton: BatonInABox) -> None:
    await baton.publish(AWAITED)
    await baton.report("build.completed", process="b-1")
    await baton.until(lambda: len(baton.slack.roots("#alerts")) == 1)
    await baton.until(lambda: [each.plain for each in baton.thread("b-1")] == ["out since a while"])
    await baton.quiet()

    (here,) = baton.thread("b-1")
    (there,) = baton.slack.roots("#alerts")
    said, told = (await step(baton, "here")).output, (await step(baton, "there")).output
    root = baton.card("b-1").ts
    channel = here.raw["channel"]
    assert (said["channel"], said["ts"]) == (channel, here.ts)
    end = f"/archives/{channel}/p{here.ts.replace('.', '')}?thread_ts={root}&cid={channel}"
    assert said["permalink"].endswith(end)
    assert f"p{here.ts.replace('.', '')}" in there.plain
    assert (told["channel"], told["ts"]) == (there.raw["channel"], there.ts)
    (message,) = told["messages"]
    assert message == {"notice_id": told["notice_id"]} | {
        key: told[key] for key in ("channel", "ts", "permalink")
    }
    assert (await baton.run()).status == "completed"


async def test_it_waits_until_slack_is_back_and_is_sent_once(baton: BatonInABox) -> None:
    await baton.publish(ONE)
    await baton.slack.fault("api_503", count=None, method="chat.postMessage")
    await baton.report("build.completed", process="b-1")
    await baton.advance(minutes=1)
    assert baton.performed == []
    shown = (await baton.ask("GET", "/v1/runs/R-1")).json()
    assert shown["waiting_for"]["text"] == "Waiting until Slack has the message of say in #alerts"
    assert (await step(baton, "say")).status == "running"

    await baton.slack.well()
    await baton.advance(minutes=5)
    await baton.until(lambda: len(baton.performed) == 1)
    await baton.quiet()
    (message,) = baton.slack.roots("#alerts")
    assert baton.performed == [message.ts]
    assert (await step(baton, "say")).attempts == 1


async def test_a_kill_while_it_waits_posts_nothing_twice(baton: BatonInABox) -> None:
    await baton.publish(ONE)
    await baton.slack.fault("api_503", count=None, method="chat.postMessage")
    await baton.report("build.completed", process="b-1")
    await baton.kill()
    await baton.kill()
    assert baton.performed == []

    await baton.slack.well()
    await baton.advance(minutes=5)
    await baton.until(lambda: len(baton.performed) == 1)
    await baton.quiet()
    (message,) = baton.slack.roots("#alerts")
    assert baton.performed == [message.ts]
    assert (await baton.run()).status == "completed"


async def test_a_kill_between_the_message_and_the_end_of_the_step_posts_nothing_twice(
    baton: BatonInABox,
) -> None:
    await baton.publish(ONE)
    baton.hold("sent ")
    await baton.report("build.completed", process="b-1", wait=False)
    await baton.until(lambda: len(baton.slack.roots("#alerts")) == 1)
    assert baton.performed == []
    await baton.kill()
    await baton.until(lambda: len(baton.performed) == 1)
    await baton.quiet()

    (message,) = baton.slack.roots("#alerts")
    assert baton.performed == [message.ts]


async def test_where_its_thread_has_no_place_it_waits_until_somebody_invites_baton(
    baton: BatonInABox,
) -> None:
    await baton.publish(UNINVITED)
    await baton.report("build.completed", process="b-1")
    await baton.advance(hours=1)
    assert (await step(baton, "say")).status == "running"

    await baton.slack.do("members", channel="#secops", user="U0BOTUSER", op="join")
    await baton.advance(minutes=11)
    await baton.until(lambda: len(baton.performed) == 1)
    await baton.quiet()
    (message,) = baton.thread("R-1", "#secops")
    assert baton.performed == [message.ts]


async def test_the_timeout_of_the_step_ends_the_wait(baton: BatonInABox) -> None:
    await baton.publish(UNINVITED)
    await baton.report("build.completed", process="b-1")
    await baton.advance(hours=1)
    await baton.advance(hours=1, minutes=1)

    ended = await step(baton, "say")
    assert (ended.status, ended.error["type"]) == ("failed", "timeout")
    assert baton.performed == []


async def test_what_slack_refuses_for_good_fails_the_step(baton: BatonInABox) -> None:
    await baton.publish(ONE)
    await baton.report("build.started", process="b-1")
    await baton.slack.fault("error_next", method="chat.postMessage", error="no_such_luck")
    await baton.report("build.completed", process="b-1", wait=False)
    await baton.until(lambda: baton.card("b-1").state == "Failed")
    await baton.quiet()

    ended = await step(baton, "say")
    assert (ended.status, ended.error["type"]) == ("failed", "not_sent")
    assert ended.error["message"] == "Slack does not take the message: no_such_luck."
    assert baton.slack.roots("#alerts") == []
    assert baton.performed == []


async def test_a_run_that_is_cancelled_does_not_wait_any_more(baton: BatonInABox) -> None:
    await baton.publish(UNINVITED)
    await baton.report("build.completed", process="b-1")
    run = await baton.run()
    assert run.status == "running"
    await baton.life.baton.coordinator.cancel(
        baton.person("grace"), run.id, reason="enough", via="web", request_id="once"
    )
    await baton.quiet()

    assert (await baton.run()).status == "cancelled"
    assert baton.performed == []


async def test_what_must_not_be_seen_is_covered_in_it(baton: BatonInABox) -> None:
    await baton.publish(HUSHED)
    await baton.report("build.completed", process="b-1")
    await baton.until(lambda: len(baton.performed) == 1)
    await baton.quiet()

    assert [each.plain for each in baton.thread("b-1")] == ["it is ••••••"]
