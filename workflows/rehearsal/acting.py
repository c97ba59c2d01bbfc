"""Actions that are not performed: the script, or a sample, answers for them after a while."""

from dataclasses import replace
from functools import partial
from typing import Any, Final

from workflows.actions.calling import InvalidParams, check_params
from workflows.core.commands import RunAction
from workflows.core.facts import StepError
from workflows.rehearsal.hall import Run
from workflows.rehearsal.samples import sample_of_post
from workflows.rehearsal.script import Answer
from workflows.rehearsal.timeline import shown
from workflows.runtimes.host.performing import Answer as Performed

__all__ = ["Acting"]

POST: Final = "slack.post"
UPLOAD: Final = "slack.upload"


class Acting:
    """The actions of one run that are in flight."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._flying: dict[str, RunAction] = {}
        self.samples: set[str] = set()  # paths whose latest output nobody said

    def begin(self, action: RunAction) -> None:
        """Show what would be called, and answer for it in time."""
        run, path = self._run, action.path
        params = shown(action.params)
        run.note(path, "would_call", text=action.action, params=params, attempt=action.attempt)
        answer = self._answer(action, params)
        self._flying[path] = action
        run.hall.stage.soon(partial(self._land, action, params, answer), after=answer.takes)

    def cancel(self, path: str, attempt: int) -> None:
        action = self._flying.get(path)
        if action is not None and action.attempt == attempt:
            del self._flying[path]

    def _answer(self, action: RunAction, params: Any) -> Answer:
        """Return what the script says, else a sample; params that do not fit fail in either case."""
        run, verb = self._run, self._run.hall.catalogue.get(action.action)
        given = run.hall.stubs.next(run.prefix + action.path) or Answer(sampled=True)
        if verb is None:
            text = f"There is no action {action.action!r}."
            return Answer(error=StepError("unknown_action", text, "not_started"))
        try:
            check_params(verb, params)
        except InvalidParams as error:
            return Answer(error=StepError("params", str(error), "not_started"))
        if not given.sampled:
            return given
        if action.action == POST:
            return replace(given, output=sample_of_post(params))
        return replace(given, output=run.hall.sample(action.action))

    def _land(self, action: RunAction, params: Any, answer: Answer) -> None:
        """Tell the run, unless it has moved on."""
        run, path = self._run, action.path
        if self._flying.get(path) is not action:
            return
        del self._flying[path]
        self.samples.discard(path)
        if answer.sampled and answer.error is None:
            self.samples.add(path)
        if action.action == POST and answer.error is None:
            self._posted(path, params)
        if action.action == UPLOAD and answer.error is None:
            name = params.get("name") or params.get("file") or "text.txt"
            said = {"comment": params["comment"]} if params.get("comment") else None
            run.note(path, "posted", text=f"the file {name}", params=said)
        performed = Performed(answer.output, answer.error)
        run.tell(performed.fact(action, run.hall.stage.now))

    def _posted(self, path: str, params: Any) -> None:
        channels = params.get("channel")
        for channel in channels if isinstance(channels, list) else [channels]:
            where = None if channel is None else {"channel": channel}
            self._run.note(path, "posted", text=params["text"], params=where)
