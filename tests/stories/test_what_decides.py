"""What decides, by kind of event and by sender: a button, a list or a form of somebody asked, nothing else."""

import ast
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from coordination.errors import NotAllowed
from coordination.policy import Principal
from devslack.model import User
from tests.stories.box import BatonInABox
from tests.stories.definitions import asking
from tests.stories.slack import CHANNEL, PEOPLE

ROOT = Path(__file__).resolve().parents[2]
BOT = "U0BOTUSER"
MACHINES = (BOT, "U0OTHERBOT")
YES = (
    "approve",
    "yes",
    "approve A-1",
    "/baton approve A-1",
    ":white_check_mark:",
    "@baton approve",
)
Kind = Callable[[BatonInABox, str], Awaitable[None]]


async def waiting(baton: BatonInABox) -> None:
    await baton.publish(asking(require_reason="never"))
    await baton.report("test.completed", process="build-7")


async def state(baton: BatonInABox) -> str:
    return (await baton.life.baton.coordinator.approval("A-1")).state


def question(baton: BatonInABox) -> dict[str, Any]:
    card = baton.question("build-7")
    return {"channel": card.raw["channel"], "ts": card.ts}


async def presses(baton: BatonInABox, who: str, label: str = "Approve") -> None:
    card = baton.question("build-7")
    block_id, element = next(
        (block_id, each) for block_id, each in card.pressable() if each["text"]["text"] == label
    )
    await baton.slack.do(
        "click", as_=who, block_id=block_id, action_id=element["action_id"], **question(baton)
    )


async def types_in_the_thread(baton: BatonInABox, who: str) -> None:
    for text in YES:
        thread = baton.card("build-7").ts
        await baton.slack.do("messages", as_=who, channel=CHANNEL, thread_ts=thread, text=text)


async def types_in_the_channel(baton: BatonInABox, who: str) -> None:
    for text in YES:
        await baton.slack.do("messages", as_=who, channel=CHANNEL, text=text)


async def writes_to_baton(baton: BatonInABox, who: str) -> None:
    for text in YES:
        await baton.slack.do("messages", as_=who, channel=BOT, text=text)


async def reacts(baton: BatonInABox, who: str) -> None:
    for name in ("white_check_mark", "+1", "rocket"):
        await baton.slack.do("reactions", as_=who, name=name, op="add", **question(baton))


async def types_a_command(baton: BatonInABox, who: str) -> None:
    for text in ("approve", "approve A-1", "yes", "decide A-1 approve"):
        await baton.slack.do("slash", as_=who, channel=CHANNEL, command="/baton", text=text)


async def edits_a_message(baton: BatonInABox, who: str) -> None:
    done = await baton.slack.do("messages", as_=who, channel=CHANNEL, text="hello")
    ts = (done.get("message") or done)["ts"]
    await baton.slack.server.ask(
        "PATCH", "messages", **{"as": who, "channel": CHANNEL, "ts": ts, "text": "approve A-1"}
    )


async def opens_the_details(baton: BatonInABox, who: str) -> None:
    await presses(baton, who, "Details")


TALK: dict[str, Kind] = {
    each.__name__: each
    for each in (
        types_in_the_thread,
        types_in_the_channel,
        writes_to_baton,
        reacts,
        types_a_command,
        edits_a_message,
        opens_the_details,
    )
}


def gone(baton: BatonInABox) -> str:
    baton.slack.server.emulator.workspace.users["U0GRACE"].deleted = True
    return "U0GRACE"


def stranger(baton: BatonInABox) -> str:
    """Somebody of another workspace, in a channel that both share; the directory has no such person."""
    users = baton.slack.server.emulator.workspace.users
    users["U0STRANGER"] = User("U0STRANGER", "grace", "Grace Elsewhere")
    for each in baton.slack.server.emulator.workspace.channels.values():
        if each.name == "releases":
            each.members.append("U0STRANGER")
    return "U0STRANGER"


SENDERS: dict[str, Callable[[BatonInABox], str]] = {
    "a member who is not asked": lambda _: PEOPLE["mallory"],
    "who asked": lambda _: PEOPLE["ada"],
    "a guest": lambda _: PEOPLE["sam"],
    "a bot": lambda _: "U0OTHERBOT",
    "Baton itself": lambda _: BOT,
    "a stranger": stranger,
}


@pytest.mark.parametrize("kind", TALK)
async def test_nothing_that_somebody_who_is_asked_says_decides(
    baton: BatonInABox, kind: str
) -> None:
    await waiting(baton)
    await TALK[kind](baton, PEOPLE["grace"])
    await baton.quiet()
    assert await state(baton) == "open"
    assert baton.performed == []


@pytest.mark.parametrize("label", ["Approve", "Reject"])
@pytest.mark.parametrize("sender", SENDERS)
async def test_no_button_decides_for_those_who_are_not_asked(
    baton: BatonInABox, sender: str, label: str
) -> None:
    await waiting(baton)
    who = SENDERS[sender](baton)
    if who not in MACHINES:  # in Slack itself they have no hands
        await presses(baton, who, label)
    await baton.quiet()
    principal, choice = Principal("person", who, who, "slack"), label.lower()
    with pytest.raises(NotAllowed):
        await baton.life.baton.coordinator.decide(principal, "A-1", choice, via="slack")
    assert await state(baton) == "open"
    assert baton.performed == []


async def test_who_was_deactivated_decides_nothing(baton: BatonInABox) -> None:
    await waiting(baton)
    who = gone(baton)
    await baton.advance(minutes=5)
    principal = Principal("person", who, who, "slack")
    with pytest.raises(NotAllowed, match="deactivated"):
        await baton.life.baton.coordinator.decide(principal, "A-1", "approve", via="slack")
    assert await state(baton) == "open"


@pytest.mark.parametrize("kind", ["system", "timer"])
async def test_the_program_itself_decides_nothing(baton: BatonInABox, kind: Any) -> None:
    await waiting(baton)
    with pytest.raises(NotAllowed):
        await baton.life.baton.coordinator.decide(
            Principal(kind, kind), "A-1", "approve", via="slack"
        )
    assert await state(baton) == "open"


async def test_the_button_of_somebody_who_is_asked_decides(baton: BatonInABox) -> None:
    await waiting(baton)
    await presses(baton, PEOPLE["grace"])
    await baton.quiet()
    assert await state(baton) == "approved"
    assert baton.performed == ["approve"]


def principals(path: Path) -> list[str]:
    """Return the kinds of principals that a module makes up."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    made = [node for node in calls if getattr(node.func, "id", "") == "Principal"]
    return [ast.unparse(node.args[0]).strip("'") for node in made]


def test_nobody_makes_up_a_principal_of_the_program() -> None:
    folders = ("coordination", "workflows", "handlers", "bot")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    made = {kind for path in paths for kind in principals(path)}

    assert "person" in made
    assert made & {"system", "timer"} == set()
