"""Shows modals and private answers, through the port that the listeners have for it."""

from collections.abc import Mapping
from typing import Any

import structlog

from bot.slack.blocks import Shown
from bot.slack.client import SlackClient, SlackTrouble
from bot.slack.views import answers, modals
from coordination.questions import Approval
from handlers.slack.answers import Answer
from handlers.slack.clicks import Place
from handlers.slack.screens import Expired, StartForm

log = structlog.get_logger()


class SlackScreens:
    """Satisfies `handlers.slack.screens.Screens`. *public_url* is where the pages of runs are."""

    def __init__(self, slack: SlackClient, *, public_url: str) -> None:
        self._slack = slack
        self._public_url = public_url

    async def open_loading(self, trigger_id: str, title: str) -> str:
        view = modals.loading(title)
        try:
            answer = await self._slack.call("views.open", trigger_id=trigger_id, view=view)
        except SlackTrouble as error:
            log.info("no_form", error=error.trouble.word)
            raise Expired from error
        return str(answer["view"]["id"])

    async def show_reason(self, view_id: str, approval: Approval, choice: str) -> None:
        await self._update(view_id, modals.reason_form(approval, choice))

    async def show_start(self, view_id: str, form: StartForm) -> None:
        await self._update(view_id, modals.start_form(form))

    async def show_answer(self, view_id: str, answer: Answer) -> None:
        await self._update(view_id, self.said(answer))

    def loading(self, title: str) -> Mapping[str, Any]:
        return modals.loading(title)

    def said(self, answer: Answer) -> Mapping[str, Any]:
        return modals.said(self._draw(answer))

    async def tell(self, place: Place, answer: Answer) -> None:
        """Answer where the click came from; a message of our own is the second way to say it."""
        shown = self._draw(answer)
        try:
            if place.response_url and await self._respond(place, shown):
                return
            await self._whisper(place, shown)
        except SlackTrouble as error:
            log.warning("not_told", person=place.user, error=error.trouble.word)

    async def _respond(self, place: Place, shown: Shown) -> bool:
        body = {
            "response_type": "ephemeral",
            "replace_original": False,
            "text": shown.text,
            "blocks": list(shown.blocks),
        }
        if place.thread_ts:
            body["thread_ts"] = place.thread_ts
        try:
            await self._slack.answer(place.response_url or "", body)
        except SlackTrouble as error:
            log.info("response_url_refused", error=error.trouble.word)
            return False
        return True

    async def _whisper(self, place: Place, shown: Shown) -> None:
        if not place.channel:
            log.warning("nowhere_to_tell", person=place.user)
            return
        where = {"thread_ts": place.thread_ts} if place.thread_ts else {}
        await self._slack.call(
            "chat.postEphemeral",
            channel=place.channel,
            user=place.user,
            text=shown.text,
            blocks=list(shown.blocks),
            **where,
        )

    async def _update(self, view_id: str, view: Mapping[str, Any]) -> None:
        try:
            await self._slack.call("views.update", view_id=view_id, view=view)
        except SlackTrouble as error:
            log.warning("form_not_shown", error=error.trouble.word)

    def _draw(self, answer: Answer) -> Shown:
        return answers.draw(answer, public_url=self._public_url)
