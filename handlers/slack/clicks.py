"""Reads what Slack sends when somebody presses, types or submits. Pure.

Values and metadata are lookups that anybody could have written: nothing is decided by them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from baton.errors import BatonError
from coordination.policy import Principal
from coordination.tending import Silent

Body: TypeAlias = Mapping[str, Any]

OF_APPROVAL = re.compile(r"(ap_[0-9A-Za-z]{1,40})\.([0-9]{1,9})")
OF_FORM = re.compile(r"(ap_[0-9A-Za-z]{1,40})\.([0-9]{1,9})\.([a-z][a-z0-9_-]{0,63})")
OF_CANCEL = re.compile(r"(run_[0-9A-Za-z]{1,60})\.(going|ending)")
OF_MENU = re.compile(r"(skip|rollback|handled)\.(run_[0-9A-Za-z]{1,60})")
OF_RUN = re.compile(r"run_[0-9A-Za-z]{1,60}")
OF_STEP = re.compile(r"(run_[0-9A-Za-z]{1,60})\.([0-9]{1,9})\.(\S{1,500})")
OF_THREAD = re.compile(r"th_[0-9A-Za-z]{1,60}")
OF_SILENT = re.compile(r"(th_[0-9A-Za-z]{1,60})\.([0-9]{1,18})\.([0-9]{1,9})")
OF_LISTING = re.compile(r"(waiting|running|results|following|problems)\.([0-9]{1,4})")
KEY = re.compile(r"[0-9]{1,18}")
WORKFLOW = re.compile(r"[a-z][a-z0-9_-]{0,79}")
CHOICE = re.compile(r"[a-z][a-z0-9_-]{0,63}")


class Forged(BatonError):
    """A button or a form carries what Baton never wrote."""

    def __init__(self) -> None:
        super().__init__(
            "This button does not belong to anything I know, so nothing happened. "
            "Use the buttons of the current card."
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Who acted and where, so that an answer lands before their eyes.

    *response_url* is good for half an hour; *thread_ts* is that of the thread they looked at.
    """

    user: str
    channel: str | None = None
    thread_ts: str | None = None
    response_url: str | None = None
    private: bool = False  # what they pressed is seen by nobody else
    home: bool = False  # they looked at Home, where nothing can be posted
    view_id: str | None = None  # of the modal that they looked at


@dataclass(frozen=True, slots=True)
class Seen:
    """An approval as somebody saw it when they answered."""

    approval_id: str
    version: int
    choice: str


@dataclass(frozen=True, slots=True)
class SeenStep:
    """A step that was unknown as somebody saw it: which attempt at it was in question."""

    run_id: str
    attempt: int
    path: str


def place(body: Body) -> Place:
    """Read who acted and where: in a message, a modal or Home, by a command, or in an event."""
    if body.get("type") == "event_callback":
        return place_of_event(body.get("event") or {})
    user = body.get("user")
    if user is None:  # a command
        return Place(
            str(body.get("user_id", "")),
            body.get("channel_id"),
            response_url=body.get("response_url"),
            private=True,
        )
    container = body.get("container") or {}
    view = body.get("view") or {}
    if view:
        home = view.get("type") == "home"
        shown = None if home else str(view.get("id", ""))
        return Place(str(user.get("id", "")), private=True, home=home, view_id=shown)
    thread = container.get("thread_ts")
    return Place(
        user=str(user.get("id", "")),
        channel=(body.get("channel") or {}).get("id") or container.get("channel_id"),
        thread_ts=thread if thread != container.get("message_ts") else None,
        response_url=body.get("response_url"),
        private=bool(container.get("is_ephemeral")),
    )


def place_of_event(event: Body) -> Place:
    """Read whose event it is, and in which thread it happened."""
    if event.get("type") == "app_home_opened":
        return Place(str(event.get("user", "")), private=True, home=True)
    return Place(str(event.get("user", "")), event.get("channel"), event.get("thread_ts"))


def principal(body: Body) -> Principal:
    """Return the person who acted, as Slack names them."""
    user = place(body).user
    return Principal("person", user, user, "slack")


def value(body: Body) -> str:
    """Return what the pressed button carries."""
    return str(pressed(body).get("value", ""))


