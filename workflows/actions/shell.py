"""`shell.run`: run a program. There is no shell in it: `argv` is a list, so no text is parsed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from baton.connector import (
    ActionContext,
    Connector,
    Failed,
    Finished,
    NotStarted,
    Params,
    action,
)

__all__ = ["connector"]


def _as_text(value: Any) -> Any:
    """A number or a truth value from an expression is one argument, written as in JSON."""
    return json.dumps(value) if isinstance(value, bool | int | float) else value


Argument = Annotated[str, BeforeValidator(_as_text)]


class Command(Params):
    argv: list[Argument] = Field(
        min_length=1,
        description="The program and its arguments. The program stands as it is, no template.",
        examples=[["python3", "-m", "pytest", "-q"]],
    )
    cwd: str = Field(
        ".", description="The folder to run it in, relative to BATON_ROOT.", examples=["webshop"]
    )
    env: dict[str, Argument] = Field(
        default_factory=dict, description="Variables for it, beside the few that it always gets."
    )
    allow_exit: list[int] = Field(
        default_factory=list,
        description="Exit codes beside 0 that do not fail the step.",
        examples=[[1]],
    )


class Ended(BaseModel):
    exit_code: int = Field(description="0, or one that allow_exit lists.")
    stdout: str = Field(description="The end of what it wrote to its output.")
    stderr: str = Field(description="The end of what it wrote to its error output.")
    truncated: bool = Field(description="Whether there was more; the step's log has it.")


def connector(environment: Mapping[str, str]) -> Connector:
    """Make `shell.run`; every program sees *environment* and inherits nothing else.

    Which programs may be run at all is for the World's processes to say.
    """
    base = dict(environment)

    @action("shell.run", repeatable=False)
    async def run(params: Command, ctx: ActionContext) -> Ended:
        """Run a program and wait for its end; an exit code other than 0 fails the step.

        It has a process group of its own, which is ended when the step is cancelled. Whether it
        may run again after a crash only its author can know: say `repeatable: true` if it may.
        """
        _make_scratch(params, ctx)
        finished = await ctx.processes.run(
            params.argv, cwd=_folder(ctx.files.root, params.cwd), env={**base, **params.env}
        )
        _check_exit(params, finished)
        return Ended(
            exit_code=finished.exit_code,
            stdout=finished.stdout,
            stderr=finished.stderr,
            truncated=finished.truncated,
        )

    return Connector("shell", actions=(run,))


def _make_scratch(params: Command, ctx: ActionContext) -> None:
    """Make the scratch folder of the run where the program is told of it: no program does so itself."""
    name = ctx.run.folder.relative_to(ctx.files.root).as_posix()
    if not any(name in told for told in (params.cwd, *params.argv, *params.env.values())):
        return
    folder = _below(ctx.files.root, name, "run.folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = f"run.folder {name!r} cannot be made: {error.strerror}"
        raise NotStarted(text, type="no_folder") from None


def _below(root: Path, name: str, what: str) -> Path:
    folder = (root / name).resolve()
    if not folder.is_relative_to(root.resolve()):
        raise NotStarted(f"{what} {name!r} leads out of BATON_ROOT", type="not_allowed")
    return folder


def _folder(root: Path, cwd: str) -> Path:
    folder = _below(root, cwd, "cwd")
    if not folder.is_dir():
        raise NotStarted(f"cwd {cwd!r} is not a folder below BATON_ROOT", type="no_folder")
    return folder


def _check_exit(params: Command, finished: Finished) -> None:
    code = finished.exit_code
    if code == 0 or code in params.allow_exit:
        return
    how = f"exited with {code}" if code > 0 else f"was ended by signal {-code}"
    last = _last_line(finished.stderr) or _last_line(finished.stdout)
    why = f": {last}" if last else ""
    raise Failed(f"`{' '.join(params.argv)[:200]}` {how}{why}", type="exit", status=code)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip()[:500] if lines else ""
