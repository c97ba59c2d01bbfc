"""Writes the page of the errors that a step may have while it runs: `error.type`, and what each means."""

from collections.abc import Mapping
from typing import Final

from bot.reference.language.words import NOTE

__all__ = ["OF_ACTIONS", "OF_STEPS", "page"]

OF_STEPS: Final[Mapping[str, str]] = {
    "cancelled": "What it waited for, or the whole run, was cancelled; or somebody skipped it.",
    "child": "The child failed, was cancelled, or could not begin.",
    "error": "The action raised something that nobody expected; the log has more.",
    "exhausted": "`repeat` used up its `max`, and what it waits for never held.",
    "expired": "Nobody decided in time, and `on_timeout` says `fail`.",
    "expression": "An expression could not be worked out: a value is missing, or of another type.",
    "failed": "A step with `fail`, or a person, said so.",
    "limit": "Something is larger, deeper or more than a run may have.",
    "not_approved": "Whoever approved it may not do so any more, so it was not started.",
    "not_sent": "`slack.post` with `await: sent`: Slack refused the message for good.",
    "output": "What the action gave has no form in JSON.",
    "params": "The values of the params do not fit the action.",
    "rejected": "Somebody said no, or nobody answered in time.",
    "secret": "A secret that it names is not there.",
    "timeout": "It, or the run, took longer than its `timeout`; or nothing came in time.",
    "unknown": "Baton was stopped in the middle of it, and it may have happened. A person decides.",
    "unknown_action": "There is no such action any more.",
}
OF_ACTIONS: Final[Mapping[str, str]] = {
    "address": "`http.request`: the text is no address.",
    "busy": "`git.*`: a merge or something like it has begun in the repository.",
    "conflict": "`baton.signal`: the run has ended, or takes no such signal.",
    "connect": "`http.request`: nothing was sent, since there was no connection.",
    "connection": "`http.request`: it broke off in the middle, so it may have happened.",
    "detached": "`git.commit`: the repository is on no branch.",
    "empty": "`slack.*`: there is nothing to say.",
    "encoding": "`files.*`: the content does not fit the encoding.",
    "exists": "`git.branch`: there is one of that name.",
    "exit": "`shell.run`: the program ended with another code than those that are allowed.",
    "format": "`data.*`: the text is not of that format, or the value has no form in it.",
    "git": "`git.*`: git said no; its own words follow.",
    "http": "`http.request`: the answer is a 4xx or 5xx that `allow_status` does not list.",
    "no_folder": "`shell.run`: `cwd` is no folder below BATON_ROOT.",
    "not_allowed": "What was asked for is not allowed here, as a program that BATON_SHELL_ALLOW does not name.",
    "not_found": "`baton.signal`: there is no such run.",
    "path": "`files.*`: the path leads out of BATON_ROOT, or there is nothing of that kind.",
    "repository": "`git.*`: the folder is no repository of its own.",
    "resolve": "`http.request`: the host cannot be found.",
    "revision": "`git.*`: there is no such commit.",
    "signal": "`baton.signal`: the signal was refused.",
    "spawn": "`shell.run`: the program could not be started.",
    "template": "`data.template`: the text is no template.",
    "unavailable": "`baton.signal`: signals cannot be sent here.",
    "unexpected": "`http.request`: the answer does not hold what `expect` names.",
}
HEAD: Final = f"""# Errors of steps
{NOTE}
A step that fails has an error, a map that expressions see as `steps.ID.error`, in an `on_error` list and in `retry.if` as
`error`, and after the steps as `run.error`:

| field | is |
|---|---|
| `type` | one of the words below, or one of a connector |
| `message` | a sentence for people |
| `class` | how much is known: `not_started` if nothing happened, `failed` if there was a definite answer, `unknown` if it may have happened |
| `status` | the status of an HTTP answer or the exit code of a program, where there is one |

`retry.on` takes types and the words of `class`. Problems of a *definition* have [codes](index.md#errors) instead.
"""


def page() -> str:
    return f"{HEAD}{_table('Of every step', OF_STEPS)}{_table('Of single actions', OF_ACTIONS)}"


def _table(title: str, types: Mapping[str, str]) -> str:
    lines = "".join(f"| `{name}` | {means} |\n" for name, means in types.items())
    return f"\n## {title}\n\n| `error.type` | means |\n|---|---|\n{lines}"
