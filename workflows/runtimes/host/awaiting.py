"""Steps that end when Slack has what they say: queued at once, and looked for until it is there.

No place among the actions is held meanwhile. Who is stopped here queues nothing twice afterwards: each
attempt at a step gives its notices the same ids.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from baton.errors import BatonError
from coordination import outbox
from coordination.database import Reader, Transaction, Unavailable
from coordination.outbox import Notice
from coordination.store import whereabouts
from workflows.actions.notices import Post, Sent
from workflows.core.codec import to_json
from workflows.core.facts import StepError
from workflows.runs import RunRecord
from workflows.runtimes.host.flight import Flying
from workflows.runtimes.host.parts import Parts
from workflows.runtimes.host.performing import Answer
from workflows.runtimes.host.telling import posted

__all__ = ["queue_posts", "until_sent"]

SWEEP = timedelta(seconds=5)  # a change that was missed is made good within it
HOMELESS = "This run has no thread, so nobody sends what it posts. Post without `await: sent`."


class _NeverSent(BatonError):
    """Slack will not have it; the sentence says why."""


async def queue_posts(parts: Parts, run: RunRecord, posts: Sequence[Post]) -> None:
    """Queue what a step says, unless an earlier attempt has."""
    thread_key, now = run.thread_key, parts.world.clock.now()
    if thread_key is None:
        return
    tellings = [posted(each) for each in posts]

    def unit(tx: Transaction) -> None:
        for each in tellings:
            name = str(each.id)
            if not whereabouts.known(tx, name, thread_key, each.slot):
                notice = Notice(thread_key, each.slot, each.lane, each.kind, each.body)
                outbox.add(tx, notice, id=name, now=now)

    await parts.write(unit)


async def until_sent(
    parts: Parts,
    run: RunRecord,
    flying: Flying,
    answer: Answer,
    answered: Callable[[Flying, Answer], None],
) -> None:
    """Wait until all that *answer* posts stands in Slack, or never will, and say so.

    Args:
        parts: of this life.
        run: in whose name.
        flying: the attempt; nobody is told anything once it is cancelled.
        answer: the posts, as they were queued, and what makes an output of where they stand.
        answered: called with what became of it.
    """
    then = answer.when_sent
    with parts.door.changes.subscribe("outbox") as changes:
        while then is not None and not (flying.cancelled.came or parts.stopping):
            try:
                sent = await parts.door.read(lambda reader: _all_sent(reader, run, answer.notices))
            except _NeverSent as why:
                error = StepError("not_sent", str(why))
                answered(flying, Answer(error=error, log=answer.log))
                return
            except Unavailable:
                sent = None  # the sweep looks again
            if sent is not None:
                output: Any = to_json(then(sent))
                answered(flying, Answer(output, log=answer.log))
                return
            await changes.wait_on(parts.world.clock, SWEEP)


async def _all_sent(
    reader: Reader, run: RunRecord, posts: Sequence[Post]
) -> tuple[Sent, ...] | None:
    """Say where each post stands; None while one is on its way. Raises: _NeverSent."""
    if run.thread_key is None:
        raise _NeverSent(HOMELESS)
    found = [await _where(reader, run.thread_key, each) for each in posts]
    sent = tuple(each for each in found if each is not None)
    return sent if len(sent) == len(posts) else None


async def _where(reader: Reader, thread_key: int, post: Post) -> Sent | None:
    slot = posted(post).slot
    waits = await whereabouts.waits(
        reader, thread_key, slot
    )  # asked first: it may be sent meanwhile
    message = await whereabouts.message(reader, thread_key, slot)
    if message is not None:
        return Sent(message.channel_id, message.ts, message.permalink)
    if waits:
        return None
    row = await whereabouts.notice(reader, post.id)
    raise _NeverSent(_why(None if row is None else row.state, None if row is None else row.error))


def _why(state: str | None, error: str | None) -> str:
    if state == "failed":
        return f"Slack does not take the message: {error}."
    if state == "rolled":
        return (
            "The message got no place of its own in Slack: its thread has said as much as the noise "
            "policy of the channel allows, and only the card counts it."
        )
    return "The message was not sent, since there was nothing to say any more when its turn came."
