"""Deciding well: groups, second accounts, what can be answered, and what is looked at."""

import pytest

from coordination.database import audit as audit_table
from coordination.database import select
from coordination.errors import Superseded
from tests.stories.asked import (
    ASKED,
    FIVE,
    approval,
    choose,
    group_asked,
    offers,
    waiting,
)
from tests.stories.box import BatonInABox
from tests.stories.slack import PEOPLE

# Who is asked


@pytest.mark.parametrize("form", ["@sre", "S0SRE", "<!subteam^S0SRE>"])
async def test_a_user_group_is_asked_and_one_of_its_members_decides(
    baton: BatonInABox, form: str
) -> None:
    await group_asked(baton, f'["{form}"]')
    assert "1 of @sre, not who asked" in baton.question("build-7").plain
    told = await baton.click("Approve", by="mallory")
    assert told.startswith("Only ")
    assert baton.performed == []
    await baton.click("Approve", by="linus")

    assert baton.replies("build-7") == ["Go on?", "Approved by @linus"]
    assert baton.performed == ["approve"]


async def test_who_leaves_the_group_is_not_asked_any_more(baton: BatonInABox) -> None:
    await group_asked(baton)
    baton.slack.server.emulator.workspace.groups["S0SRE"].users.remove(PEOPLE["grace"])
    await baton.advance(minutes=5)
    told = await baton.click("Approve", by="grace")

    assert told == "Only @sre can answer A-1."
    assert baton.performed == []


async def test_a_group_that_cannot_be_read_is_named_as_a_problem_and_asks_nobody(
    baton: BatonInABox,
) -> None:
    await baton.slack.fault(
        "error_next", count=None, method="usergroups.list", error="missing_scope"
    )
    await baton.advance(minutes=5)
    await group_asked(baton)
    await baton.click("Approve", by="grace")
    (problem,) = await baton.life.baton.coordinator.approver_problems(["@sre"])

    assert "usergroups:read" in problem
    assert baton.card("build-7").state == "Needs you"
    assert baton.performed == []


async def test_two_accounts_of_one_human_are_one_vote_and_never_their_own(
    baton: BatonInABox,
) -> None:
    users = baton.slack.server.emulator.workspace.users
    for who, address in (("ada", "a@x"), ("mallory", "A@x"), ("grace", "g@x"), ("linus", "g@x")):
        users[PEOPLE[who]].email = address
    await baton.advance(minutes=5)
    await group_asked(baton, '["@grace", "@linus", "@mallory"]', quorum="2")
    assert (await baton.click("Approve", by="mallory")).startswith("You asked for A-1")
    await baton.click("Approve", by="grace")
    await baton.click("Approve", by="linus")

    assert len((await approval(baton)).counted) == 1
    assert baton.card("build-7").state == "Needs you"
    assert baton.performed == []


async def test_whom_an_agent_works_for_does_not_answer_what_it_asks(baton: BatonInABox) -> None:
    users = baton.slack.server.emulator.workspace.users
    users[PEOPLE["grace"]].email = "grace@example.com"
    await baton.advance(minutes=5)
    actor = {"email": "Grace@example.com", "name": "Grace"}
    await baton.report("agent.pending_approval", process="agent-1", approval=ASKED, actor=actor)
    told = await baton.click("Approve", by="grace")

    assert told.startswith("You asked for A-1, so somebody else answers it")
    assert (await approval(baton)).state == "open"
    await baton.click("Approve", by="linus")
    assert (await approval(baton)).decided_by == PEOPLE["linus"]


# What can be answered


async def test_many_decisions_are_a_list_and_none_is_lost(baton: BatonInABox) -> None:
    card = await waiting(baton, decisions=FIVE, require_reason="never")
    assert card.buttons == ["Reject", "Details"]
    await choose(baton, "white", by="grace")

    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["white"]


async def test_a_decision_from_the_list_asks_for_its_reason_where_one_is_due(
    baton: BatonInABox,
) -> None:
    await waiting(baton, decisions=FIVE, require_reason="always")
    await choose(baton, "blue", by="grace")
    assert baton.performed == []
    await baton.submit(reason="it goes with the door", by="grace")

    assert baton.replies("build-7")[1] == "Answered `blue` by @grace: it goes with the door"
    assert baton.performed == ["blue"]


async def test_a_text_is_asked_for_in_a_form(baton: BatonInABox) -> None:
    card = await waiting(baton, answer="text")
    assert card.buttons == ["Answer…", "Reject…", "Details"]
    await baton.click("Answer…", by="linus")
    await baton.submit(answer="to staging first", by="linus")

    assert baton.replies("build-7")[1] == "Answered by @linus: to staging first"
    assert (await approval(baton)).text == "to staging first"
    assert baton.card("build-7").state == "Succeeded"


@pytest.mark.parametrize(
    ("rule", "labels"),
    [
        ("reject", ["Approve", "Reject…", "Details"]),
        ("always", ["Approve…", "Reject…", "Details"]),
        ("never", ["Approve", "Reject", "Details"]),
    ],
)
async def test_an_ellipsis_says_which_answer_asks_for_a_reason(
    baton: BatonInABox, rule: str, labels: list[str]
) -> None:
    card = await waiting(baton, require_reason=rule)
    assert card.buttons == labels
    labelled = [element for _, element in card.pressable()]
    assert all("A-1" in element["accessibility_label"] for element in labelled)


# What is looked at


