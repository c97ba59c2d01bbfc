"""What `/baton` can do: each verb once, as a value. Help and "did you mean" are made from these.

A slash command cannot be typed in a thread and comes once; `start`, `cancel` and `retry` carry a
request id made of it, so that its envelope may come twice.
"""

from difflib import get_close_matches

from coordination.following import FILTERS
from handlers.slack import (
    following,
    looking,
    publishing,
    rehearsing,
    schedules,
    starting,
    steering,
)
from handlers.slack.answers import Answer, Help
from handlers.slack.asked import Asked
from handlers.slack.grammar import Unreadable, Word
from handlers.slack.verb import Verb


async def help_(asked: Asked) -> Answer:
    if asked.words:
        return Help((chosen(asked.words[0]).explained,))
    return Help(tuple(verb.explained for verb in VERBS))


LOOKS: tuple[Verb, ...] = (
    Verb("help", "help [verb]", "help start", "See", "what can be typed", help_, (0, 1)),
    Verb("list", "list", "list", "See", "the workflows", looking.list_),
    Verb(
        "describe",
        "describe <workflow>",
        "describe automated_testing_pipeline",
        "See",
        "what a workflow does, and what it is started with",
        looking.describe,
        (1, 1),
    ),
    Verb(
        "runs",
        "runs [state:<status>] [workflow:<name>] [branch:<name>] [since:<2h|1d>] [limit:<n>]",
        "runs state:failed since:1d",
        "See",
        "the newest runs",
        looking.runs,
        keys=("state", "workflow", "branch", "since", "limit"),
    ),
    Verb(
        "status",
        "status [run]",
        "status R-3",
        "See",
        "what a run waits for",
        looking.status,
        (0, 1),
    ),
    Verb(
        "explain",
        "explain <event, run or thread>",
        "explain R-3",
        "See",
        "why something belongs to its thread, and what came of it",
        looking.explain,
        (1, 1),
    ),
)
REHEARSING: tuple[Verb, ...] = (
    Verb(
        "dry-run",
        "dry-run <workflow> [input:value …]",
        "dry-run automated_testing_pipeline sha:1f2e3d4",
        "See",
        "what a run would do, with nothing of it done",
        rehearsing.dry_run,
        (1, 1),
        keys=None,
    ),
)
DECISIONS: tuple[Verb, ...] = (
    Verb(
        "approvals",
        "approvals [all]",
        "approvals",
        "Decide",
        "what waits for you, with buttons",
        looking.approvals,
        (0, 1),
    ),
    Verb(
        "approve",
        "approve <approval>",
        "approve A-17",
        "Decide",
        "the card of an approval; its buttons decide",
        looking.approve,
        (1, 1),
    ),
    Verb(
        "reject",
        "reject <approval>",
        "reject A-17",
        "Decide",
        "the card of an approval; its buttons decide",
        looking.reject,
        (1, 1),
    ),
    Verb(
        "resolve",
        "resolve <run>",
        "resolve R-3",
        "Decide",
        "a step that nobody can be sure of, with buttons",
        looking.resolve,
        (1, 1),
    ),
)
STEERING: tuple[Verb, ...] = (
    Verb(
        "start",
        "start [workflow] [input:value …]",
        "start automated_testing_pipeline",
        "Start and stop",
        "a run; a form asks for what is missing",
        starting.start,
        (0, 1),
        keys=None,
        forms=True,
    ),
    Verb(
        "pause",
        "pause <run or workflow>",
        "pause R-3",
        "Start and stop",
        "begin no step of a run until it is resumed, or no run of a workflow",
        steering.pause,
        (1, 1),
        stores=True,
    ),
    Verb(
        "resume",
        "resume <run or workflow>",
        "resume R-3",
        "Start and stop",
        "let a paused run go on, or a paused workflow start runs again",
        steering.resume,
        (1, 1),
        stores=True,
    ),
    Verb(
        "cancel",
        'cancel <run> [mode:compensate|now] [reason:"…"]',
        'cancel R-3 reason:"superseded"',
        "Start and stop",
        "end a run; with `mode:compensate` what it did is taken back first",
        steering.cancel,
        (1, 1),
        keys=("mode", "reason"),
        stores=True,
    ),
    Verb(
        "schedule",
        "schedule [workflow]",
        "schedule automated_testing_pipeline",
        "Start and stop",
        "when a workflow starts by the clock next; alone, all that do",
        schedules.schedule,
        (0, 1),
    ),
    Verb(
        "retry",
        "retry <run> [from:<step>]",
        "retry R-3",
        "Mend",
        "run again what failed, or everything from a step on",
        steering.retry,
        (1, 1),
        keys=("from",),
        stores=True,
    ),
    Verb(
        "skip",
        "skip <run> <step>",
        "skip R-3 verify",
        "Mend",
        "leave a step out: one that is to come or at work, or the one that failed the run",
        steering.skip,
        (2, 2),
        stores=True,
    ),
    Verb(
        "rollback",
        'rollback <run> [reason:"…"]',
        'rollback R-3 reason:"it leaks"',
        "Mend",
        "take back what a run did, latest first",
        steering.rollback,
        (1, 1),
        keys=("reason",),
        stores=True,
    ),
    Verb(
        "handled",
        'handled <run> reason:"…"',
        'handled R-3 reason:"deployed by hand"',
        "Mend",
        "count a failed run as dealt with",
        steering.handled,
        (1, 1),
        keys=("reason",),
        stores=True,
    ),
    Verb(
        "signal",
        "signal <run> <name> [key:value …]",
        "signal R-3 go",
        "Mend",
        "send a run a signal that one of its steps waits for, now or later",
        steering.signal,
        (2, 2),
        keys=None,
        stores=True,
    ),
)
PUBLISHING: tuple[Verb, ...] = (
    Verb(
        "activate",
        "activate <workflow> [revision:<n>]",
        "activate automated_testing_pipeline",
        "Workflows",
        "put the draft of a workflow to use, and see what it may do that it could not before",
        publishing.activate,
        (1, 1),
        keys=("revision",),
        stores=True,
    ),
    Verb(
        "archive",
        "archive <workflow>",
        "archive automated_testing_pipeline",
        "Workflows",
        "let a workflow start nothing any more; its revisions are kept",
        publishing.archive,
        (1, 1),
        stores=True,
    ),
    Verb(
        "restore",
        "restore <workflow> [revision:<n>]",
        "restore automated_testing_pipeline revision:1",
        "Workflows",
        "take a workflow from the archive, or put an older revision to use again",
        publishing.restore,
        (1, 1),
        keys=("revision",),
        stores=True,
    ),
    Verb(
        "revisions",
        "revisions <workflow>",
        "revisions automated_testing_pipeline",
        "Workflows",
        "what was published of a workflow, when and by whom",
        publishing.revisions,
        (1, 1),
    ),
    Verb(
        "diff",
        "diff <workflow> [from:<n>] [to:<n>]",
        "diff automated_testing_pipeline",
        "Workflows",
        "what the draft, or the last revision, changes in the one before",
        publishing.diff,
        (1, 1),
        keys=("from", "to"),
    ),
)
NOTIFICATIONS: tuple[Verb, ...] = (
    Verb(
        "subscribe",
        "subscribe [workflow, source or *] [branch:<name>] [only:failed]",
        "subscribe automated_testing_pipeline only:failed",
        "Notifications",
        "hear of it in a direct message; alone, what you follow",
        following.subscribe,
        (0, 1),
        keys=FILTERS,
        stores=True,
    ),
    Verb(
        "unsubscribe",
        "unsubscribe <workflow, source or *>",
        "unsubscribe automated_testing_pipeline",
        "Notifications",
        "hear no more of it",
        following.unsubscribe,
        (1, 1),
        stores=True,
    ),
    Verb(
        "mentions",
        "mentions [on|off]",
        "mentions off",
        "Notifications",
        "whether you are notified where I name you in a channel",
        following.mentions,
        (0, 1),
        stores=True,
    ),
    Verb(
        "settings",
        "settings [replies:<n>] [broadcast:failed,needs_you] [quiet_hours:22:00-07:00] [digest:4h] …",
        "settings",
        "Notifications",
        "how loud I am in this channel",
        following.settings,
        keys=tuple(following.READ),
        stores=True,
    ),
)
TROUBLE: tuple[Verb, ...] = (
    Verb(
        "connect",
        "connect",
        "connect",
        "Trouble",
        "who reports, and the line to report with",
        looking.connect,
    ),
    Verb("doctor", "doctor", "doctor", "Trouble", "what is wrong, for admins", looking.doctor),
    Verb(
        "whoami",
        "whoami",
        "whoami",
        "Trouble",
        "who you are to me, and a link to the web",
        looking.whoami,
    ),
)
VERBS: tuple[Verb, ...] = (
    *LOOKS,
    *REHEARSING,
    *DECISIONS,
    *STEERING,
    *PUBLISHING,
    *NOTIFICATIONS,
    *TROUBLE,
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
