"""A conversation with Baton alone: it offers what can be asked, looks it up, and changes nothing."""

from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE
from tests.stories.slack import PEOPLE, Json, Message


async def opened(baton: BatonInABox, who: str) -> list[tuple[str, str]]:
    """Open the conversation; return what is offered: titles, and what they send."""
    await baton.slack.do("home", as_=PEOPLE[who], tab="messages")
    await baton.quiet()
    calls = baton.slack.calls("assistant.threads.setSuggestedPrompts")
    prompts: list[Json] = calls[-1]["args"]["prompts"]
    return [(each["title"], each["message"]) for each in prompts]


async def say(baton: BatonInABox, who: str, text: str) -> str:
    """Write to Baton alone; return its answer, which stands in the thread of what was written."""
    workspace = baton.slack.server.emulator.workspace
    place = {"as_": PEOPLE[who], "channel": workspace.open_dm(PEOPLE[who]).id}
    done = await baton.slack.do("messages", text=text, **place)
    await baton.quiet()
    found = baton.slack.look("messages", thread_ts=done["message"]["ts"], **place)
    return "\n".join(Message(each).plain for each in found["messages"][1:])


async def test_what_is_offered_counts_what_waits_and_is_answered(baton: BatonInABox) -> None:
    assert (await opened(baton, "grace"))[0] == ("What waits for me?", "approvals")
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    offered = await opened(baton, "grace")
    assert offered[0] == ("1 approval waits for you", "approvals")
    assert len(offered) == 4
    for title, message in offered:
        said = await say(baton, "grace", message)
        assert said and "do not understand" not in said, title  # noqa: PT018  # one answer
    assert "Deploy to production?" in await say(baton, "grace", "Approvals")
    assert "R-1" in await say(baton, "grace", "status R-1")


async def test_nothing_is_done_by_a_message(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    assert await say(baton, "grace", "cancel R-1") == (
        "`cancel` is typed as `/baton cancel`: here I only look things up."
    )
    for text in ("approve it all", "yes", "A-1 approve"):
        await say(baton, "grace", text)
    assert "There is no state `broken`" in await say(baton, "grace", "runs state:broken")
    assert baton.question("build-7").buttons == ["Approve", "Reject…", "Details"]
    assert baton.card("build-7").state == "Needs you"
    assert baton.performed == []
