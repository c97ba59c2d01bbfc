"""What people look at before they decide: texts, files, and exactly what will run."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.slack.blocks import SECTION, Block, context, section
from bot.slack.text import code, code_block, ends, escape, head, last_lines, plain
from coordination.questions import Approval, Covered
from workflows.language.expressions import MalformedHandle, from_json, mask

COVERED = 900
PATH = 200
HEAD, TAIL = 1_200, 300  # characters of a text on the card
EXCERPT = 600  # characters of a file on the card,
LINES = 10  # and lines
PIECE = 2_400  # characters of a file in one block of a modal
PIECES = 12  # blocks for all files together


def shown_along(approval: Approval) -> list[Block]:
    """Draw what the asker wants seen: prose as it is, the beginning of files, other values as JSON."""
    question = approval.question
    texts = [escape(question.description or ""), *(written(each) for each in question.show)]
    return [section(text, f"s{place}") for place, text in enumerate(texts) if text.strip()]


def written(shown: object) -> str:
    if is_file(shown):
        return excerpt(shown)
    if isinstance(shown, str):
        return both_ends(shown, escape)
    return both_ends(json.dumps(shown, ensure_ascii=False, sort_keys=True), code)


def both_ends(text: str, draw: Callable[[str], str]) -> str:
    """Keep the beginning and the end of what is long; all of it is in the details."""
    text = plain(text)  # before it is cut: half a secret looks like none
    if len(text) <= HEAD + TAIL:
        return draw(text)
    missing = len(text) - HEAD - TAIL
    begins, ends_with = draw(head_lines(text[:HEAD])), draw(text[-TAIL:])
    return f"{begins}\n_{missing} characters more are under Details_\n{ends_with}"


def head_lines(text: str) -> str:
    """Keep the first lines that say something."""
    return "\n".join([line for line in text.splitlines() if line.strip()][:LINES])


def is_file(shown: object) -> bool:
    """Say whether *shown* is a file as it was read when people were asked."""
    return isinstance(shown, Mapping) and ("sha256" in shown or "problem" in shown)


def excerpt(shown: Any) -> str:
    """Name a file and show its first lines."""
    title = file_title(shown)
    if "problem" in shown:
        return title
    text = str(shown["text"])
    first = "\n".join(text.splitlines()[:LINES])
    cut = f"{title}\n{code_block(head(first, EXCERPT), EXCERPT + 60)}"
    more = len(first) < len(text) or len(first) > EXCERPT or "end" in shown
    return f"{cut}\n_The rest is under Details._" if more else cut


def file_title(shown: Any) -> str:
    """Say which file it is, how long, and which bytes they were."""
    path = code(ends(plain(str(shown.get("file") or shown.get("diff") or "")), PATH))
    if "problem" in shown:
        return f"{path} cannot be shown: {escape(head(str(shown['problem']), PATH))}"
    lines = int(shown.get("lines", 0))
    about = f"{lines} line{'' if lines == 1 else 's'}"
    if "diff" in shown:
        about = changes("\n".join((str(shown["text"]), str(shown.get("end", "")))), about)
    return f"{path} · {about} · sha256 {code(str(shown['sha256'])[:12])}"


def changes(diff: str, about: str) -> str:
    """Count what a diff adds and removes; of a long one, what is kept of it."""
    lines = [line for line in diff.splitlines() if not line.startswith(("+++", "---"))]
    added, removed = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return f"{about}, +{added} -{removed}"


def whole(approval: Approval) -> list[Block]:
    """Draw everything that is shown, files at length; what is left out between both ends is counted."""
    blocks: list[Block] = []
    if description := escape(approval.question.description or "").strip():
        blocks.append(section(description, "s"))
    for place, shown in enumerate(approval.question.show):
        if is_file(shown):
            blocks.append(section(f"*{file_title(shown)}*", f"f{place}"))
        pieces = [section(text, f"f{place}.{number}") for number, text in enumerate(parts(shown))]
        room = max(1, PIECES - len(blocks))
        blocks.extend(pieces[:room])
        if len(pieces) > room:
            blocks.append(
                context("There is more than fits here; the web page has all of it.", f"m{place}")
            )
    return blocks


def parts(shown: Any) -> Iterator[str]:
    """Cut what is shown into pieces that fit into one block each."""
    if not is_file(shown):
        text = shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False, indent=1)
        yield from pieces_of(text)
        return
    if "problem" in shown:
        return
    yield from pieces_of(str(shown["text"]))
    if "end" in shown:
        yield f"_{int(shown['missing'])} characters are left out here_"
        yield from pieces_of(str(shown["end"]))


def pieces_of(text: str) -> Iterator[str]:
    """Cut a long text into blocks of code, at the ends of lines."""
    piece: list[str] = []
    size = 0
    for line in broken(text):
        if piece and (size + len(line) > PIECE or len(piece) == 40):
            yield code_block("\n".join(piece), PIECE)
            piece, size = [], 0
        piece.append(line)
        size += len(line) + 1
    if piece:
        yield code_block(last_lines("\n".join(piece)), PIECE)


def broken(text: str) -> Iterator[str]:
    """Return the lines of a text; one that is too long is broken."""
    for line in text.splitlines():
        for start in range(0, max(1, len(line)), PIECE):
            yield line[start : start + PIECE]


def covers(approval: Approval, limit: int = COVERED) -> str:
    """Say what will run after a Yes, as exactly these bytes, and what is left open."""
    lines = ["*Runs exactly this*"]
    lines.extend(covered_line(item, limit) for item in approval.question.covers)
    lines.extend(
        f"_{code(path)} is not covered: {escape(why)}_"
        for path, why in approval.question.not_covered
    )
    return "\n".join(lines)


def covered_at_length(approval: Approval) -> list[Block]:
    """Draw each covered step in a block of its own, with the digest that is checked before it runs."""
    blocks: list[Block] = []
    for place, item in enumerate(approval.question.covers[:10]):
        blocks.append(section(covered_line(item, SECTION - 200), f"x{place}"))
        blocks.append(context(f"sha256 {code(item.digest)}", f"xd{place}"))
    return blocks


def covered_line(item: Covered, limit: int = COVERED) -> str:
    return f"{code(item.path)}: {code(head(call(item), limit))}"


def call(item: Covered) -> str:
    """Write a covered action on one line; a command as one would type it, and where."""
    params = readable(item.params)
    if item.action == "shell.run" and isinstance(params, dict) and "argv" in params:
        rest = {name: value for name, value in params.items() if name != "argv"}
        said = " ".join(word(part) for part in params["argv"])
        return f"{said}  {json.dumps(rest, ensure_ascii=False)}" if rest else said
    return f"{item.action} {json.dumps(params, ensure_ascii=False, sort_keys=True)}"


def word(part: object) -> str:
    """Write one argument so that where it ends can be seen."""
    said = part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)
    return json.dumps(said, ensure_ascii=False) if not said or " " in said else said


def readable(params: Any) -> Any:
    """Write handles of secrets as their names; what a tool asks about holds none."""
    try:
        return mask(from_json(params))
    except MalformedHandle:
        return params
