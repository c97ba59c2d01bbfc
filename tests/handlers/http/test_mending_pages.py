"""The page of a failed run: say what was done about it, or start it again with other inputs."""

from dataclasses import replace
from typing import Any

from coordination.database import Transaction, select, update
from coordination.database import definitions as definitions_table
from coordination.database import runs as runs_table
from coordination.database import workflows as workflows_table
from tests.handlers.http.house import RUN, House
from tests.handlers.http.test_run_pages import forms, send, shown
from workflows.language.definition import InputCheck

INPUTS = {
    "target": {"type": "string", "required": True},
    "count": {"type": "integer"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "note": {"type": "string"},
    "key": {"type": "string", "secret": True},
}
GIVEN = {"target": 'prod & "more"', "count": 2, "tags": ["a"], "note": "x", "key": None}


async def failed(house: House) -> None:
    """Have the run fail, of a workflow that takes inputs."""

    def unit(tx: Transaction) -> None:
        row = tx.fetch_one(select(definitions_table))
        tx.execute(update(definitions_table), body={**row.body, "inputs": INPUTS})

    await house.scene.door.write(unit)
    coordinator = house.edge.coordinator
    coordinator._ports = replace(coordinator._ports, inputs=InputCheck())
    await house.set_run(status="failed", inputs=GIVEN, ended_at=house.world.clock.now())


async def form_of(house: House, handle: str, what: str) -> dict[str, Any]:
    found = {form["action"].rpartition("/")[2]: form for form in forms(await shown(house, handle))}
    return found[what]


async def runs(house: House) -> list[Any]:
    return await house.scene.rows(runs_table)


async def test_a_failed_run_is_marked_handled_once(house: House) -> None:
    await failed(house)
    form = await form_of(house, "olga", "handled")
    assert form["action"] == f"/r/{RUN}/handled"

    first = await send(house, form, reason="rolled it back <b>by hand</b>")
    again = await send(house, form, reason="rolled it back <b>by hand</b>")

    assert (first.status_code, again.status_code) == (303, 303)
    page = (await house.get(first.headers["location"])).text
    assert "R-3: it counts as dealt with." in page
    assert "rolled it back &lt;b&gt;by hand&lt;/b&gt;" in page
    assert [each["action"] for each in forms(page)] == [f"/r/{RUN}/retry"]
    view = await house.edge.coordinator.run(RUN)
    assert view.handled is not None
    assert (view.status, view.handled.reason) == ("failed", "rolled it back <b>by hand</b>")


async def test_without_a_reason_nothing_is_handled(house: House) -> None:
    await failed(house)
    answer = await send(house, await form_of(house, "olga", "handled"), reason="  ")

    assert "what was done about it" in (await house.get(answer.headers["location"])).text
    assert (await house.edge.coordinator.run(RUN)).handled is None


async def test_a_run_is_started_again_with_what_was_changed(house: House) -> None:
    await failed(house)
    form = await form_of(house, "olga", "again")
    shown_ = {name: said for name, said in form["fields"].items() if name.startswith("input.")}
    assert shown_ == {
        "input.target": GIVEN["target"],
        "input.count": "2",
        "input.tags": '["a"]',
        "input.note": "x",
    }
    changed = {"input.count": "3", "input.tags": '["a", "b"]', "input.note": ""}

    first = await send(house, form, **changed)
    again = await send(house, form, **changed)

    assert (first.status_code, again.status_code) == (303, 303)
    assert "is started in the place of R-3" in (await house.get(first.headers["location"])).text
    old, new = sorted(await runs(house), key=lambda row: row.key)
    assert new.inputs == {**GIVEN, "count": 3, "tags": ["a", "b"], "note": None}
    assert new.trigger["again_of"] == old.id == RUN
    assert new.started_by == "UOLGA"
    handled = (await house.edge.coordinator.run(RUN)).handled
    assert handled is not None
    assert handled.reason.startswith("started again as R-")


async def test_what_does_not_fit_starts_nothing_and_says_why(house: House) -> None:
    await failed(house)
    form = await form_of(house, "olga", "again")

    wrong = await send(house, form, **{"input.count": "many"})
    empty = await send(house, form, **{"input.target": ""})

    assert "must be a whole number" in (await house.get(wrong.headers["location"])).text
    assert "`target` is required" in (await house.get(empty.headers["location"])).text
    assert len(await runs(house)) == 1


async def test_a_field_that_the_form_does_not_have_changes_nothing(house: House) -> None:
    await failed(house)
    form = await form_of(house, "olga", "again")
    await send(house, form, **{"input.key": "hush", "input.nowhere": "x"})

    _, new = sorted(await runs(house), key=lambda row: row.key)
    assert new.inputs == GIVEN


async def test_what_is_secret_is_given_from_a_shell(house: House) -> None:
    await failed(house)
    page = await shown(house, "olga")
    assert "input.key" not in page
    assert "baton again R-3 NAME=@FILE` (key)" in page


async def test_only_those_who_may_are_offered_it_and_only_once(house: House) -> None:
    await failed(house)
    handled, again = [await form_of(house, "olga", what) for what in ("handled", "again")]
    assert forms(await shown(house, "mallory")) == []
    for form in (handled, again):
        assert (await send(house, form, reason="mine")).status_code == 403
    house.log_in("olga")
    swapped = {**handled["fields"], "csrf": again["fields"]["csrf"], "reason": "x"}
    assert (await house.post(handled["action"], data=swapped)).status_code == 403

    again = await form_of(house, "olga", "again")
    await house.set_run(status="completed")
    answer = await send(house, again)
    assert forms(await shown(house, "olga")) == []
    assert answer.status_code == 303
    assert len(await runs(house)) == 1


async def test_a_form_is_about_one_failure_and_no_later_one(house: House) -> None:
    await failed(house)
    form = await form_of(house, "olga", "handled")
    house.later(minutes=5)
    await house.set_run(ended_at=house.world.clock.now())
    house.log_in("olga")

    assert (await send(house, form, reason="too late")).status_code == 403
    assert (await house.edge.coordinator.run(RUN)).handled is None


async def test_a_workflow_that_is_not_active_is_not_started_again(house: House) -> None:
    await failed(house)
    await house.scene.door.write(lambda tx: tx.execute(update(workflows_table), status="paused"))
    actions = [each["action"] for each in forms(await shown(house, "olga"))]
    assert actions == [f"/r/{RUN}/retry", f"/r/{RUN}/handled"]
