"""Every example in the help of ``baton`` is typed as it stands, and does what it says."""

from pathlib import Path

from baton.cli import VERBS
from tests.stories.box import BatonInABox
from tests.stories.terminals import Done, Office, Terminal, open_office

RELEASE = """
name: release
title: Release to production
inputs:
  version: {type: string, required: true}
  dry: {type: boolean, default: false}
steps:
  - id: gate
    approval: {title: Go on?, approvers: ["@linus"]}
"""
DEPLOY = """
name: deploy
title: Deploy
triggers:
  - event: build.completed
inputs:
  target: {type: string, default: production}
steps:
  - id: deploy
    action: test.deploy
    params: {what: deploy}
    compensate: {action: test.work, params: {what: "take back {{ inputs.target }}"}}
  - {id: go, wait_for: {signal: go_on}}
  - {id: announce, action: test.work, params: {what: "announce {{ inputs.target }}"}}
"""
QUESTION = {"prompt": "Go on?", "approvers": ["@grace"]}


class Typed:
    """What was typed so far, by verb."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.seen: set[str] = set()

    def line(self, verb: str) -> str:
        self.seen.add(verb)
        return VERBS[verb].example.replace("http://127.0.0.1:8765", self.office.url)

    async def done(self, who: Terminal, verb: str) -> Done:
        """Type the example of *verb*; it succeeds."""
        done = await who.type(self.line(verb))
        assert done.code == 0, (verb, done)
        return done


async def prepare(baton: BatonInABox, office: Office) -> None:
    """Bring about what the examples speak of: A-1, A-2, R-1 that waits, R-2 failed, R-3 unknown."""
    for process in ("one", "two"):
        await baton.report("agent.pending_approval", process=process, approval=QUESTION)
    await baton.publish(RELEASE)
    await baton.publish(DEPLOY)
    await baton.ask("POST", "/v1/workflows/release/runs", json={"inputs": {"version": "1.0"}})
    await baton.quiet()
    baton.work.fail("deploy")
    await baton.report("build.completed", process="b1")
    baton.work.hang("deploy")
    await baton.report("build.completed", process="b2")
    await office.shut()
    await baton.kill()
    await office.open()


async def report(typed: Typed, ada: Terminal) -> None:
    await typed.done(ada, "notify")
    assert (await typed.done(ada, "run")).out.startswith("Python 3")
    waiting = await ada.start(typed.line("wait"))
    await ada.type("baton notify completed --id build-42")
    assert (await waiting.done()).code == 0
    (ada.folder / "report.xml").write_text("<testsuite><testcase name='a'/></testsuite>")
    assert (await typed.done(ada, "junit")).out.startswith("1 tests")


async def decide(typed: Typed, ada: Terminal, grace: Terminal) -> None:
    await typed.done(grace, "approve")
    await typed.done(grace, "reject")
    asking = await ada.start(typed.line("ask"))
    asked = (await asking.says("asked as")).split()[3]
    await grace.type(f"baton approve {asked}")
    assert (await asking.done()).out == "approved"


async def steer(typed: Typed, ada: Terminal, grace: Terminal) -> None:
    assert "waiting" in (await typed.done(ada, "status")).out
    assert "R-1  release" in (await typed.done(ada, "runs")).out
    assert "gate  waiting" in (await typed.done(ada, "show")).out
    watching = await ada.start(typed.line("watch"))
    await watching.says("gate  waiting")
    await typed.done(ada, "pause")
    await typed.done(ada, "resume")
    await typed.done(ada, "cancel")
    assert (await watching.done()).code == 3  # it was cancelled
    await typed.done(grace, "resolve")
    await typed.done(ada, "signal")
    await typed.done(ada, "start")
    typed.office.box.work.finish("deploy")
    await typed.done(ada, "handled")
    await typed.done(ada, "again")
    await typed.done(ada, "retry")
    await typed.office.box.quiet()
    await typed.done(ada, "skip")
    await typed.done(ada, "rollback")


async def look(typed: Typed, ada: Terminal) -> None:
    (ada.folder / "event.json").write_text('{"process_id": "b1", "status": "failed"}')
    assert "b1" in (await typed.done(ada, "explain")).out
    await typed.done(ada, "events")
    assert "laptop-ada" in (await typed.done(ada, "whoami")).out
    assert str(ada.folder) in (await typed.done(ada, "login")).out
    assert "FIX" not in (await typed.done(ada, "doctor")).out


async def test_every_example_works_as_it_is_typed(baton: BatonInABox, tmp_path: Path) -> None:
    async with open_office(baton, tmp_path / "office") as office:
        await prepare(baton, office)
        ada, grace = await office.terminal("ada"), await office.terminal("grace")
        typed = Typed(office)

        await report(typed, ada)
        await decide(typed, ada, grace)
        await steer(typed, ada, grace)
        await look(typed, ada)
        await baton.quiet()

        assert typed.seen == set(VERBS)
        assert [(run.label, run.status.value) for run in await baton.runs()] == [
            ("R-5", "waiting"),
            ("R-4", "waiting"),
            ("R-3", "completed"),
            ("R-2", "cancelled"),
            ("R-1", "cancelled"),
        ]
        assert baton.performed[-4:] == [
            "announce production",
            "deploy",
            "deploy",
            "take back production",
        ]
        assert (await baton.runs())[0].inputs == {"target": "staging"}
