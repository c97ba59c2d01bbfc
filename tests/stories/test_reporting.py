"""A tool reports what it does, and the channel shows it: one thread, one card, no noise."""

import json
import re
from typing import Any

import pytest

from tests.stories.box import BatonInABox
from tests.stories.slack import PEOPLE


async def test_a_process_is_one_thread(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7", name="Build web")
    await baton.report("build.in_progress", process="build-7", message="compiling")
    await baton.report("build.completed", process="build-7", message="412 tests passed")

    (card,) = baton.slack.roots()
    assert card.lines[0] == "Build web"
    assert card.state == "Succeeded"
    assert "412 tests passed" in card.lines
    assert baton.replies("build-7") == []


async def test_progress_edits_the_card_in_place_and_posts_nothing(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7", name="Build web")
    first = baton.card("build-7")
    for done in (2, 5, 9):
        await baton.report(
            "build.in_progress", process="build-7", progress={"current": done, "total": 10}
        )

    card = baton.card("build-7")
    assert card.ts == first.ts
    assert card.state == "Running"
    assert any("90 %" in line for line in card.lines)
    assert len(baton.slack.calls("chat.postMessage")) == 1
    assert [baton.slack.pings(who) for who in PEOPLE if who != "ada"] == [[], [], [], []]
    assert baton.slack.pings("ada") in ([], ["mention"])


async def test_quick_progress_is_one_edit_and_not_one_for_each_report(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7", name="Build web")
    before = len(baton.slack.calls("chat.update"))
    for percent in range(10, 100, 10):
        await baton.report("build.in_progress", process="build-7", progress=percent, wait=False)
    await baton.quiet()

    assert any("90 %" in line for line in baton.card("build-7").lines)
    assert len(baton.slack.calls("chat.update")) - before <= 2


async def test_a_child_is_a_line_in_the_card_of_its_parent(baton: BatonInABox) -> None:
    parent = {"process_id": "build-7"}
    await baton.report("build.started", process="build-7", name="Build web")
    await baton.report("job.started", process="lint-7", name="Lint", parent=parent)
    await baton.report("job.failed", process="lint-7", parent=parent, error={"message": "E501"})

    assert len(baton.slack.roots()) == 1
    line = next(line for line in baton.card("build-7").lines if "Lint" in line)
    assert "Failed" in line
    assert "E501" in line
    assert baton.card("build-7").state == "Running"


async def test_a_report_that_comes_twice_changes_nothing(baton: BatonInABox) -> None:
    first = await baton.report("build.completed", process="build-7", id="once")
    calls = len(baton.slack.calls(""))
    again = await baton.report("build.completed", process="build-7", id="once")

    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert again["event_id"] == first["event_id"]
    assert len(baton.slack.calls("")) == calls


async def test_a_start_that_comes_late_does_not_move_the_card_back(baton: BatonInABox) -> None:
    await baton.report("build.completed", process="build-7", sequence=2)
    late = await baton.report("build.started", process="build-7", sequence=1)

    assert late["effect"] == "late"
    assert baton.card("build-7").state == "Succeeded"


async def test_the_first_of_two_ends_stays(baton: BatonInABox) -> None:
    await baton.report("build.failed", process="build-7", sequence=1)
    second = await baton.report("build.completed", process="build-7", sequence=2)

    assert second["effect"] == "late"
    assert baton.card("build-7").state == "Failed"


async def test_another_attempt_goes_on_in_the_same_thread(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7", attempt=1)
    await baton.report("build.failed", process="build-7", attempt=1, message="no space left")
    again = await baton.report("build.started", process="build-7", attempt=2)

    assert again["attempt"] == 2
    assert len(baton.slack.roots()) == 1
    assert baton.card("build-7").state == "Running"
    await baton.report("build.completed", process="build-7", attempt=2)
    assert baton.card("build-7").state == "Succeeded"


async def test_a_failure_shows_the_end_of_what_was_printed(baton: BatonInABox) -> None:
    printed = "\n".join([*(f"line {number}" for number in range(50)), "boom: it broke"])
    await baton.report("build.started", process="build-7", name="Build web")
    await baton.report("build.failed", process="build-7", message=printed)

    assert baton.card("build-7").state == "Failed"
    assert baton.replies("build-7") == ["*The end of what Build web printed*"]
    assert "boom: it broke" in baton.thread("build-7")[0].plain


async def test_the_only_line_that_a_failed_command_printed_is_shown_beside_its_error(
    baton: BatonInABox,
) -> None:
    await baton.report("build.started", process="build-7", name="Build web")
    error = {"message": "exit status 3", "type": "exit"}
    await baton.report("build.failed", process="build-7", message="no such host", error=error)
    assert "exit status 3" in baton.card("build-7").plain
    (reply,) = baton.thread("build-7")
    assert "no such host" in reply.plain


async def test_whose_work_it_is_hears_of_a_failure_that_is_one_line(baton: BatonInABox) -> None:
    await baton.report("build.in_progress", process="build-7", message="compiling")
    await baton.report("build.failed", process="build-7", error={"message": "KeyError: 'x'"})
    same = {"message": "no such host"}
    await baton.report("build.failed", process="build-9", message="no such host", error=same)

    assert baton.replies("build-7") == [":x: *build-7 failed*: KeyError: 'x'"]
    assert baton.replies("build-9") == [":x: *build-9 failed*: no such host"]
    assert baton.thread("build-7")[0].lines[-1] == "For @ada"


async def test_a_part_that_fails_in_one_line_is_a_line_of_the_card_alone(
    baton: BatonInABox,
) -> None:
    await baton.report("build.started", process="build-7")
    part = {"process": "build-7.web", "parent": {"process_id": "build-7"}}
    await baton.report("build.failed", message="no such host", **part)
    assert "no such host" in baton.card("build-7").plain
    assert baton.replies("build-7") == []


async def test_a_card_says_who_did_it_what_comes_next_and_where_to_look(baton: BatonInABox) -> None:
    steps = ["Review <!here> & merge", {"label": "Deploy | it", "url": "https://ci.example/d?a|b"}]
    more = [{"label": "Tag", "url": "https://ci.example/t"}, "Announce", "Rest"]
    await baton.report("build.started", process="build-7", next_steps=["Wait"])
    await baton.report(
        "build.failed",
        process="build-7",
        actor={"id": "u-1", "name": "Barbara"},
        next_steps=[*steps, *more],
        error={"message": "exit 2", "url": "https://ci.example/e"},
        links=[{"url": "https://ci.example/7", "title": "CI run 7"}],
    )

    lines = "\n".join(baton.card("build-7").markup).splitlines()
    place = lines.index("*Next*")
    assert lines[place + 1 : place + 4] == [
        "→ Review &lt;!here&gt; &amp; merge",
        "→ <https://ci.example/d?a%7Cb|Deploy ¦ it>",
        "→ <https://ci.example/t|Tag>",
    ]
    assert not any(word in line for line in lines for word in ("Announce", "Wait"))
    assert "<https://ci.example/7|CI run 7> · <https://ci.example/e|what failed>" in lines
    assert "Barbara" in lines[lines.index("*Started by*") + 1]


async def test_a_second_build_is_a_second_thread(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7", name="Build web")
    await baton.report("build.started", process="build-8", name="Build web")
    await baton.report("build.completed", process="build-8")

    assert len(baton.slack.roots()) == 2
    assert baton.card("build-7").state == "Running"
    assert baton.card("build-8").state == "Succeeded"


OWNER = PEOPLE["ada"]  # of the token: hears of a failure, whatever a tool writes
LIVE = re.compile(rf"<!(?!date\^)|<@(?!{OWNER}>)|<#C|<http")  # what Slack would act upon
HOSTILE = [
    "<!channel> <!here> <!everyone> look",
    f"<@{PEOPLE['grace']}> <#C0GENERAL> <!subteam^S0SRE>",
    "<http://evil.example|https://good.example>",
    "*bold* _it_ ~gone~ `code` ```block``` > quote",
    "user\u202egnp.exe\u2066 \u200b\u200d",
    "&lt;!channel&gt; &amp;lt;!channel&amp;gt;",
    "[Approve] `[Approve]`",
    "x" * 3_000,
    "\n".join(str(number) for number in range(10_000)),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_what_a_tool_writes_is_shown_and_does_nothing(baton: BatonInABox, text: str) -> None:
    told: dict[str, Any] = {"name": text[:200], "message": text, "next_steps": [text[:200]]}
    told["actor"] = {"name": text[:200]}
    await baton.report("build.started", process="build-7", **told)
    await baton.report("build.failed", process="build-7", error={"message": text}, **told)

    for message in (baton.card("build-7"), *baton.thread("build-7")):
        assert [text for text in message.markup if LIVE.search(text)] == []
        written = json.dumps(message.raw, ensure_ascii=False)
        assert not any(character in written for character in "\u202e\u2066\u200b\u200d")
        assert message.buttons in ([], ["Why?"])
    assert len(baton.card("build-7").lines) < 20
    assert [baton.slack.pings(who) for who in PEOPLE if who != "ada"] == [[], [], [], []]
    assert baton.slack.pings("ada") in ([], ["mention"])
    assert [call["error"] for call in baton.slack.calls("") if not call["ok"]] == []


async def test_a_secret_in_what_a_tool_writes_is_masked_everywhere(baton: BatonInABox) -> None:
    secret = "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz"
    printed = f"pushing with {secret}\nAuthorization: Bearer {secret}\nfailed"
    told = await baton.report(
        "build.failed",
        process="build-7",
        message=printed,
        error={"message": f"403 for {secret}"},
        result={"env": {"TOKEN": secret}, "note": secret},
    )

    shown = json.dumps([each.raw for each in (baton.card("build-7"), *baton.thread("build-7"))])
    kept = (await baton.ask("GET", f"/v1/events/{told['event_id']}")).text
    process = (await baton.ask("GET", "/v1/processes/ci/build-7")).text
    assert "pushing with" in shown
    assert [secret in text for text in (shown, kept, process)] == [False, False, False]
