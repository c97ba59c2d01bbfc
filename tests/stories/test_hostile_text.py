"""What a tool or a person writes is text wherever it is shown: it pings, links, hides and breaks nothing."""

import json
import re
from typing import Any

import pytest

from tests.stories.asked import letters
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE
from tests.stories.sinks import live, pinged, refused, told
from tests.stories.slack import CHANNEL, PEOPLE, markup_of
from tests.stories.test_noise import loudness, night

NOBODY = "<@U0MALLORY>"  # she has nothing to do with any of it
TEXTS: dict[str, str] = {
    "mentions": f"<!channel> <!here> <!everyone> {NOBODY} <!subteam^S0SRE> @channel @here",
    "half a mention": f"<!chan{{nel> {NOBODY[:-1]} <@ U0MALLORY> <<!here>> <!here|x>",
    "links": "<https://evil.example|https://good.example> <mailto:a@b.example|x> <javascript:x|y>",
    "escapes": "&lt;!channel&gt; &amp;lt;!here&amp;gt; &#60;!here&#62; \\u003c!here\\u003e",
    "what cannot be seen": "user\u202egnp.exe\u2066\u2067 a\u200bb\u200dc\ufeff\u2028d\u00ade\U000e0041",
    "controls": "a\x00b\x07c\x1b[31mred\x7f\x9b1m\r\nd\x08\x08",
    "markup": "*bold* _it_ ~gone~ `code` ```block\n``` > quote\n• :rocket: :white_check_mark: *Approved* by me",
    "a date": "<!date^1^{date}^https://evil.example|x>",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>",
    "json": '{"type": "button", "text": "Approve", "blocks": [{"type": "divider"}]} ${7*7} {{ 7*7 }}',
    "many lines": "\n".join(f"line {number} {NOBODY}" for number in range(10_000)),
    "one long word": "x<" * 25_000,
    "many letters of one": "a" + "\u0301" * 5_000,
    "marks only": "<" * 3_000 + ">" * 100,
}
UNSEEN = re.compile(
    "[\u202e\u2066\u2067\u200b\u200d\ufeff\u2028\u00ad\U000e0041\x00\x07\x1b\x7f\x9b\x08]"
)
# What we write in angle brackets ourselves: people of the story, groups we ask, times, our own pages.
OURS = re.compile(
    r"<(?:@U0(?:ADA|GRACE|LINUS)|!date\^\d+\^\{[a-z_]+\}[^<>|^]*\|[^<>|]*"
    r"|https?://(?:baton\.test|127\.0\.0\.1:\d+|ci\.example|devslack\.slack\.com)/[^<>|]*\|[^<>|]*)>"
)


def everywhere(text: str) -> dict[str, Any]:
    """Return a report that says *text* in each member that is made of words."""
    return {
        "name": text[:190],
        "message": text,
        "next_steps": [text[:190], {"label": text[:190], "url": "https://ci.example/x"}],
        "links": [{"url": "https://ci.example/1", "title": text[:190], "rel": text[:30]}],
        "actor": {"name": text[:190]},
        "subject": {"title": text[:190], "repo": "acme/web", "ref": "main"},
        "labels": {"note": text[:150]},
        "result": {"said": text[:9_000], "list": [text[:900]] * 3},
        "metadata": {"tail": text[:9_000]},
        "progress": {"current": 1, "total": 3, "unit": text[:20]},
        "source": text[:100],
    }


def harmless(baton: BatonInABox) -> None:
    """Assert that nothing of what Baton wrote does anything, hides anything, or was refused."""
    assert [token for token in live(baton) if not OURS.fullmatch(token)] == []
    written = json.dumps(told(baton), ensure_ascii=False)
    assert UNSEEN.search(written.replace("\\u0000", "\x00")) is None
    assert refused(baton) == []
    assert baton.unexpected() == []


