"""Sending and closing modals, and what the app may answer to it."""

from typing import Any

from devslack.deliveries import Outcome
from devslack.elements import TRAITS, choose, input_errors, walk
from devslack.emulator import Emulator
from devslack.errors import ApiError, ControlError
from devslack.interactivity import common, interact
from devslack.shapes import Json
from devslack.views import View

TROUBLE = "We had some trouble connecting. Try again?"


def fill_in(view: View, values: Any) -> None:
    """Take over what a person typed: ``{block_id: {action_id: value}}``.

    Raises:
        ControlError: a block or element that the view does not have, or a value it does not offer.
    """
    known = {(f.block_id, f.action_id): f for f in walk(view.blocks) if f.element["type"] in TRAITS}
    if not isinstance(values, dict) or not all(isinstance(v, dict) for v in values.values()):
        raise ControlError(400, "bad_field", "values must be {block_id: {action_id: value}}.")
    for block_id, actions in values.items():
        for action_id, value in actions.items():
            found = known.get((block_id, action_id))
            if found is None:
                names = ", ".join(f"{b}/{a}" for b, a in known) or "none"
                detail = f"There is no input {block_id}/{action_id}. There are: {names}."
                raise ControlError(404, "no_such_element", detail)
            view.touched.setdefault(block_id, {})[action_id] = choose(found.element, value)


async def submit(emulator: Emulator, view: View) -> Outcome:
    """Submit a modal, unless the page itself objects, and do what the app answers.

    Raises:
        ControlError: 422 ``invalid_input`` with a sentence for each field.
    """
    if view.source.get("submit") is None:
        raise ControlError(409, "no_submit_button", "This modal has no submit button.")
    errors = input_errors(view.blocks, view.values)
    view.errors, view.notice = errors, None
    if errors:
        emulator.views.changed(view)
        raise ControlError(422, "invalid_input", "Some fields need attention.", errors=errors)
    payload = {
        **common(emulator, "view_submission", view.user),
        "trigger_id": emulator.handles.trigger(view.user, view.id),
        "view": emulator.views.slack(view),
        "response_urls": [],
    }
    outcome = await interact(emulator, payload, accepts=True)
    if outcome.state == "acked":
        _obey(emulator, view, outcome)
    if outcome.state != "acked" and emulator.views.find(view.id) is view:
        view.notice = TROUBLE
        emulator.views.changed(view)
    return outcome


def _obey(emulator: Emulator, view: View, outcome: Outcome) -> None:
    if emulator.views.find(view.id) is not view:
        return
    try:
        _act(emulator, view, outcome.payload)
    except ApiError as error:
        emulator.deliveries.refuse(outcome, "; ".join([error.error, *error.messages]))


def _act(emulator: Emulator, view: View, payload: Any) -> None:
    if payload is None:
        emulator.views.close(view)
        return
    wanted = payload.get("response_action") if isinstance(payload, dict) else None
    if wanted is None:
        raise ApiError("invalid_response", messages=["a view_submission takes a response_action"])
    match wanted:
        case "clear":
            emulator.views.close(view, whole=True)
        case "errors":
            view.errors = _field_errors(view, payload.get("errors"))
            emulator.views.changed(view)
        case "update":
            source = emulator.views.check(payload.get("view"), "modal", replacing=view)
            emulator.views.update(view, source)
        case "push":
            emulator.views.push(view.user, emulator.views.check(payload.get("view"), "modal"))
        case _:
            raise ApiError("invalid_response", messages=[f"unknown response_action {wanted!r}"])


def _field_errors(view: View, errors: Any) -> dict[str, str]:
    if not isinstance(errors, dict) or not errors:
        raise ApiError("invalid_response", messages=["errors must map block_ids to sentences"])
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    strange = [name for name in errors if name not in inputs]
    if strange:
        raise ApiError("invalid_response", messages=[f"errors name no input block: {strange}"])
    if not all(isinstance(sentence, str) and sentence for sentence in errors.values()):
        raise ApiError("invalid_response", messages=["each error must be a sentence"])
    return dict(errors)


async def close(emulator: Emulator, view: View, *, whole: bool) -> Outcome:
    """Close a modal by its X; the app hears of it if the view asked to."""
    told = emulator.views.slack(view)
    if view.source.get("clear_on_close"):
        whole = True
    emulator.views.close(view, whole=whole)
    if not view.source.get("notify_on_close"):
        return Outcome("not_sent", problem="the view has no notify_on_close")
    payload: Json = {
        **common(emulator, "view_closed", view.user),
        "view": told,
        "is_cleared": whole,
    }
    return await interact(emulator, payload)
