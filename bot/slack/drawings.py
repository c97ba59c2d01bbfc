"""Draws what a notice names from the newest facts in the store."""

from collections.abc import Awaitable, Callable, Mapping

from bot.slack.blocks import Shown, at_rung, fit, section
from bot.slack.text import head, replied
from bot.slack.views.approvals import approval_card
from bot.slack.views.processes import output_reply
from bot.slack.views.runs import failure_reply
from bot.slack.views.threads import thread_card
from bot.slack.views.unknown import unknown_card
from coordination import directory, run_views, threads_view, votes
from coordination.database import Door, Reader
from coordination.errors import NotFound
from coordination.outbox import Leased
from coordination.ports import Person, RunView, StepView
from coordination.store import runs
from coordination.threads_view import ThreadView

REPLY = 2_500
TAIL = 16_384  # bytes of an output; the view shows fewer


class SlackDrawings:
    """Satisfies Delivery's `Drawings`.

    Args:
        door: where the facts are.
        public_url: where the pages of runs are, without a slash at its end.
        channel: of threads that nothing else gives one.
    """

    def __init__(self, door: Door, *, public_url: str, channel: str | None = None) -> None:
        self._door = door
        self._public_url = public_url.rstrip("/")
        self._channel = channel
        self._kinds: Mapping[str, Callable[[Leased, int], Awaitable[Shown | None]]] = {
            "thread": self._thread,
            "approval": self._approval,
            "unknown": self._unknown,
            "reply": self._reply,
            "failure": self._failure,
            "output": self._output,
        }

    async def draw(self, leased: Leased, rung: int) -> Shown | None:
        """Draw a notice; what is not there any more, or of a kind of a later version, is None."""
        draw = self._kinds.get(leased.notice.kind)
        if draw is None:
            return None
        try:
            return await draw(leased, rung)
        except NotFound:
            return None

    async def root(self, thread_key: int, rung: int) -> Shown:
        view = await self._door.read(lambda r: threads_view.thread_by_key(r, thread_key))
        url = f"{self._public_url}/r/{view.runs[-1].label}" if view.runs else None
        return at_rung(thread_card(view, public_url=self._public_url), rung, url)

    async def channel(self, thread_key: int) -> str | None:
        view = await self._door.read(lambda r: threads_view.thread_by_key(r, thread_key))
        return view.channel or self._channel

    async def elsewhere(self, leased: Leased) -> str | None:
        body = leased.notice.body
        if leased.notice.kind == "approval":
            ref = str(body["approval_id"])
            approval = await self._door.read(lambda r: votes.read(r, ref))
            return approval.question.channel
        return body.get("channel")

    async def thread_id(self, thread_key: int) -> str:
        view = await self._door.read(lambda r: threads_view.thread_by_key(r, thread_key))
        return view.id

    async def _thread(self, leased: Leased, rung: int) -> Shown:
        return await self.root(leased.notice.thread_key, rung)

    async def _approval(self, leased: Leased, rung: int) -> Shown:
        ref = str(leased.notice.body["approval_id"])
        approval = await self._door.read(lambda r: votes.read(r, ref))
        people = await self._door.read(directory.read_all)
        handles = {each.handle.casefold(): each.id for each in people.values()}
        url = f"{self._public_url}/r/R-{approval.run_number}" if approval.run_number else None
        return approval_card(approval, run_url=url, people=handles, rung=rung)

    async def _unknown(self, leased: Leased, rung: int) -> Shown:
        run, step = await self._step(leased)
        attempt = int(leased.notice.body["attempt"])
        return unknown_card(run, step, attempt=attempt, run_url=self._url(run), rung=rung)

    async def _failure(self, leased: Leased, rung: int) -> Shown | None:
        run, step = await self._step(leased)
        printed = await self._printed(run, step) if step.log else ""
        shown = failure_reply(run, step, printed=printed, run_url=self._url(run))
        return at_rung(shown, rung, self._url(run)) if shown else None

    async def _output(self, leased: Leased, rung: int) -> Shown | None:
        key = int(leased.notice.body["process_key"])
        process = await self._door.read(lambda r: threads_view.process_by_key(r, key))
        shown = output_reply(process)
        return at_rung(shown, rung, None) if shown else None

    async def _reply(self, leased: Leased, rung: int) -> Shown:
        view, people = await self._door.read(lambda r: with_people(r, leased.notice.thread_key))
        said = str(leased.notice.body["text"])
        handles = {person.id: person.handle for person in people.values()}
        text = head(replied(said, involved_in(view), handles), REPLY)
        return at_rung(fit(text, [section(text, "t")]), rung, None)

    async def _step(self, leased: Leased) -> tuple[RunView, StepView]:
        ref, path = str(leased.notice.body["run_id"]), str(leased.notice.body["path"])

        async def query(reader: Reader) -> RunView:
            return await run_views.view(reader, await run_views.row_of(reader, ref))

        run = await self._door.read(query)
        step = next((each for each in run.steps if each.path == path), None)
        if step is None:
            raise NotFound("step", path)
        return run, step

    async def _printed(self, run: RunView, step: StepView) -> str:
        """Return the end of the output of a step."""

        async def query(reader: Reader) -> bytes | None:
            row = await run_views.row_of(reader, run.id)
            return await runs.log(reader, row.key, step.path)

        return (await self._door.read(query) or b"")[-TAIL:].decode("utf-8", "replace")

    def _url(self, run: RunView) -> str:
        return f"{self._public_url}/r/{run.label}"


async def with_people(reader: Reader, thread_key: int) -> tuple[ThreadView, Mapping[str, Person]]:
    view = await threads_view.thread_by_key(reader, thread_key)
    return view, await directory.read_all(reader)


def involved_in(view: ThreadView) -> frozenset[str]:
    """Return who asked, who answered, and who started something in the thread."""
    asked = {approval.requested_by for approval in view.approvals}
    answered = {vote.person for approval in view.approvals for vote in approval.votes}
    started = {run.started_by for run in view.runs}
    return frozenset(who for who in asked | answered | started if who)
