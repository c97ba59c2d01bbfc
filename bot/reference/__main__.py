"""`python -m bot.reference`: write the generated pages of ``docs/reference``; a test compares them."""

from pathlib import Path

from bot.reference import actions, commands, expressions, language, slack
from handlers.http import reference

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


def main() -> None:
    for name, text in (
        ("actions.md", actions.reference()),
        ("commands.md", commands.reference()),
        ("expressions.md", expressions.reference()),
        ("http.md", reference.reference()),
        ("slack-commands.md", slack.reference()),
    ):
        (FOLDER / name).write_text(text, encoding="utf-8")
    for name, text in language.pages().items():
        page = FOLDER / "language" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
