"""The verbs that came with the bus: each answers the one who typed it, and says what to do."""

import re

import pytest

from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN, RELEASE
from tests.stories.slack import PEOPLE

URL = re.compile(r"/login\?t=([A-Za-z0-9_.-]+)")
WRONG = {
    "": "What /baton can do.",
    "runs state:waitin": "Did you mean `waiting`?",
    "runs stat:failed": "did you mean `state:`?",
    "runs since:yesterday": "Write 30m, 2h, 1d or 2w.",
    "runs limit:100": "Write a number from 1 to 10.",
    "runs --state failed": "Write state:value instead",
    "runs \u2014state failed": "Write state:value instead",
    "status R-1 R-2": "I do not know what this is for.",
    "approve": "Something is missing here.",
    "approve R-3": "Name an approval, as A-17.",
    'cancel R-1 reason:"no': "This quote is not closed.",
    "cancel R-1 reason:": "has no value",
    "subscribe chain only:sometimes": "only",
    "settings replies:many": "Write a whole number.",
    "settings quiet_hours:late": "22:00-07:00",
    "settings volume:11": "There is no `volume:` here",
    "unsubscribe": "Something is missing here.",
    "sbscribe chain": "Did you mean `subscribe`?",
    "explain ev_nothing": "There is no",
    "resolve R-9": "There is no run",
    "approve A-99": "There is no approval",
    "whoami please": "I do not know what this is for.",
}


