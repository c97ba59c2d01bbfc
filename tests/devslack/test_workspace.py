"""The workspace and its state file: what happens to messages, and what a kill leaves."""

from pathlib import Path
from typing import Any

import pytest

from devslack.changes import Change, MessageDeleted, MessagePosted
from devslack.clock import Clock
from devslack.emulator import Emulator, Options
from devslack.errors import StartError
from devslack.fixture import build
from devslack.ids import Ids
from devslack.journal import Journal, restore
from devslack.manifest import DEFAULT, understand
from devslack.notifications import pings
from devslack.payloads import Body
from devslack.state import Author, Workspace

ADA = Author("U0ADA")


def body(text: str) -> Body:
    return Body(text, None, None, None)


@pytest.fixture
def workspace() -> Workspace:
    return Workspace(build({}, "Baton"), Clock("virtual"), Ids("1"))


def test_ts_never_repeats_though_the_clock_stands_still(workspace: Workspace) -> None:
    stamps = [workspace.post("C0GENERAL", ADA, body("x")).ts for _ in range(50)]

    assert stamps == sorted(set(stamps))
    assert all(len(ts.split(".")[1]) == 6 for ts in stamps)


def test_a_reply_makes_its_root_a_thread_and_the_last_one_gone_unmakes_it(
    workspace: Workspace,
) -> None:
    root = workspace.post("C0GENERAL", ADA, body("root"))
    reply = workspace.post("C0GENERAL", Author("U0SAM"), body("reply"), root.ts)

    assert workspace.shown(root)["reply_users"] == ["U0SAM"]
    assert workspace.shown(reply)["parent_user_id"] == "U0ADA"
    assert workspace.in_channel("C0GENERAL") == [root]
    workspace.delete(reply)
    assert "reply_count" not in workspace.shown(root)
    assert workspace.replies("C0GENERAL", root.ts) == []


def test_a_broadcast_reply_stands_in_the_channel_too(workspace: Workspace) -> None:
    root = workspace.post("C0GENERAL", ADA, body("root"))
    reply = workspace.post("C0GENERAL", ADA, body("all"), root.ts, broadcast=True)

    assert workspace.in_channel("C0GENERAL") == [root, reply]
    assert reply.subtype == "thread_broadcast"


def test_a_deleted_root_with_replies_leaves_a_tombstone(workspace: Workspace) -> None:
    heard: list[Change] = []
    root = workspace.post("C0GENERAL", ADA, body("root"))
    workspace.post("C0GENERAL", ADA, body("reply"), root.ts)
    workspace.listeners.append(heard.append)

    workspace.delete(root)

    (change,) = heard
    assert isinstance(change, MessageDeleted)
    assert change.tombstone is not None
    assert change.before["text"] == "root"
    left = workspace.message("C0GENERAL", root.ts)
    assert left is not None
    assert (left.subtype, left.blocks) == ("tombstone", None)


def test_an_ephemeral_message_is_not_in_history(workspace: Workspace) -> None:
    whisper = workspace.whisper("U0ADA", "C0GENERAL", workspace.app_author, body("psst"))

    assert workspace.ephemeral("U0ADA", "C0GENERAL", whisper.ts) is whisper
    assert workspace.ephemeral("U0SAM", "C0GENERAL", whisper.ts) is None
    assert workspace.messages["C0GENERAL"] == {}
    workspace.rewrite_whisper(whisper, None)
    assert workspace.ephemerals == []


def test_reactions_are_counted_once_a_person(workspace: Workspace) -> None:
    message = workspace.post("C0GENERAL", ADA, body("x"))

    assert workspace.react(message, "U0SAM", "eyes", "add")
    assert not workspace.react(message, "U0SAM", "eyes", "add")
    assert workspace.shown(message)["reactions"] == [
        {"name": "eyes", "users": ["U0SAM"], "count": 1}
    ]
    assert workspace.react(message, "U0SAM", "eyes", "remove")
    assert "reactions" not in workspace.shown(message)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<@U0GRACE> look", {"U0GRACE": "mention"}),
        ("<!subteam^S0SRE>", {"U0GRACE": "group_mention", "U0LINUS": "group_mention"}),
        ("<@U0ADA> myself", {}),
        ("<@U0BOTUSER>", {}),
        ("nothing", {}),
    ],
)
def test_pings_are_worked_out(workspace: Workspace, text: str, expected: dict[str, str]) -> None:
    assert pings(workspace, workspace.post("C0GENERAL", ADA, body(text))) == expected


