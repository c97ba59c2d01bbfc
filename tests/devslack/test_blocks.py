"""The validator refuses what Slack refuses, in Slack's words, and nothing else."""

from typing import Any

import pytest

from devslack.blocks import check_blocks, check_view, complete, text_size

Json = dict[str, Any]


def plain(text: str = "x", **more: Any) -> Json:
    return {"type": "plain_text", "text": text, **more}


def mrkdwn(text: str = "x", **more: Any) -> Json:
    return {"type": "mrkdwn", "text": text, **more}


def section(**more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def button(**more: Any) -> Json:
    return {"type": "button", "action_id": "a", "text": plain(), **more}


def select(count: int, **more: Any) -> Json:
    options = [{"text": plain(str(n)), "value": str(n)} for n in range(count)]
    return {"type": "static_select", "action_id": "s", "options": options, **more}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("T"), "blocks": list(blocks), **more}


def an_input(**element: Any) -> Json:
    return {"type": "input", "label": plain(), "element": element or {"type": "plain_text_input"}}


def found(blocks: Any, surface: str = "message") -> list[str]:
    return [str(problem) for problem in check_blocks(blocks, surface)]


GOOD: list[list[Json]] = [
    [],
    [section()],
    [section(fields=[plain(), mrkdwn("y" * 2000)])],
    [{"type": "section", "fields": [plain()]}],
    [section(accessory=button()), {"type": "divider"}],
    [{"type": "header", "text": plain("h" * 150, emoji=False)}],
    [actions(*[button(action_id=str(n)) for n in range(25)])],
    [
        actions(
            button(
                style="danger", value="v" * 2000, url="https://x.example", accessibility_label="l"
            )
        )
    ],
    [actions(select(100)), actions(select(2, initial_option={"text": plain("1"), "value": "1"}))],
    [
        {
            "type": "context",
            "elements": [mrkdwn(), {"type": "image", "image_url": "https://x", "alt_text": "a"}],
        }
    ],
    [an_input()],
    [{"type": "markdown", "text": "# x"}],
    [
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]}
            ],
        }
    ],
    [{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}],
    [
        {
            "type": "plan",
            "title": "P",
            "tasks": [{"type": "task_card", "task_id": "t", "title": "T", "status": "error"}],
        }
    ],
    [{"type": "container", "child_blocks": [section()]}],
]


@pytest.mark.parametrize("blocks", GOOD)
def test_good_blocks_are_taken(blocks: list[Json]) -> None:
    assert found(blocks) == []


SCHEMAS = "failed to match all allowed schemas [json-pointer:/blocks/0/text]"
BAD: list[tuple[list[Any], list[str]]] = [
    (
        [section(text=mrkdwn("x" * 3001))],
        [SCHEMAS, "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"],
    ),
    (
        [section(text=mrkdwn(""))],
        [SCHEMAS, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"],
    ),
    (
        [section(text=mrkdwn(emoji=True))],
        [SCHEMAS, "invalid additional property: emoji [json-pointer:/blocks/0/text]"],
    ),
    ([{"type": "section"}], ["must define either `text` or `fields` [json-pointer:/blocks/0]"]),
    ([section(fields=[])], ["no fewer than 1 items allowed [json-pointer:/blocks/0/fields]"]),
    (
        [section(fields=[plain()] * 11)],
        ["no more than 10 items allowed [json-pointer:/blocks/0/fields]"],
    ),
    ([{"type": "header"}], ["missing required field: text [json-pointer:/blocks/0]"]),
    (
        [{"type": "header", "text": mrkdwn()}],
        ["unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"],
    ),
    (
        [{"type": "header", "text": plain("h" * 151)}],
        ["must be less than 151 characters [json-pointer:/blocks/0/text/text]"],
    ),
    ([{"type": "nonsense"}], ["unsupported type: nonsense [json-pointer:/blocks/0/type]"]),
    ([{}], ["missing required field: type [json-pointer:/blocks/0]"]),
    (["text"], ["must provide an object [json-pointer:/blocks/0]"]),
    (
        [actions(button(disabled=True))],
        ["invalid additional property: disabled [json-pointer:/blocks/0/elements/0]"],
    ),
    (
        [actions(button(style="green"))],
        ["must be a valid enum value [json-pointer:/blocks/0/elements/0/style]"],
    ),
    (
        [actions(button(value="v" * 2001))],
        ["must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]"],
    ),
    (
        [actions(button(text=plain("t" * 76)))],
        ["must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"],
    ),
    (
        [actions(button(value=7))],
        ["must provide a string [json-pointer:/blocks/0/elements/0/value]"],
    ),
    (
        [actions(button(), button())],
        ["`action_id` a already exists [json-pointer:/blocks/0/elements/1/action_id]"],
    ),
    (
        [section(block_id="b"), section(block_id="b")],
        ["`block_id` b already exists [json-pointer:/blocks/1/block_id]"],
    ),
    ([actions()], ["no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"]),
    (
        [actions(*[button(action_id=str(n)) for n in range(26)])],
        ["no more than 25 items allowed [json-pointer:/blocks/0/elements]"],
    ),
    (
        [actions(select(101))],
        ["no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]"],
    ),
    (
        [actions(select(1, initial_option={"text": plain("9"), "value": "9"}))],
        [
            "initial options must match one of the options provided [json-pointer:/blocks/0/elements/0]"
        ],
    ),
    (
        [actions({"type": "plain_text_input", "action_id": "x"})],
        ["unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]"],
    ),
    ([section()] * 51, ["no more than 50 items allowed [json-pointer:/blocks]"]),
    (
        [{"type": "alert", "text": plain()}],
        ["unsupported type: alert [json-pointer:/blocks/0/type]"],
    ),
    (
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}] * 2,
        ["only one table is allowed [json-pointer:/blocks]"],
    ),
    (
        [{"type": "image", "alt_text": "a"}],
        ["must define either `image_url` or `slack_file` [json-pointer:/blocks/0]"],
    ),
    (
        [{"type": "image", "image_url": "https://x.example"}],
        ["missing required field: alt_text [json-pointer:/blocks/0]"],
    ),
]


