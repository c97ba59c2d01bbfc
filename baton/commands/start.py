"""``baton start``: begin a run, with inputs as the workflow declares them."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import Any

from baton.commands.places import summary
from baton.commands.showing import show_json
from baton.commands.talk import USAGE, Stop, ask, connect, quoted
from baton.commands.typed import from_file, json_object, pairs
from baton.identity import new_id

__all__ = ["add_again_arguments", "add_arguments", "again", "start"]

_VARIABLE = "@env:"
_YES = {"true": True, "yes": True, "on": True, "1": True}
_NO = {"false": False, "no": False, "off": False, "0": False}
_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list as JSON, or its items with commas between",
    "object": "a JSON object",
}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("workflow", metavar="WORKFLOW", help="its name, as `baton runs` shows it")
    parser.add_argument("inputs", metavar="NAME=VALUE", nargs="*", default=[], help="what it is to work on; @FILE for what is in a file, @- for stdin, @env:NAME for what a variable holds")  # fmt: skip
    parser.add_argument("--inputs", dest="more", metavar="JSON|@FILE", help="all of it as JSON")
    parser.add_argument("--request-id", metavar="ID", help="the same one again finds the same run")
    parser.add_argument("--json", action="store_true", help="print the run as JSON")


def add_again_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run that failed, like R-7")
    parser.add_argument("inputs", metavar="NAME=VALUE", nargs="*", default=[], help="what is different; all else is as it was")  # fmt: skip
    parser.add_argument("--inputs", dest="more", metavar="JSON|@FILE", help="all of it as JSON; null leaves an input out")  # fmt: skip
    parser.add_argument("--request-id", metavar="ID", help="the same one again finds the same run")
    parser.add_argument("--json", action="store_true", help="print the run as JSON")


def again(options: Namespace) -> int:
    """Start a run in the place of a failed one, and print what to call it."""
    typed = pairs(options.inputs, "an input")
    changes = json_object(options.more, "--inputs")
    wire, schema = connect(), None
    if typed:
        failed = ask(wire, "GET", f"/v1/runs/{quoted(options.run)}")
        workflow = ask(wire, "GET", f"/v1/workflows/{quoted(str(failed['workflow']))}")
        schema = workflow.get("inputs_schema")
    changes |= {name: _typed(name, text, schema) for name, text in typed.items()}
    body = {"inputs": changes, "request_id": options.request_id or f"cli-{new_id()}"}
    run = ask(wire, "POST", f"/v1/runs/{quoted(options.run)}/again", body, steadily=True)
    if options.json:
        show_json(run)
    else:
        print(summary("run", run))
    return 0


def start(options: Namespace) -> int:
    """Start it, and print what to call the run."""
    typed = pairs(options.inputs, "an input")
    inputs = json_object(options.more, "--inputs")
    wire = connect()
    path = f"/v1/workflows/{quoted(options.workflow)}"
    schema = ask(wire, "GET", path).get("inputs_schema") if typed else None
    inputs |= {name: _typed(name, text, schema) for name, text in typed.items()}
    body = {"inputs": inputs, "request_id": options.request_id or f"cli-{new_id()}"}
    run = ask(wire, "POST", f"{path}/runs", body, steadily=True)
    if options.json:
        show_json(run)
    else:
        print(summary("run", run))
    return 0


def _typed(name: str, text: str, schema: object) -> Any:
    """Read *text* as the type that the workflow declares for its input *name*.

    Raises:
        Stop: it is none of that type.
    """
    declared = _declared(name, schema)
    kind, plain = declared.get("type"), not text.startswith("@")
    text = _from_place(text, name)
    hidden = bool(declared.get("secret") or declared.get("writeOnly"))
    if hidden and plain:
        print(
            f"baton: {name} is secret, and what is typed stays in the history of your shell: "
            f"{name}=@FILE, @- or @env:NAME keeps it out.",
            file=sys.stderr,
        )
    elif hidden:
        text = text.removesuffix("\n").removesuffix("\r")  # with which an editor ends a file
    try:
        return _read(text, kind)
    except (ValueError, RecursionError):
        raise Stop(
            USAGE, f"{name} takes {_TYPES.get(str(kind), kind)}, not {text[:60]!r}"
        ) from None


def _from_place(text: str, name: str) -> str:
    """Return *text*, or what stands where it says: `@FILE`, `@-`, or `@env:NAME`.

    Raises:
        Stop: there is nothing.
    """
    if not text.startswith(_VARIABLE):
        return from_file(text, name)
    variable = text.removeprefix(_VARIABLE)
    found = os.environ.get(variable)
    if found is None:
        raise Stop(USAGE, f"{name} cannot be read: the variable {variable[:60]} is not set")
    return found


def _declared(name: str, schema: object) -> Mapping[str, object]:
    """Return what a JSON schema says of an input, or the inputs as the definition has them."""
    if not isinstance(schema, Mapping):
        return {}
    inputs = schema.get("properties") if schema.get("type") == "object" else schema
    declared = inputs.get(name) if isinstance(inputs, Mapping) else None
    return declared if isinstance(declared, Mapping) else {}


def _read(text: str, kind: object) -> Any:
    match kind:
        case "integer":
            return int(text)
        case "number":
            return float(text) if not text.strip("+-").isdigit() else int(text)
        case "boolean":
            return _truth(text)
        case "array":
            return _list(text)
        case "object":
            return _object(text)
        case _:
            return text


def _truth(text: str) -> bool:
    found = {**_YES, **_NO}.get(text.strip().lower())
    if found is None:
        raise ValueError(text)
    return found


def _list(text: str) -> list[Any]:
    if not text.lstrip().startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError(text)  # noqa: TRY004 - bad text, like bad JSON
    return found


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(text)  # noqa: TRY004 - bad text, like bad JSON
    return found