def test_who_takes_part_in_a_thread_is_pinged_by_replies_and_nobody_twice(
    workspace: Workspace,
) -> None:
    root = workspace.post("C0GENERAL", ADA, body("root"))
    workspace.post("C0GENERAL", Author("U0SAM"), body("me too"), root.ts)
    reply = workspace.post("C0GENERAL", workspace.app_author, body("<@U0SAM> done"), root.ts)

    assert pings(workspace, reply) == {"U0ADA": "thread", "U0SAM": "mention"}


# -- the state file ------------------------------------------------------------------------------


def emulator(path: Path, **more: Any) -> Emulator:
    """Make one whose app hears nothing, since there is no event loop here to deliver in."""
    deaf = understand({**DEFAULT, "settings": {}})
    return Emulator(Options(state=path, clock="virtual", manifest=deaf, **more))


def kill(running: Emulator) -> None:
    """Do what the kernel does to a killed process: its files close, and it says no goodbye."""
    assert running.journal is not None
    running.journal.close()


def test_a_killed_devslack_comes_back_with_everything_it_had_answered(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "slack.state"
    before = emulator(path)
    workspace = before.workspace
    root = workspace.post("C0GENERAL", workspace.app_author, body("card"))
    workspace.post("C0GENERAL", ADA, body("reply"), root.ts)
    workspace.edit(root, "U0BOTUSER", body("card, edited"))
    workspace.react(root, "U0SAM", "eyes", "add")
    gone = workspace.post("C0GENERAL", ADA, body("gone"))
    workspace.delete(gone)
    dm = workspace.open_dm("U0GRACE")
    workspace.whisper("U0ADA", "C0GENERAL", workspace.app_author, body("psst"))
    kill(before)

    after = emulator(path)

    assert after.keys == before.keys
    again = after.workspace
    assert again.messages == workspace.messages
    assert again.threads == workspace.threads
    assert again.dm_of("U0GRACE") == dm
    assert again.ephemerals == []
    assert again.next_ts() > gone.ts
    assert after.ids.make("Ev") != Emulator(Options(seed=before.seed)).ids.make("Ev")


def test_ids_do_not_repeat_from_one_start_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "slack.state"
    made = []
    for _ in range(3):
        running = emulator(path, seed="5")
        made.append(running.ids.make("Ev"))
        kill(running)

    assert len(set(made)) == 3


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "slack.state"
    first = emulator(path)
    message = first.workspace.post("C0GENERAL", ADA, body("kept"))
    kill(first)
    with path.open("a") as file:
        file.write('{"k":"message","v":{"channel":"C0GEN')

    assert emulator(path).workspace.message("C0GENERAL", message.ts) == message


def test_a_reset_is_kept_too(tmp_path: Path) -> None:
    path = tmp_path / "slack.state"
    first = emulator(path)
    first.workspace.post("C0GENERAL", ADA, body("old"))
    first.reset(None, None, None)
    first.workspace.post("C0GENERAL", ADA, body("new"))
    kill(first)

    held = emulator(path).workspace.messages["C0GENERAL"]
    assert [message.text for message in held.values()] == ["new"]


def test_a_foreign_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n")

    with pytest.raises(StartError, match="not a state file"):
        emulator(path)
    assert path.read_text() == "my notes\n"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StartError, match="cannot be"):
        emulator(tmp_path / "file" / "slack.state")


def test_a_second_devslack_on_the_same_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "slack.state"
    first = emulator(path)
    with pytest.raises(StartError, match="another devslack"):
        emulator(path)

    message = first.workspace.post("C0GENERAL", ADA, body("still mine"))
    kill(first)
    assert emulator(path).workspace.message("C0GENERAL", message.ts) == message


def test_a_file_that_grew_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devslack.journal.MOST_GROWTH", 2000)
    path = tmp_path / "slack.state"
    running = emulator(path)
    message = running.workspace.post("C0GENERAL", ADA, body("x" * 100))
    for number in range(100):
        running.workspace.edit(message, "U0ADA", body(f"{number} " + "x" * 100))
    kill(running)

    assert path.stat().st_size < 10_000
    again = emulator(path).workspace.message("C0GENERAL", message.ts)
    assert again is not None
    assert again.text.startswith("99 ")


def test_lines_of_another_version_are_refused(workspace: Workspace) -> None:
    with pytest.raises(StartError, match="another version"):
        restore(workspace, [{"k": "message", "v": {"odd": 1}}])


def test_an_empty_path_reads_as_new(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none").read() == ({}, [])


def test_listeners_hear_of_a_post_after_it_is_done(workspace: Workspace) -> None:
    seen: list[bool] = []

    def look(change: Change) -> None:
        assert isinstance(change, MessagePosted)
        seen.append(workspace.message("C0GENERAL", change.message.ts) is change.message)

    workspace.listeners.append(look)
    workspace.post("C0GENERAL", ADA, body("x"))
    assert seen == [True]
