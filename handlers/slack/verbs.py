"""What `/baton` can do: each verb once, as a value. Help and "did you mean" are made from these.

A slash command cannot be typed in a thread and comes once; `start`, `cancel` and `retry` carry a
request id made of it, so that its envelope may come twice.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches

from coordination.coordinator import Coordinator
from coordination.policy import Principal
from coordination.ports import RunStatus
from coordination.runs import RunFilter
from coordination.world import Clock
from handlers.slack.answers import (
    Answer,
    ApprovalList,
    Explained,
    Help,
    RunList,
    RunPage,
    WorkflowList,
    WorkflowPage,
)
from handlers.slack.grammar import Filter, Line, Unreadable, Word
from workflows.language.inputs import inputs_from_text
from workflows.language.model import Input

SPAN = re.compile(r"([1-9][0-9]{0,3})([mhdw])")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
ROWS = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """A command on its way to its verb."""

    line: Line
    who: Principal
    request_id: str
    coordinator: Coordinator
    clock: Clock


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing to type: *usage* and *example* are shown as they stand.

    *keys* are the filters that it takes; None: any, since they are names of inputs. What *stores*
    something is acknowledged once it is stored.
    """

    name: str
    usage: str
    example: str
    group: str
    about: str
    do: Callable[[Asked], Awaitable[Answer]]
    words: tuple[int, int] = (0, 0)
    keys: tuple[str, ...] | None = ()
    stores: bool = False

    @property
    def explained(self) -> Explained:
        return Explained(self.name, self.usage, self.example, self.group, self.about)


async def help_(asked: Asked) -> Answer:
    if asked.line.words:
        return Help((chosen(asked.line.words[0]).explained,))
    return Help(tuple(verb.explained for verb in VERBS))


async def list_(asked: Asked) -> Answer:
    return WorkflowList(await asked.coordinator.workflows())


async def describe(asked: Asked) -> Answer:
    return WorkflowPage(await asked.coordinator.workflow(asked.line.words[0].text))


async def start(asked: Asked) -> Answer:
    name = asked.line.words[0].text
    view = await asked.coordinator.workflow(name)
    inputs = typed_inputs(view.definition.body, asked.line.given)
    run = await asked.coordinator.start(
        asked.who, name, inputs, request_id=asked.request_id, via="slack"
    )
    return RunPage(run, None, "is started")


def typed_inputs(body: Mapping[str, object], given: Mapping[str, str]) -> dict[str, object]:
    """Turn what was typed into values, by the inputs that a workflow's *body* declares."""
    declared = body.get("inputs") or {}
    if not isinstance(declared, Mapping):
        return dict(given)
    inputs = {name: Input.model_validate(each) for name, each in declared.items()}
    return inputs_from_text(inputs, given)


async def status(asked: Asked) -> Answer:
    run = await asked.coordinator.run(ref(asked.line.words))
    return RunPage(run, await asked.coordinator.thread_url(run.thread_id))


async def runs(asked: Asked) -> Answer:
    given = {each.key: each for each in asked.line.filters}
    wanted = RunFilter(
        status=state(given["state"]) if "state" in given else None,
        workflow=given["workflow"].value if "workflow" in given else None,
        since=asked.clock.now() - span(given["since"]) if "since" in given else None,
        limit=limit(given["limit"]) if "limit" in given else ROWS,
    )
    page = await asked.coordinator.runs(wanted)
    return RunList(page.items, page.next is not None, asked.line.given)


async def approvals(asked: Asked) -> Answer:
    everybody = bool(asked.line.words)
    if everybody and asked.line.words[0].text.lower() != "all":
        word = asked.line.words[0]
        raise Unreadable("Write `all`, or nothing for what waits for you.", word.at, word.length)
    waiting = await asked.coordinator.approvals(state="open")
    if everybody:
        return ApprovalList(waiting, everybody=True)
    mine = [each for each in waiting if await asked.coordinator.can_decide(asked.who, each) is None]
    return ApprovalList(tuple(mine), everybody=False, elsewhere=len(waiting) - len(mine))


async def cancel(asked: Asked) -> Answer:
    run = await asked.coordinator.cancel(
        asked.who,
        ref(asked.line.words),
        reason=asked.line.given.get("reason", ""),
        request_id=asked.request_id,
        via="slack",
    )
    return RunPage(run, None, "is cancelled")