async def test_files_are_shown_as_they_were_when_people_were_asked(baton: BatonInABox) -> None:
    files = baton.life.world.files
    lines = "\n".join(f"+line {number}" for number in range(30))
    await files.write("plan.diff", f"--- a\n+++ b\n-old\n{lines}\n".encode())
    await files.write("notes.txt", b"password=hunter2-hunter2\nship it\n")
    await waiting(baton, show="[look, {file: notes.txt}, {diff: plan.diff}, {file: missing.txt}]")
    await files.write("notes.txt", b"something else\n")
    card = baton.question("build-7").plain

    assert "`notes.txt` · 2 lines" in card
    assert "ship it" in card
    assert "hunter2" not in card
    assert "`plan.diff` · 33 lines, +30 -1" in card
    assert "+line 3" in card
    assert "+line 29" not in card
    assert "`missing.txt` cannot be shown" in card
    await baton.click("Details", by="grace")
    assert "+line 29" in baton.form(by="grace")
    assert "something else" not in baton.form(by="grace")
    assert "hunter2" not in baton.form(by="grace")
    await baton.click("Approve", by="grace")
    assert baton.performed == ["approve"]


async def test_details_are_for_those_who_take_part(baton: BatonInABox) -> None:
    await waiting(baton)
    await baton.click("Details", by="sam")
    assert baton.form(by="sam").startswith("Guests and people of other workspaces")
    await baton.click("Details", by="mallory")
    assert "*Waited for*\n@grace, @linus" in baton.form(by="mallory")
    assert offers(baton, "mallory") == []
    await baton.click("Details", by="grace")
    assert offers(baton, "grace") == ["Delegate…"]


async def test_a_long_body_shows_what_it_is_and_stays_small(baton: BatonInABox) -> None:
    body = {"command": "rm -rf /", "why": "\n" * 10_000, "note": "\u202eevil\u200b"}
    await baton.report(
        "agent.pending_approval", process="agent-1", approval={**ASKED, "body": body}
    )
    card = baton.question("agent-1")

    assert "rm -rf /" in card.plain
    assert len(card.plain.splitlines()) < 60
    assert "\u202e" not in card.plain
    assert f"digest `{(await approval(baton)).digest[:12]}`" in card.plain
    assert "characters more are under Details" in card.plain


# One answer, wherever it is given


async def test_every_vote_of_a_quorum_is_on_the_card_and_in_the_audit(baton: BatonInABox) -> None:
    await waiting(baton, quorum="2", require_reason="never")
    await baton.click("Approve", by="grace")
    assert "1 of 2: @grace" in baton.question("build-7").lines
    await baton.decide("A-1", "approve", by="linus")

    card = baton.question("build-7")
    assert "by @linus" in card.plain
    assert "via web" in card.plain
    assert "@grace: `approve`" in card.plain
    assert card.buttons == []
    rows = await baton.life.door.read(lambda reader: reader.fetch_all(select(audit_table)))
    votes = [(row.actor, row.detail["via"]) for row in rows if row.action == "vote.counted"]
    assert votes == [(PEOPLE["grace"], "slack"), (PEOPLE["linus"], "web")]


async def test_a_click_on_a_card_that_is_behind_is_answered_and_the_card_brought_up_to_date(
    baton: BatonInABox,
) -> None:
    await waiting(baton)
    baton.hold("deliver ")
    await baton.decide("A-1", "approve", by="grace")
    told = await baton.click("Approve", by="linus")
    assert told.startswith("A-1 is decided already")
    await baton.release()

    assert baton.question("build-7").buttons == []
    assert baton.performed == ["approve"]


@pytest.mark.parametrize("choice", ["approve", "reject"])
async def test_looking_at_pages_decides_nothing(baton: BatonInABox, choice: str) -> None:
    await waiting(baton)
    for path in (
        "/r/R-1",
        f"/r/R-1/decision?choice={choice}",
        f"/v1/approvals/A-1?choice={choice}",
    ):
        await baton.page(path, by="grace")
        await baton.ask("GET", path)
    await baton.ask("HEAD", "/v1/approvals/A-1/decision")

    assert (await approval(baton)).state == "open"
    assert baton.performed == []


async def test_what_binds_an_answer_to_one_question_fits_no_other(baton: BatonInABox) -> None:
    await waiting(baton)
    await baton.report("test.completed", process="build-8")
    second = await approval(baton, "A-2")
    for wrong in ({"version": 2}, {"digest": "0" * 64}, {"version": 1, "digest": ""}):
        with pytest.raises(Superseded):
            await baton.decide("A-2", "approve", by="grace", **wrong)
    assert (await approval(baton, second.id)).state == "open"
    await baton.decide("A-2", "approve", by="grace", version=1, digest=second.digest)

    assert (await approval(baton)).state == "open"
    assert baton.performed == ["approve"]


async def test_the_page_of_a_run_says_the_same_as_the_card(baton: BatonInABox) -> None:
    await waiting(baton, quorum="2", require_reason="never", decisions="[ship_it, hold]")
    await baton.click("Ship it", by="grace")
    coordinator = baton.life.baton.coordinator
    await coordinator.delegate(baton.person("linus"), "A-1", PEOPLE["mallory"], via="api")
    page = (await baton.page("/r/R-1", by="mallory")).text

    assert "2 of @grace, @linus, @ada" in page
    assert "@grace: ship_it" in page
    assert "@linus handed their vote to @mallory" in page
    assert ">Ship it</button>" in page
    told = (await baton.ask("GET", "/v1/approvals/A-1")).json()
    assert told["delegations"][0]["to"] == PEOPLE["mallory"]
    await baton.decide("A-1", "ship_it", by="mallory")
    assert "by @mallory for @linus" in (await baton.page("/r/R-1", by="mallory")).text
    assert "by @mallory for @linus" in baton.question("build-7").plain
    assert baton.performed == ["ship_it"]
