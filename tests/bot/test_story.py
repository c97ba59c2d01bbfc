"""The demo's story: what its build takes along, and what its people do on cards that change."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.demo.slack import LocalSlackFailed, Personas
from bot.demo.stage import working_copy
from bot.demo.story import Story, unrelated, vary
from bot.slack.client import open_session, open_web
from bot.world.http import PinnedHttp
from coordination.outbox import Slot
from devslack.app import Server
from devslack.control import ask
from handlers.slack import ids

CHANNEL = "C0GENERAL"
SLOT = "approval:A-1"
RUN: Any = SimpleNamespace(thread_id="t")
NOTHING: Any = None


def test_a_build_is_not_tied_to_a_process_around_the_demo() -> None:
    around = {
        "BATON_RUN": "r",
        "BATON_PROCESS_ID": "p",
        "BATON_TOKEN": "t",
        "TRACEPARENT": "00-a-b-01",
    }
    assert unrelated({"PATH": "/bin", **around}) == {"PATH": "/bin"}


def test_products_are_whole_though_the_demo_dies_as_it_changes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(place: Path, _text: str, **_how: Any) -> None:
        place.write_bytes(b"")
        raise KeyboardInterrupt

    project = working_copy(tmp_path)
    before = (project / "products.json").read_text()
    with monkeypatch.context() as dying:
        dying.setattr(Path, "write_text", dies)
        with pytest.raises(KeyboardInterrupt):
            vary(project, 1)

    assert (project / "products.json").read_text() == before
    vary(project, 2)
    assert (project / "products.json").read_text() != before
    assert not list(project.glob("*.part"))


class Threads:
    """Of Baton a story that only presses asks for the cards of a thread, and nothing else."""

    def __init__(self, ts: str) -> None:
        self.card = Slot(1, SLOT, CHANNEL, ts, "hash")

    async def thread(self, _id: str) -> Any:
        return SimpleNamespace(slots=(self.card,))


def buttons(*action_ids: str) -> Any:
    text = {"type": "plain_text", "text": "Yes"}
    made = [{"type": "button", "action_id": each, "text": text} for each in action_ids]
    return [{"type": "actions", "elements": made}]


@pytest.mark.parametrize("drawn_again", [False, True])
async def test_what_is_not_there_any_more_is_looked_at_again(*, drawn_again: bool) -> None:
    async with Server() as slack, open_session() as session:
        web = open_web(session, api_url=slack.api_url, token=slack.keys.bot_token)
        asked = buttons(ids.APPROVE, ids.REJECT)
        ts = str((await web.chat_postMessage(channel=CHANNEL, text="?", blocks=asked))["ts"])
        if drawn_again:
            await web.chat_update(channel=CHANNEL, ts=ts, text="Approved", blocks=[])
        http = PinnedHttp(allow=frozenset())
        people = Personas(http, slack.url)
        threads: Any = Threads(ts)
        story = Story(threads, NOTHING, NOTHING, people, Path(), {}, "")

        pressed = await story.press(RUN, SLOT, ids.APPROVE)
        elsewhere = await story.press(RUN, "approval:A-2", ids.APPROVE)
        with pytest.raises(LocalSlackFailed, match="channel"):
            await people.click("U0GRACE", "C0NOWHERE", ts, ids.APPROVE)
        found = await ask(slack.emulator, "GET", "envelopes", {"type": "interactive"})
        await http.close()

    assert (pressed, elsewhere) == (not drawn_again, False)
    assert len(found["envelopes"]) == (0 if drawn_again else 1)
