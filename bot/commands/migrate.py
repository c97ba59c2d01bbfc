"""`python -m bot migrate`: bring the database to this program's schema."""

import sys

from bot.app import make_folders
from bot.settings import read_settings
from coordination.database import migrate_sqlite


def migrate() -> None:
    """Bring the database to the schema of this version; refused while a server runs on it."""
    settings = read_settings()
    make_folders(settings)
    sys.stdout.write(f"{migrate_sqlite(settings.database)}\n")
