"""What an error of SQLite means: for the statement, for the whole group, or for this life.

Source: https://www.sqlite.org/rescode.html, whose numbers never change.
"""

# Primary result codes after which the whole group is in doubt; the rest are faults of a statement.
FATAL = {
    5: "another program holds it; close whatever has the file open",  # BUSY
    6: "another program holds it; close whatever has the file open",  # LOCKED
    7: "the memory of this machine is used up",  # NOMEM
    8: "it is read-only; make the file and its folder writable",  # READONLY
    10: "the disk reports an error; look at the system's log",  # IOERR
    11: "it is damaged; restore the last backup",  # CORRUPT
    13: "the disk is full; free some space",  # FULL
    14: "it cannot be opened; look at the rights of its folder",  # CANTOPEN
    15: "its lock cannot be had; is it on a network drive?",  # PROTOCOL
    26: "it is not a database",  # NOTADB
}
UNSYNCED = frozenset({1034, 1290})  # IOERR_FSYNC, IOERR_DIR_FSYNC
BROKEN = "the disk failed while data was made durable; start Baton again"


def primary(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def why(error: Exception) -> str | None:
    """Return what is wrong with the database; None where it was the statement."""
    return FATAL.get(primary(error))


def unsynced(error: Exception) -> bool:
    """Say whether a sync failed.

    The system may have dropped what it was to write, and answers the next sync as if nothing had
    happened: so there must be none.
    """
    return int(getattr(error, "sqlite_errorcode", 0)) in UNSYNCED
