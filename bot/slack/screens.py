"""Shows modals and private answers, through the port that the listeners have for it."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from bot.slack.blocks import Shown
from bot.slack.client import SlackClient, SlackTrouble
from bot.slack.home import HomeTabs
from bot.slack.views import answers, controls, details, inputs, modals
from coordination.question_view import QuestionView
from coordination.questions import Approval
from handlers.slack.answers import TITLES, Answer, Listing
from handlers.slack.clicks import Place
from handlers.slack.screens import ChoiceForm, ControlForm, Expired, StartForm

log = structlog.get_logger()


class SlackScreens:
    """Satisfies `handlers.slack.screens.Screens`.

    Args:
        slack: where it is shown.
        public_url: where the pages of runs are.
        homes: everybody's Home, which takes the answers to what is pressed on it.
    """

    def __init__(
        self, slack: SlackClient, *, public_url: str, homes: HomeTabs | None = None
    ) -> None:
        self._slack = slack
        self._public_url = public_url
        self._homes = homes

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

    async def show_details(self, view_id: str, shown: QuestionView) -> None:
        number = shown.approval.run_number
        url = f"{self._public_url}/r/R-{number}" if number else None
        await self._update(view_id, details.details(shown, run_url=url))

    async def show_delegation(self, view_id: str, approval: Approval) -> None:
        await self._update(view_id, details.delegation_form(approval))

    async def show_choice(self, view_id: str, form: ChoiceForm) -> None:
        await self._update(view_id, inputs.choice_form(form))

    async def show_start(self, view_id: str, form: StartForm) -> None:
        await self._update(view_id, inputs.start_form(form))

    async def show_control(self, view_id: str, form: ControlForm) -> None:
        await self._update(view_id, controls.control_form(form))

    async def show_answer(self, view_id: str, answer: Answer) -> None:
        await self._update(view_id, self.said(answer))

    def loading(self, title: str) -> Mapping[str, Any]:
        return modals.loading(title)

    def said(self, answer: Answer) -> Mapping[str, Any]:
        """Return *answer* as a modal; only a list keeps its buttons there."""
        if isinstance(answer, Listing):
            return modals.said(self._draw(answer), TITLES[answer.kind], live=True)
        return modals.said(self._draw(answer))

    def view_of(self, shown: Answer | StartForm) -> Mapping[str, Any]:
        return inputs.start_form(shown) if isinstance(shown, StartForm) else self.said(shown)

    async def tell(self, place: Place, answer: Answer) -> None:
        """Answer where the click came from; a message of our own is the second way to say it."""
        if place.home and self._homes is not None:
            await self._homes.said(place.user, self._draw(answer))
            return
        if place.view_id:
            await self.show_answer(place.view_id, answer)
            return
        shown = self._draw(answer)
        try:
            if place.response_url and await self._respond(place, shown):
                return
            await self._whisper(place, shown)
        except SlackTrouble as error:
            log.warning("not_told", person=place.user, error=error.trouble.word)

    async def reply(self, place: Place, answer: Answer) -> None:
        shown = self._draw(answer)
        try:
            await self._post(str(place.channel), shown, place.thread_ts)
        except SlackTrouble as error:
            log.warning("not_replied", channel=place.channel, error=error.trouble.word)

    async def open_home(self, person: str) -> None:
        if self._homes is not None:
            await self._homes.opened(person)

    async def suggest(self, channel: str, prompts: Sequence[Mapping[str, str]]) -> None:
        method = "assistant.threads.setSuggestedPrompts"
        try:
            await self._slack.call(method, channel_id=channel, prompts=list(prompts))
        except SlackTrouble as error:  # an app that is older than the prompts lacks the scope
            log.info("nothing_suggested", error=error.trouble.word)

    async def permalink(self, channel: str, ts: str) -> str | None:
        try:
            found = await self._slack.call("chat.getPermalink", channel=channel, message_ts=ts)
        except SlackTrouble as error:
            log.info("no_permalink", error=error.trouble.word)
            return None
        return str(found["permalink"])

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
        if not place.channel:  # a menu of the workspace: it has no place of its own
            await self._post(place.user, shown, None)
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

    async def _post(self, channel: str, shown: Shown, thread_ts: str | None) -> None:
        """Post a message that is nobody's slot; it names no link to be unfolded."""
        await self._slack.call(
            "chat.postMessage",
            channel=channel,
            text=shown.text,
            blocks=list(shown.blocks),
            unfurl_links=False,
            unfurl_media=False,
            **({"thread_ts": thread_ts} if thread_ts else {}),
        )

    async def _update(self, view_id: str, view: Mapping[str, Any]) -> None:
        try:
            await self._slack.call("views.update", view_id=view_id, view=view)
        except SlackTrouble as error:
            log.warning("form_not_shown", error=error.trouble.word)

    def _draw(self, answer: Answer) -> Shown:
        return answers.draw(answer, public_url=self._public_url)
