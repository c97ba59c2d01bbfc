"""The acting half of the control API: what a person does with mouse and keyboard."""

from typing import Any

from devslack import interactivity, modals
from devslack.acted import by_delivery, by_events
from devslack.asked import Asked
from devslack.elements import find
from devslack.errors import ControlError
from devslack.model import Channel, Message
from devslack.mrkdwn import typed
from devslack.payloads import Body, read_body
from devslack.present import channel_json, message_json
from devslack.shapes import Json
from devslack.state import Author

LONGEST = 12_000


def _typed_body(asked: Asked) -> Body:
    words = asked.text("text", "")
    if len(words) > LONGEST:
        raise ControlError(422, "msg_too_long", f"A person can type at most {LONGEST} characters.")
    extra: Json = {k: asked.fields[k] for k in ("blocks", "metadata") if k in asked.fields}
    return read_body(
        {"text": typed(words, asked.workspace.names), **extra}, asked.emulator.ids.short
    )


def _author(asked: Asked) -> tuple[Author, Channel]:
    if asked.maybe("bot", bool):
        other = asked.workspace.other
        return Author(other.user_id, other.id, other.app_id), asked.channel()
    user = asked.person()
    return Author(user.id), asked.own_channel(user)


async def post(asked: Asked) -> Json:
    """Type a message."""
    asked.allow("as", "channel", "text", "thread_ts", "broadcast", "blocks", "metadata", "bot")
    author, channel = _author(asked)
    body = _typed_body(asked)
    thread = asked.text("thread_ts", "")
    root = asked.workspace.message(channel.id, thread) if thread else None
    if thread and root is None:
        raise ControlError(404, "message_not_found", f"There is no message {thread} to reply to.")
    broadcast = bool(asked.maybe("broadcast", bool))
    top = (root.thread_ts or root.ts) if root else ""
    message, done = await by_events(
        asked.emulator,
        lambda: asked.workspace.post(channel.id, author, body, top, broadcast=broadcast),
    )
    return {**done, "message": message_json(asked.workspace, message)}


def _own(asked: Asked, *, app_too: bool) -> Message:
    if asked.maybe("bot", bool):
        return _bots_own(asked)
    user = asked.person()
    message = asked.message(user)
    if message.user != user.id and not (app_too and message.bot_id):
        raise ControlError(403, "not_author", f"{user.id} did not write this message.")
    return message


def _bots_own(asked: Asked) -> Message:
    channel = asked.channel()
    message = asked.workspace.message(channel.id, asked.text("ts"))
    if message is None or message.subtype == "tombstone":
        raise ControlError(404, "message_not_found", f"There is no such message in {channel.id}.")
    if message.bot_id in ("", asked.workspace.app.id):
        raise ControlError(403, "not_author", "No other bot wrote this message.")
    return message


async def edit(asked: Asked) -> Json:
    """Edit one's own message, or with ``bot`` that of another app."""
    asked.allow("as", "channel", "ts", "text", "blocks", "metadata", "bot")
    message = _own(asked, app_too=False)
    body = _typed_body(asked)
    _, done = await by_events(
        asked.emulator, lambda: asked.workspace.edit(message, message.user, body)
    )
    return {**done, "message": message_json(asked.workspace, message)}


async def delete(asked: Asked) -> Json:
    """Delete one's own message, or the app's; with ``bot`` that of another app."""
    asked.allow("as", "channel", "ts", "bot")
    message = _own(asked, app_too=True)
    if message.visible_to:
        asked.workspace.rewrite_whisper(message, None)
        return (await by_events(asked.emulator, lambda: None))[1]
    return (await by_events(asked.emulator, lambda: asked.workspace.delete(message)))[1]


async def slash(asked: Asked) -> Json:
    """Run a slash command."""
    asked.allow("as", "channel", "command", "text", "thread_ts")
    user = asked.person()
    channel = asked.own_channel(user)
    manifest = asked.emulator.manifest
    command = manifest.command(asked.text("command"))
    if command is None:
        known = ", ".join(c.command for c in manifest.commands) or "none"
        raise ControlError(
            404, "no_such_command", f"There is no {asked.text('command')}. There are: {known}."
        )
    if asked.text("thread_ts", ""):
        sentence = f"{command.command} is not supported in threads. Sorry!"
        interactivity.slackbot_says(asked.emulator, user.id, channel.id, sentence)
        raise ControlError(409, "slash_not_in_thread", sentence)
    text = asked.text("text", "")
    return await by_delivery(
        asked.emulator, lambda: interactivity.slash(asked.emulator, user.id, channel, command, text)
    )


