"""A secret in what a tool reports is in no file, no log, no message and no answer afterwards."""

import json
import secrets
import string
from collections.abc import Callable
from typing import Any

import pytest

from bot.operations import create_token
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE
from tests.stories.sinks import forms, leaks, refused
from tests.stories.slack import PEOPLE

LETTERS = string.ascii_letters + string.digits
KINDS: dict[str, Callable[[str], str]] = {
    "a key of a cloud": lambda core: f"AKIA{core[:16].upper()}",
    "a token of a forge": lambda core: f"ghp_{core}",
    "a token of Slack": lambda core: f"xoxb-{core}",
    "a token of ours": lambda core: f"bt_abcdefghijkl_{core}",
    "a signed token": lambda core: f"eyJhbGciOiJI.{core}.{core}",
    "a setting": lambda core: f"password={core}",
    "a header": lambda core: f"Authorization: Bearer {core}",
    "an address": lambda core: f"postgres://ada:{core}@db.example/x",
    "a hook": lambda core: f"https://hooks.slack.com/services/T0/B0/{core}",
    "a private key": lambda core: f"-----BEGIN PRIVATE KEY-----\n{core}\n-----END PRIVATE KEY-----",
}


def canary() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(32))


def everywhere(hidden: str) -> dict[str, Any]:
    """Return a report that holds *hidden* in each member made of words."""
    line = " ".join(hidden.split("\n"))
    return {
        "name": f"Build {line}",
        "message": f"before\n{hidden}\nafter",
        "error": {"message": hidden, "type": line},
        "next_steps": [f"use {line}", {"label": line}],
        "links": [{"url": "https://ci.example/1", "title": line, "rel": "x"}],
        "actor": {"name": line},
        "subject": {"title": line, "repo": "acme/web"},
        "labels": {"note": line},
        "result": {"said": [hidden, {"deep": hidden}], hidden: 1},
        "metadata": {"tail": hidden, "argv": ["deploy", "--with", hidden]},
        "source": line,
        "no_such_member": hidden,
        f"odd {line}": 1,
    }


async def answers_of(baton: BatonInABox, told: dict[str, Any]) -> dict[str, str]:
    """Return what a tool reads about an event that it reported."""
    event, thread = told["event_id"], told["thread_id"]
    paths = (
        f"/v1/events/{event}",
        f"/v1/events/{event}/explain",
        f"/v1/processes/ci:{told['process_id']}",
        f"/v1/threads/{thread}",
        "/v1/events",
    )
    return {path: (await baton.ask("GET", path)).text for path in paths}


async def raw_of(baton: BatonInABox, event_id: str) -> str:
    life = baton.life
    made = await create_token(life.door, life.world, {"source": "ops", "scopes": ["admin"]})
    headers = {"Authorization": f"Bearer {made['token']}"}
    answer = await life.ask("GET", f"/v1/events/{event_id}/raw", headers=headers)
    assert answer.status_code == 200, answer.text
    body = answer.json()["body"]
    assert isinstance(body, str)
    return body


@pytest.mark.parametrize("kind", KINDS)
async def test_a_secret_that_a_tool_reports_is_nowhere(baton: BatonInABox, kind: str) -> None:
    core = canary()
    hidden = KINDS[kind](core)
    core = hidden if kind == "a key of a cloud" else core
    await baton.publish(RELEASE)
    told = await baton.report("test.completed", process="build-7", **everywhere(hidden))
    failed = await baton.report("build.failed", process="build-8", **everywhere(hidden))
    for who in ("grace", "mallory"):
        await baton.slack.do("home", as_=PEOPLE[who], tab="home")
        await baton.slash("status R-1", by=who)
        await baton.slash(f"explain {told['event_id']}", by=who)
    await baton.click("Details", by="grace", on="build-7")
    page = await baton.page("/r/R-1", by="grace")

    said = {**await answers_of(baton, told), **await answers_of(baton, failed), "page": page.text}
    said["raw"] = await raw_of(baton, told["event_id"])
    assert "before" in said[f"/v1/events/{told['event_id']}"]
    assert leaks(baton, core, **said) == []
    assert leaks(baton, baton._token, **said) == []
    assert refused(baton) == []


@pytest.mark.parametrize(
    "metadata",
    [
        {"cookie": "{}"},
        {"db": {"credentials": {"user": "ada", "value": "{}"}}},
        {"AWS_SECRET_ACCESS_KEY": "{}"},
        {"passphrase": "correct horse {} battery"},
        {"pwd": ["{}", "{}"]},
        {"message": 'password="{}\\" and more"'},
    ],
    ids=range(6),
)
async def test_what_bears_the_name_of_a_secret_is_nowhere(
    baton: BatonInABox, metadata: dict[str, Any]
) -> None:
    core = canary()
    filled = json.loads(json.dumps(metadata).replace("{}", core))
    told = await baton.report("build.failed", process="build-7", metadata=filled, result=filled)

    said = await answers_of(baton, told) | {"raw": await raw_of(baton, told["event_id"])}
    assert leaks(baton, core, **said) == []


