"""Whatever JSON arrives, the checks answer and never fail."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from devslack.block_rules import TABLE
from devslack.blocks import check_blocks, check_view, complete, text_size
from devslack.element_rules import ACTIONS, INPUT
from devslack.elements import walk
from devslack.errors import ApiError
from devslack.mrkdwn import Names, blocks_plain, plain, typed
from devslack.payloads import read_body

KEYS = st.sampled_from(
    ["type", "text", "elements", "element", "options", "option_groups", "fields", "value"]
)
MORE_KEYS = st.sampled_from(
    ["accessory", "initial_option", "child_blocks", "rows", "label", "action_id"]
)
KINDS = st.sampled_from([*TABLE, *ACTIONS.table, *INPUT.table, "mrkdwn", "plain_text"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | KINDS
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS | MORE_KEYS, inner, max_size=6)
        | st.builds(
            lambda kind, rest: {**rest, "type": kind},
            KINDS,
            st.dictionaries(KEYS | MORE_KEYS, inner),
        )
    ),
    max_leaves=12,
)


# The local Slack is a tool of ours: what it takes and refuses is held by its conformance tests,
# and what we send it by every view that is drawn; here it only may not stumble.
SOME = settings(max_examples=40, deadline=None)


@SOME
@given(JSON)
def test_blocks_of_any_shape_are_judged(value: Any) -> None:
    problems = check_blocks(value)

    if not problems:
        done = complete(value, lambda: "id")
        assert check_blocks(done) in ([], problems)
        assert all(element.action_id for element in walk(done))
        blocks_plain(done, Names())
        text_size(done)


@SOME
@given(st.dictionaries(st.sampled_from(["type", "blocks", "title", "submit", "close"]), JSON))
def test_views_of_any_shape_are_judged(value: Any) -> None:
    problems = check_view(value)

    assert all(each.pointer.startswith("/view") and each.phrase for each in problems)
    assert problems or {"type", "blocks"} <= set(value)


@SOME
@given(
    st.dictionaries(
        st.sampled_from(["text", "blocks", "attachments", "metadata", "markdown_text"]), JSON
    )
)
def test_the_content_of_a_message_is_taken_or_refused(args: Any) -> None:
    try:
        body = read_body(args, lambda: "id")
    except ApiError as error:
        assert error.error  # noqa: PT017  both ends are fine, nothing else may be raised
    else:
        assert not body.empty


@SOME
@given(st.text())
def test_what_is_typed_can_be_read_again(text: str) -> None:
    names = Names({"U0ADA": "ada"}, {"C0X": "x"}, {"S0SRE": "sre"})
    text = text.replace("\x00", "").replace("<", "").replace(">", "")

    assert plain(typed(text, names), names) == text
