"""Performs one attempt of one action and says what became of it, in a form that can be stored."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from baton.connector import ActionFailure, Result
from coordination.handles import PREFIX, holds_any
from coordination.world import World
from workflows.actions.calling import InvalidParams, call
from workflows.actions.notices import Post, Upload
from workflows.actions.registry import Registry, UnknownAction
from workflows.core.codec import canonical, read_back
from workflows.core.commands import RunAction
from workflows.core.facts import Fact, StepCompleted, StepError, StepFailed, StepUnknown
from workflows.language.expressions import from_json, may_hold_handles, reveal, secret_names
from workflows.runs import RunRecord
from workflows.runtimes.host.context import StepContext, Transcript
from workflows.runtimes.host.limits import HostSettings
from workflows.runtimes.host.masks import HIDDEN, covering

__all__ = ["Answer", "InputLookup", "Performer", "SecretLookup", "cover_notice", "veiled"]

SecretLookup = Callable[[str], str]
"""Gives the text of a secret; raises KeyError where there is none of that name."""

InputLookup = Callable[[int], Awaitable[Mapping[str, str]]]
"""Gives the secret inputs of the run with this key, by the names of their handles."""

LAST, LONG = 50, 500  # lines of a log that an error may repeat, and characters of each
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)  # not frozen, as `RunAction`. Nothing changes one that is handed over
class Answer:
    """What became of an attempt: an output, or an error. Secrets in it are covered already.

    *text* is the output in canonical JSON, where that is known.
    """

    output: Any = None
    error: StepError | None = None
    notices: tuple[Any, ...] = ()
    log: str = ""
    when_sent: Callable[[tuple[Any, ...]], Any] | None = None  # then it is not over yet
    text: bytes | None = None

    def fact(self, action: RunAction, at: datetime) -> Fact:
        """Return what the run is told.

        An attempt whose effect is not known is left to a person if it must not repeat itself.
        """
        path, attempt = action.path, action.attempt
        if self.error is None:
            return StepCompleted(at, path, attempt, self.output)
        if self.error.class_ == "unknown" and not action.repeatable:
            return StepUnknown(at, path, attempt, self.error.message)
        return StepFailed(at, path, attempt, self.error)


class Performer:
    """Calls actions. Whatever an action raises is the failure of its step, never ours."""

    def __init__(
        self,
        world: World,
        registry: Registry,
        secrets: SecretLookup,
        inputs: InputLookup,
        settings: HostSettings,
    ) -> None:
        self._world = world
        self._registry = registry
        self._secrets = secrets
        self._inputs = inputs
        self._settings = settings

    async def cover_of_inputs(self, run: RunRecord) -> Callable[[Any], Any]:
        """Return what covers the secret inputs of *run*, wherever else they turn up."""
        own = await self._inputs(run.key) if holds_any(run.inputs) else _NONE
        return covering(_words(own), halves=True)

    def is_pure(self, action: RunAction) -> bool:
        """Say whether *action* touches nothing, so that it may be worked out."""
        verb = self._registry.get(action.action)
        return verb is not None and verb.pure

    def work_out(self, run: RunRecord, action: RunAction) -> Answer | None:
        """Return the answer of *action*, which is pure, if it has one at once.

        What is pure touches nothing, so one that turns out to take longer is begun anew elsewhere.
        """
        performing = self.perform(run, action, asyncio.Event)
        try:
            performing.send(None)
        except StopIteration as over:
            answer: Answer = over.value
            return answer if answer.when_sent is None else None
        performing.close()
        return None

    async def perform(
        self, run: RunRecord, action: RunAction, cancelled: Callable[[], asyncio.Event]
    ) -> Answer:
        """Perform *action* in the name of *run*.

        The caller may cancel it; *cancelled* gives what is set then.
        """
        own = await self._inputs(run.key) if run.inputs and holds_any(run.inputs) else _NONE
        params, secrets = action.params, _NONE
        if may_hold_handles(params):
            held = from_json(params)
            try:
                secrets = {name: self._named(name, own) for name in sorted(secret_names(held))}
            except KeyError as error:
                return Answer(error=_refused("secret", _absent(error.args[0])))
            params = reveal(held, secrets.__getitem__)
        transcript, timeout = Transcript(), action.timeout
        deadline = None if timeout is None else self._world.clock.now() + timeout
        ctx = StepContext(
            self._world, self._settings, run, action, transcript, cancelled, deadline, secrets
        )
        cover = covering(_words({**own, **secrets}), halves=True) if own or secrets else _seen
        answer = await self._call(action, params, ctx, cover)
        answer.log = transcript.text
        return _covered(answer, cover)

    def _named(self, name: str, own: Mapping[str, str]) -> str:
        """Return the text of a secret: an input of the run, or one of the store. Raises: KeyError."""
        return own[name] if name.startswith(PREFIX) else self._secrets(name)

    async def _call(
        self,
        action: RunAction,
        params: Any,
        ctx: StepContext,
        cover: Callable[[Any], Any],
    ) -> Answer:
        try:
            verb = self._registry.require(action.action)
            return self._success(await call(verb, params, ctx))
        except ActionFailure as failure:
            return Answer(error=_failed(failure))
        except UnknownAction as error:
            return Answer(error=_refused("unknown_action", str(error)))
        except InvalidParams as error:
            return Answer(error=_refused("params", str(error)))
        except Exception as error:  # noqa: BLE001 - foreign code; what it raised is recorded, covered
            trail = cover(traceback.format_exc())  # its text may repeat what the action was given
            ctx.log.warning("action_raised", action=action.action, traceback=trail)
            what = f"{type(error).__name__}: {error}"
            return Answer(error=StepError("error", what, "unknown"))

    def _success(self, result: Result[Any]) -> Answer:
        try:
            text = canonical(result.output)
        except (TypeError, ValueError) as error:
            return Answer(error=StepError("output", f"its output has no JSON form: {error}"))
        size, most = len(text), self._settings.largest_output
        if size > most:
            why = f"its output has {size:,} bytes; a step may give {most:,}"
            return Answer(error=StepError("limit", why))
        output = read_back(text)  # as the journal gives it back
        return Answer(output, notices=result.notices, when_sent=result.when_sent, text=text)


def _failed(failure: ActionFailure) -> StepError:
    after: timedelta | None = failure.retry_after
    return StepError(
        failure.type,
        failure.message,
        failure.class_,
        failure.status,
        None if after is None else after.total_seconds(),
    )


def _words(secrets: Mapping[str, str]) -> dict[str, str]:
    return {text: f"[secret {name}]" for name, text in secrets.items()}


def _absent(name: str) -> str:
    if not name.startswith(PREFIX):
        return f"There is no secret {name!r}."
    return (
        f"What the secret input `{name.removeprefix(PREFIX)}` held is not kept any more: it is deleted "
        "7 days after the run ended, and lost with the instance key. Start the workflow anew."
    )


def _refused(kind: str, message: str) -> StepError:
    return StepError(kind, message, "not_started")


def _seen(value: Any) -> Any:
    """Cover nothing, where there is no secret."""
    return value


def _covered(answer: Answer, cover: Callable[[Any], Any]) -> Answer:
    if cover is _seen:
        return answer
    error = answer.error
    return replace(
        answer,
        output=cover(answer.output),
        text=None,
        error=None if error is None else replace(error, message=cover(error.message)),
        notices=tuple(cover_notice(notice, cover) for notice in answer.notices),
        log=cover(answer.log),
    )


def veiled(answer: Answer) -> Answer:
    """Return the answer of a step whose output is secret: an error repeats nothing that it wrote."""
    if answer.error is None:
        return answer
    lines = {line.strip()[:LONG]: HIDDEN for line in answer.log.splitlines()[-LAST:]}
    message = covering(lines)(answer.error.message)
    return replace(answer, error=replace(answer.error, message=message))


def cover_notice(notice: Any, cover: Callable[[Any], Any]) -> Any:
    """Return what an action wants told without what must not be seen."""
    if isinstance(notice, Upload):
        held = cover(notice.content.decode("utf-8", "surrogateescape"))
        content = held.encode("utf-8", "surrogateescape")
        return replace(notice, text=cover(notice.text), content=content)
    if isinstance(notice, Post):
        return replace(notice, text=cover(notice.text))
    return replace(notice, body=cover(notice.body))
