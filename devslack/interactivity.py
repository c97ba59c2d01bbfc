"""What a person does to the app: clicks, commands, shortcuts, Home. Each goes out as Slack sends it.

The functions here know the payloads and what Slack shows when the app does not answer; modals have
their own module. Who may act is the control API's business.
"""

import re
from typing import Any

from devslack.deliveries import Outcome
from devslack.elements import TRAITS, Values, action, choose, find, initial
from devslack.emulator import Emulator
from devslack.errors import ApiError, ControlError
from devslack.handles import ResponseUrl
from devslack.manifest import Command
from devslack.model import SLACKBOT, Channel, Message
from devslack.mrkdwn import plain, typed
from devslack.payloads import Body, read_body
from devslack.response_urls import say
from devslack.shapes import Json
from devslack.state import Author
from devslack.views import View

FAILED = {
    "timeout": "operation_timeout",
    "none_connected": "dispatch_failed",
    "refused": "invalid_command_response",
}


def person(emulator: Emulator, user: str) -> Json:
    """Return the ``user`` of a payload."""
    known = emulator.workspace.users[user]
    team = emulator.workspace.team_id
    return {"id": user, "username": known.name, "name": known.name, "team_id": team}


def common(emulator: Emulator, kind: str, user: str) -> Json:
    """Return what every interactive payload carries."""
    workspace = emulator.workspace
    return {
        "type": kind,
        "user": person(emulator, user),
        "api_app_id": workspace.app.app_id,
        "token": emulator.keys.verification,
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def channel_of(channel: Channel) -> Json:
    """Return the ``channel`` of a payload."""
    names = {"im": "directmessage", "private": "privategroup"}
    return {"id": channel.id, "name": names.get(channel.kind, channel.name)}


def response_url(emulator: Emulator, url: ResponseUrl) -> str:
    """Keep a response URL and return its whole address."""
    return emulator.base_url + emulator.handles.response_path(url)


async def interact(emulator: Emulator, payload: Json, *, accepts: bool = False) -> Outcome:
    """Deliver one interactive payload."""
    if not emulator.manifest.interactive:
        return Outcome("not_sent", problem="interactivity is off in the manifest")
    envelope = emulator.deliveries.envelope(
        "interactive", payload["type"], payload, accepts=accepts
    )
    return await emulator.deliveries.send(envelope)


# -- clicks --------------------------------------------------------------------------------------


def _state_after(found_element: Json, value: Any) -> Json | None:
    kind = str(found_element["type"])
    if kind not in TRAITS:
        return None
    if value is None and not TRAITS[kind].many:
        raise ControlError(422, "invalid_value", f"Give a value: {kind} needs something chosen.")
    return choose(found_element, value)


async def click_message(emulator: Emulator, user: str, message: Message, wanted: Json) -> Outcome:
    """Use an element of a message. *wanted* has action_id, and perhaps block_id and value."""
    if message.bot_id != emulator.workspace.app.id:
        raise ControlError(404, "no_such_element", "The message is not the app's.")
    found = find(message.blocks, wanted["action_id"], wanted.get("block_id"), wanted.get("value"))
    state = _state_after(found.element, wanted.get("value"))
    touched = emulator.touched.setdefault((user, message.channel, message.ts), {})
    if state is not None:
        touched.setdefault(found.block_id, {})[found.action_id] = state
    entry = action(found, state, wanted.get("value"), emulator.workspace.next_ts())
    payload = _message_payload(emulator, user, message, touched)
    outcome = await interact(emulator, {**payload, "actions": [entry]})
    if outcome.state not in ("acked", "not_sent"):
        where = {"channel": message.channel, "ts": message.ts}
        _mark(emulator, user, {**where, "action_id": found.action_id}, outcome)
    return outcome


def _message_payload(emulator: Emulator, user: str, message: Message, touched: Values) -> Json:
    workspace = emulator.workspace
    channel = workspace.channels[message.channel]
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": bool(message.visible_to),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    thread = message.thread_ts if message.is_reply else ""
    ephemeral = bool(message.visible_to)
    url = ResponseUrl("actions", user, channel.id, 0.0, message.ts, thread, ephemeral=ephemeral)
    payload: Json = {
        **common(emulator, "block_actions", user),
        "container": container,
        "trigger_id": emulator.handles.trigger(user),
        "channel": channel_of(channel),
        "state": {"values": initial(message.blocks, touched)},
        "response_url": response_url(emulator, url),
    }
    if not message.visible_to:
        payload["message"] = workspace.shown(message)
    return payload


async def click_view(emulator: Emulator, user: str, view: View, wanted: Json) -> Outcome:
    """Use an element of a modal or of Home."""
    found = find(view.blocks, wanted["action_id"], wanted.get("block_id"), wanted.get("value"))
    state = _state_after(found.element, wanted.get("value"))
    if state is not None:
        view.touched.setdefault(found.block_id, {})[found.action_id] = state
        emulator.views.changed(view)
    if found.block.get("type") == "input" and not found.block.get("dispatch_action"):
        return Outcome(
            "not_sent", problem="an input without dispatch_action tells the app on submit"
        )
    entry = action(found, state, wanted.get("value"), emulator.workspace.next_ts())
    payload = {
        **common(emulator, "block_actions", user),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": emulator.handles.trigger(user, view.id),
        "view": emulator.views.slack(view),
        "state": {"values": view.values},
        "actions": [entry],
    }
    outcome = await interact(emulator, payload)
    if outcome.state not in ("acked", "not_sent"):
        _mark(emulator, user, {"view_id": view.id, "action_id": found.action_id}, outcome)
    return outcome


def _mark(emulator: Emulator, user: str, where: Json, outcome: Outcome) -> None:
    problem = outcome.problem or outcome.state
    emulator.stream.tell("mark", {"user": user, **where, "problem": problem}, only_for=user)


# -- slash commands ------------------------------------------------------------------------------


async def slash(
    emulator: Emulator, user: str, channel: Channel, command: Command, text: str
) -> Outcome:
    """Run a slash command, and show what comes of it."""
    url = ResponseUrl("commands", user, channel.id, 0.0)
    payload = _command_payload(emulator, user, channel, command, text)
    payload["response_url"] = response_url(emulator, url)
    envelope = emulator.deliveries.envelope(
        "slash_commands", command.command, payload, accepts=True
    )
    outcome = await emulator.deliveries.send(envelope)
    if outcome.state == "acked" and outcome.payload is not None:
        _answer_command(emulator, url, outcome)
    if outcome.state in FAILED:
        code = FAILED[outcome.state]
        sentence = f'{command.command} failed with the error "{code}"'
        slackbot_says(emulator, user, channel.id, sentence)
    return outcome


def _command_payload(
    emulator: Emulator, user: str, channel: Channel, command: Command, text: str
) -> Json:
    workspace = emulator.workspace
    names = workspace.names
    # Without should_escape the app gets names as they were typed, with it ids.
    words = typed(text, names) if command.should_escape else plain(text, names)
    return {
        "token": emulator.keys.verification,
        "team_id": workspace.team_id,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": channel_of(channel)["name"],
        "user_id": user,
        "user_name": workspace.users[user].name,
        "command": command.command,
        "text": re.sub(r"\s+", " ", words).strip(),
        "api_app_id": workspace.app.app_id,
        "is_enterprise_install": "false",
        "trigger_id": emulator.handles.trigger(user),
    }


def _answer_command(emulator: Emulator, url: ResponseUrl, outcome: Outcome) -> None:
    try:
        payload = _message_of(outcome.payload)
        say(emulator, url, payload, read_body(payload, emulator.ids.short))
    except ApiError as error:
        emulator.deliveries.refuse(outcome, "; ".join([error.error, *error.messages]))


def _message_of(payload: Any) -> Json:
    if not isinstance(payload, dict):
        raise ApiError("invalid_command_response", messages=["the answer must be a message"])
    return payload


def slackbot_says(emulator: Emulator, user: str, channel: str, sentence: str) -> None:
    """Show a sentence of Slack's own to one person."""
    emulator.workspace.whisper(user, channel, Author(SLACKBOT), Body(sentence, None, None, None))


# -- shortcuts and Home --------------------------------------------------------------------------


async def shortcut(
    emulator: Emulator, user: str, callback_id: str, message: Message | None
) -> Outcome:
    """Use a global shortcut, or with a *message* one from its menu."""
    ts = emulator.workspace.next_ts()
    payload = {
        **common(emulator, "message_action" if message else "shortcut", user),
        "callback_id": callback_id,
        "trigger_id": emulator.handles.trigger(user),
        "action_ts": ts,
    }
    if message is not None:
        channel = emulator.workspace.channels[message.channel]
        thread = message.thread_ts if message.is_reply else ""
        url = ResponseUrl("actions", user, channel.id, 0.0, message.ts, thread)
        payload |= {
            "channel": channel_of(channel),
            "message_ts": message.ts,
            "message": emulator.workspace.shown(message),
            "response_url": response_url(emulator, url),
        }
    return await interact(emulator, payload)


def open_home(emulator: Emulator, user: str, tab: str) -> None:
    """Open the app's Home or Messages tab."""
    channel = emulator.workspace.open_dm(user)
    ts = emulator.workspace.next_ts()
    event: Json = {
        "type": "app_home_opened",
        "user": user,
        "channel": channel.id,
        "tab": tab,
        "event_ts": ts,
    }
    view = emulator.views.homes.get(user)
    if tab == "home" and view is not None:
        event["view"] = emulator.views.slack(view)
    emulator.events.emit("app_home_opened", event)


async def suggestions(emulator: Emulator, payload: Json) -> Outcome:
    """Ask the app what an external select offers."""
    outcome = await interact(emulator, payload, accepts=True)
    answer = outcome.payload
    if outcome.state == "acked" and not _offers(answer):
        emulator.deliveries.refuse(
            outcome, "the answer needs options or option_groups, at most 100"
        )
    return outcome


def _offers(answer: Any) -> bool:
    if not isinstance(answer, dict):
        return False
    lists = [answer.get("options"), answer.get("option_groups")]
    return any(isinstance(one, list) and len(one) <= 100 for one in lists)