def _wanted(asked: Asked) -> Json:
    wanted = {"action_id": asked.text("action_id"), "value": asked.fields.get("value")}
    return {**wanted, "block_id": asked.maybe("block_id", str)}


async def click(asked: Asked) -> Json:
    """Use an element of a message, a modal or Home."""
    asked.allow("as", "channel", "ts", "view_id", "action_id", "block_id", "value", "confirm")
    user = asked.person()
    emulator, wanted = asked.emulator, _wanted(asked)
    declined = asked.maybe("confirm", bool) is False
    if "view_id" in asked.fields:
        view = asked.view(asked.text("view_id"), user)
        _refuse_declined(view.blocks, wanted, declined=declined)
        done = await by_delivery(
            emulator, lambda: interactivity.click_view(emulator, user.id, view, wanted)
        )
        live = emulator.views.find(view.id)
        return {**done, "view": emulator.views.public(live) if live else None}
    message = asked.message(user)
    _refuse_declined(message.blocks, wanted, declined=declined)
    return await by_delivery(
        emulator, lambda: interactivity.click_message(emulator, user.id, message, wanted)
    )


def _refuse_declined(blocks: list[Json] | None, wanted: Json, *, declined: bool) -> None:
    found = find(blocks, wanted["action_id"], wanted["block_id"], wanted["value"])
    if declined:
        asks = "confirm" in found.element
        detail = (
            "The person said no; nothing was sent."
            if asks
            else "This element asks for no confirmation."
        )
        raise ControlError(409, "declined" if asks else "no_confirm_dialog", detail)


async def options(asked: Asked) -> Json:
    """Ask what an external select offers."""
    asked.allow("as", "view_id", "channel", "ts", "action_id", "block_id", "query")
    user = asked.person()
    emulator = asked.emulator
    where: Json
    if "view_id" in asked.fields:
        view = asked.view(asked.text("view_id"), user)
        blocks: list[Json] | None = view.blocks
        where = {
            "container": {"type": "view", "view_id": view.id},
            "view": emulator.views.slack(view),
        }
    else:
        message = asked.message(user)
        blocks = message.blocks
        channel = asked.workspace.channels[message.channel]
        container = {"type": "message", "message_ts": message.ts, "channel_id": channel.id}
        where = {
            "container": container,
            "channel": interactivity.channel_of(channel),
            "message": asked.workspace.shown(message),
        }
    found = find(blocks, asked.text("action_id"), asked.maybe("block_id", str))
    payload = {
        **interactivity.common(emulator, "block_suggestion", user.id),
        **where,
        "action_id": found.action_id,
        "block_id": found.block_id,
        "value": asked.text("query", ""),
    }
    done = await by_delivery(emulator, lambda: interactivity.suggestions(emulator, payload))
    offered = done["ack"]["payload"] if done["ack"]["state"] == "acked" else {}
    return {**done, **{k: offered[k] for k in ("options", "option_groups") if k in offered}}


async def submit(asked: Asked) -> Json:
    """Submit a modal."""
    asked.allow("as", "values")
    view = _modal(asked)
    if "values" in asked.fields:
        modals.fill_in(view, asked.fields["values"])
    done = await by_delivery(asked.emulator, lambda: modals.submit(asked.emulator, view))
    live = asked.emulator.views.find(view.id)
    return {**done, "view": asked.emulator.views.public(live) if live else None}


async def close(asked: Asked) -> Json:
    """Close a modal."""
    asked.allow("as", "clear")
    view = _modal(asked)
    whole = bool(asked.maybe("clear", bool))
    return await by_delivery(
        asked.emulator, lambda: modals.close(asked.emulator, view, whole=whole)
    )


def _modal(asked: Asked) -> Any:
    view = asked.view(asked.path["id"], asked.person())
    stack = asked.emulator.views.stacks.get(view.user, [])
    if view.source["type"] != "modal" or stack[-1] is not view:
        raise ControlError(409, "not_on_top", "Only the modal on top can be submitted or closed.")
    return view


