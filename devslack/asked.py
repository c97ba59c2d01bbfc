"""One request to the control API: its fields, checked, and whom and what they name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devslack.emulator import Emulator
from devslack.errors import ControlError
from devslack.model import Channel, Message, User
from devslack.present import may_open
from devslack.shapes import Json
from devslack.state import Workspace
from devslack.views import View

KINDS: Mapping[type, str] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    dict: "an object",
    list: "a list",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. *fields* are those of the body, or of the query for GET."""

    emulator: Emulator
    fields: Json
    path: Mapping[str, Any]

    @property
    def workspace(self) -> Workspace:
        """The workspace it is about."""
        return self.emulator.workspace

    def allow(self, *names: str) -> None:
        """Refuse fields that nobody reads, since they are typing errors."""
        strange = sorted(set(self.fields) - set(names))
        if strange:
            detail = (
                f"{', '.join(strange)}: not known here. There are: {', '.join(names) or 'none'}."
            )
            raise ControlError(400, "unknown_field", detail)

    def text(self, name: str, otherwise: str | None = None) -> str:
        """Return a string; without *otherwise* it is required."""
        value = self.fields.get(name)
        if value is None:
            if otherwise is None:
                raise ControlError(400, "missing_field", f"{name} is required.")
            return otherwise
        if not isinstance(value, str):
            raise ControlError(400, "bad_field", f"{name} must be a string.")
        return value

    def maybe(self, name: str, kind: type) -> Any:
        """Return a value of *kind*, or None where there is none."""
        value = self.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ControlError(
                400, "bad_field", f"{name} must be {KINDS.get(kind, kind.__name__)}."
            )
        return value

    def number(self, name: str, low: float, high: float) -> float | None:
        """Return a number from *low* to *high*, or None where there is none."""
        value = self.fields.get(name)
        if value is None:
            return None
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not low <= value <= high
        ):
            raise ControlError(
                400, "bad_field", f"{name} must be a number from {low:g} to {high:g}."
            )
        return float(value)

    # -- who and what --------------------------------------------------------------------------

    def user(self, name: str = "as") -> User:
        """Return the person a field names."""
        found = self.workspace.users.get(self.text(name))
        if found is None:
            people = ", ".join(u.id for u in self.workspace.users.values() if not u.is_bot)
            raise ControlError(
                404, "user_not_found", f"There is no such user. There are: {people}."
            )
        return found

    def person(self) -> User:
        """Return who acts; bots have other means."""
        user = self.user()
        if user.deleted:
            raise ControlError(403, "deactivated", f"{user.id} is deactivated and cannot act.")
        if user.is_bot:
            raise ControlError(403, "not_a_person", f"{user.id} is a bot and cannot act here.")
        return user

    def channel(self, name: str = "channel") -> Channel:
        """Return the channel a field names; the app's user means the DM with it."""
        wanted = self.text(name)
        found = self.workspace.channel_named(wanted)
        if found is None and wanted == self.workspace.app.user_id and "as" in self.fields:
            return self.workspace.open_dm(self.person().id)
        if found is None:
            names = ", ".join(
                f"#{c.name}" for c in self.workspace.channels.values() if c.kind != "im"
            )
            raise ControlError(
                404, "channel_not_found", f"There is no channel {wanted!r}. There are: {names}."
            )
        return found

    def seen_channel(self, user: User) -> Channel:
        """Return a channel that *user* may look into."""
        channel = self.channel()
        if not may_open(channel, user.id):
            raise ControlError(403, "not_visible_to_user", f"{user.id} is not in #{channel.name}.")
        return channel

    def own_channel(self, user: User) -> Channel:
        """Return a channel that *user* is in and that is not archived."""
        channel = self.seen_channel(user)
        if channel.archived:
            raise ControlError(409, "is_archived", f"#{channel.name} is archived.")
        if user.id not in channel.members:
            raise ControlError(403, "not_in_channel", f"{user.id} is not in #{channel.name}.")
        return channel

    def message(self, user: User) -> Message:
        """Return the message that channel and ts name, an ephemeral one included."""
        channel = self.seen_channel(user)
        ts = self.text("ts")
        held = self.workspace.ephemeral(user.id, channel.id, ts) or self.workspace.message(
            channel.id, ts
        )
        if held is None and any(m.ts == ts for m in self.workspace.ephemerals):
            raise ControlError(
                403, "not_visible_to_user", f"{user.id} does not see this ephemeral message."
            )
        if held is None or held.subtype == "tombstone":
            raise ControlError(
                404, "message_not_found", f"There is no message {ts} in {channel.id}."
            )
        return held

    def view(self, view_id: str, user: User) -> View:
        """Return a view that *user* has open."""
        view = self.emulator.views.find(view_id)
        if view is None:
            raise ControlError(404, "view_not_found", f"There is no open view {view_id}.")
        if view.user != user.id:
            raise ControlError(403, "not_visible_to_user", f"{view_id} is open for {view.user}.")
        return view
