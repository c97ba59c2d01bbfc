"""BatonInABox: all of Baton, a Slack to look at, and short words for what people and tools do."""

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
from structlog.testing import capture_logs

from bot.slack.client import SlackTrouble
from coordination import audit
from coordination.database.statements import Statements
from coordination.policy import Principal
from coordination.ports import RunView
from coordination.questions import Approval
from coordination.store.runs import RunFilter
from devslack.app import Server
from devslack.errors import ControlError
from tests.stories.life import SOON, Birth, Life, begin
from tests.stories.slack import CHANNEL, PEOPLE, Message, Slack, text_of
from tests.stories.work import Work
from tests.stories.world import Time
from workflows.runtimes.embedded import embedded_runtime
from workflows.runtimes.host import Host

PATIENCE = 30.0  # s, real ones: a machine may be busy, and only what is broken takes so long
NEVER = ("render_fallback", "form_not_shown", "not_told", "nowhere_to_tell")  # a bug, each of them
NAME = re.compile(r"^name: *(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Seed:
    """What all stories begin with: an empty database, the token of a tool, compiled statements."""

    database: Path
    token: str
    compiled: tuple[Statements, Statements]


class BatonInABox:
    """What a story holds in its hands. What acts also waits until everything has come to rest."""

    def __init__(self, birth: Birth, token: str) -> None:
        self.slack = Slack(birth.server)
        self.work = birth.work
        self.logs: list[dict[str, Any]] = []
        self.expected: list[str] = []
        self.lives: list[Life] = []
        self._birth = birth
        self._token = token
        self._threads: dict[str, str] = {}

    # What happens to the program

    @property
    def life(self) -> Life:
        return self.lives[-1]

    async def begin(self) -> None:
        self.lives.append(await begin(self._birth))
        await self.quiet()

    async def kill(self) -> None:
        """Let the program die at this very moment, and begin a new life on the same files."""
        await self.life.kill()
        await self.begin()

    async def restart(self) -> None:
        await self.life.stop()
        await self.begin()

    async def advance(self, **span: float) -> None:
        """Let time pass: here, in Slack, and for whoever waits."""
        self._pass(timedelta(**span))
        with contextlib.suppress(SlackTrouble):  # then votes wait until it can be read
            await self.life.baton.coordinator.refresh_directory()
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until nothing goes on any more; a card that is only put off is brought about."""
        await asyncio.sleep(0.002)  # what was said or pressed just now begins in the next turn
        waited = monotonic()
        while (unrest := await self._unrest()) is not None:
            assert not self.life.tasks.failed, self.life.tasks.failed
            assert monotonic() - waited < PATIENCE, f"there is no rest: {unrest}"
            await asyncio.sleep(0.002)

    async def _unrest(self) -> list[str] | None:
        """Name what goes on; None: nothing does."""
        flying = [str(each) for each in [self.slack.server.emulator.deliveries.in_flight] if each]
        if found := flying or await self.life.unrest():
            return found
        due = await self.life.next_notice()
        if due is None or self.life.tasks.held:
            return None
        left = max(due - self.life.world.clock.now(), timedelta(0))
        if left > SOON:
            return None
        self._pass(left)
        return [f"a notice is due in {left}"]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until *holds*, in the midst of whatever goes on."""
        waited = monotonic()
        while not holds():
            assert monotonic() - waited < PATIENCE, "it did not come about"
            await asyncio.sleep(0.001)

    def called(self) -> int:
        """Count what Slack was told so far: posts and edits."""
        return sum(len(self.slack.calls(f"chat.{verb}")) for verb in ("postMessage", "update"))

    def sleep(self, **span: float) -> None:
        """Let time pass while the program is down."""
        self._birth.time.move(timedelta(**span))
        self.slack.server.emulator.clock.advance(timedelta(**span).total_seconds())

    def _pass(self, span: timedelta) -> None:
        self.sleep(seconds=span.total_seconds())
        self.life.ring()

    def hold(self, *prefixes: str) -> None:
        """Hold back the tasks of such names, so that a kill meets them before they begin."""
        self.life.tasks.hold(*prefixes)

    async def release(self) -> None:
        self.life.tasks.release()
        await self.quiet()

    def expect(self, event: str) -> None:
        """Say that an error of this name in the log belongs to the story."""
        self.expected.append(event)

    async def check(self) -> None:
        """Hold what holds in every story: nothing broke on the way, and the audit adds up."""
        assert [
            failed for life in self.lives for failed in life.tasks.failed if not life.over
        ] == []
        assert self.life.world.tasks.down == {}
        assert self.unexpected() == []
        if not self.life.over:
            assert await self.life.door.read(audit.verify) is None

    def unexpected(self) -> list[dict[str, Any]]:
        """Return what was logged as an error without belonging to the story."""
        return [
            each
            for each in self.logs
            if (each["log_level"] in ("error", "critical") or each["event"] in NEVER)
            and each["event"] not in self.expected
        ]

    # What authors and tools do

    async def publish(self, text: str) -> bool:
        """Save a definition as its author would; False if it is refused."""
        named = NAME.search(text)
        folder = self._birth.data / "definitions"
        folder.mkdir(exist_ok=True)
        place = folder / f"{named[1] if named else 'nameless'}.yaml"
        place.write_text(text, encoding="utf-8")
        return await self.life.baton.definitions.publish(place, draft=False) is not None

    async def report(self, event: str, *, process: str, wait: bool = True, **fields: Any) -> Any:
        """Report over HTTP what became of *process*; *event* is ``<category>.<status>``."""
        category, _, status = event.rpartition(".")
        body = {"process_id": process, "status": status, **fields}
        if category not in ("", "process"):
            body["category"] = category
        answer = await self.ask("POST", "/v1/notify", json=body)
        assert answer.status_code == 202, answer.text
        (result,) = answer.json()["results"]
        self._threads[process] = result["thread_id"]
        if wait:
            await self.quiet()
        return result

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request with the token of a tool."""
        headers = {"Authorization": f"Bearer {self._token}", **more.pop("headers", {})}
        return await self.life.ask(method, path, headers=headers, **more)

    async def page(self, path: str, *, by: str) -> httpx.Response:
        """Open a page as a person who is logged in."""
        world, sessions = self.life.world, self.life.baton.sessions
        cookie = sessions.cookie(PEOPLE[by], now=world.clock.now(), nonce=world.ids.new("ss"))
        return await self.life.ask("GET", path, headers={"Cookie": f"baton_session={cookie}"})

    # What people do

    async def click(
        self,
        label: str,
        *,
        by: str,
        on: str | None = None,
        message: Message | None = None,
        wait: bool = True,
        **more: Any,
    ) -> str:
        """Press the newest button of this label, of the thread of *on*; return what they were told."""
        before = len(self.slack.private(by))
        where, block_id, element = self._find(label, by, on, message)
        done = await self.slack.do(
            "click",
            as_=PEOPLE[by],
            channel=where.raw["channel"],
            ts=where.ts,
            action_id=element["action_id"],
            block_id=block_id,
            **more,
        )
        assert done["ack"]["state"] == "acked", done["ack"]
        if not wait:
            return ""
        await self.quiet()
        return self._told(by, before)

    async def submit(self, *, by: str, wait: bool = True, **values: str) -> dict[str, str]:
        """Fill in and send the open form; return what was wrong, by field."""
        view = self.slack.modal(by)
        assert view is not None, f"{by} has no form open"
        filled = {
            block["block_id"]: {block["element"]["action_id"]: values[name]}
            for block in view["blocks"]
            if block["type"] == "input"
            and (name := block["block_id"].removeprefix("in.")) in values
        }
        assert len(filled) == len(values), f"the form has no {values}"
        done = await self.slack.do(f"views/{view['id']}/submit", as_=PEOPLE[by], values=filled)
        if wait:
            await self.quiet()
        errors = (done["view"] or {}).get("errors") or {}
        return {name.removeprefix("in."): text for name, text in errors.items()}

    async def leave_empty(self, *, by: str) -> dict[str, str]:
        """Send the open form as it is; return what Slack itself says under its fields."""
        view = self.slack.modal(by)
        assert view is not None, f"{by} has no form open"
        try:
            await self.slack.do(f"views/{view['id']}/submit", as_=PEOPLE[by], values={})
        except ControlError as refused:
            errors = refused.body()["errors"]
            return {name.removeprefix("in."): text for name, text in errors.items()}
        return {}

    async def decide(self, ref: str, choice: str, *, by: str, **more: Any) -> Approval:
        """Answer an approval somewhere else than in Slack."""
        found = await self.life.baton.coordinator.approval(ref)
        decided = await self.life.baton.coordinator.decide(
            self.person(by), found.id, choice, via="web", **more
        )
        await self.quiet()
        return decided

    async def slash(self, text: str, *, by: str, channel: str = CHANNEL) -> str:
        """Type a command; return what they were told."""
        before = len(self.slack.private(by, channel))
        await self.slack.do("slash", as_=PEOPLE[by], channel=channel, command="/baton", text=text)
        await self.quiet()
        return self._told(by, before, channel)

    def _told(self, who: str, before: int, channel: str = CHANNEL) -> str:
        return "\n".join(each.plain for each in self.slack.private(who, channel)[before:])

    def _find(
        self, label: str, by: str, on: str | None, message: Message | None
    ) -> tuple[Message, str, dict[str, Any]]:
        places = [message] if message else self._in_reach(by, on)
        for place in reversed(places):
            for block_id, element in place.pressable():
                if element.get("text", {}).get("text") == label:
                    return place, block_id, element
        offered = sorted({name for place in places for name in place.buttons})
        raise AssertionError(f"{by} sees no button {label!r}; there are {offered}")

    def _in_reach(self, by: str, on: str | None) -> list[Message]:
        roots = [self.card(on)] if on else self.slack.roots()
        found = [each for root in roots for each in (root, *self.slack.thread(root))]
        return [*found, *([] if on else self.slack.private(by))]

    # What they see

    def card(self, ref: str, channel: str = CHANNEL) -> Message:
        """Return the card of a process that reported, or of a run such as ``R-1``."""
        thread = self._threads.get(ref)
        for root in reversed(self.slack.roots(channel)):
            mine = root.mark.get("t") == thread if thread else ref in root.plain.split()
            if mine and root.slot == "root":
                return root
        raise AssertionError(f"there is no card of {ref} in {channel}")

    def thread(self, ref: str, channel: str = CHANNEL) -> list[Message]:
        return self.slack.thread(self.card(ref, channel), channel)

    def replies(self, ref: str) -> list[str]:
        """Return the first line of each reply in the thread of *ref*."""
        return [each.lines[0] for each in self.thread(ref)]

    def question(self, ref: str) -> Message:
        """Return the newest message of the thread that asks, or asked, an approval."""
        return next(
            each for each in reversed(self.thread(ref)) if each.slot.startswith("approval:")
        )

    def private(self, *, by: str) -> list[str]:
        return [each.plain for each in self.slack.private(by)]

    def form(self, *, by: str) -> str:
        """Return what stands in the form that *by* has open."""
        return text_of(self.slack.modal(by))

    @property
    def performed(self) -> list[str]:
        return self.work.performed

    async def run(self, ref: str = "last") -> RunView:
        return await self.life.baton.coordinator.run(ref)

    async def runs(self) -> tuple[RunView, ...]:
        page = await self.life.baton.coordinator.runs(RunFilter())
        return page.items

    def person(self, who: str) -> Principal:
        return Principal("person", PEOPLE[who], PEOPLE[who], "slack")


@asynccontextmanager
async def open_box(
    server: Server,
    data: Path,
    seed: Seed,
    *,
    runtime: Callable[..., Host] = embedded_runtime,
) -> AsyncIterator[BatonInABox]:
    """Begin a story on a fresh Slack and a copy of the empty database of *seed*."""
    (data / "library").mkdir(parents=True)
    shutil.copy(seed.database, data / "baton.db")
    await server.ask("POST", "reset")
    for mode in ("real", "virtual"):  # Slack's clock stands still at this moment
        await server.ask("POST", "clock", mode=mode)
    box = BatonInABox(Birth(server, data, Time(), Work(), seed.compiled, runtime), seed.token)
    with capture_logs() as logs:
        box.logs = logs  # type: ignore[assignment]  # a list that grows
        await box.begin()
        try:
            yield box
            await box.check()
        finally:
            if not box.life.over:
                await box.life.stop()
