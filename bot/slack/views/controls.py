"""What steers a run: the buttons that fit its state, and the forms that say first what they do."""

from collections.abc import Callable, Mapping, Sequence

from bot.slack.blocks import Block, button, context, lines, plain_text, section
from bot.slack.text import code, ends, escape, head, plain
from bot.slack.views.modals import LABEL, TITLE, modal, text_input
from coordination.outlook import Outlook
from coordination.ports import RunStatus, RunView, StepView
from coordination.waiting_for import card_word
from handlers.slack import ids
from handlers.slack.screens import ControlForm

__all__ = ["around", "cancel_button", "control_buttons", "control_form", "retry_button"]

AGAIN = 10
CALL = 300
OPTIONS = 100
OPTION = 75
VALUE = 150
DOING = ("action", "workflow", "approval")  # the kinds of steps that somebody else feels
GOING = (RunStatus.RUNNING, RunStatus.WAITING, RunStatus.UNKNOWN, RunStatus.PAUSED)


def control_buttons(run: RunView) -> list[Block]:
    """Return the buttons that fit the state of *run*."""
    word = card_word(run)
    if word == "Failed":
        edit = [edit_button(run)] if run.inputs else []
        return [retry_button(run), *edit, more(run)]
    if run.status.ended or run.status is RunStatus.FAULTED:
        return []
    if run.status not in GOING:
        return [cancel_button(run)]
    held = resume_button(run) if run.status is RunStatus.PAUSED else pause_button(run)
    return [held, cancel_button(run), more(run)]


def around(made: list[Block], looks: list[Block]) -> list[Block]:
    """Put what only looks between what is pressed first and the rest; a menu stays the last."""
    first = [each for each in made[:1] if each.get("style") == "primary"]
    return [*first, *looks, *made[len(first) :]]


def retry_button(run: RunView) -> Block:
    """Return the button that first says what would run again."""
    says_it = f"Retry what failed in {run.label}"
    return button("Retry…", ids.RETRY_WITH, value=run.id, style="primary", says=says_it)


def cancel_button(run: RunView) -> Block:
    """Return the button that first asks how, and why."""
    says_it = f"Cancel {run.label} {run.title}"
    return button("Cancel…", ids.CANCEL_WITH, value=run.id, says=says_it)


def edit_button(run: RunView) -> Block:
    """Return the button that shows the inputs of a failed run, to start another one with."""
    says_it = f"Start {run.workflow} again with other inputs than {run.label}"
    return button("Edit input…", ids.EDIT, value=run.id, says=says_it)


def pause_button(run: RunView) -> Block:
    return button("Pause", ids.PAUSE, value=run.id, says=f"Pause {run.label} {run.title}")


def resume_button(run: RunView) -> Block:
    says_it = f"Let {run.label} go on"
    return button("Resume", ids.RESUME, value=run.id, style="primary", says=says_it)


def more(run: RunView) -> Block:
    """Return the menu of what is rarely done; each opens a form."""
    options = [("Skip a step…", "skip"), ("Roll back…", "rollback")]
    if run.status is RunStatus.FAILED and run.handled is None:
        options.append(("Mark handled…", "handled"))
    return {
        "type": "overflow",
        "action_id": ids.MORE,
        "options": [
            {"text": plain_text(label, OPTION), "value": f"{verb}.{run.id}"}
            for label, verb in options
        ],
    }


def control_form(form: ControlForm) -> Block:
    """Return the form of a control."""
    return FORMS[form.kind](form.outlook)


def cancel_form(found: Outlook) -> Block:
    """Ask how a run is to end: with what it did taken back, as it is, or without its clean-up."""
    run = found.run
    blocks = [question("Cancel", run)]
    if found.ending:
        says = "It is being cancelled already. This ends its clean-up too, wherever that stands."
        blocks.append(section(says, "n"))
    elif found.undo:
        blocks += [section(taken_back(found.undo), "u"), how_to_cancel()]
    else:
        says = "What is open is closed and no more of its work starts. What is done stays done."
        blocks.append(section(says, "n"))
    blocks.append(reason())
    seen = "ending" if found.ending else "going"
    label = "End it at once" if found.ending else "Cancel the run"
    return asked(f"Cancel {run.label}", blocks, ids.CANCEL_FORM, f"{run.id}.{seen}", label)


def how_to_cancel() -> Block:
    choices = (
        ("compensate", "Take back first what it did"),
        ("now", "Leave what it did as it is"),
    )
    options = [{"text": plain_text(text, OPTION), "value": value} for value, text in choices]
    return {
        "type": "input",
        "block_id": ids.MODE_BLOCK,
        "label": plain_text("How?", LABEL),
        "element": {
            "type": "radio_buttons",
            "action_id": ids.MODE_INPUT,
            "options": options,
            "initial_option": options[0],
        },
    }


def rollback_form(found: Outlook) -> Block:
    """Say what a rollback takes back, before it does."""
    run = found.run
    blocks = [question("Roll back", run)]
    if found.undo:
        blocks.append(section(taken_back(found.undo), "u"))
    else:
        blocks.append(section("No step that can be taken back has completed so far.", "u"))
    if not run.status.ended:
        blocks.append(section("The run ends by it: what is open is closed first.", "n"))
    blocks.append(reason())
    return asked(f"Roll back {run.label}", blocks, ids.ROLLBACK_FORM, run.id, "Roll back")


