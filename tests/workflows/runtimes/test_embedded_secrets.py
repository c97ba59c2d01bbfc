"""What a kill leaves of secrets: sealed values and sealed journals, and a run that goes on with both."""

import json
from dataclasses import replace
from typing import Any

from baton.connector import ActionContext
from coordination.database import journal, select
from coordination.secrets import Secrets
from tests.workflows.runtimes.bench import SEALING, Bench, Play, asks, chain, does, sight, step
from workflows.core.plan import Action
from workflows.runtimes.embedded import embedded_runtime

KEY = "m4de-in-the-run"
ROWS = select(journal).order_by(journal.c.seq)


def using() -> Action:
    def pass_on(names: Any) -> Any:
        return {"say": f"use {names['steps']['make']['output']['key']}"}

    return replace(does("again"), params=pass_on)


PLAN = chain(
    step("make", does("again"), secret_output=True), step("ask", asks()), step("use", using())
)


async def make(ctx: ActionContext) -> Any:
    return {"key": KEY}


async def begun(bench: Bench) -> None:
    bench.effects.scripts["make"] = make
    await bench.start()
    await bench.until("waiting")


def test_a_run_goes_on_from_a_sealed_journal(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await begun(bench)
        rows = await bench.door.read(lambda reader: reader.fetch_all(ROWS))
        assert {tuple(json.loads(row.data)) for row in rows} == {("sealed",)}
        assert KEY not in json.dumps([row.data for row in rows])

        bench = await bench.reborn()
        await bench.decide()
        await bench.until("completed")
        assert bench.effects.said[-1] == f"use {KEY}"
        assert bench.effects.of("make") == 1

    play(PLAN, story)


def test_a_run_whose_journal_nobody_can_open_is_halted_and_says_why(play: Play) -> None:
    other = Secrets(b"o" * 32, {}.__getitem__)

    def with_another_key(*parts: Any, **more: Any) -> Any:
        return embedded_runtime(*parts, **{**more, "sealing": other})

    async def story(bench: Bench) -> None:
        await begun(bench)
        bench.make = with_another_key
        bench = await bench.reborn()
        await bench.decide()
        view = await bench.until("faulted")
        assert "sealed under another instance key" in view.error["message"]
        assert bench.effects.of("use") == 0

    play(PLAN, story)


def test_a_run_without_secret_steps_keeps_a_journal_that_people_can_read(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("completed")
        rows = await bench.door.read(lambda reader: reader.fetch_all(ROWS))
        assert json.loads(rows[0].data)["fact"]["kind"] == "RunStarted"
        assert SEALING.unseal("x") is None

    play(chain(step("only", does("again"))), story)


def test_the_answer_to_a_step_with_a_secret_output_is_no_secret(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["make"] = make
        await bench.start()
        await bench.until("waiting")
        await bench.decide()
        view = await bench.until("completed")
        assert sight(view, "make~approval").output["decision"] == "approve"
        assert sight(view, "make").output == "••••••"

    play(chain(step("make", does("again"), gate=asks(), secret_output=True)), story)
