"""``baton runs`` and ``baton show``: the read side."""

from argparse import ArgumentParser, Namespace
from urllib.parse import urlencode

from baton.commands.showing import error_of, line, number_of, plain, show_json, table, took, waits
from baton.commands.talk import ask, connect, quoted
from baton.commands.typed import count

__all__ = ["add_arguments", "add_show_arguments", "runs", "show"]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--status", metavar="STATUS", help="only those, like waiting or failed")
    parser.add_argument("--workflow", metavar="NAME", help="only those of this workflow")
    parser.add_argument("--limit", type=count, metavar="N", help="how many; by default 50")
    parser.add_argument("--json", action="store_true", help="print them as JSON")


def add_show_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run, like R-1423, or last")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def runs(options: Namespace) -> int:
    """List the runs, as the server orders them."""
    named = {"status": options.status, "workflow": options.workflow, "limit": options.limit}
    query = urlencode({name: value for name, value in named.items() if value})
    answer = ask(connect(), "GET", f"/v1/runs?{query}" if query else "/v1/runs")
    if options.json:
        show_json(answer)
        return 0
    found = answer.get("runs", []) if isinstance(answer, dict) else []
    table((number_of(run), run.get("workflow"), run.get("status"), waits(run)) for run in found)
    return 0


def show(options: Namespace) -> int:
    """Print where one run stands, what it waits for, and its steps."""
    run = ask(connect(), "GET", f"/v1/runs/{quoted(options.run)}")
    if options.json:
        show_json(run)
        return 0
    run = run if isinstance(run, dict) else {}
    print(line(number_of(run), run.get("workflow"), run.get("status")))
    for sentence in (waits(run), error_of(run)):
        if sentence:
            print(plain(sentence))
    steps = run.get("steps") or []
    table((f"  {step.get('path')}", step.get("status"), took(step)) for step in steps)
    return 0
