"""What a tool reports, as lines of a card: progress, subject, links, children."""

from collections.abc import Iterable, Mapping
from typing import Any

from baton.events import Progress
from bot.slack.blocks import Block, Shown, button, confirm, context, fit, section
from bot.slack.text import code, code_block, ends, escape, link, one_line, plain, time, took
from bot.slack.views.words import icon
from coordination.threads_view import ProcessView
from coordination.waiting_for import process_word
from handlers.slack import ids

BAR = 12
NAME = 80
MESSAGE = 300
LINKS = 8
NEXT = 3
OUTPUT = 2_300


def word(process: ProcessView) -> str:
    """Return the word for where a process stands."""
    return process_word(process.status, stalled=process.stalled_since is not None)


def since(process: ProcessView) -> str:
    """Say since when nothing was heard of a process that promised to report; else nothing.

    Each reader's Slack works out the time: the card stays the same however long it lasts.
    """
    if process.stalled_since is None or process.status.terminal:
        return ""
    return f"since {time(process.stalled_since)}"


def name(process: ProcessView) -> str:
    return process.name or process.process_id


def bar(process: ProcessView) -> str:
    """Draw how far a process is; nothing once it has ended."""
    said = process.state.get("progress")
    if not isinstance(said, Mapping) or process.status.terminal:
        return ""
    progress = Progress(**{key: said.get(key) for key in ("current", "total", "unit", "fraction")})
    counted = count(progress)
    if progress.ratio is None:
        return counted
    full = max(0, min(BAR, round(progress.ratio * BAR)))
    drawn = f"{'█' * full}{'░' * (BAR - full)} {round(progress.ratio * 100)} %"
    return f"`{drawn}` {counted}".strip()


def count(progress: Progress) -> str:
    if progress.current is None:
        return ""
    of = f" of {progress.total:g}" if progress.total is not None else ""
    return f"{progress.current:g}{of} {escape(progress.unit or '')[:40]}".strip()


def message(process: ProcessView) -> str:
    """Return the newest word of a process; of a failed one its error, in a line."""
    error = process.state.get("error")
    if process.status.terminal and isinstance(error, Mapping) and error.get("message"):
        return one_line(str(error["message"]), MESSAGE)
    return one_line(str(process.state.get("message") or ""), MESSAGE)


def subject(process: ProcessView) -> list[tuple[str, str]]:
    """Return what the work is about: repository, branch, commit, pull request, environment."""
    said = process.state.get("subject")
    about: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    sha = str(about.get("sha") or "")[:12]
    pull = f"#{about['pr']}" if about.get("pr") else ""
    return [
        ("Repository", escape(ends(plain(str(about.get("repo") or "")), NAME))),
        ("Branch", code(ends(plain(str(about.get("ref") or "")), NAME))),
        ("Commit", code(sha)),
        ("Pull request", escape(pull)),
        ("Environment", escape(str(about.get("environment") or "")[:NAME])),
        ("Version", escape(str(about.get("version") or "")[:NAME])),
    ]


def started_by(process: ProcessView) -> str:
    """Name who caused a process: in the tool's words, or the tool."""
    actor = process.state.get("actor")
    named = actor.get("name") or actor.get("id") if isinstance(actor, Mapping) else None
    return escape(str(named or process.source)[:NAME])


def links(processes: Iterable[ProcessView]) -> list[str]:
    """Return the addresses that tools gave, the newest of each process last, no more than fit."""
    found: dict[str, str] = {}
    for process in processes:
        for each in process.state.get("links") or ():
            url = str(each.get("url"))
            found[url] = link(url, str(each.get("title") or _place(url))[:60])
        error = process.state.get("error")
        if isinstance(error, Mapping) and error.get("url"):
            found.setdefault(str(error["url"]), link(str(error["url"]), "what failed"))
    return list(found.values())[-LINKS:]


def _place(url: str) -> str:
    """Return what an address without a title shows: where it leads."""
    return url.partition("://")[2].partition("?")[0].partition("#")[0].rstrip("/") or url


def next_steps(process: ProcessView) -> list[str]:
    """Return what a tool says should come next, a line each, the first ones alone."""
    rows: list[str] = []
    for each in process.state.get("next_steps") or ():
        label = one_line(str(each.get("label") or ""), NAME)
        if label and each.get("url"):
            label = link(str(each["url"]), ends(plain(str(each["label"])), NAME))
        rows += [f"→ {label}"] if label else []
    return rows[:NEXT]


def family(process: ProcessView, depth: int = 0) -> list[str]:
    """Return a line for each process below *process*; runs have lines of their own."""
    rows: list[str] = []
    for child in process.children:
        if child.run_id is None:
            rows.append(f"{'    ' * depth}{line(child)}")
        rows.extend(family(child, min(depth + 1, 4)))
    return rows


def line(process: ProcessView) -> str:
    stands = f"{word(process)} {since(process)}".strip()
    parts = [f"{icon(word(process))} {escape(ends(plain(name(process)), NAME))}", stands]
    parts.append(bar(process) or message(process)[:120])
    parts.append(took(process.started_at, process.ended_at))
    return " · ".join(part for part in parts if part)


def tending(process: ProcessView) -> list[Block]:
    """Return the buttons of a process that is silent: ask after it, end it, give it an hour."""
    value = f"{process.thread_id}.{process.key}.{process.attempt}"
    called = name(process)
    failed = button("Mark failed", ids.MARK_FAILED, value=value, says=f"Mark {called} failed")
    failed["confirm"] = confirm(
        f"Mark {called[:60]} failed?",
        "It ends here, and what waits for its end goes on with that. If it still works somewhere, "
        "it is not stopped, and what it reports of this attempt later changes nothing.",
        "Mark it failed",
        "Leave it",
    )
    says = f"Say of {called} in an hour again that it is stalled"
    return [
        button("Ping", ids.PING, value=value, says=f"Ask in the thread whether {called} goes on"),
        failed,
        button("Snooze 1 h", ids.WAIT_LONGER, value=value, says=says),
    ]


def output_reply(process: ProcessView, *, printed: bool = True) -> Shown:
    """Say that a process failed: with its last lines where it *printed* any, else in its card's words."""
    called, said = escape(name(process)[:NAME]), tail_of(process) if printed else ""
    title = f"The end of what {called} printed" if said.strip() else f"{called} failed"
    why = f": {message(process)}" if message(process) else "."
    text = f"*{title}*\n{code_block(said, OUTPUT)}" if said.strip() else f":x: *{title}*{why}"
    blocks = [section(text, "o")]
    if process.attempt > 1:
        blocks.append(context(f"attempt {process.attempt}", "c"))
    return fit(f"{title}.", blocks)


def tail_of(process: ProcessView) -> str:
    """Return the last lines of a process, wherever its tool put them."""
    for name in ("result", "metadata"):
        kept = process.state.get(name)
        if isinstance(kept, Mapping) and isinstance(kept.get("tail"), str):
            return str(kept["tail"])
    return str(process.state.get("message") or "")