async def retry(asked: Asked) -> Answer:
    run = await asked.coordinator.retry(
        asked.who,
        ref(asked.line.words),
        from_path=asked.line.given.get("from"),
        request_id=asked.request_id,
        via="slack",
    )
    return RunPage(run, None, "is retried")


VERBS: tuple[Verb, ...] = (
    Verb("help", "help [verb]", "help start", "See", "what can be typed", help_, (0, 1)),
    Verb("list", "list", "list", "See", "the workflows", list_),
    Verb(
        "describe",
        "describe <workflow>",
        "describe automated_testing_pipeline",
        "See",
        "what a workflow does, and what it is started with",
        describe,
        (1, 1),
    ),
    Verb(
        "runs",
        "runs [state:<status>] [workflow:<name>] [since:<2h|1d>] [limit:<n>]",
        "runs state:failed since:1d",
        "See",
        "the newest runs",
        runs,
        keys=("state", "workflow", "since", "limit"),
    ),
    Verb("status", "status [run]", "status R-3", "See", "what a run waits for", status, (0, 1)),
    Verb(
        "approvals",
        "approvals [all]",
        "approvals",
        "Decide",
        "what waits for you, with buttons",
        approvals,
        (0, 1),
    ),
    Verb(
        "start",
        "start <workflow> [input:value …]",
        "start automated_testing_pipeline",
        "Start and stop",
        "a run; a form asks for what is missing",
        start,
        (1, 1),
        keys=None,
        stores=True,
    ),
    Verb(
        "cancel",
        'cancel <run> [reason:"…"]',
        'cancel R-3 reason:"superseded"',
        "Start and stop",
        "end a run",
        cancel,
        (1, 1),
        keys=("reason",),
        stores=True,
    ),
    Verb(
        "retry",
        "retry <run> [from:<step>]",
        "retry R-3",
        "Mend",
        "run again what failed",
        retry,
        (1, 1),
        keys=("from",),
        stores=True,
    ),
)


def chosen(word: Word) -> Verb:
    """Return the verb that *word* names, in whatever case.

    Raises:
        Unreadable: there is none; the sentence names the nearest.
    """
    name = word.text.lower()
    for verb in VERBS:
        if verb.name == name:
            return verb
    near = get_close_matches(name, [verb.name for verb in VERBS], n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    raise Unreadable(f"I do not know `{word.text[:40]}`.{hint}", word.at, word.length)


def check(verb: Verb, line: Line) -> None:
    """Refuse what *verb* does not take.

    Raises:
        Unreadable: a word is missing or too much, or there is no such filter.
    """
    fewest, most = verb.words
    if len(line.words) > most:
        extra = line.words[most]
        raise Unreadable("I do not know what this is for.", extra.at, extra.length, verb.name)
    if len(line.words) < fewest and line.verb is not None:
        end = line.verb.at + line.verb.length
        raise Unreadable("Something is missing here.", end, 1, verb.name)
    if verb.keys is None:
        return
    for each in line.filters:
        if each.key not in verb.keys:
            hint = (
                f"use {', '.join(f'`{key}:`' for key in verb.keys)}"
                if verb.keys
                else "leave it out"
            )
            raise Unreadable(
                f"There is no `{each.key}:` here; {hint}.", each.at, each.length, verb.name
            )


def ref(words: Sequence[Word]) -> str:
    """Return the run that was named; nothing means the last one."""
    named = words[0].text if words else "last"
    return "last" if named.lower() == "last" else named


def state(given: Filter) -> str:
    value = given.value.lower()
    if value not in {*RunStatus}:
        near = get_close_matches(value, [*RunStatus], n=1)
        hint = f" Did you mean `{near[0]}`?" if near else f" Use one of {', '.join(RunStatus)}."
        raise Unreadable(f"There is no state `{value[:40]}`.{hint}", given.at, given.length, "runs")
    return value


def span(given: Filter) -> timedelta:
    match = SPAN.fullmatch(given.value.lower())
    if match is None:
        raise Unreadable("Write 30m, 2h, 1d or 2w.", given.at, given.length, "runs")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def limit(given: Filter) -> int:
    if not (given.value.isascii() and given.value.isdigit() and 1 <= int(given.value[:9]) <= ROWS):
        raise Unreadable(f"Write a number from 1 to {ROWS}.", given.at, given.length, "runs")
    return int(given.value)
