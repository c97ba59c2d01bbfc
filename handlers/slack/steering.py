"""The verbs that steer a run which goes on, or has failed."""

from handlers.slack.answers import Answer, RunPage
from handlers.slack.asked import Asked, ref


async def cancel(asked: Asked) -> Answer:
    run = await asked.coordinator.cancel(
        asked.who,
        ref(asked.words),
        reason=asked.line.given.get("reason", ""),
        request_id=asked.request_id,
        via="slack",
    )
    return RunPage(run, None, "is cancelled")


async def retry(asked: Asked) -> Answer:
    run = await asked.coordinator.retry(
        asked.who,
        ref(asked.words),
        from_path=asked.line.given.get("from"),
        request_id=asked.request_id,
        via="slack",
    )
    return RunPage(run, None, "is retried")
