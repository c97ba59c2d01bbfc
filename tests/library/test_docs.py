"""Every YAML that the documentation shows is right: a whole file is checked, a part within what is around it.

A comment before a block says what kind of part it is: ``<!-- yaml: KIND -->``, and behind the kind,
as a map, what stands elsewhere in the file. Without one, a block is a definition, or the line that
includes a file which other tests check.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from baton.errors import BatonError
from bot.configuration import read_configuration
from devslack import fixture
from devslack.errors import StartError
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.loader import read_yaml
from workflows.rehearsal.script import read_script

ROOT = Path(__file__).parents[2]
MADE = ROOT / "docs" / "reference" / "language"  # tests/bot/test_language_reference.py tries these
TRIED = ("workflows/examples/", "workflows/library/", "tests/cases/language/")
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if MADE not in page.parents),
    *sorted((ROOT / "workflows").rglob("*.md")),
]
BLOCK = re.compile(
    r"(?:^ *<!-- yaml: (?P<kind>\S+)(?P<around> [^\n]*)? -->\n)?"
    r"^(?P<indent> *)```ya?ml\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(#[^)\s]*)?\)")


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    kind: str
    around: dict[str, Any]
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for found in BLOCK.finditer(text):
        yield Block(
            page,
            text[: found.start("indent")].count("\n") + 1,
            found["kind"] or "definition",
            yaml.safe_load(found["around"] or "{}"),
            textwrap.dedent(found["text"]),
        )


ALL = [block for page in PAGES for block in blocks(page)]
INCLUDES = re.compile(r'--8<-- "([^"]+)"\n')


def test_no_block_is_overlooked() -> None:
    fences = sum(
        len(re.findall(r"^ *```ya?ml", page.read_text("utf-8"), re.MULTILINE)) for page in PAGES
    )

    assert len(ALL) == fences
    assert len(ALL) > 30


@pytest.mark.parametrize("block", ALL, ids=str)
def test_what_is_shown_is_right(block: Block, tmp_path: Path) -> None:
    if included := INCLUDES.fullmatch(block.text):
        assert (ROOT / included[1]).is_file()
        assert included[1].startswith(TRIED)
        return
    CHECKS[block.kind](block, tmp_path)


def of_definition(block: Block, _: Path) -> None:
    whole = {"name": "flow", "steps": [{"id": "a", "stop": "done"}], **block.around}
    written = read_yaml(block.text, file="block").data
    rest = {key: value for key, value in whole.items() if key not in written}
    text = block.text + (yaml.safe_dump(rest) if rest else "")

    assert check(text, Registry(built_in(environment={})), file=str(block)).warnings == ()


def of_steps(block: Block, folder: Path) -> None:
    text = "steps:\n" + textwrap.indent(textwrap.dedent(block.text), "  ")

    of_definition(Block(block.page, block.line, block.kind, block.around, text), folder)


def of_configuration(block: Block, folder: Path) -> None:
    file = folder / "baton.yaml"
    file.write_text(block.text, "utf-8")

    written = yaml.safe_load(block.text)
    read = read_configuration(file)
    assert set(written) == read.model_fields_set


def of_stubs(block: Block, _: Path) -> None:
    stubs = read_yaml(block.text, file="stubs").data

    assert read_script({"stubs": stubs}).stubs.keys() == stubs.keys()


def of_devslack(block: Block, folder: Path) -> None:
    file = folder / "people.yaml"
    file.write_text(block.text, "utf-8")

    fixture.build(fixture.read(file), "check")


def of_another_program(block: Block, _: Path) -> None:
    assert yaml.safe_load(block.text)


CHECKS = {
    "definition": of_definition,
    "steps": of_steps,
    "baton.yaml": of_configuration,
    "stubs": of_stubs,
    "devslack": of_devslack,
    "elsewhere": of_another_program,
}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("definition", "steps:\n  - {id: a, action: shel.run}\n"),
        ("steps", "- {id: a, stop: '{{ inputs.sha }}'}\n"),
        ("baton.yaml", "rolse: {}\n"),
        ("stubs", "tests: {ouput: 1}\n"),
        ("devslack", "channels:\n  - {id: C0OPS, nmae: ops}\n"),
    ],
)
def test_a_block_that_is_wrong_is_found(kind: str, text: str, tmp_path: Path) -> None:
    with pytest.raises((BatonError, ValueError, StartError)):
        CHECKS[kind](Block(ROOT / "README.md", 1, kind, {}, text), tmp_path)


def anchors(page: Path) -> set[str]:
    """Return the names of the headings of a page, as links write them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", [*PAGES, *sorted(MADE.rglob("*.md"))], ids=lambda page: page.stem)
def test_links_inside_the_documentation_lead_somewhere(page: Path) -> None:
    for place, anchor in LINK.findall(page.read_text("utf-8")):
        there = (page.parent / place).resolve() if place else page
        assert there.exists(), f"{place}{anchor}"
        if anchor and there.suffix == ".md":
            assert anchor[1:] in anchors(there), f"{place}{anchor}"
