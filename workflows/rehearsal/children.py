"""Children of a rehearsed run: rehearsed with it, or answered for by the script."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from coordination.children import KIND, MOST_DEEP
from coordination.handles import PREFIX
from workflows.core.commands import CancelChild, StartChild
from workflows.core.facts import CancelRequested, ChildCompleted, ChildFailed, StepError
from workflows.core.state import RunStatus
from workflows.language.errors import InvalidInputs, Problem
from workflows.language.expressions import from_json, reveal, secret_names
from workflows.language.inputs import check_inputs
from workflows.rehearsal.company import Rehearsable
from workflows.rehearsal.hall import ADDRESS, Began, Run
from workflows.rehearsal.script import Answer
from workflows.rehearsal.timeline import shown
from workflows.runtimes.host.masks import HIDDEN

__all__ = ["Children"]

STUBBED: Final = "run_stubbed"


@dataclass(slots=True, eq=False)
class _Child:
    """A child that is waited for; *run* is None until it has begun, and for one that is stubbed."""

    command: StartChild
    run: Run | None = None


class Children:
    """The children of one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._awaited: dict[str, _Child] = {}

    def begin(self, command: StartChild) -> None:
        """Begin a child, or let the script say how it ended."""
        run, path = self._run, command.path
        detached = " and does not wait for it" if command.detach else ""
        text = f"runs `{command.workflow}`{detached}"
        inputs = shown(command.inputs)
        run.note(path, "started", text=text, params=inputs, attempt=command.attempt)
        child = self._awaited[path] = _Child(command)
        stub = run.hall.stubs.next(run.prefix + path)
        if stub is not None:
            self._later(partial(self._stubbed, child, stub), after=stub.takes)
        else:
            self._later(partial(self._enter, child))

    def at(self, path: str) -> Run | None:
        """Return the child that the step at *path* waits for, if it has begun."""
        child = self._awaited.get(path)
        return None if child is None else child.run

    def cancel(self, command: CancelChild) -> None:
        """End a child as its parent ends it."""
        child = self._awaited.get(command.path)
        if child is None or child.command.attempt != command.attempt:
            return
        del self._awaited[command.path]
        if child.run is not None:
            self._later(partial(self._end, child.run, command.mode))

    def _later(self, do: Any, *, after: timedelta = timedelta(0)) -> None:
        self._run.hall.stage.soon(do, after=after)

    def _end(self, child: Run, mode: Any) -> None:
        own = self._run.record
        reason = f"R-{own.number}, which began it, goes on without it"
        child.tell(CancelRequested(child.hall.stage.now, own.started_by, reason, mode))

    def _stubbed(self, child: _Child, stub: Answer) -> None:
        if self._is_over(child):
            return
        if stub.error is not None:
            self._failed(child, STUBBED, stub.error)
        else:
            self._completed(child, STUBBED, {} if stub.output is None else stub.output)

    def _enter(self, child: _Child) -> None:
        command, run = child.command, self._run
        if self._awaited.get(command.path) is not child:
            return
        piece = run.hall.company.get(command.workflow)
        refusal, inputs = self._refusal(piece, command)
        if piece is None or refusal is not None:
            del self._awaited[command.path]
            self._failed(child, None, refusal or _not_begun(command, "it is not there"))
            return
        over = None if command.detach else partial(self._over, child)
        child.run = run.hall.enter(piece, self._began(child, inputs, over), _by(run))
        if command.detach:
            del self._awaited[command.path]
            record = child.run.record
            outputs = {"run_id": record.id, "url": f"{ADDRESS}/r/R-{record.number}"}
            self._completed(child, record.id, outputs)

    def _began(self, child: _Child, inputs: Mapping[str, Any], over: Any) -> Began:
        command, run = child.command, self._run
        trigger = {
            "kind": KIND,
            "run_id": run.record.id,
            "path": command.path,
            "attempt": command.attempt,
            "detached": command.detach,
        }
        return Began(
            inputs=inputs,
            trigger=trigger,
            by=run.record.started_by,
            prefix=f"{run.prefix}{command.path}/",
            depth=run.depth + 1,
            over=over,
            hides=run.core.node(command.path).step.secret_output,
        )

    def _refusal(
        self, piece: Rehearsable | None, command: StartChild
    ) -> tuple[StepError | None, Mapping[str, Any]]:
        """Say why the child cannot be begun, or what it is begun with."""
        if self._run.depth >= MOST_DEEP:
            why = f"more than {MOST_DEEP} runs would stand inside one another"
            return _not_begun(command, why, "limit"), {}
        if piece is None:
            why = "there is no such workflow here; a stub for this path would answer for it"
            return _not_begun(command, why), {}
        try:
            return None, check_inputs(piece.workflow.inputs, self._given(piece, command))
        except InvalidInputs as error:
            why = "; ".join(problem.message for problem in error.problems)
            return _not_begun(command, why), {}

    def _given(self, piece: Rehearsable, command: StartChild) -> Mapping[str, Any]:
        """Return what the child is given, with the values that the script gave for secret inputs.

        Raises:
            InvalidInputs: what is secret would come to where it could be seen.
        """
        given = from_json(dict(command.inputs))
        declared, own = piece.workflow.inputs, self._run.record.inputs
        open_ones = [
            name
            for name, value in given.items()
            if secret_names(value) and not (name in declared and declared[name].secret)
        ]
        if open_ones:
            message = (
                f"its input `{open_ones[0]}` is not declared secret, and would be given what is"
            )
            path = f"inputs.{open_ones[0]}"
            raise InvalidInputs([Problem("error", "", 0, 0, path, "secret", message)])
        revealed: Mapping[str, Any] = reveal(
            given, lambda name: str(own.get(name.removeprefix(PREFIX), HIDDEN))
        )
        return revealed

    def _over(self, child: _Child, ended: Run) -> None:
        """Tell the step how its child ended."""
        if self._is_over(child):
            return
        core, record = ended.core, ended.record
        if core.status is RunStatus.COMPLETED:
            self._completed(child, record.id, core.state.outputs or {})
            return
        how = "failed" if core.status is RunStatus.FAILED else "was cancelled"
        why = f": {core.state.error.message}" if core.state.error is not None else ""
        message = f"R-{record.number} (`{record.workflow}`) {how}{why}"
        self._failed(child, record.id, StepError("child", message))

    def _is_over(self, child: _Child) -> bool:
        """Say whether nobody waits for *child* any more; nobody does after this."""
        path = child.command.path
        if self._awaited.get(path) is not child:
            return True
        del self._awaited[path]
        return False

    def _completed(self, child: _Child, run_id: str, outputs: Any) -> None:
        run, command = self._run, child.command
        now = run.hall.stage.now
        run.tell(ChildCompleted(now, command.path, command.attempt, run_id, outputs))

    def _failed(self, child: _Child, run_id: str | None, error: StepError) -> None:
        run, command = self._run, child.command
        now = run.hall.stage.now
        run.tell(ChildFailed(now, command.path, command.attempt, run_id, error))


def _not_begun(command: StartChild, why: str, kind: str = "child") -> StepError:
    return StepError(kind, f"`{command.workflow}` was not begun: {why}", "not_started")


def _by(run: Run) -> str:
    return f"by `{run.record.workflow}`"
