"""Alembic, driven without its command line and configuration file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import StaticPool

HERE = Path(__file__).parent


def configuration() -> Config:
    """Say where the revisions are; nothing else of Alembic's configuration is used."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    return config


def migrate(creator: Callable[[], Any], *, to: str = "head") -> None:
    """Run every missing revision up to *to* in one transaction: all of it happens, or nothing."""
    engine = create_engine("sqlite://", creator=creator, poolclass=StaticPool)
    event.listen(engine, "begin", _begin)
    config = configuration()
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    finally:
        engine.dispose()


def _begin(connection: Connection) -> None:
    # The driver is in autocommit mode, in which SQLAlchemy would begin nothing.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
