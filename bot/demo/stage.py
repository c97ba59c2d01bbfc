"""Everything the story is played on: the local Slack, Baton, the project, the site it is served by."""

import asyncio
import contextlib
import json
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.configuration import Configuration, SourceConfig
from bot.demo.report import document
from bot.demo.slack import LocalSlack, Personas, start_local_slack
from bot.demo.story import APPROVER, BUILDER, SOURCE, Story, StoryFailed
from bot.lifecycle import STATIC, Life, living
from bot.operations import login_link, perform
from bot.settings import Settings, read_settings
from bot.slack.manifest import manifest_yaml
from bot.world.leash import leash
from bot.world.listening import Listening, PortTaken, listen, port_of
from coordination import outbox
from coordination.database import Lock
from coordination.ports import RunView
from handlers.http import Demo

ROOT = Path(__file__).parent.parent.parent
CHANNEL, LOCAL = "#releases", "127.0.0.1"
OPERATORS = ("U0GRACE", "U0LINUS")
QUIET = timedelta(milliseconds=200)
PATIENCE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Options:
    once: bool
    as_json: bool
    browser: bool
    port: int
    data: Path


@dataclass(frozen=True, slots=True)
class Stage:
    """What a story needs, running."""

    options: Options
    life: Life
    slack: LocalSlack
    personas: Personas
    story: Story
    token: str

    async def quiet(self) -> None:
        """Return once Slack has been told everything."""
        door, clock = self.life.baton.door, self.life.baton.world.clock
        deadline = clock.monotonic() + PATIENCE.total_seconds()
        while await door.read(outbox.next_due) is not None:
            if clock.monotonic() > deadline:
                raise StoryFailed("Slack was not told everything in time.")
            await clock.sleep(QUIET)

    async def invitation(self, run: RunView) -> str:
        """Return the address for the visitor; without the built page, that of the run."""
        built = await asyncio.to_thread((STATIC / "demo.html").is_file)
        baton = self.life.baton
        made = login_link(baton.world, baton.sessions, APPROVER, self.life.settings)
        to = "/demo" if built else f"/r/{run.label}"
        if not built:
            sys.stderr.write("The demo's page is not built, so this opens the run's own page.\n")
        return f"{made['url']}&to={to}"

    def try_it(self) -> str:
        return (
            f"  curl -H 'Authorization: Bearer {self.token}' -d process_id=hello -d name=Hello "
            f"-d status=started {self.life.settings.address}/v1/notify"
        )

    async def document(self, seconds: float) -> Mapping[str, Any]:
        return await document(self.life.baton.coordinator, self.personas, seconds=seconds)


@contextlib.asynccontextmanager
async def staged(options: Options, say: Callable[[str], None]) -> AsyncIterator[Stage]:
    """Set everything up inside the block; nothing of it is left after it."""
    Lock.take(options.data / "baton.db").release()  # said before a local Slack is started in vain
    async with contextlib.AsyncExitStack() as stack:
        project = await asyncio.to_thread(working_copy, options.data)
        taken = await asyncio.to_thread(take_ports, options)
        for each in taken.values():
            stack.callback(each.close)
        ports = {name: port_of(each) for name, each in taken.items()}
        taken["site"].close()  # what listens on it is a program of its own
        await stack.enter_async_context(site(project, ports["site"]))
        taken["slack"].close()
        slack = await start_local_slack(
            data=options.data,
            port=ports["slack"],
            page=STATIC,
            frame_ancestor=f"http://127.0.0.1:{ports['baton']}",
            manifest=await asyncio.to_thread(write_manifest, options.data),
        )
        stack.push_async_callback(slack.stop)
        settings = settings_of(options, slack, ports)
        demo = Demo(slack.page_url, CHANNEL, str(short(settings.database)))
        life = await stack.enter_async_context(
            living(settings, configuration(), demo=lambda: demo, taken=taken["baton"])
        )
        say(f"Baton is at {life.settings.address}, its Slack at {slack.page_url}")
        stack.callback(slack.dismiss)  # while Baton ends, not after it
        yield await set_up(options, life, slack, project, ports["site"])


