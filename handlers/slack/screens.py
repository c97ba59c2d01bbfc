"""The port through which a listener shows something to one person, at once and at most once.

None of it is a record of anything, and nothing of it goes through the outbox.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from baton.errors import BatonError
from coordination.definitions import WorkflowView
from coordination.outlook import Outlook
from coordination.question_view import QuestionView
from coordination.questions import Approval
from handlers.slack.answers import Answer
from handlers.slack.clicks import Place

View: TypeAlias = Mapping[str, Any]  # what Slack takes as a modal


class Expired(BatonError):
    """Slack lets a form open only within three seconds after a click."""

    def __init__(self) -> None:
        super().__init__("That took too long. Press the button again.")


@dataclass(frozen=True, slots=True)
class StartForm:
    """A form of a start: the workflow, what was typed already, and what is wrong with it."""

    workflow: WorkflowView
    given: Mapping[str, str]
    problems: Sequence[tuple[str, str]] = ()
    instead_of: str = ""  # the id of a failed run, whose inputs are changed


@dataclass(frozen=True, slots=True)
class ChoiceForm:
    """A form that asks which workflow to start; *draft* finds again what is known already."""

    workflows: Sequence[WorkflowView]
    draft: str = ""


@dataclass(frozen=True, slots=True)
class ControlForm:
    """A form that says what a control would do to a run, and asks what it has to know."""

    kind: Literal["cancel", "retry", "skip", "rollback", "handled"]
    outlook: Outlook


class Screens(Protocol):
    """Every method says nothing rather than fail: what it cannot show is logged."""

    async def open_loading(self, trigger_id: str, title: str) -> str:
        """Open a modal that only says that it is coming, and return its id.

        Raises:
            Expired: the click is too old, or Slack did not take it.
        """

    async def show_reason(self, view_id: str, approval: Approval, choice: str) -> None:
        """Turn a modal into the form that asks for a reason, or for the answer itself."""

    async def show_details(self, view_id: str, shown: QuestionView) -> None:
        """Turn a modal into all that is known of a question."""

    async def show_delegation(self, view_id: str, approval: Approval) -> None:
        """Turn a modal into the form that asks who answers instead."""

    async def show_choice(self, view_id: str, form: ChoiceForm) -> None:
        """Turn a modal into the form that asks which workflow to start."""

    async def show_start(self, view_id: str, form: StartForm) -> None:
        """Turn a modal into the form that asks for the inputs of a run."""

    async def show_control(self, view_id: str, form: ControlForm) -> None:
        """Turn a modal into the form of a control."""

    async def show_answer(self, view_id: str, answer: Answer) -> None:
        """Turn a modal into something to read, or a list with its buttons."""

    def loading(self, title: str) -> View:
        """Return the modal that says that something is being recorded, for an acknowledgement."""

    def said(self, answer: Answer) -> View:
        """Return *answer* as a modal, for an acknowledgement that turns the form into it."""

    def view_of(self, shown: Answer | StartForm) -> View:
        """Return an answer, or the form that asks on, as a modal, for an acknowledgement."""

    async def tell(self, place: Place, answer: Answer) -> None:
        """Say *answer* to one person, where they are looking."""

    async def reply(self, place: Place, answer: Answer) -> None:
        """Say *answer* to everybody in a thread: somebody asked for it there."""

    async def open_home(self, person: str) -> None:
        """Draw the Home of somebody who looks at it, and keep it fresh for a while."""

    async def suggest(self, channel: str, prompts: Sequence[Mapping[str, str]]) -> None:
        """Offer in a conversation what may be asked: each a ``title``, and the ``message`` it sends."""

    async def permalink(self, channel: str, ts: str) -> str | None:
        """Return where a message stands, or None where Slack does not say."""
