"""The two entries in Slack's menus: start a workflow, and start one from a message."""

from collections.abc import Mapping

from slack_bolt.async_app import AsyncApp

from handlers.slack import clicks, ids
from handlers.slack.clicks import Body
from handlers.slack.drafts import Drafts
from handlers.slack.grammar import decoded
from handlers.slack.listening import Edge
from handlers.slack.recording import Ack
from handlers.slack.starting import TITLE, choose_workflow

LONGEST = 3_000  # as much as an input of a form takes


def register(bolt: AsyncApp, edge: Edge, drafts: Drafts) -> None:
    """Listen to the menu of the workspace, and to that of a message."""

    async def from_menu(ack: Ack, body: Body) -> None:
        await ack()
        opened = await edge.screens.open_loading(str(body.get("trigger_id", "")), TITLE)
        await choose_workflow(edge, clicks.principal(body), opened)

    async def from_message(ack: Ack, body: Body) -> None:
        await ack()
        opened = await edge.screens.open_loading(str(body.get("trigger_id", "")), TITLE)
        facts = said(body)
        link = await edge.screens.permalink(facts["channel"], facts["ts"])
        if link:
            facts["permalink"] = link
        who = clicks.principal(body)
        await choose_workflow(edge, who, opened, drafts.keep(who.actor, facts))

    bolt.global_shortcut(ids.START_SHORTCUT)(from_menu)
    bolt.message_shortcut(ids.MESSAGE_SHORTCUT)(from_message)


def said(body: Body) -> dict[str, str]:
    """Return what a message says of itself, by the names under which a workflow may ask for it."""
    message: Mapping[str, object] = body.get("message") or {}
    return {
        "text": decoded(str(message.get("text") or ""))[:LONGEST],
        "channel": str((body.get("channel") or {}).get("id") or ""),
        "ts": str(body.get("message_ts") or message.get("ts") or ""),
        "user": str(message.get("user") or message.get("bot_id") or ""),
    }
