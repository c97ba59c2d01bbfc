"""What all runs of one life share."""

import asyncio
from typing import Any

import pytest

from workflows.core.plan import Plan
from workflows.runs import Faulted
from workflows.runtimes.host.parts import Parts


class SlowDoor:
    """Gives a body, after others had their turn."""

    def __init__(self, body: Any) -> None:
        self.body = body
        self.reads = 0

    async def read(self, _: Any) -> Any:
        self.reads += 1
        await asyncio.sleep(0)
        return self.body


def parts(door: Any, compiled: list[str]) -> Parts:
    def read_plan(content: str, _: Any) -> Plan:
        compiled.append(content)
        return Plan("demo", "Demo", content, ())

    nothing: Any = None
    return Parts(
        door=door,
        world=nothing,
        performer=nothing,
        sealing=None,
        settings=nothing,
        read_plan=read_plan,
        journaled=True,
        slots=nothing,
    )


async def test_a_definition_that_many_runs_want_at_once_is_compiled_once() -> None:
    compiled: list[str] = []
    shared = parts(SlowDoor({"name": "x"}), compiled)

    plans: list[Any] = await asyncio.gather(*(shared.plan("abc") for _ in range(50)))

    assert compiled == ["abc"]
    assert all(plan is plans[0] for plan in plans)


async def test_whoever_comes_after_a_definition_that_was_not_found_looks_again() -> None:
    door, compiled = SlowDoor(None), list[str]()
    shared = parts(door, compiled)
    with pytest.raises(Faulted, match="is not stored"):
        await shared.plan("abc")

    door.body = {"name": "x"}
    await shared.plan("abc")

    assert (compiled, door.reads) == (["abc"], 2)
