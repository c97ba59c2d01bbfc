"""A real browser on the real pages. It may ask nobody but this machine, and must not complain."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright
from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk import WebClient

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "handlers" / "http" / "static"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SIZE = {"width": 1440, "height": 900}
PATIENCE = 10_000  # ms
STOPPED = 60.0  # s in which a demo has to end by itself, beside whatever else is going on
LOOPBACK = ("127.0.0.1", "localhost")

Json = dict[str, Any]

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the built pages."""
    if not (STATIC / "devslack.html").is_file():
        reason = "the pages are not built; `python3 run.py web` builds them"
        if "browser" in os.environ.get("BATON_REQUIRE", ""):
            pytest.fail(reason)
        pytest.skip(reason)
    return STATIC


# A module's own: while Playwright runs, its thread has an event loop, which tests of other folders
# that bring their own would not bear.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=next(found), args=root)
        yield browser
        browser.close()


@dataclass
class Complaints:
    """What must not happen on any page."""

    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    def see(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in LOOPBACK:
            self.foreign.append(request.url)


Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Open pages, each in a browser profile of its own; afterwards none of them may have complained."""
    complaints, contexts = Complaints(), []

    def opened(url: str, **options: Any) -> Page:
        context = chromium.new_context(**{"viewport": SIZE, "color_scheme": "light", **options})
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.on("console", complaints.hear)
        context.on("weberror", lambda error: complaints.errors.append(str(error.error)))
        context.on("request", complaints.see)
        page = context.new_page()
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints.foreign == []
    assert complaints.errors == []


@dataclass(frozen=True)
class LocalSlack:
    """A running devslack, and how a test does something to it behind the page's back."""

    facts: Json
    http: httpx.Client

    def address(self, person: str = "U0GRACE", channel: str = "#general", **more: str) -> str:
        query = urlencode({"as": person, "channel": channel, **more})
        return f"{self.facts['page_url']}?{query}"

    def get(self, path: str, **query: str) -> Json:
        found: Json = self.http.get(path, params=query).raise_for_status().json()
        return found

    def do(self, path: str, **fields: Any) -> Json:
        """Act or steer; ``as_`` stands for the field ``as``."""
        body = {name.rstrip("_"): value for name, value in fields.items()}
        done: Json = self.http.post(path, json=body).raise_for_status().json()
        return done

    def says(self, person: str, text: str, channel: str = "#general", **more: str) -> str:
        said: str = self.do("messages", as_=person, channel=channel, text=text, **more)["message"][
            "ts"
        ]
        return said

    def deliveries(self, kind: str) -> list[Json]:
        found: list[Json] = self.get("envelopes", type=kind)["envelopes"]
        return found


@pytest.fixture(scope="module")
def running_slack(built: Path) -> Iterator[LocalSlack]:
    command = (sys.executable, "-m", "devslack", "--port", "0", "--page", str(built))
    child = subprocess.Popen(
        [*command, "--seed", "1", "--exit-with-stdin"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    facts = json.loads(child.stdout.readline())
    # A connection for each call: one that lay idle may be closed just as it is used again.
    anew = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(
        base_url=f"{facts['page_url']}devslack/", trust_env=False, limits=anew
    ) as http:
        yield LocalSlack(facts, http)
    child.stdin.close()
    child.stdout.close()
    child.wait(10)


@pytest.fixture
def slack(running_slack: LocalSlack) -> LocalSlack:
    """A fresh workspace: nothing has been said, nothing is broken."""
    running_slack.do("reset")
    running_slack.do("config", ack_timeout_ms=3000)
    return running_slack


@dataclass(frozen=True)
class Bolt:
    """A foreign app, as anybody would write it: tests add their listeners."""

    app: App

    def post(self, channel: str = "C0GENERAL", **message: Any) -> str:
        posted = self.app.client.chat_postMessage(channel=channel, **message)
        return str(posted["ts"])


def made_app(slack: LocalSlack) -> App:
    web = WebClient(token=slack.facts["bot_token"], base_url=slack.facts["api_url"])
    app = App(client=web)
    app.event("message")(lambda: None)
    return app


# One connection for all tests of a module: closing one takes its client three seconds.
@pytest.fixture(scope="module")
def connection(running_slack: LocalSlack) -> Iterator[SocketModeHandler]:
    app_token = running_slack.facts["app_token"]
    handler = SocketModeHandler(made_app(running_slack), app_token, ping_interval=5)
    handler.connect()
    yield handler
    handler.close()


@pytest.fixture
def bolt(slack: LocalSlack, connection: SocketModeHandler) -> Bolt:
    """An app of the test's own, behind the connection that all of them share."""
    connection.app = made_app(slack)
    return Bolt(connection.app)


@dataclass(frozen=True)
class Demo:
    """A running demo; *state* is the cookie of the visitor, who has used the link already."""

    url: str
    state: Json
    http: httpx.Client

    def report(self, **event: Any) -> None:
        self.http.post("/v1/notify", json=event).raise_for_status()

    def build(self, number: int) -> None:
        """Report a build, as the shop's own would: its end starts a run."""
        result = {"sha": f"{number:012x}", "failed": 0, "site": "http://127.0.0.1:9"}
        name = {"process_id": f"build-web-{number}", "name": "build web"}
        self.report(**name, status="completed", result=result)


def said(child: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    assert child.stdout is not None
    for line in child.stdout:
        if found := re.search(pattern, line):
            return found
    pytest.fail(f"the demo ended without saying {pattern}")


@pytest.fixture(scope="module")
def demo(
    built: Path, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demo]:
    data = tmp_path_factory.mktemp("demo")
    command = (sys.executable, "-u", "-m", "bot.demo", "--no-browser", "--port", "0")
    with (data / "said").open("w") as errors:
        child = subprocess.Popen(
            [*command, "--data", str(data / "kept")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        link = said(child, r"(http://\S+)(/login\?t=\S+)")
        token = said(child, r"Bearer (\S+?)'").group(1)
        context = chromium.new_context()
        context.new_page().goto(link.group())
        state = dict(context.storage_state())
        context.close()
        bearer = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=link.group(1), headers=bearer, trust_env=False) as http:
            yield Demo(f"{link.group(1)}/demo", state, http)
    finally:
        child.send_signal(signal.SIGINT)
        try:
            child.communicate(timeout=STOPPED)
        except subprocess.TimeoutExpired:  # what is left of it would be found in other tests
            child.kill()
            child.communicate()
            raise


@pytest.fixture
def visit(demo: Demo, open_page: Any) -> Callable[..., Page]:
    return lambda **options: open_page(demo.url, storage_state=demo.state, **options)


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keep a picture for the docs, where BATON_PICTURES names a folder for them."""
    folder = os.environ.get("BATON_PICTURES")

    def kept(page: Page, name: str) -> None:
        if folder:
            page.screenshot(path=str(Path(folder) / f"{name}.png"))

    return kept


WHAT_IS_WRONG = """async () => {
  const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const found = await axe.run(document, {runOnly: rules, iframes: false});
  return found.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).slice(0, 4).join(' | ')}`);
}"""


@pytest.fixture
def violations() -> Callable[[Page], list[str]]:
    """Say what on a page some people could not read or use."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; `python3 run.py web` installs it")
    source = AXE.read_text(encoding="utf-8")

    def looked(page: Page) -> list[str]:
        page.evaluate(source)
        found: list[str] = page.evaluate(WHAT_IS_WRONG)
        return found

    return looked
