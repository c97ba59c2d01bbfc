"""Draws what a notice names from the newest facts in the store."""

from collections.abc import Awaitable, Callable, Mapping

from bot.slack.blocks import Shown, at_rung, context, fit, section
from bot.slack.summaries import Summaries
from bot.slack.text import PERSON, ends, escape, head, link, plain, replied
from bot.slack.views import approvals as asking
from bot.slack.views.notices import follow_card, noted, reminder
from bot.slack.views.nudges import Nudge, nudge
from bot.slack.views.processes import output_reply
from bot.slack.views.runs import failure_reply
from bot.slack.views.threads import thread_card, thread_word
from bot.slack.views.unknown import unknown_card
from coordination import directory, following, run_views, threads_view, votes
from coordination.database import Door, Reader
from coordination.errors import NotFound
from coordination.following import Followed
from coordination.outbox import COPY, EARLIER, ROOT, Leased
from coordination.policy import is_active
from coordination.ports import Person, RunView, StepView
from coordination.questions import Approval
from coordination.store import runs
from coordination.threads_view import ProcessView, ThreadView

REPLY = 2_500
TAIL = 16_384  # bytes of an output; the view shows fewer
AGAIN = "Posted again: somebody deleted the earlier card."


class SlackDrawings:
    """Satisfies Delivery's `Drawings`.

    Args:
        door: where the facts are.
        public_url: where the pages of runs are, without a slash at its end.
        channel: returns that of threads which nothing else gives one.
    """

    def __init__(
        self, door: Door, *, public_url: str, channel: Callable[[], str | None] = lambda: None
    ) -> None:
        self._door = door
        self._public_url = public_url.rstrip("/")
        self._channel = channel
        summaries = Summaries(door)
        self._kinds: Mapping[str, Callable[[Leased, int], Awaitable[Shown | None]]] = {
            "thread": self._thread,
            "approval": self._approval,
            "nudge": self._nudge,
            "mention": self._mention,
            "unknown": self._unknown,
            "reply": self._reply,
            "file": self._file,
            "failure": self._failure,
            "output": self._output,
            "subscription": self._follow,
            "digest": summaries.digest,
            "rollup": summaries.rollup,
        }

    @property
    def channel(self) -> str | None:
        """Where threads go that nothing else gives a channel."""
        return self._channel()

    async def draw(self, leased: Leased, rung: int) -> Shown | None:
        """Draw a notice; what is not there any more, or of a kind of a later version, is None."""
        draw = self._kinds.get(leased.notice.kind)
        if draw is None:
            return None
        try:
            shown = await draw(leased, rung)
        except NotFound:
            return None
        return shown and self._explained(shown, leased)

    async def root(self, leased: Leased, rung: int) -> Shown:
        """Draw the card of the thread of *leased*."""
        return self._again(await self._thread(leased, rung), leased, ROOT)

    async def elsewhere(self, leased: Leased) -> str | None:
        """Return the channel of a notice that does not go into its thread."""
        body = leased.notice.body
        if leased.notice.kind == "approval":
            ref = str(body["approval_id"])
            approval = await self._door.read(lambda r: votes.read(r, ref))
            return approval.question.channel
        return body.get("channel")

    async def handles(self) -> Mapping[str, str]:
        """Return how people are called, by id."""
        people = await self._door.read(directory.read_all)
        return {known: handle for handle, known in directory.ids_by_handle(people).items()}

    def _explained(self, shown: Shown, leased: Leased) -> Shown:
        """Say of a card why it stands here, where that is not plain."""
        name = leased.notice.slot
        if COPY in name and leased.notice.recipient is not None:
            where = leased.home.channel or "its channel"
            return noted(shown, f"This belongs to {where}, where I cannot post.")
        return self._again(shown, leased, name)

    def _again(self, shown: Shown, leased: Leased, name: str) -> Shown:
        earlier = leased.home.slots.get(f"{name}{EARLIER}")
        if earlier is None:
            return shown
        if name == ROOT and earlier.permalink:
            return noted(shown, f"Continues {link(earlier.permalink, 'an earlier thread')}.")
        return noted(shown, AGAIN)

    async def _thread(self, leased: Leased, rung: int) -> Shown:
        view, rolled = leased.view, leased.home.rolled
        if view is None:
            key = leased.notice.thread_key
            view = await self._door.read(lambda r: threads_view.thread_by_key(r, key))
        url = f"{self._public_url}/r/{view.runs[-1].label}" if view.runs else None
        shown = thread_card(view, public_url=self._public_url, rung=rung)
        if rolled:
            more = link(url, "its page") if url else "`@Baton why` in this thread"
            shown = noted(shown, f"{rolled} more not posted here; {more} has everything.")
        return at_rung(shown, rung, url)

    async def _approval(self, leased: Leased, rung: int) -> Shown:
        ref = str(leased.notice.body["approval_id"])
        approval = await self._door.read(lambda r: votes.read(r, ref))
        people = await self._door.read(directory.read_all)
        handles = directory.ids_by_handle(people)
        url = self._page(approval)
        return asking.approval_card(approval, run_url=url, people=handles, rung=rung)

    async def _mention(self, leased: Leased, rung: int) -> Shown | None:
        ref = str(leased.notice.body["approval_id"])
        approval = await self._door.read(lambda r: votes.read(r, ref))
        people = await self._door.read(directory.read_all)
        handles = directory.ids_by_handle(people)
        return reminder(approval, handles, rung=rung)

    async def _nudge(self, leased: Leased, rung: int) -> Shown | None:
        body, root = leased.notice.body, leased.home.root
        approval = await self._door.read(lambda r: votes.read(r, str(body["approval_id"])))
        people = await self._door.read(directory.read_all)
        page = f"{self._public_url}/r/R-{approval.run_number}" if approval.run_number else None
        facts = Nudge(
            approval,
            str(body["why"]),
            tuple(body["people"]),
            directory.ids_by_handle(people),
            direct=leased.notice.recipient is not None,
            url=(root.permalink if root else None) or page,
        )
        return nudge(facts, rung=rung)

    async def _unknown(self, leased: Leased, rung: int) -> Shown:
        run, step = await self._step(leased)
        attempt = int(leased.notice.body["attempt"])
        return unknown_card(run, step, attempt=attempt, run_url=self._url(run), rung=rung)

    async def _failure(self, leased: Leased, rung: int) -> Shown | None:
        run, step = await self._step(leased)
        printed = await self._printed(run, step) if step.log else ""
        shown = failure_reply(run, step, printed=printed, run_url=self._url(run))
        if shown is None:
            return None
        return at_rung(await self._told(shown, run.started_by), rung, self._url(run))

    async def _output(self, leased: Leased, rung: int) -> Shown:
        body = leased.notice.body
        key = int(body["process_key"])
        process = await self._door.read(lambda r: threads_view.process_by_key(r, key))
        shown = output_reply(process, printed=bool(body.get("printed", True)))
        return at_rung(await self._told(shown, process.owner), rung, None)

    async def _told(self, shown: Shown, author: str | None) -> Shown:
        """Name the person whose work failed, so that they hear of it; who left is not called back."""
        if author is None or PERSON.fullmatch(author) is None or len(shown.blocks) > 8:
            return shown
        person = await self._door.read(lambda r: directory.read_person(r, author))
        if person is not None and not is_active(person):
            return shown
        return fit(shown.text, [*shown.blocks, context(f"For <@{author}>", "for")])

    async def _reply(self, leased: Leased, rung: int) -> Shown:
        view, people = await self._door.read(lambda r: with_people(r, leased.notice.thread_key))
        said = str(leased.notice.body["text"])
        handles = {person.id: person.handle for person in people.values()}
        text = head(replied(said, involved_in(view), handles), REPLY)
        return at_rung(fit(text, [section(text, "t")]), rung, None)

    async def _file(self, leased: Leased, rung: int) -> Shown:
        """Draw what stands for a file where that itself cannot be shared."""
        body = leased.notice.body
        size = f"{int(body['size']) / 1024:,.1f} KiB"
        name = escape(ends(plain(str(body["name"])), 120))
        text = f":page_facing_up: *{name}* ({size})"
        said = head(str(body.get("text") or ""), REPLY)
        return at_rung(fit(text, [section(f"{text}\n{said}".strip(), "t")]), rung, None)

    async def _follow(self, leased: Leased, rung: int) -> Shown | None:
        key, person = leased.notice.thread_key, str(leased.notice.body["person"])

        async def query(reader: Reader) -> tuple[ThreadView, bool]:
            view = await threads_view.thread_by_key(reader, key)
            followed = await following.followed_by(reader, key, person)
            return view, following.wants(followed, followed_as(view))

        view, wanted = await self._door.read(query)
        return follow_card(view, public_url=self._public_url, rung=rung) if wanted else None

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

    def _page(self, approval: Approval) -> str | None:
        number = approval.run_number
        return f"{self._public_url}/r/R-{number}" if number else None

    def _url(self, run: RunView) -> str:
        return f"{self._public_url}/r/{run.label}"


