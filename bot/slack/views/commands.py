"""What can be typed: help, the words for threads, and a command that could not be read."""

from bot.slack.blocks import Shown, actions, button, context, fit, section
from bot.slack.text import escape, plain, sentence
from handlers.slack import ids
from handlers.slack.answers import Explained, Help, MentionHelp, Misread

THREADS = (
    "Slash commands do not work inside threads: mention me there, `@Baton status`. "
    f"`{ids.COMMAND} help &lt;verb&gt;` says more about one."
)


def help_page(answer: Help) -> Shown:
    """Draw help from the verbs that there are, on one screen."""
    if len(answer.verbs) == 1:
        text = one_verb(answer.verbs[0])
        return fit(text, [section(text, "t")])
    groups: dict[str, list[str]] = {}
    for verb in answer.verbs:
        groups.setdefault(verb.group, []).append(f"`{ids.COMMAND} {escape(verb.example)}`")
    rows = [f"*{name}*   {' · '.join(typed)}" for name, typed in groups.items()]
    blocks = [
        section("\n".join(rows), "g"),
        actions(
            [
                button("Waiting for me", ids.SHOW_APPROVALS, value="approvals", style="primary"),
                button("Newest runs", ids.SHOW_RUNS, value="runs"),
                button("Workflows", ids.SHOW_WORKFLOWS, value="list"),
            ],
            "a",
        ),
        context(THREADS, "c"),
    ]
    return fit(f"What {ids.COMMAND} can do.", blocks)


def one_verb(verb: Explained) -> str:
    return (
        f"*{escape(verb.name)}*: {escape(verb.about)}\n`{ids.COMMAND} {escape(verb.usage)}`\n"
        f"For example `{ids.COMMAND} {escape(verb.example)}`"
    )


def mention_help(answer: MentionHelp) -> Shown:
    """Draw the words that work in a thread."""
    first = escape(answer.why) or "In a thread of mine you can say:"
    rows = [f"• `@Baton {escape(word)}`: {escape(about)}" for word, about in answer.words.items()]
    typed = f"Everything else is typed, outside of threads: `{ids.COMMAND} help`."
    blocks = [section("\n".join([first, *rows]), "t"), context(typed, "c")]
    return fit(first, blocks)


def misread(answer: Misread) -> Shown:
    """Echo a command, mark where it goes wrong, and show how it is written."""
    before = f"{ids.COMMAND} "
    typed = plain(answer.typed).replace("\n", " ").replace("\t", " ")
    start = max(0, min(answer.at, len(typed)) - 60)
    window = typed[start : start + 140]
    mark = " " * (len(before) + min(answer.at, len(typed)) - start) + "^" * min(answer.length, 80)
    shown = f"```\n{before}{escape(window).replace('`', chr(39))}\n{mark}\n```"
    why = sentence(answer.why)
    text = f"{why}\n{shown}\nUsage: `{before}{escape(answer.usage)}`"
    return fit(why, [section(text, "t")])
