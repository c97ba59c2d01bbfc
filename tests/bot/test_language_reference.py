"""The pages of the language are written from its models, and what they show is tried."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.commands.rehearsing import Fit, fit
from bot.reference.expressions import filters
from bot.reference.language import keys, pages, triggers, verbs
from bot.reference.language.errors import cases_of, problems_of, text_of
from bot.reference.language.examples import CASES
from bot.reference.language.failures import OF_ACTIONS, OF_STEPS
from bot.reference.language.forms import models
from bot.reference.language.mends import MENDS, mended
from bot.reference.language.outputs import FIELDS, OUTPUTS
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.checks.scope import APPROVAL_OUTPUT, DETACHED_OUTPUT, SIGNAL_OUTPUT
from workflows.language.checks.triggers import FIELDS as TRIGGER_FIELDS
from workflows.language.codes import CODES
from workflows.language.event_names import EVENT_FIELDS
from workflows.language.model import Settings, Step, Trigger, Workflow
from workflows.rehearsal import of_checked
from workflows.rehearsal.cases import START
from workflows.rehearsal.rehearse import rehearse
from workflows.rehearsal.script import read_script

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "language"
EXAMPLES = sorted(CASES.glob("*/*.yaml"))
WRONG = [file for code in CODES for file in cases_of(code)]


@cache
def made() -> dict[str, str]:
    return {**pages()}


@cache
def registry() -> Registry:
    return Registry(built_in(environment={}))


def at(place: str) -> str:
    return made()[place]


def test_the_pages_are_those_of_the_models() -> None:
    written = {
        page.relative_to(FOLDER).as_posix(): page.read_text("utf-8")
        for page in FOLDER.rglob("*.md")
    }
    assert written == made(), "write them anew: python -m bot.reference"


def test_each_verb_key_setting_trigger_filter_and_code_has_a_page_that_the_index_leads_to() -> None:
    top = [info.alias or name for name, info in Workflow.model_fields.items()]
    wanted = {
        *(f"verbs/{verb}.md" for verb in Step.verbs),
        *(f"top/{key}.md" for key in [*top, "x"]),
        *(f"settings/{key}.md" for key in Settings.model_fields),
        *(f"triggers/{kind}.md" for kind in Trigger.kinds),
        *(f"errors/{code}.md" for code in CODES),
        *(f"filters/{name}.md" for name, _ in filters()),
    }
    steps = {f"steps/{key}.md" for key in keys.names("steps")}

    assert set(made()) == {"index.md", "failures.md"} | wanted | steps
    assert all(at("index.md").count(f"]({place})") == 1 for place in wanted | steps)


def test_each_key_of_a_step_has_a_page_or_stands_on_that_of_its_verb() -> None:
    for name, info in Step.model_fields.items():
        key = info.alias or name
        if key in Step.verbs or key in keys.names("steps"):
            continue
        for verb in Step.keys[key]:
            assert f"\n| `{key}` | " in at(f"verbs/{verb}.md"), (key, verb)


def test_each_key_of_a_trigger_stands_on_the_page_of_its_kind() -> None:
    for name, info in Trigger.model_fields.items():
        key = info.alias or name
        if key in Trigger.kinds:
            continue
        for kind in Trigger.keys.get(key, Trigger.kinds):
            assert f"\n| `{key}` | " in at(f"triggers/{kind}.md"), (key, kind)


@pytest.mark.parametrize("model", models())
def test_every_field_of_every_model_is_described_and_stands_on_some_page(model: str) -> None:
    rows = {
        found.rpartition(".")[2]
        for text in made().values()
        for found in re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    }
    for key, each in models()[model]["properties"].items():
        assert key in rows, key
        inner = [one for one in each.get("anyOf", [each]) if "$ref" in one]
        assert each.get("description") or inner, key


def test_a_page_says_type_limits_and_default_of_each_key() -> None:
    page = at("verbs/approval.md")
    retry = at("steps/retry.md")

    assert "| `approval.quorum` | whole number from 1 to 100; `1` unless it is given |" in page
    assert "| `approval.title` | text, required |" in page
    assert "| `approval.escalate[].after` | duration, required |" in page
    assert "| `retry.max_delay` | duration; `5m` unless it is given |" in retry
    assert "| `retry.if` | expression |" in retry


def uses(data: Any, key: str) -> bool:
    if isinstance(data, dict):
        return any(
            name == key or name.startswith(f"{key}-") or uses(value, key)
            for name, value in data.items()
        )
    return isinstance(data, list) and any(uses(each, key) for each in data)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_each_example_is_right_shows_its_key_and_can_be_rehearsed(file: Path) -> None:
    text = file.read_text("utf-8")
    checked = check(text, registry(), file=file.name)

    assert checked.warnings == ()
    assert f"```yaml\n{text}```" in at(f"{file.parent.name}/{file.stem}.md")
    where = {"top": checked.body, "settings": checked.body.get("settings")}
    shown = where.get(file.parent.name, checked.body.get(file.parent.name))
    assert uses(shown, file.stem)
    inputs = {name: "x" for name, each in checked.workflow.inputs.items() if each.required}
    inputs = {name: (checked.workflow.inputs[name].enum or [x])[0] for name, x in inputs.items()}
    name = checked.workflow.name
    if not checked.workflow.triggers:
        script = read_script({"inputs": inputs})
        found = rehearse(
            name, {name: of_checked(checked, registry())}, script, catalogue=registry(), start=START
        )
        assert found.status in ("completed", "waiting", "failed")


def test_the_index_begins_with_a_whole_definition_that_is_right() -> None:
    text = (CASES / "release.yaml").read_text("utf-8")

    assert check(text, registry(), file="release.yaml").warnings == ()
    assert f"```yaml\n{text}```" in at("index.md")


def test_every_example_of_the_folder_has_a_page() -> None:
    assert len(EXAMPLES) > 40
    assert {f"{file.parent.name}/{file.stem}.md" for file in EXAMPLES} <= set(made())


@pytest.mark.parametrize("file", WRONG, ids=lambda file: file.stem)
def test_what_is_shown_as_wrong_is_wrong_as_shown_and_its_mend_mends_it(file: Path) -> None:
    text = file.read_text("utf-8")
    _, message, hint = (line.removeprefix("# ") for line in text.split("\n")[:3])
    code = text.split(" ", 3)[2]
    (problem,) = [each for each in problems_of(text_of(file)) if each.code == code]

    said = [re.sub(r"line \d+", "line N", each) for each in (problem.message, message)]
    assert said[0] == said[1]  # a case has its expectations above it, which the page leaves out
    assert (problem.hint or "-") == hint
    page = at(f"errors/{problem.code}.md")
    assert f"```yaml\n{text_of(file)}```" in page
    assert f"```text\n{problem}\n```" in page
    if file.stem in MENDS:
        is_mended(page.partition(f"```text\n{problem}\n```")[2], file)


def is_mended(page: str, file: Path) -> None:
    """Say whether the lines that are to go and to come are those that make it right."""
    right = mended(file.stem, text_of(file))
    assert problems_of(right) == ()
    shown = page.partition("```diff\n")[2].partition("```")[0]
    for gone, text in (("+", text_of(file)), ("-", right)):
        lines = [line[1:] for line in shown.splitlines() if not line.startswith(gone)]
        assert lines == text.splitlines()


def test_every_code_has_a_mend_and_none_is_left_over() -> None:
    assert set(MENDS) <= {file.stem for file in WRONG}
    for code in CODES.keys() - {"file"}:
        assert any(file.stem in MENDS for file in cases_of(code)), code


def test_what_the_pages_say_of_outputs_is_what_the_checks_know() -> None:
    assert set(OUTPUTS) == set(Step.verbs)
    assert set(FIELDS["approval"]) == set(APPROVAL_OUTPUT)
    assert set(FIELDS["wait_for"]) == set(SIGNAL_OUTPUT)
    assert set(FIELDS["workflow"]) == set(DETACHED_OUTPUT)
    assert {kind: set(held) for kind, held in triggers.HOLDS.items()} == {
        kind: set() if held is EVENT_FIELDS else set(held) for kind, held in TRIGGER_FIELDS.items()
    }
    assert {*verbs.FILES} <= set(Step.verbs)


SAY = "action: data.template, params: {text: x}"
DIVIDE = "action: data.template, params: {text: 'x{{ 1 / item }}'}"
SAMPLE = {"text": "sample text"}
GIVES: list[tuple[str, Any]] = [
    ("wait: 1h", None),
    ("set: {v: 2}", None),
    (f"parallel: {{a: [{{id: b, wait: 1s}}], c: [{{id: d, {SAY}}}]}}",
     {"a": None, "c": SAMPLE, "winner": "c"}),
    ("parallel: {a: [{id: b, wait: 1h}], c: [{id: d, wait: 1s}]}, join: any",
     {"a": None, "c": None, "winner": "c"}),
    ("switch: [{if: vars.v > 5, steps: [{id: b, wait: 1s}]}]", None),
    (f"switch: [{{if: vars.v < 5, steps: [{{id: b, {SAY}}}]}}]", SAMPLE),
    (f"for_each: [1, 2], steps: [{{id: b, {SAY}}}]", [SAMPLE, SAMPLE]),
    ("for_each: [1, 2], collect: '{{ item * 2 }}', steps: [{id: b, wait: 1s}]", [2, 4]),
    (f"for_each: [1, 0], steps: [{{id: b, {DIVIDE}, on_error: continue}}]",
     [SAMPLE, None]),
    (f"repeat: {{until: 'true', max: 2}}, steps: [{{id: b, {SAY}}}]", SAMPLE),
    ("wait_for: {event: test.ended, timeout: 1h, on_timeout: continue}", None),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "given"), GIVES, ids=[verb for verb, _ in GIVES])
def test_a_verb_gives_what_its_page_says(verb: str, given: Any) -> None:
    text = f"name: flow\nvars: {{v: 1}}\nsteps:\n  - {{id: s, {verb}}}\n"
    text += 'outputs: {got: "{{ steps.s.output }}"}\n'
    company = {"flow": of_checked(check(text, registry(), file="flow.yaml"), registry())}
    report = rehearse("flow", company, read_script({}), catalogue=registry(), start=START)

    assert report.outputs == {"got": given}


@pytest.mark.parametrize(
    ("verb", "script"),
    [
        ("approval", {"decide": {"gate": "approve"}}),
        ("wait_for", {"events": [{"signal": "go", "payload": 1, "by": "U1", "at": "1m"}]}),
        ("workflow", {}),
    ],
)
def test_the_fields_of_an_output_are_those_of_the_page(verb: str, script: dict[str, Any]) -> None:
    step = {
        "approval": "approval: {title: x, approvers: [role:operator]}",
        "wait_for": "wait_for: {signal: go}",
        "workflow": "workflow: child, detach: true",
    }[verb]
    text = f"name: flow\nsteps:\n  - {{id: gate, {step}}}\n"
    text += 'outputs: {got: "{{ steps.gate.output }}"}\n'
    child = "name: child\nsteps:\n  - {id: a, stop: done}\n"
    company = {
        name: of_checked(check(each, registry(), file="flow.yaml"), registry())
        for name, each in (("flow", text), ("child", child))
    }
    report = rehearse("flow", company, read_script(script), catalogue=registry(), start=START)

    assert report.outputs is not None
    assert set(report.outputs["got"]) == set(FIELDS[verb])


def types_in(tree: ast.Module) -> Iterator[str]:
    """Yield the types of errors that a module makes, as they are written."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        named = [word.value for word in call.keywords if word.arg == "type"]
        if name in ("Failed", "NotStarted", "Unknown"):
            yield from (str(each.value) for each in named if isinstance(each, ast.Constant))
        elif name in ("StepError", "_refused"):
            yield from (str(each.value) for each in call.args[:1] if isinstance(each, ast.Constant))


