"""What every runtime promises of signals that one run sends to another."""

from typing import Any

import pytest

from coordination import runs
from coordination.database import audit, select, update
from coordination.database import runs as runs_table
from coordination.runs import NewRun
from tests.workflows.runtimes.bench import Bench, Play, chain, does, sight, step
from workflows.core.plan import Action, Plan, WaitForSignal

WAITS = chain(step("go", WaitForSignal("go")), step("then", does("once")))
BODY = {"name": "demo", "steps": [{"id": "go", "wait_for": {"signal": "go"}}]}


def sends(**params: Any) -> Plan:
    """Return a workflow whose one step sends a signal."""
    said = {"name": "go", "payload": {"n": 3}, **params}
    verb = Action("baton.signal", lambda names: said, repeatable=True)
    return Plan("teller", "Teller", "hash-teller", steps=chain(step("tell", verb)).steps)


async def both(bench: Bench, teller: Plan) -> None:
    """Have `run_1` wait for a signal, and start `run_2`, which sends one."""
    await bench.host.publish_definition(bench.definition(body=BODY), by="UADA")
    await bench.start()
    await bench.until_step("go", "waiting")
    await bench.publish(teller)
    now, ids = bench.world.clock.now(), bench.world.ids
    new = NewRun(
        id="run_2",
        workflow="teller",
        hash="hash-teller",
        inputs={},
        trigger={"kind": "manual", "by": "UADA"},
        started_by="UADA",
        requested_by="UADA",
        channel="#releases",
    )
    await bench.door.write(lambda tx: runs.start(tx, new, now=now, ids=ids))
    await bench.host.start("run_2")


def test_a_run_hears_what_another_sends_it(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await both(bench, sends(run="R-1"))
        told = await bench.until("completed", "run_2")
        view = await bench.until("completed")

        assert sight(told, "tell").output == {"runs": ["R-1"]}
        heard = sight(view, "go").output
        assert (heard["name"], heard["payload"], heard["by"]) == ("go", {"n": 3}, "run:R-2")
        assert bench.effects.of("then") == 1
        rows = await bench.door.read(lambda reader: reader.fetch_all(select(audit)))
        (row,) = [each for each in rows if each.action == "run.signal"]
        assert (row.actor, row.object) == ("run:R-2", "run_1")
        assert "payload" not in row.detail

    play(WAITS, story, triggers=())


def test_runs_of_a_workflow_are_found_by_their_concurrency_key(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.host.publish_definition(bench.definition(body=BODY), by="UADA")
        await bench.start()
        await bench.until_step("go", "waiting")
        change = update(runs_table).where(runs_table.c.id == "run_1")
        await bench.door.write(lambda tx: tx.execute(change.values(concurrency_key="db-1")))
        await both(bench, sends(workflow="demo", key="db-1"))
        assert sight(await bench.until("completed", "run_2"), "tell").output == {"runs": ["R-1"]}
        await bench.until("completed")

    play(WAITS, story, triggers=())


def refused(play: Play, kind: str, why: str, **params: Any) -> None:
    async def story(bench: Bench) -> None:
        await both(bench, sends(**params))
        view = await bench.until("failed", "run_2")
        assert view.error["type"] == kind
        assert why in view.error["message"]
        assert sight(await bench.run(), "go").status == "waiting"

    play(WAITS, story, triggers=())


def test_a_signal_that_nobody_waits_for_is_refused(play: Play) -> None:
    refused(play, "signal", "Did you mean 'go'?", run="R-1", name="goo")


def test_a_run_that_is_not_there_hears_nothing(play: Play) -> None:
    refused(play, "not_found", "There is no run 'R-9'.", run="R-9")


def test_a_key_under_which_no_run_goes_on_is_refused(play: Play) -> None:
    refused(play, "not_found", "the concurrency key 'db-2'", workflow="demo", key="db-2")


def test_a_run_does_not_signal_itself(play: Play) -> None:
    refused(play, "conflict", "cannot signal itself", run="run_2")


@pytest.mark.parametrize(
    "params", [{}, {"workflow": "demo"}, {"run": "R-1", "workflow": "demo", "key": "x"}]
)
def test_one_signal_says_in_one_way_who_is_to_hear_it(play: Play, params: Any) -> None:
    refused(play, "params", "say which run with `run`, or with", **params)
