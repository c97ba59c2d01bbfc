"""What an action is, and how it fails."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from baton.connector import (
    Action,
    ActionContext,
    ActionFailure,
    Connector,
    Failed,
    NotStarted,
    Params,
    Result,
    Unknown,
    action,
)
from baton.errors import BatonError


class Note(Params):
    title: str


class Stored(BaseModel):
    id: int


@action("notes.add", repeatable=False)
async def add(params: Note, ctx: ActionContext) -> Stored:
    """Store a note."""
    return Stored(id=len(params.title))


def test_an_action_is_its_schema_its_code_and_its_help() -> None:
    assert isinstance(add, Action)
    assert (add.name, add.params, add.result, add.doc) == (
        "notes.add",
        Note,
        Stored,
        "Store a note.",
    )
    assert add.params.model_json_schema()["required"] == ["title"]


async def test_an_action_is_called_like_its_function() -> None:
    nothing: Any = None
    assert await add(Note(title="abc"), nothing) == Stored(id=3)


def test_params_take_nothing_unknown_and_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Note.model_validate({"title": "a", "tile": "b"})
    with pytest.raises(ValidationError):
        Note(title="a").title = "b"


def test_whether_it_may_repeat_can_depend_on_what_it_is_asked() -> None:
    @action("notes.get", repeatable=lambda params: params.title == "again")
    async def get(params: Note, ctx: ActionContext) -> None: ...

    assert get.may_repeat(Note(title="again"))
    assert not get.may_repeat(Note(title="once"))
    assert not add.may_repeat(Note(title="again"))
    assert get.result is None


def test_the_model_of_a_result_is_that_of_its_output() -> None:
    @action("notes.tell", repeatable=True)
    async def tell(params: Note, ctx: ActionContext) -> Result[Stored]:
        return Result(Stored(id=1))

    @action("notes.hint", repeatable=True)
    async def hint(params: Note, ctx: ActionContext) -> Result[None]:
        return Result(None)

    assert tell.result is Stored
    assert hint.result is None


def test_repeatable_has_no_default() -> None:
    with pytest.raises(TypeError):
        action("notes.add")  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["add", "Notes.add", "notes.", ".add", "notes add", ""])
def test_a_name_is_service_and_verb(name: str) -> None:
    with pytest.raises(ValueError, match=r"service\.verb"):
        action(name, repeatable=True)


def test_a_function_that_is_no_action_is_refused_where_it_is_declared() -> None:
    def plain(params: Note, ctx: ActionContext) -> None: ...

    async def untyped(params: dict[str, Any], ctx: ActionContext) -> None: ...

    for function in (plain, untyped):
        with pytest.raises(TypeError, match=r"notes\.x"):
            action("notes.x", repeatable=True)(function)  # type: ignore[arg-type]


def test_a_connector_offers_each_of_its_own_verbs_once() -> None:
    assert Connector("notes", actions=(add,)).actions == (add,)
    with pytest.raises(ValueError, match="twice"):
        Connector("notes", actions=(add, add))
    with pytest.raises(ValueError, match="cannot offer"):
        Connector("mail", actions=(add,))


@pytest.mark.parametrize(
    ("failure", "class_"), [(NotStarted, "not_started"), (Failed, "failed"), (Unknown, "unknown")]
)
def test_a_failure_says_what_is_known(failure: type[ActionFailure], class_: str) -> None:
    error = failure("gone", type="http", status=429, retry_after=timedelta(seconds=3))

    assert isinstance(error, BatonError)
    assert (error.class_, error.message, str(error)) == (class_, "gone", "gone")
    assert (error.type, error.status, error.retry_after) == ("http", 429, timedelta(seconds=3))