async def test_a_secret_that_is_written_in_another_way_is_nowhere(baton: BatonInABox) -> None:
    """JSON can write a letter as its number, and a form can write it as two digits."""
    one, two = canary(), canary()
    numbered = f'{{"process_id": "b1", "status": "failed", "message": "\\u0067hp_{one}"}}'
    form = f"process_id=b2&status=failed&message=%67hp_{two}&metadata.cookie=%20{two}"
    kinds = {numbered: "application/json", form: "application/x-www-form-urlencoded"}
    raws = []
    for body, kind in kinds.items():
        answer = await baton.ask("POST", "/v1/notify", content=body, headers={"content-type": kind})
        assert answer.status_code == 202, answer.text
        raws.append(await raw_of(baton, answer.json()["results"][0]["event_id"]))
    await baton.quiet()

    assert leaks(baton, one, raw=raws[0]) == []
    assert leaks(baton, two, raw=raws[1]) == []
    assert "b1" in raws[0]
    assert "b2" in raws[1]


async def test_a_refusal_repeats_no_secret(baton: BatonInABox) -> None:
    core = canary()
    hidden = f"ghp_{core}"
    wrong: list[dict[str, Any]] = [
        {"process_id": "b", "status": hidden},
        {"process_id": "b", "status": "started", "kind": hidden},
        {"process_id": "b", "status": "started", "category": f"!{hidden}"},
        {"process_id": "b", "status": "started", "occurred_at": hidden},
        {"process_id": "b", "status": "started", "labels": {hidden: 1, f"\n{hidden}": "x"}},
        {"process_id": "b", "status": "started", hidden: {"a": 1}, "url": f"ftp://{hidden}"},
        {"process_id": "b", "status": "started", "keys": [f"odd:{hidden}"]},
        {"process_id": "b", "status": "pending_approval", "approval": {"prompt": "x", "on_timeout": hidden}},
        {"process_id": f"{hidden}\n", "status": "started"},
    ]  # fmt: skip
    said = {}
    for place, body in enumerate(wrong):
        answer = await baton.ask("POST", "/v1/notify?strict=1", json=body)
        assert answer.status_code == 422, answer.text
        said[f"refusal {place}"] = answer.text
    for path in (f"/v1/runs/{hidden}", f"/v1/events/{hidden}", f"/v1/approvals?state={hidden}"):
        said[path.replace(core, "…")] = (await baton.ask("GET", path)).text
    listed = await baton.ask("POST", "/v1/notify", json=wrong)
    said["list"] = listed.text

    assert leaks(baton, core, **said) == []


async def test_a_secret_in_a_question_is_shown_to_nobody(baton: BatonInABox) -> None:
    core = canary()
    hidden = f"Bearer {core}"
    asked = {
        "prompt": f"Call it with {hidden}?",
        "approvers": ["@grace"],
        "options": [{"id": "yes", "label": f"ghp_{core}"}, {"id": "reject", "label": "No"}],
        "body": {"argv": ["curl", "-H", f"Authorization: {hidden}"], "token": core},
    }
    told = await baton.report("agent.pending_approval", process="agent-1", approval=asked)
    await baton.click("Details", by="grace")
    resource = await baton.ask("GET", f"/v1/approvals/{told['approval_id']}")
    said = await answers_of(baton, told) | {"approval": resource.text}
    said["raw"] = await raw_of(baton, told["event_id"])

    assert "Call it with Bearer ***?" in baton.question("agent-1").plain
    assert leaks(baton, core, **said) == []


async def test_another_secret_makes_another_question(baton: BatonInABox) -> None:
    """What is approved is what was asked to the letter, though nobody is shown the secret."""
    digests = []
    for core in ("a" * 32, "b" * 32, "b" * 32):
        asked = {"prompt": "Call it?", "approvers": ["@grace"], "body": {"token": core}}
        told = await baton.report("agent.pending_approval", process="agent-1", approval=asked)
        found = (await baton.ask("GET", f"/v1/approvals/{told['approval_id']}")).json()
        digests.append((found["version"], found["digest"]))

    assert [version for version, _ in digests] == [1, 2, 2]
    assert digests[0] != digests[1] == digests[2]


def test_each_shape_of_a_secret_would_be_found() -> None:
    shapes = forms("s3cret/ää")

    assert len(set(shapes.values())) == len(shapes)
    assert shapes["percent"] == "s3cret%2F%C3%A4%C3%A4"
