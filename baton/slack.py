"""Reports through a Slack webhook, for tools that reach Slack and nothing else.

Each event is one message: a line for people, and metadata that Baton reads where it is in the
channel. Every app of the workspace sees metadata, so there are names, ids and numbers in it and no
more.

Source: https://docs.slack.dev/messaging/message-metadata
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from baton.exchange import Address
from baton.item import Delivery, Item
from baton.quietly import Quietly
from baton.wire import Unreachable, Wire

__all__ = ["SlackPosting", "message_of"]

EVENT_TYPE = "baton.process"
_MOST_TEXT = 2900
_MOST_ITEM = 300
_MOST_ID = 256
_MOST_RESULTS = 10
_TITLES = {
    "started": (":rocket:", "Started"),
    "queued": (":hourglass_flowing_sand:", "Queued"),
    "completed": (":white_check_mark:", "Completed"),
    "failed": (":x:", "Failed"),
    "cancelled": (":no_entry_sign:", "Cancelled"),
    "skipped": (":fast_forward:", "Skipped"),
    "pending_approval": (":raised_hand:", "Approval Required"),
}
_PROGRESS = (":arrows_counterclockwise:", "Progress")
_IDS = (
    *("id", "process_id", "name", "status", "type", "category", "source", "sequence"),
    *("occurred_at", "run_id", "trace_id", "attempt", "correlation_id"),
)
_OBJECTS = ("subject", "parent", "progress")


class SlackPosting:
    """The way of events to one incoming webhook, whose address is itself the secret."""

    def __init__(self, webhook: str, quietly: Quietly) -> None:
        address = Address(webhook)
        self._wire = Wire(f"{'https' if address.secure else 'http'}://{address.authority}", None)
        self._path = address.path or "/"
        self._quietly = quietly
        self.destination = f"slack {sha256(webhook.encode()).hexdigest()[:16]}"

    def prepare(self) -> None:
        """Load what the first request would load.

        Raises:
            OSError, ValueError: see :meth:`baton.wire.Wire.prepare`.
        """
        self._wire.prepare()

    def __call__(self, items: Sequence[Item], timeout: float) -> Delivery:
        """Post the first of *items*; Slack takes one message a second."""
        event = json.loads(items[0].bytes())
        rest = items[1:]
        if event.get("heartbeat"):
            items[0].settle(None)
            return Delivery(rest, failed=False)
        content = json.dumps(message_of(event), ensure_ascii=False).encode()
        try:
            answer = self._wire.call("POST", self._path, content, timeout=timeout)
        except Unreachable as error:
            self._quietly.note(f"cannot reach Slack ({error.why})")  # its address is not told
            return self._later(items, Delivery(items, reached=False))
        if answer.again:
            self._quietly.note(f"Slack answered {answer.status}")
            return self._later(items, Delivery(items, pause=answer.retry_after))
        items[0].settle(None)
        delivery = Delivery(rest, failed=False)
        if not answer.ok:
            self._quietly.note(f"Slack refused a message with {answer.status}")
            delivery.refused, delivery.denied = 1, answer.status in (401, 403, 404, 410)
        return delivery

    def _later(self, items: Sequence[Item], delivery: Delivery) -> Delivery:
        for item in items:
            item.settle(None)
        return delivery


def message_of(event: Mapping[str, object]) -> dict[str, object]:
    """Return the message that stands for *event*: its text for people, its metadata for Baton."""
    return {
        "text": "\n".join(_lines(event))[:_MOST_TEXT],
        "metadata": {"event_type": EVENT_TYPE, "event_payload": _payload(event)},
    }


def _payload(event: Mapping[str, object]) -> dict[str, object]:
    payload = {name: event[name] for name in _IDS if _is_plain(event.get(name))}
    if len(str(event.get("name") or "")) > _MOST_ID:
        payload["name"] = str(event["name"])[:_MOST_ID]
    for name in _OBJECTS:
        payload |= {f"{name}.{key}": value for key, value in _members(event, name).items()}
    for key, value in _members(event, "result").items():
        if isinstance(value, bool | int | float):
            payload[f"result.{key}"] = value
    error = _members(event, "error").get("type")
    return {**payload, **({"error.type": error} if error else {})}


def _members(event: Mapping[str, object], name: str) -> dict[str, object]:
    value = event.get(name)
    if not isinstance(value, dict):
        return {}
    return {str(key): item for key, item in value.items() if _is_plain(item)}


def _is_plain(value: object) -> bool:
    """Say whether *value* may stand in metadata; what identifies something is never cut."""
    if isinstance(value, str):
        return 0 < len(value) <= _MOST_ID
    return isinstance(value, bool | int | float)


def _lines(event: Mapping[str, object]) -> list[str]:
    status = str(event.get("status") or "")
    icon, title = _TITLES.get(status, _PROGRESS)
    name = event.get("name") or event.get("process_id") or event.get("type")
    lines = [f"{icon} Process {title}: {_shown(name)}"]
    if event.get("source"):
        lines.append(f"Source: {_shown(event['source'])}")
    if event.get("process_id"):
        lines.append(f"Process ID: {_shown(event['process_id'])}")
    told = (event.get("message"), _members(event, "error").get("message"))
    lines += [_shown(each) for each in told if each]
    results = event.get("result") or event.get("results")
    if isinstance(results, dict) and results:
        lines.append("Results:")
        pairs = list(results.items())[:_MOST_RESULTS]
        lines += [f"• {_shown(key)}: {_shown(value)}" for key, value in pairs]
    return lines + _next_steps(event)


def _next_steps(event: Mapping[str, object]) -> list[str]:
    steps = event.get("next_steps")
    if not isinstance(steps, list) or not steps:
        return []
    labels = [step.get("label") if isinstance(step, dict) else step for step in steps]
    return ["Next Steps:", *(f"• {_shown(label)}" for label in labels[:_MOST_RESULTS])]


def _shown(value: object) -> str:
    """Write *value* so that Slack shows it, and neither mentions anybody nor links anywhere."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text if len(text) <= _MOST_ITEM else text[: _MOST_ITEM - 1] + "…"
