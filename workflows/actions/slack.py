"""`slack.post` and `slack.update`: say something in Slack, and change it. To ask people something, use the verb `approval`."""

from typing import Annotated

from pydantic import Field

from baton.connector import ActionContext, Connector, Params, Result, action
from workflows.actions.notices import Post

__all__ = ["connector"]


Channel = Annotated[str, Field(min_length=1, max_length=80)]


class NewPost(Params):
    text: str = Field(
        min_length=1,
        max_length=12_000,
        description="What to say, in plain words.",
        examples=["Released 1f2e3d4 to production."],
    )
    channel: Channel | Annotated[list[Channel], Field(min_length=1, max_length=20)] | None = Field(
        None,
        description="A channel, as #name or an id, or a list of them: each gets a message. Left out: the thread of the run.",
        examples=["#releases", ["#releases", "#support"]],
    )


@action("slack.post", repeatable=True)
async def post(params: NewPost, ctx: ActionContext) -> Result:
    """Post a message. The step is done when Baton has stored it; it is sent soon after.

    The output is `{notice_id}`, and for a list of channels `{notice_id, notice_ids}`. Nothing is
    posted when the step is run again after a crash, unless the first attempt never got as far as
    being stored.
    """
    key = ctx.idempotency_key.upper()  # the same for every attempt at this step
    if not isinstance(params.channel, list):
        notice = Post(f"nt_{key[:26]}", params.text, params.channel)
        return Result({"notice_id": notice.id}, (notice,))
    notices = tuple(
        Post(f"nt_{key[:24]}{number:02d}", params.text, channel)
        for number, channel in enumerate(dict.fromkeys(params.channel))
    )
    ids = [notice.id for notice in notices]
    return Result({"notice_id": ids[0], "notice_ids": ids}, notices)


class NewText(Params):
    notice_id: str = Field(
        pattern="^nt_[0-9A-Z]{26}$",
        description="Which message: what `slack.post` of this run gave.",
        examples=["{{ steps.say.output.notice_id }}"],
    )
    text: str = Field(
        min_length=1, max_length=12_000, description="What it says from now on, in plain words."
    )


@action("slack.update", repeatable=True)
async def update(params: NewText, ctx: ActionContext) -> Result:
    """Change what a message says that this run posted. One that was not sent yet is sent like this.

    The output is `{notice_id}`, which is the message's own.
    """
    own = f"nt_{ctx.idempotency_key.upper()[:26]}"
    changed = Post(own, params.text, instead_of=params.notice_id)
    return Result({"notice_id": params.notice_id}, (changed,))


connector = Connector("slack", actions=(post, update))