async def home(asked: Asked) -> Json:
    """Open the app's Home or Messages tab."""
    asked.allow("as", "tab")
    user, tab = asked.person(), asked.text("tab", "home")
    manifest = asked.emulator.manifest
    if tab not in ("home", "messages"):
        raise ControlError(400, "bad_field", "tab must be home or messages.")
    if not (manifest.home if tab == "home" else manifest.messages_tab):
        raise ControlError(409, "tab_disabled", f"The {tab} tab is off in the manifest.")
    _, done = await by_events(
        asked.emulator, lambda: interactivity.open_home(asked.emulator, user.id, tab)
    )
    return done


async def shortcut(asked: Asked) -> Json:
    """Use a global or a message shortcut."""
    asked.allow("as", "callback_id", "channel", "ts")
    user = asked.person()
    message = asked.message(user) if "ts" in asked.fields else None
    kind, callback_id = "message" if message else "global", asked.text("callback_id")
    manifest = asked.emulator.manifest
    if manifest.shortcut(callback_id, kind) is None:
        known = ", ".join(f"{s.callback_id} ({s.type})" for s in manifest.shortcuts) or "none"
        raise ControlError(
            404, "no_such_shortcut", f"No {kind} shortcut {callback_id!r}. There are: {known}."
        )
    return await by_delivery(
        asked.emulator,
        lambda: interactivity.shortcut(asked.emulator, user.id, callback_id, message),
    )


async def react(asked: Asked) -> Json:
    """Add or remove a reaction."""
    asked.allow("as", "channel", "ts", "name", "op")
    user = asked.person()
    message = asked.message(user)
    op, name = asked.text("op", "add"), asked.text("name").strip(":")
    if op not in ("add", "remove") or not name or message.visible_to:
        raise ControlError(
            400, "bad_field", "op must be add or remove, name an emoji, the message not ephemeral."
        )
    remove = op == "remove"
    _, done = await by_events(
        asked.emulator,
        lambda: asked.workspace.react(message, user.id, name, "remove" if remove else "add"),
    )
    return {**done, "message": message_json(asked.workspace, message)}


async def make_channel(asked: Asked) -> Json:
    """Make a channel, with the one who makes it as its member."""
    asked.allow("name", "private", "as")
    name = asked.text("name").removeprefix("#")
    if asked.workspace.channel_named(name) is not None:
        raise ControlError(409, "name_taken", f"There is a #{name} already.")
    if (
        not name
        or len(name) > 80
        or not name.replace("-", "").replace("_", "").isalnum()
        or name != name.lower()
    ):
        raise ControlError(
            422, "invalid_name", "Lower-case letters, digits, - and _, at most 80 of them."
        )
    members = [asked.person().id] if "as" in asked.fields else []
    kind = "private" if asked.maybe("private", bool) else "public"
    channel = asked.workspace.make_channel(
        name, "private" if kind == "private" else "public", members
    )
    return {"ok": True, "channel": channel_json(asked.workspace, channel)}


async def change_channel(asked: Asked) -> Json:
    """Rename or archive a channel, or set its topic."""
    asked.allow("name", "archived", "topic")
    channel = asked.workspace.channel_named(asked.path["id"])
    if channel is None or channel.kind == "im":
        raise ControlError(404, "channel_not_found", f"There is no channel {asked.path['id']!r}.")
    name, topic = asked.maybe("name", str), asked.maybe("topic", str)
    archived = asked.maybe("archived", bool)
    _, done = await by_events(
        asked.emulator,
        lambda: asked.workspace.change(channel, name=name, topic=topic, archived=archived),
    )
    return {**done, "channel": channel_json(asked.workspace, channel)}


async def move(asked: Asked) -> Json:
    """Let a person or the app join or leave a channel."""
    asked.allow("channel", "user", "op")
    channel, user, op = asked.channel(), asked.user("user"), asked.text("op", "join")
    if op not in ("join", "leave") or channel.kind == "im":
        raise ControlError(
            400, "bad_field", "op must be join or leave, the channel no direct message."
        )
    leave = op == "leave"
    _, done = await by_events(
        asked.emulator, lambda: asked.workspace.move(channel, user.id, "leave" if leave else "join")
    )
    return {**done, "channel": channel_json(asked.workspace, channel)}
