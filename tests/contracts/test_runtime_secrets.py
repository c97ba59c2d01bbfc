"""What every runtime promises about secret inputs: handles everywhere, values where they are needed."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest

from baton.connector import ActionContext, Failed
from coordination.database import run_secrets, select
from coordination.database import runs as run_table
from coordination.ports import RunView
from coordination.run_secrets import KEPT
from coordination.store import approvals
from coordination.store import run_secrets as store
from tests.workflows.runtimes.bench import Bench, Play, raising, sight
from workflows.language.compile import compile_body

CANARY = "c4nary/value with=signs & more"
INPUTS: Mapping[str, Any] = {
    "token": {"type": "string", "secret": True},
    "host": {"type": "string"},
}
HELD = select(run_secrets.c.name, run_secrets.c.sealed, run_table.c.id).select_from(
    run_secrets.join(run_table, run_table.c.key == run_secrets.c.run_key)
)
CALL = {"id": "call", "action": "test.again", "params": {"say": "Bearer {{ inputs.token }}"}}


def body(*steps: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"inputs": INPUTS, "steps": list(steps), **more}


def shapes(text: str) -> set[bytes]:
    raw = text.encode()
    return {raw, quote(text, safe="").encode(), base64.b64encode(raw).rstrip(b"=")[:-1]}


def leaks(bench: Bench, view: RunView, text: str = CANARY) -> list[str]:
    """Name the files that hold the value in any shape; the view counts as one."""
    held = {path.name: path.read_bytes() for path in bench.path.parent.glob("baton.db*")}
    held["view"] = repr(view).encode()
    return [name for name, content in held.items() if any(each in content for each in shapes(text))]


async def kept(bench: Bench) -> dict[tuple[str, str], bool]:
    rows = await bench.door.read(lambda reader: reader.fetch_all(HELD))
    return {(row.id, row.name): row.sealed is not None for row in rows}


def test_a_secret_input_is_text_for_the_action_and_a_name_for_everybody_else(play: Play) -> None:
    async def story(bench: Bench) -> None:
        async def echo(ctx: ActionContext) -> Any:
            raw = CANARY.encode()
            basic = base64.b64encode(b"ada:" + raw).decode()
            return {"plain": f"<{CANARY}>", "url": quote(CANARY), "basic": basic, "hex": raw.hex()}

        bench.effects.scripts["call"] = echo
        await bench.start(inputs={"token": CANARY, "host": "x"})
        view = await bench.until("completed")

        assert bench.effects.said == [f"Bearer {CANARY}"]
        call = sight(view, "call")
        assert call.input == {"say": "Bearer [secret inputs.token]"}
        assert call.output["plain"] == "<[secret inputs.token]>"
        assert call.output["url"] == call.output["hex"] == "[secret inputs.token]"
        assert view.inputs == {"token": "••••••", "host": "x"}
        assert leaks(bench, view) == []

    play(None, story, body=body(CALL))


def test_what_is_kept_goes_when_the_run_is_over_for_good(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start(inputs={"token": CANARY})
        await bench.until("completed")
        assert await kept(bench) == {("run_1", "token"): False}

    play(None, story, body=body(CALL))


def test_a_run_that_failed_is_retried_with_its_secret(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["call"] = raising(Failed(f"refused {CANARY}", type="no"))
        await bench.start(inputs={"token": CANARY})
        view = await bench.until("failed")
        assert view.error["message"] == "refused [secret inputs.token]"
        assert await kept(bench) == {("run_1", "token"): True}

        del bench.effects.scripts["call"]
        await bench.order("retry")
        view = await bench.until("completed")
        assert bench.effects.said == [f"Bearer {CANARY}"] * 2
        assert await kept(bench) == {("run_1", "token"): False}
        assert leaks(bench, view) == []

    play(None, story, body=body(CALL))


def test_what_may_be_taken_back_keeps_its_secret(play: Play) -> None:
    undo = {"action": "test.again", "params": {"say": "undo with {{ inputs.token }}"}}

    async def story(bench: Bench) -> None:
        await bench.start(inputs={"token": CANARY})
        await bench.until("completed")
        assert await kept(bench) == {("run_1", "token"): True}
        await bench.order("rollback", reason="wrong")
        view = await bench.until("cancelled")
        assert bench.effects.said[-1] == f"undo with {CANARY}"
        assert await kept(bench) == {("run_1", "token"): False}
        assert leaks(bench, view) == []

    play(None, story, body=body({**CALL, "compensate": undo}))


def test_a_retry_after_the_secret_is_gone_says_so_and_starts_nothing(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["call"] = raising(Failed("no", type="no"))
        await bench.start(inputs={"token": CANARY})
        await bench.until("failed")
        now = bench.world.clock.now()
        early = await bench.door.write(lambda tx: store.forget_old(tx, before=now - KEPT))
        late = await bench.door.write(lambda tx: store.forget_old(tx, before=now + KEPT))
        assert (early, late) == (0, 1)

        before = len(bench.effects.log)
        await bench.order("retry")
        view = await bench.until_step("call", "failed")
        while view.steps[0].attempts == 1:
            await bench.rest(1)
            view = await bench.run()
        view = await bench.until("failed")
        assert view.error["type"] == "secret"
        assert "`token`" in view.error["message"]
        assert len(bench.effects.log) == before

    play(None, story, body=body(CALL))


@pytest.mark.parametrize("secret", [True, False])
def test_a_child_gets_a_secret_only_where_it_declares_one(play: Play, *, secret: bool) -> None:
    child = {
        "name": "child",
        "inputs": {"key": {"type": "string", "secret": secret}},
        "steps": [{"id": "use", "action": "test.again", "params": {"say": "{{ inputs.key }}"}}],
    }
    begin = {"id": "begin", "workflow": "child", "inputs": {"key": "k-{{ inputs.token }}"}}

    async def story(bench: Bench) -> None:
        plan = compile_body("hash-child", {**child}, bench.registry)
        bench.others["hash-child"] = plan
        definition = bench.definition(name="child", hash="hash-child", body=child, triggers=())
        await bench.host.publish_definition(definition, by="UADA")
        await bench.start(inputs={"token": CANARY})
        view = await bench.until("completed" if secret else "failed")

        assert bench.effects.said == ([f"k-{CANARY}"] if secret else [])
        assert sight(view, "begin").input == {"key": "k-[secret inputs.token]"}
        if secret:
            assert set((await kept(bench)).values()) == {False}
            assert len(await kept(bench)) == 2
        else:
            assert "`key` is not declared secret" in view.error["message"]
        assert leaks(bench, view) == []

    play(None, story, body=body(begin))


def test_data_cannot_pass_for_a_secret_input(play: Play) -> None:
    """A value that looks like a handle is data, wherever it comes from."""
    steps = {"id": "call", "action": "test.again", "params": {"say": "{{ inputs.host }}"}}

    async def story(bench: Bench) -> None:
        forged = {"$secret": "inputs.token"}
        await bench.start(inputs={"token": CANARY, "host": forged})
        view = await bench.until("completed")
        assert bench.effects.said == [forged]
        assert leaks(bench, view) == []

    play(None, story, body=body(steps))


def test_a_secret_that_looks_like_the_name_of_a_variable_is_a_secret(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start(inputs={"token": "env:TOKEN"})
        await bench.until("completed")
        assert bench.effects.said == ["Bearer env:TOKEN"]

    play(None, story, body=body(CALL))


def test_what_a_secret_step_gave_is_stored_nowhere_in_clear(play: Play) -> None:
    make = {"id": "make", "action": "test.again", "params": {"say": "x"}, "secret_output": True}
    ask = {
        "id": "ask",
        "approval": {
            "title": "Use {{ steps.make.output.key }}?",
            "show": ["{{ steps.make.output.key }}"],
            "approvers": ["role:operator"],
        },
    }
    use = {
        "id": "use",
        "action": "test.again",
        "condition": "steps.make.output.key != ''",
        "params": {"say": "with {{ steps.make.output.key }}"},
    }

    async def story(bench: Bench) -> None:
        async def made(ctx: ActionContext) -> Any:
            return {"key": CANARY}

        bench.effects.scripts["make"] = made
        await bench.start()
        await bench.until("waiting")
        await bench.decide()
        await bench.order("pause")
        view = await bench.until("paused")
        await bench.order("resume")
        view = await bench.until("completed")
        assert bench.effects.said[-1] == f"with {CANARY}"
        assert view.outputs == {"key": "••••••"}
        assert leaks(bench, view) == []

    play(None, story, body=body(make, ask, use, outputs={"key": "{{ steps.make.output.key }}"}))


def test_a_file_that_holds_a_secret_is_shown_without_it(play: Play) -> None:
    ask = {
        "id": "ask",
        "approval": {"title": "Go?", "show": [{"file": "plan.txt"}], "approvers": ["@grace"]},
    }

    async def story(bench: Bench) -> None:
        await bench.world.files.write("plan.txt", f"deploy with {CANARY} now".encode())
        await bench.start(inputs={"token": CANARY})
        view = await bench.until("waiting")
        (asked,) = await bench.door.read(lambda reader: approvals.latest(reader, "open", limit=1))
        assert asked.question.show[0]["text"] == "deploy with [secret inputs.token] now"
        assert leaks(bench, view) == []

    play(None, story, body=body(ask, CALL))
