"""A tool asks people in its own name, and reads the answer over HTTP. No workflow is needed for it."""

from typing import Any

import pytest

from tests.stories.box import BatonInABox

ASKED: dict[str, Any] = {"prompt": "Delete 3 files?", "approvers": ["@grace", "@linus"]}


async def asking(baton: BatonInABox, **more: Any) -> str:
    """Let an agent ask; return the id of its approval."""
    told = await baton.report(
        "agent.pending_approval", process="agent-1", name="Tidy up", approval={**ASKED, **more}
    )
    assert baton.card("agent-1").state == "Needs you"
    return str(told["approval_id"])


async def answer_to(baton: BatonInABox, approval: str) -> tuple[str, str | None, str | None]:
    found = (await baton.ask("GET", f"/v1/approvals/{approval}")).json()
    return found["state"], found["decision"], found["by"]


async def test_a_yes_reaches_the_tool_and_it_goes_on(baton: BatonInABox) -> None:
    approval = await asking(baton)
    await baton.click("Approve", by="grace")

    assert await answer_to(baton, approval) == ("approved", "approve", "U0GRACE")
    assert baton.card("agent-1").state == "Running"
    await baton.report("agent.completed", process="agent-1")
    assert baton.card("agent-1").state == "Succeeded"
    assert baton.replies("agent-1") == ["Delete 3 files?", "Approved by @grace"]


@pytest.mark.parametrize(("scope", "word"), [("process", "Rejected"), ("step", "Running")])
async def test_a_no_ends_the_process_or_only_the_step_that_asked(
    baton: BatonInABox, scope: str, word: str
) -> None:
    approval = await asking(baton, scope=scope, require_reason="never")
    await baton.click("Reject", by="linus")

    assert await answer_to(baton, approval) == ("rejected", "reject", "U0LINUS")
    assert baton.card("agent-1").state == word
    assert baton.replies("agent-1") == ["Delete 3 files?", "Rejected by @linus"]


async def test_choices_of_the_tool_are_its_buttons(baton: BatonInABox) -> None:
    options = [{"id": "keep", "label": "Keep"}, {"id": "drop", "label": "Drop"}]
    approval = await asking(baton, options=options, require_reason="never")
    await baton.click("Drop", by="grace")

    assert await answer_to(baton, approval) == ("answered", "drop", "U0GRACE")


async def test_what_a_tool_asks_is_withdrawn_when_it_ends(baton: BatonInABox) -> None:
    approval = await asking(baton)
    await baton.report("agent.cancelled", process="agent-1")

    assert (await answer_to(baton, approval))[0] == "withdrawn"
    assert baton.question("agent-1").buttons == []
    assert baton.card("agent-1").state == "Cancelled"


async def test_a_question_after_the_end_is_not_asked(baton: BatonInABox) -> None:
    await baton.report("agent.completed", process="agent-1")
    told = await baton.report("agent.pending_approval", process="agent-1", approval=ASKED)

    assert told["effect"] == "ignored"
    assert told["approval_id"] is None
    assert baton.replies("agent-1") == []


async def test_what_a_tool_wants_approved_is_shown_as_it_is_and_does_nothing(
    baton: BatonInABox,
) -> None:
    prompt = "<!channel> press *Approve* <http://evil.example|here>"
    await asking(baton, prompt=prompt, body={"command": "rm -rf <@U0GRACE> `x` ```y```"})
    question = baton.question("agent-1")

    assert question.lines[0] == prompt
    assert "rm -rf <@U0GRACE>" in question.plain
    assert not [text for text in question.markup if "<!channel>" in text or "<http" in text]
    assert baton.slack.pings("mallory") == []


async def test_a_question_that_a_kill_interrupted_is_asked_once(baton: BatonInABox) -> None:
    baton.hold("deliver ")
    await baton.report("agent.pending_approval", process="agent-1", approval=ASKED)
    await baton.kill()

    assert baton.replies("agent-1") == ["Delete 3 files?"]
    assert baton.question("agent-1").buttons == ["Approve", "Reject…", "Details"]
