"""Each call of a function as one process."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Any

import pytest

import baton
from baton.client import Client


@pytest.fixture
def client(server: Any) -> Client:
    return Client(server.url, server.token)


def ends(server: Any, client: Client) -> list[str]:
    assert client.flush(5)
    return [status for status in server.statuses if status != "started"]


def test_a_function_is_reported_and_otherwise_unchanged(server: Any, client: Client) -> None:
    @baton.tracked("Analysis", client=client, capture=("query",), category="task",
                   result=lambda value: {"length": value})  # fmt: skip
    def analyze(query: str, secret: str) -> int:
        """Count."""
        return len(query)

    assert analyze("abc", "hunter2") == 3
    assert analyze.__doc__ == "Count."
    assert ends(server, client) == ["completed"]
    assert server.events[0]["metadata"] == {"arguments": {"query": "abc"}}
    assert server.events[-1]["result"] == {"length": 3}
    assert "hunter2" not in str(server.events)


def test_arguments_and_values_are_not_reported_unless_named(server: Any, client: Client) -> None:
    @baton.tracked("x", client=client)
    def double(n: int) -> int:
        return 2 * n

    assert double(2) == 4
    assert ends(server, client) == ["completed"]
    assert not any(event.keys() & {"metadata", "result"} for event in server.events)


def test_what_it_raises_goes_on(server: Any, client: Client) -> None:
    @baton.tracked("x", client=client)
    def fail() -> None:
        raise KeyError("k")

    with pytest.raises(KeyError):
        fail()
    assert ends(server, client) == ["failed"]


async def test_a_coroutine_function_stays_one(server: Any, client: Client) -> None:
    @baton.tracked("x", client=client)
    async def work() -> int:
        return 7

    assert inspect.iscoroutinefunction(work)
    assert await work() == 7
    assert ends(server, client) == ["completed"]


def test_a_generator_is_one_process_from_its_first_value_to_its_last(
    server: Any, client: Client
) -> None:
    @baton.tracked("x", client=client)
    def count() -> Iterator[int]:
        yield 1
        assert baton.current_process() is None
        yield 2

    values = count()
    assert server.told == []
    assert list(values) == [1, 2]
    assert next(count()) == 1  # and no more of it
    assert ends(server, client) == ["completed", "cancelled"]


async def test_an_async_generator_is_one_too(server: Any, client: Client) -> None:
    @baton.tracked("x", client=client)
    async def count() -> AsyncIterator[int]:
        yield 1
        raise ValueError("over")

    values = count()
    assert await anext(values) == 1
    with pytest.raises(ValueError, match="over"):
        await anext(values)
    assert ends(server, client) == ["failed"]


def test_a_mistake_in_reporting_does_not_reach_the_caller(server: Any, client: Client) -> None:
    @baton.tracked("x", client=client, capture=("missing",), result=lambda value: 1 / value)  # type: ignore[arg-type]
    def zero() -> int:
        return 0

    assert zero() == 0
    assert ends(server, client) == ["completed"]


async def test_an_async_generator_takes_what_is_sent_and_thrown(
    server: Any, client: Client
) -> None:
    closed: list[str] = []

    @baton.tracked("x", client=client)
    async def echo() -> AsyncGenerator[str, str]:
        said = yield "ready"
        try:
            while True:
                try:
                    said = yield said.upper()
                except ValueError as error:
                    said = f"caught {error}"
        finally:
            closed.append("closed")

    values = echo()
    assert await anext(values) == "ready"
    assert await values.asend("a") == "A"
    assert await values.athrow(ValueError("b")) == "CAUGHT B"
    await values.aclose()
    assert closed == ["closed"]
    assert ends(server, client) == ["cancelled"]


def test_a_generator_takes_what_is_sent_and_returns_its_value(server: Any, client: Client) -> None:
    @baton.tracked("x", client=client, result=lambda value: {"value": value})
    def echo() -> Generator[int, int, str]:
        said = yield 0
        assert said == 3
        return "done"

    values = echo()
    assert next(values) == 0
    with pytest.raises(StopIteration) as ended:
        values.send(3)
    assert ended.value.value == "done"
    assert ends(server, client) == ["completed"]
    assert server.events[-1]["result"] == {"value": "done"}


async def test_a_cancelled_coroutine_is_a_cancelled_process(server: Any, client: Client) -> None:
    started = asyncio.Event()

    @baton.tracked("x", client=client)
    async def wait() -> None:
        started.set()
        await asyncio.sleep(30)

    task = asyncio.ensure_future(wait())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ends(server, client) == ["cancelled"]


def test_methods_of_every_kind_can_be_decorated(server: Any, client: Client) -> None:
    class Work:
        @baton.tracked("method", client=client, capture=("n",))
        def method(self, n: int) -> int:
            return n

        @staticmethod
        @baton.tracked("static", client=client)
        def static(n: int) -> int:
            return n

        @classmethod
        @baton.tracked("class", client=client)
        def of_class(cls, n: int) -> int:
            return n

    assert (Work().method(1), Work.static(2), Work.of_class(3)) == (1, 2, 3)
    assert ends(server, client) == ["completed"] * 3
    assert server.events[0]["metadata"] == {"arguments": {"n": 1}}
