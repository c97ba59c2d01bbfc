"""Puts the parts of the emulated Slack together, and starts them afresh on demand."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from devslack import fixture as fixtures
from devslack import journal as journals
from devslack.clock import Clock, Mode
from devslack.deliveries import Deliveries
from devslack.elements import Values
from devslack.errors import StartError
from devslack.events import Events, Rights
from devslack.faults import Faults
from devslack.feed import Feed
from devslack.files import Files
from devslack.handles import Handles
from devslack.http_mode import HttpMode
from devslack.ids import Ids
from devslack.journal import Journal
from devslack.limits import Limits
from devslack.manifest import DEFAULT, Manifest, understand
from devslack.notifications import Notifications
from devslack.record import Envelope, Record
from devslack.schedules import Schedules
from devslack.sessions import Sessions
from devslack.shapes import Json
from devslack.socket_mode import Sockets
from devslack.state import Workspace
from devslack.stream import Stream
from devslack.streams import Streams
from devslack.views import Owner, Views
from devslack.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Options:
    """What devslack is started with. Without a *seed* all ids and tokens are new each time."""

    manifest: Manifest = field(default_factory=lambda: understand(DEFAULT))
    fixture: Json = field(default_factory=dict)
    clock: Mode = "real"
    deliver: str = "socket"
    request_url: str = ""
    state: Path | None = None
    seed: str | None = None
    lenient: bool = False
    page: Path | None = None
    frame_ancestors: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Keys:
    """The tokens of the installed app; the same again after a restart on the same state file."""

    bot_token: str
    app_token: str
    signing_secret: str
    verification: str

    @classmethod
    def make(cls, ids: Ids) -> "Keys":
        """Make new ones."""
        app = f"{ids.pick(10**11)}-{ids.pick(10**11)}"
        return cls(
            f"xoxb-devslack-{app}-{ids.secret(24)}",
            f"xapp-devslack-{app}-{ids.secret(48)}",
            ids.secret(32),
            ids.secret(24),
        )

    def header(self) -> Json:
        """Return what the state file keeps of them."""
        names = ("bot_token", "app_token", "signing_secret", "verification")
        return {name: getattr(self, name) for name in names}


class Clears(Protocol):
    """A part that a reset empties."""

    def clear(self) -> None:
        """Forget everything."""


class Emulator:
    """One emulated Slack with one app installed."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.journal = Journal(options.state) if options.state else None
        header, kept = _kept(self.journal)
        boot = int(header.get("boot", -1)) + 1
        self.seed = options.seed or str(header.get("seed") or secrets.token_hex(8))
        self.clock = Clock(options.clock)
        self.ids = Ids(self.seed, boot)
        self.keys = _keys(header) if header else Keys.make(self.ids)
        self.boot = boot
        # Where clients reach this server; known once it listens.
        self.base_url = "http://127.0.0.1"
        # Cuts the TCP connection of a client address; False where the server cannot.
        self.abort: Callable[[tuple[str, int]], bool] = lambda _client: False
        self.workspace = Workspace(self._fixture(options.manifest), self.clock, self.ids)
        self._build()
        journals.restore(self.workspace, kept)
        if self.journal:
            self.journal.begin(self._header(), self.workspace)
        self._connect()

    def _fixture(self, manifest: Manifest) -> fixtures.Fixture:
        return fixtures.build(self.options.fixture, manifest.name)

    def _header(self) -> Json:
        return {"boot": self.boot, "seed": self.seed, **self.keys.header()}

    def _build(self) -> None:
        workspace, clock, ids = self.workspace, self.clock, self.ids
        self.manifest = self.options.manifest
        self.scopes = frozenset(self.manifest.scopes)
        self.revoked = False
        self.stream = Stream(f"{self.boot}-{secrets.token_hex(4)}")
        self.record = Record(self.stream.tell)
        self.faults = Faults(ids.chance)
        self.handles = Handles(clock, ids, workspace.team_id)
        owner = Owner(workspace.team_id, workspace.app.app_id, workspace.app.id)
        self.views = Views(clock, ids, owner, self._views_changed)
        self.sockets = Sockets(workspace.app.app_id, clock, ids, self.record, self.faults)
        carrier = self.sockets if self.options.deliver == "socket" else self._http()
        self.deliveries = Deliveries(ids, self.record, carrier)
        rights = self.keys.verification
        self.events = Events(workspace, self.deliveries, self.faults, ids, self.rights, rights)
        self.notifications = Notifications(workspace)
        self.feed = Feed(workspace, self.stream, self.notifications)
        self.limits = Limits(clock)
        self.streams = Streams(clock)
        self.schedules = Schedules(clock, ids)
        self.sessions = Sessions(self.stream)
        self.files = Files(clock, ids)
        self.webhooks = Webhooks(ids, workspace.team_id)
        # What each person has chosen in the elements of a message: kept by their client, not by Slack.
        self.touched: dict[tuple[str, str, str], Values] = {}

    def _connect(self) -> None:
        # The journal comes first: an answer must never go out before what it says is kept.
        if self.journal:
            journal = self.journal
            self.workspace.listeners.append(lambda change: journal.listen(self.workspace, change))
        self.workspace.listeners += [self.feed.listen, self.events.listen]
        self.workspace.listeners.append(lambda _change: self.deliveries.touch())
        self.sockets.changed = lambda count: self.stream.tell("connections", {"connections": count})
        self.sockets.cut = self._cut

    def _cut(self, client: tuple[str, int]) -> bool:
        # The server says how only after it listens.
        return self.abort(client)

    def _http(self) -> HttpMode:
        if not (
            self.options.request_url or self.manifest.events_url or self.manifest.interactive_url
        ):
            raise StartError("--deliver http needs --request-url, or request URLs in the manifest")
        return HttpMode(self.keys.signing_secret, self.keys.verification, self.ids, self._url)

    def _url(self, envelope: Envelope) -> str:
        if self.options.request_url:
            return self.options.request_url
        if envelope.type == "slash_commands":
            command = self.manifest.command(str(envelope.payload.get("command")))
            return command.url if command else ""
        events = envelope.type == "events_api"
        return self.manifest.events_url if events else self.manifest.interactive_url

    def rights(self) -> Rights:
        """Return what the app may hear now."""
        return Rights(self.manifest, self.scopes)

    def _views_changed(self, what: str, user: str) -> None:
        if what == "home":
            data: Json = {"user": user, "view": self.views.public(self.views.homes[user])}
        else:
            stack = self.views.stacks.get(user, [])
            data = {"user": user, "stack": [self.views.public(v) for v in stack]}
        self.deliveries.touch()
        self.stream.tell(what, data, only_for=user)

    def install(self, manifest: Manifest) -> None:
        """Replace the manifest; its scopes are granted."""
        self.manifest = manifest
        self.scopes = frozenset(manifest.scopes)

    def reset(self, fixture: Json | None, manifest: Manifest | None, seed: str | None) -> None:
        """Begin again with the same tokens; sockets stay open.

        Raises:
            StartError: the fixture cannot be used.
        """
        chosen = manifest or self.options.manifest
        fresh = fixtures.build(self.options.fixture if fixture is None else fixture, chosen.name)
        if seed is not None:
            self.ids.restart(seed)
            self.clock.restart()
            self.workspace.last_ts = 0
        self.install(chosen)
        self.clock.clear()
        self.revoked = False
        self.deliveries.ack_timeout = 3.0
        self.handles.trigger_seconds = 3.0
        for part in self._forgetting():
            part.clear()
        self.notifications.all.clear()
        self.workspace.fill(fresh)
        if self.journal:
            self.journal.begin(self._header(), self.workspace)
        self.stream.tell("reset", {})

    def _forgetting(self) -> tuple[Clears, ...]:
        return (
            *(self.record, self.faults, self.handles, self.views, self.limits, self.touched),
            *(self.events, self.streams, self.schedules, self.sessions, self.files),
            self.webhooks,
        )

    async def stop(self) -> None:
        """End every feed, socket and delivery."""
        self.stream.close()
        self.clock.clear()
        for connection in list(self.sockets.connections):
            await connection.close(1001)
        await self.deliveries.stop()
        if self.journal:
            self.journal.close()


def _kept(journal: Journal | None) -> tuple[Json, list[Json]]:
    if journal is None:
        return {}, []
    journal.lock()
    try:
        return journal.read()
    except StartError:
        journal.close()
        raise


def _keys(header: Json) -> Keys:
    names = ("bot_token", "app_token", "signing_secret", "verification")
    try:
        return Keys(*(str(header[name]) for name in names))
    except KeyError as error:
        raise StartError(f"the state file lacks {error}; delete it to begin afresh") from error
