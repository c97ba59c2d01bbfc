"""What must be true of all that was typed, opened and posted in Slack, when all is over."""

import asyncio
import json
import sqlite3
from collections import Counter
from typing import Any

from tests.prove.simulation.people import DECIDES, OPERATORS
from tests.prove.simulation.world import FIRST

CHEERED = "SELECT trigger FROM runs WHERE workflow = 'cheered'"
SOON = 120.0  # s: a call that hung from before, the rest after it, and a turn of its own
OF_THE_BUS = "SELECT process_id FROM events WHERE process_id LIKE 'posted-%'"
KIDS = "SELECT id FROM runs WHERE workflow = 'kid' AND parent_key IS NULL AND created_at >= ?"


async def talked(life: Any, history: Any) -> None:
    """Check P1 and P3 on what came through Slack, and that Home shows how things are."""
    if not history.plot.talking:
        return
    raw: sqlite3.Connection = history.disk.raw
    _reports(raw, history.talkers)
    _starts(raw, history.talkers)
    _reactions(raw, history)
    who = OPERATORS[0]
    history.slack.homes.pop(who, None)
    await history.talkers.open_home(life, who)
    await asyncio.sleep(SOON)
    assert who in history.slack.homes, "P16: Home was opened, and never drawn"
    shown = json.dumps(history.slack.homes[who])
    asked = [each for each in DECIDES if f'"{each}"' in shown]
    assert not asked, f"P6: Home asks with {asked} when nothing is open any more"


def _reports(raw: sqlite3.Connection, talkers: Any) -> None:
    stored = Counter(row[0] for row in raw.execute(OF_THE_BUS))
    lost = set(talkers.posted.values()) - set(stored)
    assert not lost, f"P1: acknowledged in Slack and lost: {lost}"
    twice = [each for each, count in stored.items() if count > 1]
    assert not twice, f"P3: messages that were taken twice: {twice}"


def _reactions(raw: sqlite3.Connection, history: Any) -> None:
    """A reaction starts one run, however often Slack tells of it."""
    said = [json.loads(row[0]) for row in raw.execute(CHEERED)]
    begun = Counter((each["ts"], each["user"]) for each in said)
    twice = [each for each, count in begun.items() if count > 1]
    assert not twice, f"P3: reactions that started more than one run: {twice}"
    strange = set(begun) - history.talkers.reacted
    assert not strange, f"P3: reactions that nobody gave: {strange}"
    lost = history.talkers.cheered - set(begun)
    assert not lost or history.plot.leaver, f"P1: reactions that were acknowledged and lost: {lost}"
    history.outside.reached["a reaction started a run"] += len(begun)


def _starts(raw: sqlite3.Connection, talkers: Any) -> None:
    count = len(raw.execute(KIDS, (FIRST,)).fetchall())
    most, least = len(talkers.started), len(talkers.promised)
    assert count <= most, f"P3: {count} runs of {most} commands"
    assert count >= least, f"P1: {count} runs, and {least} commands were answered"


__all__ = ["talked"]
