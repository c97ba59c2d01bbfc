"""What Slack would be told of a run, as the host decides it: how its card reads, and what it says."""

from collections.abc import Iterable, Mapping

from coordination.ports import OpenQuestion
from coordination.waiting_for import card_word
from workflows.core.commands import Command, Tell
from workflows.rehearsal.hall import Run
from workflows.rehearsal.standing import brief_view
from workflows.runtimes.host.telling import tellings

__all__ = ["Posting"]

WORDS: Mapping[str, str] = {
    "failed": "failed",
    "retrying": "is tried again",
    "unknown": "may or may not have happened",
    "not_undone": "failed",  # its name is that of the undo
}


class Posting:
    """Remembers how the card of one run reads, so that only a change is told."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._word = ""

    def tell(
        self,
        commands: Iterable[Command],
        asked: Mapping[str, int],
        questions: Iterable[OpenQuestion],
    ) -> None:
        """Note what one fact gives to tell; *asked* are the unknown steps before it."""
        run, told = self._run, tuple(commands)
        said = {each.path: each for each in told if isinstance(each, Tell)}
        for telling in tellings(run.record, run.core, told, asked):
            tell = said.get(str(telling.body.get("path", "")))
            if telling.kind == "thread":
                self._card(questions)
            elif tell is not None:
                name = run.core.node(tell.path).step.name
                run.note(tell.path, "posted", text=f"{name} {WORDS[tell.kind]}: {tell.text}")

    def _card(self, questions: Iterable[OpenQuestion]) -> None:
        word = card_word(brief_view(self._run, questions))
        if word != self._word:
            self._word = word
            self._run.note("", "posted", status=word)