def handled_form(found: Outlook) -> Block:
    """Ask what was done about a failure, so that nobody else looks for it."""
    run = found.run
    says = "It stays failed, and asks nobody for anything any more. It can still be retried."
    blocks = [
        question("Mark handled:", run),
        section(says, "n"),
        text_input(ids.REASON_BLOCK, ids.REASON_INPUT, "What was done about it?"),
    ]
    return asked(f"Mark {run.label} handled", blocks, ids.HANDLED_FORM, run.id, "Mark handled")


def taken_back(steps: Sequence[StepView]) -> str:
    latest = sorted(steps, key=ended_at, reverse=True)
    return f"*Can be taken back, latest first*\n{rows(latest)}"


def ended_at(step: StepView) -> float:
    return step.ended_at.timestamp() if step.ended_at else 0.0


def skip_form(found: Outlook) -> Block:
    """Ask which step is to be left out."""
    run = found.run
    chosen = [step for step in found.skippable if 0 < len(step.path) <= VALUE][:OPTIONS]
    options = [an_option(step.path) for step in chosen]
    blocks = [
        question("Skip a step of", run),
        section("What depends on it goes on as if it had been left out by its condition.", "n"),
        {
            "type": "input",
            "block_id": ids.STEP_BLOCK,
            "label": plain_text("Which step?", LABEL),
            "element": {
                "type": "static_select",
                "action_id": ids.SKIP_STEP,
                "placeholder": plain_text("Choose a step", 150),
                "options": options,
                **({"initial_option": options[0]} if len(options) == 1 else {}),
            },
        },
    ]
    if len(chosen) < len(found.skippable):
        says = f"There are more: `/baton skip {run.label} &lt;step&gt;` leaves out any of them."
        blocks.append(context(says, "m"))
    return asked("Skip a step", blocks, ids.SKIP_FORM, run.id, "Skip it")


def retry_form(found: Outlook) -> Block:
    """Say which steps run again from where somebody chose, and what each of them does."""
    run, again = found.run, felt(found.again)
    blocks = [question("Retry", run)]
    if found.starts:
        blocks.append(where_to_begin(found))
    blocks.append(section(f"*Runs again*\n{rows(again) or 'What failed.'}", "f"))
    if after := felt(found.after):
        blocks.append(section(f"*May run after it*\n{rows(after)}", "r"))
    if kept := felt(found.kept):
        names = ", ".join(code(ends(step.path, 60)) for step in kept[:AGAIN])
        left = f" and {len(kept) - AGAIN} more" if len(kept) > AGAIN else ""
        blocks.append(context(f"Done, and not run again: {names}{left}", "d"))
    blocks.append(
        context("What was approved for one start only is asked again before it runs.", "a")
    )
    return asked(f"Retry {run.label}", blocks, ids.RETRY_FORM, run.id, "Retry")


def felt(steps: Sequence[StepView]) -> list[StepView]:
    """Leave out what only thinks: the steps that wait, choose, loop or keep values."""
    return [step for step in steps if step.kind in DOING]


def where_to_begin(found: Outlook) -> Block:
    """Return the list of the steps that a retry may begin with; choosing one draws the form anew."""
    first = {"text": plain_text("What failed", OPTION), "value": "*"}
    paths = [path for path in found.starts if 0 < len(path) <= VALUE][: OPTIONS - 1]
    options = [first, *(an_option(path) for path in paths)]
    chosen = next((each for each in options if each["value"] == found.from_path), first)
    return {
        "type": "input",
        "block_id": ids.STEP_BLOCK,
        "dispatch_action": True,
        "label": plain_text("From which step?", LABEL),
        "element": {
            "type": "static_select",
            "action_id": ids.RETRY_FROM,
            "options": options,
            "initial_option": chosen,
        },
    }


def an_option(path: str) -> Block:
    """Return a step to choose; of a long path the text shows both ends."""
    return {"text": plain_text(ends(plain(path), OPTION), OPTION), "value": path}


def question(verb: str, run: RunView) -> Block:
    return section(f"*{verb} {run.label} {escape(ends(plain(run.title), 120))}?*", "q")


def reason() -> Block:
    return {**text_input(ids.REASON_BLOCK, ids.REASON_INPUT, "Why?"), "optional": True}


def asked(title: str, blocks: list[Block], form: str, about: str, submit: str) -> Block:
    return modal(
        title,
        blocks,
        callback_id=form,
        private_metadata=about,
        submit=plain_text(submit, TITLE),
        close=plain_text("Leave it", TITLE),
    )


def rows(steps: Sequence[StepView]) -> str:
    return lines([row(step) for step in steps], AGAIN)


def row(step: StepView) -> str:
    """Write what a step does to the world, as it was called the last time."""
    name = code(ends(step.path, 80))
    params = step.input if isinstance(step.input, Mapping) else {}
    argv = params.get("argv")
    call = " ".join(str(part) for part in argv) if isinstance(argv, list) else ""
    said = " ".join(part for part in (step.action or step.kind, call) if part)
    return f"• {name}: {code(head(plain(said), CALL))}"


FORMS: Mapping[str, Callable[[Outlook], Block]] = {
    "cancel": cancel_form,
    "retry": retry_form,
    "skip": skip_form,
    "rollback": rollback_form,
    "handled": handled_form,
}
