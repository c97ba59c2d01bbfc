"""What stands on every page."""

from typing import Final

__all__ = ["NOTE"]

NOTE: Final = "\n<!-- Written by `python -m bot.reference`; a test compares. Change the code, not this page. -->\n"
