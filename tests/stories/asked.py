"""What the stories of deciding have in common: a question, letters, and things to press in a modal."""

from typing import Any

from coordination.questions import Approval
from tests.stories.box import BatonInABox
from tests.stories.definitions import asking
from tests.stories.slack import PEOPLE, Message

ASKED: dict[str, Any] = {"prompt": "Delete 3 files?", "approvers": ["@grace", "@linus"]}
FIVE = "[red, green, blue, white, black]"


async def waiting(baton: BatonInABox, **settings: str) -> Message:
    await baton.publish(asking(**settings))
    await baton.report("test.completed", process="build-7")
    assert baton.card("build-7").state == "Needs you"
    return baton.question("build-7")


def asked_of(definition: str, approvers: str) -> str:
    return definition.replace('["@grace", "@linus", "@ada"]', approvers)


async def group_asked(baton: BatonInABox, approvers: str = '["@sre"]', **settings: str) -> None:
    await baton.publish(asked_of(asking(**settings), approvers))
    await baton.report("test.completed", process="build-7")


async def approval(baton: BatonInABox, ref: str = "A-1") -> Approval:
    return await baton.life.baton.coordinator.approval(ref)


def letters(baton: BatonInABox, who: str) -> list[Message]:
    """Return what Baton wrote to one person."""
    channels = baton.slack.server.emulator.workspace.channels.values()
    mine = [each.id for each in channels if each.kind == "im" and each.user == PEOPLE[who]]
    found = [
        baton.slack.look("messages", channel=each, as_=PEOPLE[who], include="metadata")["messages"]
        for each in mine
    ]
    return [Message(each) for listed in found for each in listed]


async def press(baton: BatonInABox, label: str, *, by: str) -> None:
    """Press a button in the modal that somebody has open."""
    view = baton.slack.modal(by)
    assert view is not None
    for block in view["blocks"]:
        for element in block.get("elements", ()) if block["type"] == "actions" else ():
            if element["text"]["text"] == label:
                await baton.slack.do(
                    "click",
                    as_=PEOPLE[by],
                    view_id=view["id"],
                    action_id=element["action_id"],
                    block_id=block["block_id"],
                )
                await baton.quiet()
                return
    raise AssertionError(f"the modal of {by} has no {label!r}")


def offers(baton: BatonInABox, by: str) -> list[str]:
    view = baton.slack.modal(by) or {"blocks": []}
    found = [block["elements"] for block in view["blocks"] if block["type"] == "actions"]
    return [element["text"]["text"] for elements in found for element in elements]


async def choose(baton: BatonInABox, choice: str, *, by: str, **more: Any) -> None:
    """Choose from the list on the card."""
    card = baton.question("build-7")
    block_id, element = next(each for each in card.pressable() if "options" in each[1])
    value = next(
        each["value"] for each in element["options"] if each["value"].endswith(f".{choice}")
    )
    await baton.slack.do(
        "click",
        as_=PEOPLE[by],
        channel=card.raw["channel"],
        ts=card.ts,
        action_id=element["action_id"],
        block_id=block_id,
        value=value,
        **more,
    )
    await baton.quiet()
