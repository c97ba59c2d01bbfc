"""What can go wrong with the database as a whole."""

from typing import ClassVar

from baton.errors import BatonError


class Unavailable(BatonError):
    """Baton cannot do it now, and stored nothing of it; the same request may succeed later."""

    code: ClassVar[str] = "unavailable"
    status: ClassVar[int] = 503


class DatabaseInUse(BatonError):
    """Another server holds the lock of this database."""


class DatabaseUnusable(BatonError):
    """The file cannot be opened as Baton needs it; the sentence says why and what to do."""


class SchemaTooNew(DatabaseUnusable):
    """A later version of Baton wrote this database. Going back is refused, not guessed."""


class ConstraintBroken(BatonError):
    """A statement would have broken a rule of the schema, such as a unique name."""
