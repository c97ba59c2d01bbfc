"""How the program is doing, as those who watch over it read it."""

import asyncio
import re

from bot.backups import remember
from coordination.database import back_up
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE


def numbers(text: str) -> dict[str, float]:
    """Read the lines of /metrics that hold a number."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_the_numbers_say_what_waits_and_what_was_stored(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    answer = await baton.ask("GET", "/metrics")
    found = numbers(answer.text)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert found['baton_open_runs{status="waiting"}'] == 1
    assert found['baton_queue_depth{queue="events"}'] == 0
    assert found["baton_generation"] == 1
    assert found["baton_database_bytes"] > 0
    assert found["baton_commit_seconds_count"] > 5
    assert found['baton_commit_seconds_bucket{le="+Inf"}'] == found["baton_commit_seconds_count"]
    assert 'baton_loop_lag_seconds{of="now"}' in found
    assert not re.search(r"build-7|Deploy", answer.text)


async def test_nobody_without_a_token_reads_them(baton: BatonInABox) -> None:
    answer = await baton.life.ask("GET", "/metrics")
    assert answer.status_code == 401
    assert "baton_" not in answer.text


async def test_what_is_forgotten_and_how_old_the_backup_is_can_be_seen(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.click("Approve", by="grace")
    await baton.advance(days=91)
    await baton.life.baton.housekeeping.round()
    found: dict[str, float] = {}
    async with asyncio.timeout(30):  # a round of the program's own may be at it as well
        while 'baton_purged_rows_total{kind="threads"}' not in found:
            found = numbers((await baton.ask("GET", "/metrics")).text)
    assert found['baton_purged_rows_total{kind="runs"}'] == 1
    assert found['baton_purged_rows_total{kind="threads"}'] == 1

    says = {each.what: each.says for each in await baton.life.baton.watch.findings()}
    assert says["generation"] == "1, never restored"
    assert says["backup"].startswith("none was made")
    assert "so far" in says["purged"]
    assert says["wal"].endswith("MiB")
    assert re.match(r"3\.\d+\.\d+", says["sqlite"])
    data = baton.life.birth.data
    remember(data, back_up(data / "baton.db", data / "copy.db", now=baton.life.world.clock.now()))
    says = {each.what: each.says for each in await baton.life.baton.watch.findings()}
    assert says["backup"].startswith("0 days old")
