"""A process falls silent: people ask after it, give it time, or end it; each from its card."""

import pytest

from coordination.store import audit
from devslack.errors import ControlError
from tests.stories.box import BatonInABox
from tests.stories.slack import CHANNEL, Message
from tests.stories.test_stale_cards import copied

MENDS = """
name: mend
triggers: [{event: job.failed}]
steps:
  - {id: note, action: test.work, params: {what: mend}}
"""


async def silent(baton: BatonInABox, name: str = "job-7", **more: object) -> Message:
    """Return the card of a process that said nothing for longer than it promised."""
    await baton.report("job.started", process=name, name="Nightly <!channel>", lease_s=60, **more)
    await baton.advance(minutes=12)
    return baton.card(name)


async def actions(baton: BatonInABox) -> list[str]:
    rows = await baton.life.door.read(lambda reader: audit.after(reader, 0, 100))
    return [row.action for row in rows if row.action.startswith("process.")]


async def test_a_stalled_card_has_buttons_that_a_running_one_has_not(baton: BatonInABox) -> None:
    await baton.report("job.started", process="job-7", lease_s=60)
    assert baton.card("job-7").buttons == ["Why?"]
    await baton.advance(minutes=2)
    assert baton.card("job-7").buttons == ["Ping", "Mark failed", "Snooze 1 h", "Why?"]

    await baton.report("job.in_progress", process="job-7")
    assert baton.card("job-7").buttons == ["Why?"]


async def test_a_ping_asks_the_owner_in_the_thread_once_an_hour(baton: BatonInABox) -> None:
    await silent(baton)
    before = baton.slack.pings("ada")
    said = await baton.click("Ping", by="grace")
    again = await baton.click("Ping", by="linus")

    assert baton.replies("job-7") == [
        "@grace asks @ada: is Nightly <!channel> still going? Nothing was heard of it for 12 min."
    ]
    assert baton.slack.pings("ada") == [*before, "mention"]
    assert said == "I asked @ada whether Nightly <!channel> still goes on."
    assert again == "@ada was asked about Nightly <!channel> within the last hour already."
    assert await actions(baton) == ["process.ping"]
    assert baton.card("job-7").state == "Stalled"

    await baton.advance(hours=1)
    await baton.click("Ping", by="linus")
    assert len(baton.replies("job-7")) == 2


async def test_who_pings_their_own_work_is_not_told_of_it(baton: BatonInABox) -> None:
    await silent(baton)
    before = baton.slack.pings("ada")
    assert await baton.click("Ping", by="ada") == (
        "I asked this thread whether Nightly <!channel> still goes on."
    )
    assert baton.replies("job-7") == [
        "@ada asks: is Nightly <!channel> still going? Nothing was heard of it for 12 min."
    ]
    assert baton.slack.pings("ada") == before


async def test_a_snooze_takes_the_warning_away_for_an_hour(baton: BatonInABox) -> None:
    await silent(baton)
    told = await baton.click("Snooze 1 h", by="ada")
    assert (
        told == "If nothing is heard of Nightly <!channel> within an hour, its card says so again."
    )
    assert (baton.card("job-7").state, baton.card("job-7").buttons) == ("Running", ["Why?"])
    await baton.advance(minutes=59)
    assert baton.card("job-7").state == "Running"
    await baton.advance(minutes=2)
    assert baton.card("job-7").state == "Stalled"
    assert baton.replies("job-7") == []


async def test_who_marks_it_failed_ends_it_everywhere(baton: BatonInABox) -> None:
    assert await baton.publish(MENDS)
    await silent(baton)
    with pytest.raises(ControlError, match="said no"):  # a dialog asks first
        await baton.click("Mark failed", by="ada", confirm=False)
    assert baton.card("job-7").state == "Stalled"
    assert await baton.click("Mark failed", by="ada") == "You marked Nightly <!channel> failed."

    card = baton.card("job-7")
    assert "Marked failed by @ada: nothing was heard of it since" in card.plain
    assert "Ping" not in card.buttons
    assert "Nightly <!channel> was marked failed by @ada" in baton.replies("job-7")
    process = (await baton.ask("GET", "/v1/processes/ci:job-7")).json()
    assert (process["status"], process["error"]["type"]) == ("failed", "stalled")
    assert baton.performed == ["mend"]  # who waits for failed jobs heard of it
    assert await actions(baton) == ["process.mark_failed"]

    late = await baton.report("job.completed", process="job-7")
    assert late["effect"] == "late"
    assert (await baton.ask("GET", "/v1/processes/ci:job-7")).json()["status"] == "failed"


async def test_a_second_press_on_an_old_card_changes_nothing_and_says_why(
    baton: BatonInABox,
) -> None:
    old = await copied(baton, await silent(baton), CHANNEL)
    await baton.click("Mark failed", by="ada")
    assert await baton.click("Mark failed", by="ada", message=old) == (
        "You had marked Nightly <!channel> failed."
    )
    assert await baton.click("Mark failed", by="grace", message=old) == (
        "Nightly <!channel> has ended already: failed. Nothing was changed."
    )
    assert await actions(baton) == ["process.mark_failed"]
    assert baton.card("job-7").state == "Failed"


async def test_a_press_that_meets_a_sign_of_life_changes_nothing(baton: BatonInABox) -> None:
    old = await copied(baton, await silent(baton), CHANNEL)
    await baton.report("job.in_progress", process="job-7", message="still here")
    for label in ("Ping", "Mark failed", "Snooze 1 h"):
        assert await baton.click(label, by="ada", message=old) == (
            "Nightly <!channel> is not stalled any more. Nothing was changed."
        )
    assert (baton.card("job-7").state, baton.replies("job-7")) == ("Running", [])
    assert await actions(baton) == []


async def test_only_an_operator_or_its_owner_ends_it_and_guests_do_not_even_ask(
    baton: BatonInABox,
) -> None:
    await silent(baton)
    for label in ("Mark failed", "Snooze 1 h"):
        assert "Only an operator, or the person whose tool reports this" in await baton.click(
            label, by="mallory"
        )
    assert "Guests" in await baton.click("Ping", by="sam")
    assert (baton.card("job-7").state, baton.replies("job-7")) == ("Stalled", [])
    assert await actions(baton) == []


async def test_a_question_that_it_asked_is_withdrawn_with_it(baton: BatonInABox) -> None:
    asks = {"approval": {"prompt": "Go on?", "approvers": ["@grace"]}}
    await baton.report("agent.pending_approval", process="agent-7", lease_s=60, **asks)
    await baton.advance(minutes=2)
    await baton.click("Mark failed", by="ada", on="agent-7")
    assert baton.question("agent-7").buttons == []
    assert baton.card("agent-7").state == "Failed"