@pytest.mark.parametrize("kind", TEXTS)
async def test_what_a_tool_writes_is_only_text(baton: BatonInABox, kind: str) -> None:
    text = TEXTS[kind]
    await baton.publish(RELEASE)
    done = await baton.report("test.completed", process="build-7", **everywhere(text))
    await baton.report("build.started", process="build-8", **everywhere(text))
    failed = {**everywhere(text), "error": {"message": text, "type": text[:90]}}
    await baton.report("build.failed", process="build-8", **failed)
    for ref in ("last", "R-1", done["thread_id"], done["event_id"]):
        await baton.slash(f"explain {ref}", by="grace")
    await baton.slash("status R-1", by="grace")
    for who in ("grace", "mallory"):
        await baton.slack.do("home", as_=PEOPLE[who], tab="home")
    for word in ("status", "why", "approvals"):
        where = {"channel": CHANNEL, "thread_ts": baton.card("build-8").ts}
        await baton.slack.do("messages", as_=PEOPLE["grace"], text=f"@Baton {word}", **where)
    await baton.quiet()
    await baton.click("Details", by="grace", on="build-7")
    page = await baton.page("/r/R-1", by="grace")

    harmless(baton)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert not UNSEEN.search(page.text)
    assert "mallory" not in pinged(baton)
    assert set(pinged(baton)) <= {"ada", "grace", "linus"}  # who asked, who is asked, who wrote
    assert "Deploy to production?" in baton.replies("build-7")
    assert baton.performed == []


@pytest.mark.parametrize("kind", TEXTS)
async def test_what_a_tool_asks_is_only_text(baton: BatonInABox, kind: str) -> None:
    text = TEXTS[kind]
    asked: dict[str, Any] = {
        "prompt": text[:1_900] + ".",
        "approvers": ["@grace", "@linus"],
        "options": [{"id": "yes", "label": text[:70]}, {"id": "reject", "label": text[:70] + "!"}],
        "require_reason": "always",
    }
    if not re.search("[\x00\ud800-\udfff]", text):
        asked["body"] = {"argv": ["run", text[:9_000]], "why": text[:900]}
    await baton.report(
        "agent.pending_approval", process="agent-1", approval=asked, **everywhere(text)
    )
    for who in ("grace", "mallory"):
        await baton.slack.do("home", as_=PEOPLE[who], tab="home")
        await baton.slash("approvals", by=who)
    await baton.click("Details", by="grace")
    yes, _, details = baton.question("agent-1").buttons
    assert details == "Details"
    await baton.click(yes, by="mallory")
    await baton.click(yes, by="grace")
    assert await baton.submit(reason=text[:1_900].strip() or "x", by="grace") == {}

    harmless(baton)
    for view in baton.slack.calls("views.open") + baton.slack.calls("views.update"):
        assert NOBODY not in json.dumps(list(markup_of(view["args"])))
    assert "mallory" not in pinged(baton)
    assert (await baton.life.baton.coordinator.approval("A-1")).decision == "yes"


@pytest.mark.parametrize("kind", ["mentions", "links", "what cannot be seen", "a date", "html"])
async def test_what_an_author_writes_is_only_text(baton: BatonInABox, kind: str) -> None:
    text = json.dumps(TEXTS[kind])
    definition = f"""
name: hostile
title: {text}
description: {text}
triggers:
  - event: test.completed
inputs:
  what: {{type: string, description: {text}, default: {text}}}
steps:
  - id: gate
    approval: {{title: {text}, description: {text}, approvers: ["@grace"], decisions: [approve, reject]}}
"""
    published = await baton.publish(definition)
    if not published:  # what cannot be seen is refused where a definition is read
        assert kind == "what cannot be seen"
        return
    await baton.report("test.completed", process="build-7")
    for typed in ("list", "describe hostile", "runs", "approvals", "start hostile what:x"):
        await baton.slash(typed, by="grace")
    await baton.slack.do("home", as_=PEOPLE["grace"], tab="home")
    await baton.quiet()
    await baton.click("Details", by="grace", on="build-7")
    await baton.click("Reject…", by="grace", on="build-7")
    await baton.submit(reason=TEXTS[kind], by="grace")
    page = await baton.page("/r/R-1", by="grace")

    harmless(baton)
    assert "<script>alert" not in page.text
    assert "mallory" not in pinged(baton)