def pressed(body: Body) -> Body:
    """Return the element that was used."""
    actions = body.get("actions")
    if not isinstance(actions, list) or not actions or not isinstance(actions[0], Mapping):
        raise Forged
    return actions[0]


def seen(body: Body, choice: str | None = None) -> Seen:
    """Read which approval a button stands for; without *choice*, its action id ends in it.

    Raises:
        Forged: it stands for none.
    """
    wanted = choice or str(pressed(body).get("action_id", "")).rpartition(":")[2]
    match = OF_APPROVAL.fullmatch(value(body))
    if match is None or CHOICE.fullmatch(wanted) is None:
        raise Forged
    return Seen(match[1], int(match[2]), wanted)


def seen_in_form(view: Body) -> Seen:
    """Read which answer to which approval a form gives a reason for.

    Raises:
        Forged: it is none of ours.
    """
    match = OF_FORM.fullmatch(str(view.get("private_metadata", "")))
    if match is None:
        raise Forged
    return Seen(match[1], int(match[2]), match[3])


def run_id(body: Body) -> str:
    """Read which run a button stands for. Raises: Forged."""
    return matched(OF_RUN, body)


def run_in_form(view: Body) -> str:
    """Read which run a form is about.

    Raises:
        Forged: it is none of ours.
    """
    match = OF_RUN.fullmatch(str(view.get("private_metadata", "")))
    if match is None:
        raise Forged
    return match[0]


def cancel_in_form(view: Body) -> tuple[str, bool]:
    """Read which run a form cancels, and whether it was seen ending already.

    Raises:
        Forged: it is none of ours.
    """
    match = OF_CANCEL.fullmatch(str(view.get("private_metadata", "")))
    if match is None:
        raise Forged
    return match[1], match[2] == "ending"


def chosen_of_menu(body: Body) -> tuple[str, str]:
    """Read what was chosen from the menu of a run: the control, and the run.

    Raises:
        Forged: it is none of ours.
    """
    match = OF_MENU.fullmatch(chosen(body))
    if match is None:
        raise Forged
    return match[1], match[2]


def chosen(body: Body) -> str:
    """Return the value of the option that was chosen from a menu or a list."""
    option = pressed(body).get("selected_option")
    return str(option.get("value", "")) if isinstance(option, Mapping) else ""


def step(body: Body) -> SeenStep:
    """Read which attempt at which step a button stands for.

    Raises:
        Forged: it stands for none.
    """
    match = OF_STEP.fullmatch(value(body))
    if match is None:
        raise Forged
    return SeenStep(match[1], int(match[2]), match[3])


def silent(body: Body) -> Silent:
    """Read which silent process a button stands for. Raises: Forged."""
    match = OF_SILENT.fullmatch(value(body))
    if match is None:
        raise Forged
    return Silent(match[1], int(match[2]), int(match[3]))


def request_id(body: Body) -> str:
    """Name one click, so that its envelope may come twice and do one thing.

    Decisions need none: their compare-and-set bears repeats.
    """
    container, action = body.get("container") or {}, pressed(body)
    where = container.get("message_ts") or container.get("view_id") or ""
    return f"slack.{where}.{action.get('action_id', '')}.{action.get('action_ts', '')}"


def listing(body: Body) -> tuple[str, int]:
    """Read which list a button stands for, and which page of it.

    Raises:
        Forged: it stands for none.
    """
    match = OF_LISTING.fullmatch(value(body))
    if match is None:
        raise Forged
    return match[1], int(match[2])


def matched(pattern: "re.Pattern[str]", body: Body) -> str:
    """Return what a button carries, if it is what it should be.

    Raises:
        Forged: it is not.
    """
    match = pattern.fullmatch(value(body))
    if match is None:
        raise Forged
    return match[0]


def typed(view: Body, block: str, action: str) -> str:
    """Return what stands in an input of a submitted form, as text.

    A box to tick says true or false; of several that were chosen it is a list, as JSON.
    """
    values = (view.get("state") or {}).get("values") or {}
    field = (values.get(block) or {}).get(action) or {}
    if field.get("type") == "checkboxes":
        return "true" if field.get("selected_options") else "false"
    if field.get("type") == "multi_static_select":
        several = [each.get("value") for each in field.get("selected_options") or ()]
        return json.dumps(several) if several else ""
    chosen = field.get("selected_option")
    return str((chosen or {}).get("value") or field.get("value") or "")
