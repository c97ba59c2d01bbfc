"""`baton.signal`: one run tells another what that waits for."""

from typing import Any, Protocol, Self

from pydantic import BaseModel, Field, model_validator

from baton.connector import Action, ActionContext, Failed, NotStarted, Params, action
from coordination.errors import Conflict, NotFound, Refused, Unavailable
from coordination.signalling import Sent

__all__ = ["NoSignals", "Signals", "signal_action"]


class Signals(Protocol):
    """Tells runs what other runs send them; `coordination.signalling` says how it refuses."""

    async def send(self, sent: Sent) -> tuple[str, ...]: ...


class NoSignals:
    """Where nobody gave us a way to reach other runs."""

    async def send(self, sent: Sent) -> tuple[str, ...]:  # noqa: ARG002 - as the port has it
        raise Conflict("Other runs cannot be reached from here.")


class NewSignal(Params):
    name: str = Field(
        min_length=1,
        max_length=200,
        description="The name that a step of the other run waits for, with `wait_for: {signal}`.",
        examples=["go"],
    )
    payload: Any = Field(None, description="What it carries, at most 64 KiB as JSON.")
    run: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Which run, as R-7 or by its id; or say which with `workflow` and `key`.",
        examples=["{{ steps.begin.output.run_id }}"],
    )
    workflow: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Every run of this workflow hears it that goes on under `key`.",
    )
    key: str | None = Field(
        None,
        max_length=1000,
        description="What `settings.concurrency.key` of that workflow gave for the run.",
        examples=["{{ inputs.host }}"],
    )

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        by_key = self.workflow is not None and self.key is not None
        if (self.run is None) != by_key or (self.run is not None and (self.workflow or self.key)):
            raise ValueError("say which run with `run`, or with `workflow` and `key` together")
        return self


class Heard(BaseModel):
    runs: list[str] = Field(description="The runs that it was sent to, as R-7.")


def signal_action(signals: Signals) -> Action:
    """Make the action that reaches other runs by *signals*."""

    @action("baton.signal", repeatable=True)
    async def signal(params: NewSignal, ctx: ActionContext) -> Heard:
        """Send another run a signal that one of its steps waits for, now or later.

        It is sent once, however often the step is tried, and never to the run itself. The step
        fails where there is no such run (`not_found`), where it has ended (`conflict`), and where
        none of its steps waits for a signal of that name (`signal`). The step that waits sees the
        payload, and `run:R-7` as who sent it.
        """
        sent = Sent(
            sender=ctx.run.id,
            number=ctx.run.number,
            request_id=ctx.idempotency_key,
            name=params.name,
            payload=params.payload,
            run=params.run,
            workflow=params.workflow or "",
            key=params.key or "",
        )
        try:
            return Heard(runs=[*await signals.send(sent)])
        except Unavailable as error:
            raise NotStarted(str(error), type="unavailable") from error
        except NotFound as error:
            raise Failed(str(error), type="not_found") from error
        except Conflict as error:
            raise Failed(str(error), type="conflict") from error
        except Refused as error:
            raise Failed(str(error), type="signal") from error

    return signal
