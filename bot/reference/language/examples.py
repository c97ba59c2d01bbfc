"""Where the example of a page stands. Each is a file of its own that tests check and try."""

from pathlib import Path
from typing import Final

__all__ = ["CASES", "EXAMPLES", "ROOT", "example", "shown"]

ROOT: Final = Path(__file__).parents[3]
EXAMPLES: Final = ROOT / "workflows" / "examples"
CASES: Final = ROOT / "tests" / "cases" / "language"


def example(part: str, name: str) -> str:
    """Return the section with the example of the page *name*."""
    return f"\n## Example\n{shown(CASES / part / f'{name}.yaml')}"


def shown(file: Path) -> str:
    """Return the file as a block, with the place where it can be had."""
    text = file.read_text(encoding="utf-8")
    return f"\n`{file.relative_to(ROOT).as_posix()}`\n\n```yaml\n{text}```\n"
