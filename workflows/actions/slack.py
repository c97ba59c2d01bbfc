"""`slack.post`: say something in Slack. To ask people something, use the verb `approval`."""

from pydantic import Field

from baton.connector import ActionContext, Connector, Params, Result, action
from workflows.actions.notices import Post

__all__ = ["connector"]


class NewPost(Params):
    text: str = Field(
        min_length=1,
        max_length=12_000,
        description="What to say, in plain words.",
        examples=["Released 1f2e3d4 to production."],
    )
    channel: str | None = Field(
        None,
        min_length=1,
        max_length=80,
        description="A channel, as #name or an id. Left out: the thread of the run.",
        examples=["#releases"],
    )


@action("slack.post", repeatable=True)
async def post(params: NewPost, ctx: ActionContext) -> Result:
    """Post a message. The step is done when Baton has stored it; it is sent soon after.

    The output is `{notice_id}`. Nothing is posted when the step is run again after a crash,
    unless the first attempt never got as far as being stored.
    """
    notice_id = f"nt_{ctx.idempotency_key[:26].upper()}"  # the same for every attempt at this step
    notice = Post(notice_id, params.text, params.channel)
    return Result({"notice_id": notice_id}, (notice,))


connector = Connector("slack", actions=(post,))
