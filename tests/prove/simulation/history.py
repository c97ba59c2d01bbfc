"""One simulated history: tools report, people answer, Slack has its days, and the server dies.

The server is the real one, from the HTTP application and the listeners down to the file. Outside of
it, and outlasting its deaths, are the tools with their retries, the people in front of a Slack, and
the world in which actions have effects. A seed decides everything.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.store_watch import end_where_broken
from coordination import revisions
from coordination.database import DatabaseInUse, Unavailable, open_sqlite
from tests.prove.simulation import after_commit
from tests.prove.simulation.checks import at_boot, invariants
from tests.prove.simulation.comings import leave, regroup
from tests.prove.simulation.disk import Disk
from tests.prove.simulation.faults import Faults, Mask
from tests.prove.simulation.genesis import PEOPLE, definition
from tests.prove.simulation.life import Life, Surroundings, assemble
from tests.prove.simulation.loop import Crash, MortalLoop
from tests.prove.simulation.outside import Canaries, Outside, Trace
from tests.prove.simulation.people import Meddlers, People
from tests.prove.simulation.plot import draw
from tests.prove.simulation.quiet import failed, is_quiet, still_open, was_asked
from tests.prove.simulation.slack import SimSlack
from tests.prove.simulation.slots import Slots
from tests.prove.simulation.talk import Talkers
from tests.prove.simulation.talk_checks import talked
from tests.prove.simulation.tidying import tidied, tidy
from tests.prove.simulation.tools import Report, Wire, report, start
from tests.prove.simulation.world import SimWorld

LATE = "late"
WAITS_FOR_TESTS = "waiter"
LONGEST = 3 * 3600.0  # s after the last fault in which everything has to end
JUMPS = (timedelta(hours=24), timedelta(hours=1), timedelta(minutes=7), timedelta(seconds=20))


@dataclass
class Death:
    """When a life ends: at a commit, counted from 1, or between two callbacks."""

    commit: int | None = None
    moment: str = "before commit"
    step: int | None = None


class History:
    """The history of *seed*, on a disk that was reset."""

    def __init__(
        self, seed: int, disk: Disk, token: str, *, mask: Mask | None = None, traced: bool = False
    ) -> None:
        self.seed = seed
        self.faults = Faults(seed, mask or Mask())
        rng = self.faults.rng_of("canary")
        secrets = Canaries(**{name: f"{rng.getrandbits(256):064x}" for name in ("TOKEN", "INPUT")})
        self.outside = Outside(self.faults, Trace(traced), tuple(PEOPLE), secrets)
        self.disk = disk
        self.plot = draw(self.faults)
        self.slots = Slots(self.plot.catch_up)
        self.builds = dict(self.plot.builds)
        self.slack = SimSlack(self.faults, self.plot.slack)
        self.people = People(self.outside, self.slack, grouped="grouped" in self.builds.values())
        self.talkers = Talkers(self.outside, self.slack)
        self.meddlers = Meddlers(self.outside)
        self.watch = after_commit.Watch(disk, self.outside)
        self.skew = self.ahead = timedelta()
        self.lives = 0
        self.life: Life | None = None
        self.loop: MortalLoop | None = None
        self.world: SimWorld | None = None
        self.logged: list[Any] = []
        self._token = token
        self._commits = 0
        self._begun: float | None = None  # s, when this life was ready
        self._death = Death()
        self._healed_at = 0.0  # s of the loop
        self._written: tuple[int, Sequence[Report]] = (0, ())  # for so many builds

    def run(self) -> Counter[str]:
        """Live it to its end and return what was reached.

        Raises:
            AssertionError: a promise was broken.
        """
        self.disk.reset()
        self.watch.begin()
        passed = 0.0
        while True:
            self.loop = loop = MortalLoop(passed)
            self._draw_death()
            living = self._live()
            try:
                loop.run_until_complete(living)
            except Crash as crash:
                self.outside.crashes += 1
                self._mark_death(loop)
                self.outside.trace.note("dies", str(crash), loop.steps)
                passed = loop.passed + self.faults.rng("K").uniform(0, self.plot.away)
            else:
                return self.outside.reached
            finally:
                living.close()
                self._bury(loop)

    def _draw_death(self) -> None:
        """Choose where the next life ends; the first one always does, the last one never."""
        self._death, self._commits = Death(), 0
        rng, deaths = self.faults.rng("K"), self.outside.crashes
        again = rng.random() < (1.0 if not deaths else 0.5)
        if not again or deaths >= self.plot.size.deaths or not self.faults.certain("K"):
            return
        early = deaths > 0 and rng.random() < 0.5  # while it takes up what was left
        if rng.random() < 0.6:
            moments = (
                "before commit",
                "after commit",
                *(["torn"] if "W" in self.faults.on else []),
            )
            self._death.commit = rng.randint(1, 4 if early else self.plot.size.commits)
            self._death.moment = rng.choice(moments)
        else:
            self._death.step = rng.randint(1, 40 if early else self.plot.size.steps)
        if self.loop is not None:
            self.loop.die_at = self._death.step

    def _mark_death(self, loop: MortalLoop) -> None:
        reached = self.outside.reached
        reached["crash at an await"] += loop.steps == loop.die_at
        unready = self.life is not None and not self.life.ready
        reached["crash while it took up what was left"] += unready

    def _bury(self, loop: MortalLoop) -> None:
        """Drop all that a life left in memory. Its file stays as the disk has it."""
        if self.life is not None:
            self.life.die()
        if self._begun is not None:
            self.slots.lives.append((self._begun, loop.passed))
            self._begun = None
        loop.abandon()
        self.disk.reboot()
        if self.outside.crashes and self.life is not None:
            self._count_unheard()
        self.life = None

    def _count_unheard(self) -> None:
        """Count the posts that Slack took, and of which the life that died stored nothing."""
        self.slack.count_unheard(self.disk.raw)

    async def _live(self) -> None:
        self.lives += 1
        self.disk.take_over()
        for mark in at_boot(self.disk.raw):
            self.outside.reached[mark] += 1
        rng = random.Random(f"{self.seed}.{self.lives}")  # noqa: S311 - a simulation
        self.world = world = SimWorld(rng)
        world.clock.skew = self.skew
        around = Surroundings(
            self.disk,
            self.slack,
            self.faults,
            self.outside.perform,
            self.outside.here,
            self.outside.groups,
            self.outside.next_place,
            self.outside.knows,
            self.outside.secrets,
            self._committing,
            self._committed,
        )
        self.life = life = assemble(around, world)
        try:
            await life.begin()
        except Unavailable as error:
            self.outside.reached["did not start"] += 1
            raise Crash("it did not start") from error
        self._begun = world.clock.monotonic()
        await self._begin_around(life)
        await self._until_quiet(life)
        self.slots.lives.append((self._begun, world.clock.monotonic()))
        await invariants(life, self)
        # All may be quiet before the faults are over, and what is done last has to succeed.
        self.faults.healed, self.slack.down_until = True, 0.0
        await talked(life, self)
        if self.plot.tidying:
            await tidied(life, self.disk.raw)

    async def _begin_around(self, life: Life) -> None:
        """Let the world go on around a life."""
        self._wire = wire = await Wire.to(life, self.outside)
        tasks = life.world.tasks
        around: list[Any] = [self.people.live(life, wire), self._clock(life), self._second(life)]
        around += [report(wire, each, self._token) for each in self._reports()]
        if self.plot.secretive:
            inputs = {"sha": "abc", "token": self.outside.secrets["INPUT"]}
            around.append(start(wire, "secretive", "start-1", inputs, self._token))
        if self.plot.ticking and not self.faults.healed:
            around.append(self._tick(life))
        if self.plot.talking:
            around += [self.talkers.live(life), life.homes.run(life.door.changes)]
        if self.plot.tidying:
            around.append(tidy(life, self.outside))
        around += [self._meddle(life), leave(self.outside, self.plot.leaver, self.plot.heals_at)]
        if "grouped" in self.builds.values():
            around.append(regroup(self.outside))
        if "I" in self.faults.on:
            around.append(end_where_broken(life.door, self._end))
        for number, work in enumerate(around):
            tasks.start(f"outside {number}", work)

    def _reports(self) -> Sequence[Report]:
        """Return what tools have to say, which is the same as long as no build is added."""
        if self._written[0] != len(self.builds):
            self._written = len(self.builds), self._write_reports()
        return self._written[1]

    def _write_reports(self) -> Sequence[Report]:
        """Write three events or more for each build. The third is about tests, or the build."""
        rng, found = self.faults.rng_of("tools"), []
        for build, name in self.builds.items():
            about = {"process_id": build, "name": f"build {name}"}
            at = rng.uniform(0, 4)
            began = {**about, "status": "started"}
            done = {**about, "status": "completed", "result": {"sha": "abcdef0"}}
            found.append(Report(f"{build}-began", began, at))
            found.append(Report(f"{build}-done", done, at + rng.uniform(0.5, 4)))
            tested = {"process_id": f"test-{build}", "name": "tests", "category": "test"}
            tested |= {"status": "completed", "subject": {"environment": build}}
            if not self.faults.large and name != WAITS_FOR_TESTS:
                going = {**about, "status": "in_progress", "progress": 0.5}
                found.append(Report(f"{build}-going", going, at + rng.uniform(0, 4)))
                continue
            found.append(Report(f"{build}-tested", tested, rng.uniform(0, 30), f"{build}-done"))
        return found

    def _end(self, code: int) -> None:
        self.outside.reached["ended where a sync failed"] += 1
        raise Crash(f"it ended itself with {code}")

    async def _clock(self, life: Life) -> None:
        """Have the wall clock jump now and then, and be set right again."""
        rng = self.faults.rng("C")
        while "C" in self.faults.on:
            await asyncio.sleep(rng.uniform(0.05, 0.5) * self.plot.heals_at)
            if self.faults.healed:
                return
            if self.faults.strike("C", 0.5):
                self.skew = rng.choice(JUMPS) * rng.choice((1, -1))
                self.outside.reached["the clock jumped"] += 1
            else:
                self.skew = timedelta()
            self.ahead = max(self.ahead, self.skew)
            life.world.clock.skew = self.skew

    async def _second(self, life: Life) -> None:
        """Start a second copy on the same file now and then: it has to refuse."""
        while "2" in self.faults.on:
            await asyncio.sleep(self.faults.rng("2").uniform(0.05, 0.5) * self.plot.heals_at)
            if not self.faults.strike("2", 0.5):
                continue
            try:
                await open_sqlite(self.disk.path, changes=life.door.changes)
            except DatabaseInUse:
                self.outside.reached["a second copy was refused"] += 1
            else:
                raise AssertionError("2: a second copy took the same database")

    async def _tick(self, life: Life) -> None:
        """Put a workflow with a schedule into use, until that is stored."""
        while True:
            try:
                wanted = definition("ticking", self.slots.catch_up)
                await life.host.publish_definition(wanted, by="UADA")
            except Unavailable:
                await asyncio.sleep(1)
            else:
                self.slots.used_at = self.slots.used_at or life.world.clock.monotonic()
                return

    async def _meddle(self, life: Life) -> None:
        rng = self.outside.rng
        while self.plot.meddling and not self.faults.healed:
            await asyncio.sleep(rng.uniform(0.05, 0.3) * self.plot.heals_at)
            if self.faults.healed:
                return
            going = still_open(self.disk.raw)
            if going and rng.random() < 0.7:
                await self.meddlers.meddle(life, rng.choice(going))
            for run in failed(self.disk.raw):
                if self.outside.retried[run.id] < 2 and rng.random() < 0.5:
                    self.outside.retried[run.id] += 1
                    await self.meddlers.order(life, "retry", run.id)
            if rng.random() < 0.6:
                await self.meddlers.resume(life)

    async def _until_quiet(self, life: Life) -> None:
        """Wait until everything that was begun has ended, or say what hangs."""
        while True:
            await asyncio.sleep(3)
            self._see_failures(life)
            now = life.world.clock.monotonic()
            if not self.faults.healed and (now > self.plot.heals_at or self._waits_for_slack()):
                self._healed_at = now
                await self._heal(life)
            why = is_quiet(self)
            if why is None and was_asked(self.disk.raw):
                break
            if why is None and self.faults.healed and LATE not in self.builds:
                self._build_late(life)
            if self.faults.healed:
                await self._help(life)
                assert now - self._healed_at < LONGEST, f"P16: it hangs: {why}"
        if not self.outside.crashes and "K" in self.faults.on:
            raise Crash("killed at rest")

    def _build_late(self, life: Life) -> None:
        """Report one more build, since faults or people ended all runs before their question."""
        self.builds[LATE] = "release"
        self.outside.reached["a late build was asked about"] += 1
        for each in (each for each in self._reports() if each.key.startswith(LATE)):
            work = report(self._wire, each, self._token)
            life.world.tasks.start(f"outside {each.key}", work)

    def _waits_for_slack(self) -> bool:
        """Say whether there is nothing left to be done but to tell it to a Slack that is out of reach."""
        done = is_quiet(self, but="notices") is None and was_asked(self.disk.raw)
        return self.slack.is_away and done

    async def _heal(self, life: Life) -> None:
        """End all faults: from here on everything has to come to its end."""
        locked_out, self.faults.healed = self.slack.is_away, True
        self.slack.down_until = 0.0
        # What was stored while the clock was ahead is due when it gets there again.
        life.world.clock.skew = self.skew = self.ahead
        if self.loop is not None:
            self.loop.die_at = None
        self._death = Death()
        self.outside.left.pop("UMAYA", None)
        if self.plot.ticking:
            self.slots.until = life.world.clock.monotonic()
            now = life.world.clock.now()
            await life.door.write(
                lambda tx: revisions.move(tx, "ticking", "pause", by="UADA", via="test", at=now)
            )
        if locked_out:
            self.outside.reached["a token was changed"] += 1
            raise Crash("killed, to be started with a token that Slack knows")

    async def _help(self, life: Life) -> None:
        for run in still_open(self.disk.raw):
            if run.status == "paused":
                await self.meddlers.order(life, "resume", run.id)

    def _see_failures(self, life: Life) -> None:
        """Let no task fail but for a database that cannot be written."""
        hard = [
            (name, error)
            for name, error in life.world.tasks.failures
            if not isinstance(error, Unavailable) or not self.faults.on & {"I", "B"}
        ]
        for name, error in hard:
            raise AssertionError(f"{name}: {type(error).__name__}: {error}") from error

    def _committing(self, commit: Callable[[], None]) -> None:
        """Commit, or die around it."""
        self._commits += 1
        death = self._death
        if death.commit != self._commits:
            commit()
            return
        where = death.moment
        if where == "torn":
            how = self.disk.lose_power(commit, self.faults.rng("W"))
            self.outside.reached[f"a commit was {how}"] += 1
        elif where == "after commit":
            commit()
        self.outside.reached[f"crash {where}"] += 1
        raise Crash(f"killed {where} {self._commits}")

    def _committed(self, touched: tuple[Any, ...]) -> None:
        loop = self.loop
        self.outside.trace.note("commit", loop.passed if loop else 0, touched)
        self.watch.look(touched)


__all__ = ["Death", "History"]
