"""The network fails around the real server, and nothing is lost, doubled or out of order."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from coordination.database import Row
from tests.prove.network.checks import CHECKS, wrong
from tests.prove.network.history import Histories
from tests.prove.network.proxy import FAULTS, Proxy
from tests.prove.network.running import Past, counted, lived

REQUEST = b"GET /api/things HTTP/1.1\r\n\r\n"


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory, counts: Counter[str]) -> Past:
    data = tmp_path_factory.mktemp("network") / "town"
    found = asyncio.run(lived(data, 7, 2, faults=2, outage=1.0, haste=0.1))
    counts.update(counted(found.histories))
    return found


def test_what_is_reported_said_and_done_survives_a_bad_network(past: Past) -> None:
    assert past.wrong == []
    assert len(past.histories.acknowledged) == 6
    assert len(past.rows["runs"]) == 2


def also(row: Row, **values: Any) -> Row:
    return Row.of({**row.as_dict(), **values})


# For each check, something that must not be.
TAMPERED: Mapping[str, Callable[[Histories, dict[str, list[Row]]], Any]] = {
    "nothing_acknowledged_is_lost": lambda past, rows: rows["events"].clear(),
    "each_build_has_one_run": lambda past, rows: rows["runs"].append(rows["runs"][0]),
    "nothing_is_deployed_twice": lambda past, rows: past.town.target.asked.update(
        {f"/deploy/{past.builds[0]}": 9}
    ),
    "slack_has_all_and_in_order": lambda past, rows: rows["slots"].append(
        also(rows["slots"][0], slot="reply:nobody")
    ),
    "each_thread_has_one_root": lambda past, rows: past.town.slack.again(),
    "copies_are_accounted_for": lambda past, rows: past.town.slack.again(),
}


class Doubling:
    """A Slack in which the first message stands twice."""

    def __init__(self, slack: Any) -> None:
        self._slack = slack
        self._doubled = False

    def again(self) -> None:
        self._doubled = True

    def roots(self) -> list[Any]:
        found = self._slack.roots()
        return [*found, found[0], found[0]] if self._doubled else list(found)

    def thread(self, root: Any) -> list[Any]:
        return list(self._slack.thread(root))


@pytest.mark.parametrize("name", [check.__name__ for check in CHECKS])
def test_a_check_finds_what_must_not_be(name: str, past: Past) -> None:
    histories, rows = past.histories, {table: [*each] for table, each in past.rows.items()}
    asked, slack = Counter(histories.town.target.asked), histories.town.slack
    histories.town.slack = Doubling(slack)  # type: ignore[assignment]  # as much of it as is used
    (check,) = [each for each in CHECKS if each.__name__ == name]
    try:
        assert list(check(histories, rows)) == []
        TAMPERED[name](histories, rows)
        assert list(check(histories, rows))
        assert wrong(histories, rows)
    finally:
        histories.town.target.asked, histories.town.slack = asked, slack


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_proxy_does_what_its_fault_says(fault: str) -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            heard.append(data)
            writer.write(b"answer")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        proxy = Proxy("one", server.sockets[0].getsockname()[1])
        await proxy.start()
        await proxy.suffer(fault)
        asked = asyncio.create_task(ask(proxy.at))
        if fault in ("blackhole", "drop_reply"):
            await asyncio.wait({asked}, timeout=0.2)
            assert not asked.done()
            await proxy.suffer("")
        answer = await asked
        await proxy.suffer("")
        assert await ask(proxy.at) == b"answer"
        await proxy.stop()

    passes = fault in ("latency", "slice", "throttle", "duplicate")
    assert answer == (b"answer" if passes else b"")
    arrived = {"refuse": 1, "reset": 1, "blackhole": 1, "duplicate": 3}.get(fault, 2)
    assert b"".join(heard).count(REQUEST) == arrived
    assert proxy.lost == (
        {"things": 1} if fault in ("reset_reply", "drop_reply", "half_close") else {}
    )


async def ask(port: int) -> bytes:
    """Ask once; nothing is what somebody hears whose connection fails."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        answer = await reader.read(1000)
        writer.close()
        while answer and len(answer) < len(b"answer") and (more := await reader.read(1000)):
            answer += more
    except OSError:
        return b""
    return answer