@pytest.mark.parametrize("kind", ["mentions", "links", "what cannot be seen", "markup"])
async def test_what_people_call_themselves_is_only_text(baton: BatonInABox, kind: str) -> None:
    """Names come from the directory, and stand on cards, in refusals and in the lists of who is asked."""
    name = TEXTS[kind][:70]
    await baton.slack.server.ask("PATCH", f"users/{PEOPLE['grace']}", real_name=name)
    await baton.slack.server.ask("PATCH", f"users/{PEOPLE['linus']}", name=name)
    group = baton.slack.server.emulator.workspace.groups["S0SRE"]
    group.name = name
    await baton.advance(minutes=5)
    asked = {"prompt": "Delete 3 files?", "approvers": ["@grace", "@sre", PEOPLE["linus"]]}
    await baton.report("agent.pending_approval", process="agent-1", approval=asked)
    await baton.click("Approve", by="mallory")
    await baton.click("Details", by="linus")
    await baton.slash("approvals", by="linus")
    await baton.slash("whoami", by="linus")
    await baton.click("Approve", by="grace")

    harmless_but_for_groups = [
        each for each in live(baton) if not OURS.fullmatch(each) and each != "<!subteam^S0SRE>"
    ]
    assert harmless_but_for_groups == []
    assert not UNSEEN.search(json.dumps(told(baton), ensure_ascii=False))
    assert "mallory" not in pinged(baton)
    assert (await baton.life.baton.coordinator.approval("A-1")).state == "approved"


@pytest.mark.parametrize(
    "kind", ["mentions", "links", "what cannot be seen", "many lines", "one long word"]
)
async def test_digests_roll_ups_and_letters_are_only_text(baton: BatonInABox, kind: str) -> None:
    text = TEXTS[kind]
    follow = baton.life.baton.coordinator.subscribe
    await follow(baton.person("linus"), "ci", {"only": "failed"})
    loudness(baton, quiet_hours=night(baton))
    for number in range(7):
        failed = {**everywhere(text), "error": {"message": text, "type": text[:90]}}
        await baton.report("build.failed", process=f"build-{number}", **failed)
    await baton.advance(hours=2, minutes=1)

    slots = {each.slot.partition(":")[0] for each in baton.slack.roots()}
    assert slots & {"digest", "rollup"}
    assert letters(baton, "linus") != []
    harmless(baton)
    assert "mallory" not in pinged(baton)


@pytest.mark.parametrize("kind", ["mentions", "links", "html", "what cannot be seen", "controls"])
async def test_what_is_typed_is_only_text(baton: BatonInABox, kind: str) -> None:
    text = TEXTS[kind].replace("\n", " ")[:500]
    for verb in ("", "status", "explain", "describe", "start", "retry", "subscribe", "runs state:"):
        await baton.slash(f"{verb} {text}", by="linus")
        await baton.slash(f'{verb}"{text}"', by="linus")
    said = baton.private(by="linus")

    assert len(said) == 16
    harmless(baton)
    assert pinged(baton) == {}


async def test_no_text_makes_a_log_of_two_lines(baton: BatonInABox) -> None:
    """Whoever reads a log line by line must not be told a story by a tool."""
    forged = 'x\n{"event": "token_created", "level": "info"}\r\nmore'
    await baton.report("build.started", process="build-7", name=forged, message=forged)
    answer = await baton.ask("POST", "/v1/notify", json={"process_id": forged, "status": "started"})
    await baton.slash(f"status {forged}", by="linus")

    assert answer.status_code == 422
    assert all("token_created" not in repr(each) for each in baton.logs)
