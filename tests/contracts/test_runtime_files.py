"""What every runtime promises of files that a run shares."""

from typing import Any

from baton.connector import ActionContext, Result
from coordination.database import outbox, select
from coordination.outbox import Lane
from coordination.store import blobs
from tests.workflows.runtimes.bench import SECRETS, Bench, Play, chain, does, sight, step
from workflows.actions.notices import Upload
from workflows.core.plan import Action


def uploads(**params: Any) -> Action:
    return Action("slack.upload", lambda names: params, repeatable=True)


async def told(bench: Bench) -> list[Any]:
    rows = await bench.door.read(lambda reader: reader.fetch_all(select(outbox)))
    return [row for row in rows if row.kind == "file"]


def test_a_file_is_stored_with_the_result_and_told_to_the_thread(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.files.written["runs/x/report.md"] = b"all of it\xff"
        await bench.start()
        view = await bench.until("completed")
        (row,) = await told(bench)
        assert sight(view, "share").output == {"notice_id": row.id, "name": "report.md", "size": 10}
        assert (row.lane, row.slot) == (Lane.RESULT, f"file:{row.id}")
        assert row.body["text"] == "of &lt;today&gt;"
        assert await bench.door.read(lambda r: blobs.get(r, row.body["blob"])) == b"all of it\xff"

    plan = chain(step("share", uploads(file="runs/x/report.md", comment="of <today>")))
    play(plan, story, triggers=())


def test_a_file_that_is_not_there_fails_the_step_and_tells_nothing(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert "no file gone.md" in view.error["message"]
        assert await told(bench) == []

    play(chain(step("share", uploads(file="gone.md"))), story, triggers=())


def test_secrets_that_a_step_was_given_are_covered_in_its_files(play: Play) -> None:
    text = SECRETS["TOKEN"]

    async def script(ctx: ActionContext) -> Any:
        held = f"the word is {text}.".encode()
        return Result(None, (Upload("nt_1", "", name="x.txt", content=held),))

    async def story(bench: Bench) -> None:
        bench.effects.scripts["leak"] = script
        await bench.start()
        await bench.until("completed")
        (row,) = await told(bench)
        content = await bench.door.read(lambda r: blobs.get(r, row.body["blob"]))
        assert content == b"the word is [secret TOKEN]."

    play(chain(step("leak", does("again", say={"$secret": "TOKEN"}))), story, triggers=())
