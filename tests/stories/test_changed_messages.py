"""A run changes what it said before: there is one message, and it says the newest."""

from tests.stories.box import BatonInABox

CHANGING = """
name: changing
triggers: [{event: build.completed}]
steps:
  - id: here
    action: slack.post
    params: {text: half of it}
  - id: there
    action: slack.post
    params: {channel: "#alerts", text: half of it there}
  - id: go
    wait_for: {event: test.completed}
  - id: whole
    action: slack.update
    params: {notice_id: "{{ steps.here.output.notice_id }}", text: all of it}
  - id: whole_there
    action: slack.update
    params: {notice_id: "{{ steps.there.output.notice_id }}", text: all of it there}
"""


async def test_what_a_run_said_is_changed_where_it_stands(baton: BatonInABox) -> None:
    await baton.publish(CHANGING)
    await baton.report("build.completed", process="b-1")
    before = baton.thread("b-1")
    assert [each.plain for each in before] == ["half of it"]

    await baton.report("test.completed", process="t-1")

    after = baton.thread("b-1")
    assert [(each.ts, each.plain) for each in after] == [(before[0].ts, "all of it")]
    assert after[0].edited
    (there,) = baton.slack.roots("#alerts")
    assert there.plain == "all of it there"
    assert (await baton.run()).status == "completed"