async def set_up(
    options: Options, life: Life, slack: LocalSlack, project: Path, site_port: int
) -> Stage:
    baton = life.baton
    personas = Personas(baton.world.http, slack.page_url)
    token = await token_of_the_build(life)
    story = Story(
        coordinator=baton.coordinator,
        changes=baton.door.changes,
        clock=baton.world.clock,
        personas=personas,
        project=project,
        reporting={"BATON_URL": life.settings.address, "BATON_TOKEN": token},
        site=f"http://127.0.0.1:{site_port}",
    )
    return Stage(options, life, slack, personas, story, token)


async def token_of_the_build(life: Life) -> str:
    """Make a token for the tool that builds, in the name of the person who builds."""
    baton = life.baton
    request = {
        "command": "token-create",
        "source": SOURCE,
        "scopes": ["notify", "read"],
        "owner": BUILDER,
        "channel": CHANNEL,
        "days": 1,
        "kind": "ci",
    }
    made = await perform(baton.door, baton.world, baton.sessions, request, life.settings)
    return str(made["token"])


def settings_of(options: Options, slack: LocalSlack, ports: Mapping[str, int]) -> Settings:
    return read_settings(
        _env_file=None,
        slack_bot_token=slack.bot_token,
        slack_app_token=slack.app_token,
        slack_api_url=slack.api_url,
        port=ports["baton"],
        data=options.data,
        channel=CHANNEL,
        workflows=ROOT / "workflows" / "library",
        http_allow=(f"127.0.0.1:{ports['site']}",),
        shell_allow=("python3",),
        stop_grace=timedelta(seconds=0.5),
    )


def configuration() -> Configuration:
    return Configuration(
        roles={"operator": OPERATORS}, sources={SOURCE: SourceConfig(kind="ci", channel=CHANNEL)}
    )


def write_manifest(data: Path) -> Path:
    """Write the manifest that a real workspace would get, for the local one."""
    place = data / "manifest.yaml"
    place.write_text(manifest_yaml(), encoding="utf-8")
    return place


def working_copy(data: Path) -> Path:
    """Copy the sample project once; what was built and released in it stays between starts."""
    project = data / "work" / "webshop"
    if not project.exists():
        partial = data / "work" / ".webshop"
        shutil.rmtree(partial, ignore_errors=True)
        leave = shutil.ignore_patterns("__pycache__", "dist", "releases", "build.json")
        shutil.copytree(ROOT / "examples" / "webshop", partial, ignore=leave)
        partial.rename(project)
    (project / "releases").mkdir(exist_ok=True)
    return project


def take_ports(options: Options) -> dict[str, Listening]:
    """Take the ports of this folder's demo: stored runs name the site's, so each stays the same.

    They are held, since a connection that anybody makes meanwhile may be given a port that is free.
    """
    place = options.data / "demo.json"
    known: dict[str, int] = json.loads(place.read_text()) if place.exists() else {}
    taken = {
        "baton": listen(LOCAL, options.port) if options.port else take(known.get("baton", 0)),
        "slack": take(known.get("slack", 0)),
        "site": take(known.get("site", 0)),
    }
    partial = place.with_suffix(".part")
    partial.write_text(json.dumps({name: port_of(each) for name, each in taken.items()}))
    partial.replace(place)
    return taken


def take(port: int) -> Listening:
    """Listen on *port*, or on another one where it is taken."""
    try:
        return listen(LOCAL, port)
    except PortTaken:
        return listen(LOCAL, 0)


@contextlib.asynccontextmanager
async def site(project: Path, port: int) -> AsyncIterator[None]:
    """Serve the releases, as the shop's site."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"),
        *("--directory", str(project / "releases")),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        preexec_fn=leash(),
        start_new_session=True,
    )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def short(place: Path) -> Path:
    """Return *place* as people know it: relative to where they are, if it is below."""
    with contextlib.suppress(ValueError):
        return place.relative_to(Path.cwd())
    return place