def types_of(*folders: str) -> set[str]:
    root = Path(__file__).parents[2]
    files = [file for folder in folders for file in (root / folder).rglob("*.py")]
    return {each for file in files for each in types_in(ast.parse(file.read_text("utf-8")))}


def test_every_type_of_an_error_is_told_and_no_other() -> None:
    of_steps = types_of("workflows/core", "workflows/runtimes") | {"exhausted"}
    of_actions = types_of("workflows/actions", "bot/world") - of_steps

    assert set(OF_STEPS) == of_steps
    assert set(OF_ACTIONS) == of_actions


def test_every_filter_has_a_page_with_an_example_and_is_linked() -> None:
    whole = (FOLDER.parent / "expressions.md").read_text("utf-8")
    for name, _ in filters():
        assert f"[`{name}`](filters/{name}.md)" in at("index.md")
        assert f"](language/filters/{name}.md)" in whole
        assert "` gives `" in at(f"filters/{name}.md")


def test_pages_of_filters_say_what_a_filter_cannot_take() -> None:
    silent = {name for name, _ in filters() if "```text" not in at(f"filters/{name}.md")}
    assert silent == {"default", "string", "tojson"}


def test_the_examples_of_the_verbs_are_the_shipped_ones() -> None:
    for page in shown_files():
        found = fit(page, registry())
        assert isinstance(found, Fit)
        assert found.warnings == ()


def shown_files() -> Iterator[Path]:
    root = Path(__file__).parents[2]
    for verb in Step.verbs:
        found = re.findall(r"^`(workflows/examples/\S+)`$", at(f"verbs/{verb}.md"), re.MULTILINE)
        assert found, verb
        yield from (root / name for name in found)
