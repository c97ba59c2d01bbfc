"""Find what waits by a digest, and keep no place in an index for what waits no more.

From here on the body of an event holds only what no column of its row does, which an older Baton
could not read.
"""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

MARK = 16  # bytes of the digest
INDEXED = ("process_key", "shape", "wait_on")
WAITING = "SELECT key, shape, filter FROM waits WHERE wait_on IS NOT NULL"


def upgrade() -> None:
    """Write the keys of what waits as digests, and make their indexes smaller."""
    connection = op.get_bind()
    for key, shape, filtered in connection.execute(sa.text(WAITING)).fetchall():
        wanted = json.loads(filtered or "{}").get("wanted", ())
        texts = [text if isinstance(text, str) else text["hashed"] for _, text in wanted]
        move = sa.text("UPDATE waits SET wait_on = :wanted WHERE key = :key")
        connection.execute(move, {"wanted": digest(shape, texts), "key": key})
    for name in INDEXED:
        op.drop_index(f"ix_waits_{name}", "waits")
        part = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_waits_{name}", "waits", [name], sqlite_where=part, postgresql_where=part
        )


def digest(shape: str, texts: list[str]) -> str:
    """Return what stands for a shape and the texts that are wanted at its places."""
    written = f"{shape} {json.dumps(texts, ensure_ascii=False, separators=(',', ':'))}"
    found = sha256(written.encode("utf-8", "surrogatepass")).digest()[:MARK]
    return urlsafe_b64encode(found).rstrip(b"=").decode()