def followed_as(view: ThreadView) -> Followed:
    """Return a thread as filters look at it."""
    processes = every(view.processes)
    subjects = [each.state.get("subject") or {} for each in processes]
    branches = {str(each.get("ref")) for each in subjects if each.get("ref")}
    branches |= {str(run.inputs["branch"]) for run in view.runs if run.inputs.get("branch")}
    short = {each.removeprefix("refs/heads/") for each in branches}
    sources = frozenset(each.source for each in processes)
    return Followed(thread_word(view), frozenset(branches | short), sources)


def every(processes: tuple[ProcessView, ...]) -> list[ProcessView]:
    return [each for top in processes for each in (top, *every(top.children))]


async def with_people(reader: Reader, thread_key: int) -> tuple[ThreadView, Mapping[str, Person]]:
    view = await threads_view.thread_by_key(reader, thread_key)
    return view, await directory.read_all(reader)


def involved_in(view: ThreadView) -> frozenset[str]:
    """Return who asked, who answered, who started something in the thread, and whose tools report."""
    asked = {approval.requested_by for approval in view.approvals}
    answered = {vote.person for approval in view.approvals for vote in approval.votes}
    started = {run.started_by for run in view.runs}
    owners = {process.owner for process in every(view.processes)}
    return frozenset(who for who in asked | answered | started | owners if who)
