"""How secrets are compared, and what foreign text must never become: rules that no test run would notice."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.architecture.test_modules import ROOT, SERVER, parse, paths, place

PRODUCT = ("baton", *SERVER)
SECRETS = {"token", "secret", "signature", "signatures", "sig", "hmac", "mac", "digest", "hash", "password", "csrf", "cookie", "nonce"}  # fmt: skip
COMPARING = (ast.Eq, ast.NotEq)

# Where one of these words names nothing secret: by file, what is compared, and why that is no harm.
SHOWN = "of what was shown or stored, which whoever may ask for it can read"
OURS = "of what this program wrote, compared with what it would write now; nobody sends one"
ALLOWED: Mapping[tuple[str, str], str] = {
    ("bot/slack/fates.py", "known.hash != LOCKED"): "a mark of a message that Slack locked",
    ("bot/slack/saying.py", "slot.hash == LOCKED"): "a mark of a message that Slack locked",
    ("bot/slack/saying.py", "slot.hash == fingerprint(drawn)"): OURS,
    ("coordination/approvals.py", "standing.digest == asked.digest"): SHOWN,
    ("coordination/bus_reports.py", "report.said.meaning == row.body_hash"): OURS,
    ("coordination/identities.py", "row.body_hash != body_hash(event)"): OURS,
    ("coordination/identities.py", "row.body_hash != identity.body_hash"): OURS,
    ("coordination/votes.py", "covered.digest == digest"): SHOWN,
    ("coordination/windows.py", "window.events['what'] != _digest(arrived.spec)"): OURS,
    ("coordination/windows.py", "window.events['what'] == _digest(spec)"): OURS,
    ("workflows/core/approvals.py", "fact.digest != step.asked"): SHOWN,
    ("workflows/journal.py", "digest(commands) != data['commands']"): OURS,
    (
        "workflows/runtimes/host/intents.py",
        "covered_digest(action.path, action.action, action.params) != action.covered",
    ): OURS,
}
# Two columns of a statement: the database compares them, and no text from outside is among them.
COLUMNS = ".c."
RUNS_OUR_OWN = {"baton/endings.py calls exec"}  # one line that stands there as a literal

FORBIDDEN_IMPORTS = {
    "jinja2",
    "mako",
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "xmlrpc",
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load", "yaml.full_load"}  # fmt: skip


def words(node: ast.expr) -> set[str]:
    """Return the words of the name by which *node* is known, without case and number."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            found = name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            found = name
        case ast.Call(func=func):
            return words(func)
        case ast.Await(value=value):
            return words(value)
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return {word for item in items for word in words(item)}
        case _:
            return set()
    return set(found.lower().split("_"))


def is_plain(node: ast.expr) -> bool:
    """Say whether a value stands there as it is, such as None or a name of a column in a statement."""
    written = ast.unparse(node)
    return isinstance(node, ast.Constant) or "bindparam" in written or COLUMNS in written


def compared(path: Path, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each place that compares by ``==`` what its name calls a secret."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        if not any(isinstance(each, COMPARING) for each in node.ops):
            continue
        if any(is_plain(each) for each in sides):
            continue
        if any(words(each) & SECRETS for each in sides):
            yield place(path, node), ast.unparse(node)


def dangerous(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield what can turn text into code, into objects, or into a command line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None) or "", *(each.name for each in node.names)]
            if {name.partition(".")[0] for name in names} & FORBIDDEN_IMPORTS:
                yield f"{place(path, node)} imports {names}"
        elif isinstance(node, ast.Call):
            yield from called(path, node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and templated(node.left):
            yield f"{place(path, node)} fills a template that is no literal"


def called(path: Path, node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    if name in FORBIDDEN_CALLS:
        yield f"{place(path, node)} calls {name}"
    if any(each.arg == "shell" and ast.unparse(each.value) != "False" for each in node.keywords):
        yield f"{place(path, node)} asks a shell"
    filled = isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "format_map")
    if filled and not is_ours(node.func):
        yield f"{place(path, node)} fills a template that is no literal"


def is_ours(func: ast.expr) -> bool:
    """Say whether a template is a literal, or a constant of its module."""
    template = func.value if isinstance(func, ast.Attribute) else func
    return isinstance(template, ast.Constant) or (
        isinstance(template, ast.Name) and template.id.isupper()
    )


def templated(node: ast.expr) -> bool:
    """Say whether the left side of ``%`` is text by its name; numbers have that sign too."""
    return isinstance(node, ast.JoinedStr) or bool(
        words(node) & {"text", "template", "message", "prompt", "url", "format", "pattern"}
    )


def test_secrets_are_compared_in_constant_time_only() -> None:
    found = {
        (str(path.relative_to(ROOT)), text): where
        for path in paths(*SERVER)
        for where, text in compared(path, parse(path))
    }

    assert {
        where: text for (path, text), where in found.items() if (path, text) not in ALLOWED
    } == {}
    assert set(ALLOWED) <= set(found), "what is not there any more needs no leave"


def test_foreign_text_becomes_neither_code_nor_objects_nor_commands() -> None:
    found = [each for path in paths(*PRODUCT) for each in dangerous(path, parse(path))]

    assert {re.sub(r":\d+", "", each) for each in found} == RUNS_OUR_OWN


def test_there_is_one_way_to_check_a_signature() -> None:
    """Whoever compares one calls `hmac.compare_digest`, and only a few modules have to."""
    comparing = {
        str(path.relative_to(ROOT))
        for path in paths(*PRODUCT)
        if "compare_digest(" in path.read_text(encoding="utf-8")
    }

    assert comparing == {
        "coordination/credentials.py",
        "coordination/run_secrets.py",
        "handlers/http/sessions.py",
        "handlers/http/signatures.py",
    }


@pytest.mark.parametrize(
    "planted",
    [
        "given == token.secret",
        "row['signature'] != sent",
        "digest(sent) == row.hash",
        "a < b == self.csrf_token",
        "(await secret()) == sent",
        "(members['c'], about) == (digest(cookie), about)",
    ],
)
def test_a_planted_comparison_is_found(planted: str) -> None:
    tree = ast.parse(f"async def f():\n    return {planted}")

    assert len(list(compared(ROOT / "x.py", tree))) == 1


@pytest.mark.parametrize(
    "planted",
    [
        "import pickle",
        "from jinja2 import Template",
        "eval(text)",
        "yaml.load(text)",
        "run(line, shell=True)",
        "prompt.format(**context)",
        "'{}'.join(x).format(y)",
        "url % values",
    ],
)
def test_a_planted_danger_is_found(planted: str) -> None:
    assert len(list(dangerous(ROOT / "x.py", ast.parse(planted)))) == 1


@pytest.mark.parametrize(
    "harmless",
    [
        "token is None",
        "kind == 'token'",
        "number % 7",
        "'{}'.format(x)",
        "re.compile(x)",
        "yaml.safe_load(x)",
    ],
)
def test_what_is_harmless_is_left_alone(harmless: str) -> None:
    tree = ast.parse(harmless)

    assert list(compared(ROOT / "x.py", tree)) == []
    assert list(dangerous(ROOT / "x.py", tree)) == []