@pytest.mark.parametrize(("blocks", "problems"), BAD)
def test_bad_blocks_are_refused_in_slacks_words(blocks: list[Any], problems: list[str]) -> None:
    assert found(blocks) == problems


@pytest.mark.parametrize("blocks", ["text", 5, None, {"type": "section"}])
def test_what_is_not_a_list_is_refused(blocks: Any) -> None:
    assert found(blocks) == ["must provide an array [json-pointer:/blocks]"]


@pytest.mark.parametrize("kind", ["markdown", "table", "plan", "context_actions"])
def test_blocks_of_messages_cannot_stand_in_a_modal(kind: str) -> None:
    assert f"unsupported type: {kind} [json-pointer:/blocks/0/type]" in found(
        [{"type": kind}], "modal"
    )


def view_problems(view: Any) -> list[str]:
    return [str(problem) for problem in check_view(view)]


def test_a_good_modal_and_a_good_home_are_taken() -> None:
    assert view_problems(modal(an_input(), submit=plain("Go"), callback_id="c")) == []
    assert view_problems({"type": "home", "blocks": [section()]}) == []
    assert view_problems(modal({"type": "alert", "text": plain()})) == []


def test_an_input_needs_a_submit_button() -> None:
    assert view_problems(modal(section(), an_input())) == [
        "must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/1/input]"
    ]


VIEWS: list[tuple[Any, str]] = [
    ("text", "must provide an object [json-pointer:/view]"),
    ({}, "missing required field: type [json-pointer:/view]"),
    ({"type": "modal", "blocks": []}, "missing required field: title [json-pointer:/view]"),
    ({"type": "modal", "title": plain()}, "missing required field: blocks [json-pointer:/view]"),
    (
        modal(title=plain("t" * 25)),
        "must be less than 25 characters [json-pointer:/view/title/text]",
    ),
    (
        modal(submit_disabled=True),
        "invalid additional property: submit_disabled [json-pointer:/view]",
    ),
    (modal(*[section()] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
    (
        modal(private_metadata="x" * 3001),
        "must be less than 3001 characters [json-pointer:/view/private_metadata]",
    ),
    (
        {"type": "home", "title": plain(), "blocks": []},
        "invalid additional property: title [json-pointer:/view]",
    ),
    (
        modal(actions(select(101))),
        "no more than 100 items allowed [json-pointer:/view/blocks/0/elements/0/options]",
    ),
    ({"type": "tab", "blocks": []}, "unsupported type: tab [json-pointer:/view/type]"),
]


@pytest.mark.parametrize(("view", "problem"), VIEWS)
def test_a_bad_view_is_refused(view: Any, problem: str) -> None:
    assert problem in view_problems(view)


def test_missing_ids_and_flags_are_filled_in_and_the_apps_own_are_kept() -> None:
    names = iter(["one", "two", "three"])
    blocks = [actions({"type": "button", "text": plain()}), section(block_id="mine")]

    done = complete(blocks, lambda: next(names))

    assert done[0]["block_id"] == "one"
    assert done[0]["elements"][0]["action_id"] == "two"
    assert done[0]["elements"][0]["text"]["emoji"] is True
    assert done[1]["block_id"] == "mine"
    assert done[1]["text"]["verbatim"] is False
    assert "block_id" not in blocks[0]  # what the app sent is not touched


def test_the_size_of_text_counts_what_people_read() -> None:
    assert (
        text_size(
            [section(text=mrkdwn("abc"), fields=[plain("de")]), actions(button(value="long"))]
        )
        == 6
    )