async def test_whatever_is_typed_wrong_is_answered_with_what_to_do(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    for count, (typed, part) in enumerate(WRONG.items(), start=1):
        await baton.slash(typed, by="grace")
        told = baton.slack.private("grace")
        assert len(told) == count, typed
        assert part in told[-1].plain or part in told[-1].raw["text"], typed
        assert "Something went wrong" not in told[-1].plain
    assert baton.slack.roots() == []


async def test_phones_may_write_quotes_and_capitals_as_they_like(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    told = await baton.slash("CANCEL r-1 REASON:\u201cwrong branch\u201d", by="grace")

    assert told.startswith("R-1 Release to production is cancelled")
    assert baton.replies("build-7")[1] == "Cancelled by @grace: wrong branch"


@pytest.mark.parametrize("verb", ["approve", "reject"])
async def test_a_typed_approval_decides_nothing_and_shows_its_buttons(
    baton: BatonInABox, verb: str
) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    told = await baton.slash(f"{verb} a-1", by="grace")

    assert "Deploy to production?" in told
    assert (await baton.life.baton.coordinator.approval("A-1")).state == "open"
    assert baton.performed == []
    mine = baton.slack.private("grace")[-1]
    await baton.click("Approve", by="grace", message=mine)
    assert baton.performed == ["deploy build-7", "announce"]


async def test_resolve_shows_the_step_that_nobody_can_be_sure_of(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.hang("ship")
    await baton.report("test.completed", process="build-7")
    assert (await baton.slash("resolve R-1", by="linus")).startswith("No step of R-1 is unknown")
    await baton.kill()
    baton.work.finish("ship")
    told = await baton.slash("resolve R-1", by="linus")

    assert "Did ship happen?" in told
    await baton.click("Mark done", by="linus", message=baton.slack.private("linus")[-1])
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["build", "ship", "tell"]


async def test_runs_of_one_branch_are_found(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    for branch in ("main", "feature/x"):
        await baton.report("test.completed", process=f"build-{branch}", subject={"ref": branch})

    told = await baton.slash("runs branch:feature/x", by="mallory")
    assert ("R-1" in told, "R-2" in told) == (False, True)
    assert (await baton.slash("runs branch:none", by="mallory")).startswith("No run fits")


async def test_explain_says_how_something_came_to_its_thread(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    done = await baton.report("test.completed", process="build-7")

    for ref in (done["event_id"], done["thread_id"], "R-1"):
        told = await baton.slash(f"explain {ref}", by="mallory")
        assert told.count("•") >= 1, ref
        assert "There is no" not in told


async def test_connect_shows_who_reports_and_the_line_that_does(baton: BatonInABox) -> None:
    told = await baton.slash("connect", by="mallory")

    assert "`ci`" in told
    assert "curl -sS http://baton.test/v1/notify" in told
    assert "$BATON_TOKEN" in told
    await baton.slack.do("members", channel="#releases", user="U0SAM", op="join")
    assert (await baton.slash("connect", by="sam")).startswith("Guests")


async def test_whoami_gives_a_link_that_logs_in_once_and_only_for_five_minutes(
    baton: BatonInABox,
) -> None:
    told = await baton.slash("whoami", by="grace")
    assert "You are @grace." in told
    assert "member, operator" in told
    link = link_of(baton, "grace")

    first = await baton.life.ask("GET", f"/login?t={link}")
    again = await baton.life.ask("GET", f"/login?t={link}")
    assert (first.status_code, again.status_code) == (303, 401)
    who = baton.life.baton.sessions.read(
        "session", first.cookies["baton_session"], now=baton.life.world.clock.now()
    )
    assert who is not None
    assert who["p"] == PEOPLE["grace"]

    await baton.slash("whoami", by="grace")
    late = link_of(baton, "grace")
    await baton.advance(minutes=5)
    assert (await baton.life.ask("GET", f"/login?t={late}")).status_code == 401


def link_of(baton: BatonInABox, who: str) -> str:
    found = URL.search(str(baton.slack.private(who)[-1].raw))
    assert found is not None
    return found[1]


async def test_a_guest_hears_who_they_are_and_gets_no_link(baton: BatonInABox) -> None:
    await baton.slack.do("members", channel="#releases", user="U0SAM", op="join")
    told = await baton.slash("whoami", by="sam")

    assert "You are @sam." in told
    assert URL.search(str(baton.slack.private("sam")[-1].raw)) is None


async def test_doctor_tells_admins_what_is_wrong_and_others_whom_to_ask(baton: BatonInABox) -> None:
    assert (await baton.slash("doctor", by="grace")).startswith("Only an admin")
    await admin(baton, "ada")
    assert (await baton.slash("doctor", by="ada")) == "I know of nothing that is wrong."
    await baton.publish(CHAIN)
    await baton.publish(CHAIN.replace("test.deploy", "test.deplyo"))

    told = await baton.slash("doctor", by="ada")
    assert "The file of `chain` is broken" in told
    assert "/baton describe chain" in told


async def admin(baton: BatonInABox, who: str) -> None:
    """Make somebody an admin of Baton, as baton.yaml does."""
    coordinator = baton.life.baton.coordinator
    roles = type(coordinator.rules.roles).read({"admin": [f"@{who}"]})
    coordinator.rules = type(coordinator.rules)(roles=roles, channel="#releases")


async def test_people_follow_what_concerns_them_and_stop_again(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    told = await baton.slash("subscribe chain only:failed branch:main", by="mallory")
    assert "You follow `chain`." in told
    assert "`branch:main only:failed`" in told

    assert "`chain`" in await baton.slash("subscribe", by="mallory")
    assert "You follow nothing." in await baton.slash("subscribe", by="grace")
    assert "Did you mean 'chain'?" in await baton.slash("subscribe chian", by="mallory")
    assert "You no longer follow `chain`." in await baton.slash("unsubscribe chain", by="mallory")
    assert "You did not follow `chain`." in await baton.slash("unsubscribe chain", by="mallory")


async def test_a_channel_is_made_quieter_by_those_who_may(baton: BatonInABox) -> None:
    shown = await baton.slash("settings", by="mallory")
    assert "#releases" in shown
    refused = await baton.slash("settings replies:3", by="mallory")
    assert refused.startswith("Only an operator")

    change = 'settings replies:3 broadcast:failed quiet_hours:"22:00-07:00 Europe/Berlin" digest:4h'
    told = await baton.slash(change, by="grace")
    assert told.startswith("Changed: replies, broadcast, quiet_hours, digest.")
    assert "22:00-07:00 Europe/Berlin" in await baton.slash("settings", by="mallory")
    policy = await baton.life.baton.coordinator.channel_policy("C0RELEASES")
    assert (policy.replies, policy.broadcast, policy.digest) == (3, ("failed",), 4.0)
    await baton.slash("settings quiet_hours:off digest:off broadcast:off thread:off", by="grace")
    policy = await baton.life.baton.coordinator.channel_policy("C0RELEASES")
    assert (policy.quiet_hours, policy.digest, policy.thread, policy.replies) == (
        None,
        None,
        False,
        3,
    )


async def test_every_verb_is_acknowledged_in_under_a_second(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    slow = {}
    for typed in ("help", "list", "runs", "approvals", "status", "whoami", "connect", "settings"):
        done = await baton.slack.do(
            "slash", as_=PEOPLE["grace"], channel="#releases", command="/baton", text=typed
        )
        assert done["ack"]["state"] == "acked"
        slow[typed] = done["ack"]["ms"]
    await baton.quiet()

    assert {typed: ms for typed, ms in slow.items() if ms >= 1_000} == {}


async def test_what_is_typed_is_shown_back_as_text_and_mentions_nobody(baton: BatonInABox) -> None:
    for typed in ("<!channel> now", 'runs workflow:"<!here>"', "describe `<@U0ADA>`", "a\u202eb"):
        await baton.slash(typed, by="mallory")
    said = [text for each in baton.slack.private("mallory") for text in each.markup]

    assert len(said) >= 4
    assert [text for text in said if "<!" in text or "\u202e" in text] == []
    assert [baton.slack.pings(who) for who in ("ada", "grace", "linus")] == [[], [], []]
