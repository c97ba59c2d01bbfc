"""What concerns one person: who they are, what they follow, how loud their channel is."""

from collections.abc import Mapping

from bot.slack.blocks import (
    Block,
    Shown,
    actions,
    context,
    fields,
    fit,
    link_button,
    section,
)
from bot.slack.text import code, escape, head, one_line, person, sentence, time
from coordination.noise import ChannelPolicy
from handlers.slack import ids
from handlers.slack.answers import Followed, Following, Loudness, Myself, Problems, Sources

ROWS = 20
CALL = '{"process_id": "nightly", "status": "completed"}'


def myself(answer: Myself) -> Shown:
    """Say who somebody is to Baton, and give them the link that is theirs alone."""
    profile = answer.profile
    known = profile.person
    roles = ", ".join(sorted(profile.roles)) or "none: you can look, and change nothing"
    who = person(profile.id)
    blocks: list[Block] = [
        section(f"You are {who}.", "h"),
        fields(
            [("Roles", escape(roles)), ("Handle", f"@{escape(known.handle)}" if known else "")], "w"
        ),
    ]
    if answer.link:
        blocks.append(actions([link_button("Open the web pages", ids.OPEN_WEB, answer.link)], "a"))
        blocks.append(
            context("The link logs you in once, within five minutes. Share it with nobody.", "c")
        )
    return fit(f"You are {who}. Roles: {escape(roles)}.", blocks)


def sources(answer: Sources, *, public_url: str) -> Shown:
    """List who reports, and show the line by which anything can."""
    rows = [
        " · ".join(
            part
            for part in (
                code(each.name),
                escape(each.kind),
                escape(each.channel or ""),
                f"signed: {escape(each.scheme)}" if each.scheme else "",
                f"last heard of {time(each.used_at)}" if each.used_at else "not heard of yet",
            )
            if part
        )
        for each in answer.sources
    ]
    more = len(rows) - ROWS
    listed = "\n".join([*rows[:ROWS], *([f"_{more} more_"] if more > 0 else [])])
    line = (
        f"curl -sS {public_url}/v1/notify \\\n"
        '  -H "Authorization: Bearer $BATON_TOKEN" \\\n'
        f"  -H 'Content-Type: application/json' -d '{CALL}'"
    )
    blocks = [
        section(f"*Who reports*\n{listed or 'Nobody yet.'}", "l"),
        section(f"*Report with one line*\n```\n{escape(line)}\n```", "r"),
        context("An admin makes a token with `python -m bot token create --source NAME`.", "c"),
    ]
    return fit(f"{len(rows)} sources report to me.", blocks)


def problems(answer: Problems) -> Shown:
    """List what somebody has to look at."""
    if not answer.problems:
        text = "I know of nothing that is wrong."
        return fit(text, [section(text, "t")])
    rows = [f"• {escape(head(' '.join(each.split()), 300))}" for each in answer.problems[:ROWS]]
    more = len(answer.problems) - ROWS
    blocks = [section("\n".join(rows), "l")]
    if more > 0:
        blocks.append(context(f"{more} more", "m"))
    return fit(f"{len(answer.problems)} things to look at.", blocks)


def following(answer: Following) -> Shown:
    """List what somebody follows."""
    rows = [follow_line(each) for each in answer.followed]
    listed = "\n".join(f"• {row}" for row in rows[:ROWS])
    more = f"\n_{len(rows) - ROWS} more_" if len(rows) > ROWS else ""
    none = "You follow nothing. `/baton subscribe &lt;workflow&gt; only:failed` changes that."
    said = f"*You follow*\n{listed}{more}" if rows else none
    just = sentence(answer.just)
    return fit(just or "What you follow.", [section(f"{just}\n{said}".strip(), "t")])


def follow_line(each: Followed) -> str:
    """Write what is followed, as it was typed."""
    subject = "everything" if each.subject == "*" else code(head(each.subject, 120))
    only = " ".join(f"{name}:{value}" for name, value in sorted(each.filters.items()))
    return f"{subject} {code(head(only, 120))}".strip()


def loudness(answer: Loudness) -> Shown:
    """Show what a channel wants to hear, what it heard, and how that is changed."""
    just = sentence(answer.just)
    title = f"*How loud I am in* <#{answer.channel}>" if answer.channel.isalnum() else "*Loudness*"
    figures = [f"{escape(str(name))}: {written(value)}" for name, value in answer.figures.items()]
    blocks = [
        section(f"{just}\n{title}".strip(), "h"),
        fields(pairs(answer.policy), "w"),
        *([section(f"*How loud I was*\n{chr(10).join(figures[:ROWS])}", "f")] if figures else []),
        context(
            "`/baton settings replies:5 broadcast:failed quiet_hours:22:00-07:00` changes it.", "c"
        ),
    ]
    return fit(just or "How loud I am in this channel.", blocks)


def pairs(policy: ChannelPolicy) -> list[tuple[str, str]]:
    """Return the parts of a policy under the names by which they are changed."""
    quiet = policy.quiet_hours
    hours = f"{quiet.start:%H:%M}-{quiet.end:%H:%M} {quiet.zone}" if quiet else "off"
    return [
        ("thread", "on" if policy.thread else "off"),
        ("top_level_per_thread", str(policy.top_level_per_thread)),
        ("replies", str(policy.replies)),
        ("notifications", str(policy.notifications)),
        ("broadcast", ", ".join(policy.broadcast) or "off"),
        ("digest", f"{policy.digest:g} h" if policy.digest else "off"),
        ("quiet_hours", escape(hours)),
        ("fallback", escape(policy.fallback or "off")),
        ("owners", escape(", ".join(policy.owners)[:300]) or "off"),
    ]


def written(value: object) -> str:
    """Write a figure: a number as it is, several as pairs."""
    if isinstance(value, Mapping):
        return ", ".join(
            f"{person(str(who))} {written(each)}" for who, each in [*value.items()][:10]
        )
    return f"{value:.1f}" if isinstance(value, float) else one_line(str(value), 120)
