"""All rows of the zoo."""

from tests.prove.zoo import decisions, doors, effects, stores
from tests.prove.zoo.rows import Absent, Row

__all__ = ["ROWS"]

NOT_YET = (
    Absent(
        11,
        "a tool of a model takes `user_confirmation` as an argument",
        "no model calls anything of Baton yet",
    ),
    Absent(
        52,
        "a paused worker on PostgreSQL finishes after its lease was taken",
        "there is no store but SQLite; Z-35 is the same flaw there",
    ),
)
ROWS: tuple[Row, ...] = tuple(
    sorted(
        (*stores.ROWS, *effects.ROWS, *decisions.ROWS, *doors.ROWS, *NOT_YET),
        key=lambda row: row.number,
    )
)
