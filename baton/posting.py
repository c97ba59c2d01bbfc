"""Posts queued events to the server, and reads what became of each."""

from collections.abc import Sequence

from baton.item import Delivery, Item
from baton.quietly import Quietly
from baton.wire import Unreachable, Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from baton.answers import Result
    from baton.wire import Answer

__all__ = ["Posting", "destination_of"]

MOST_BYTES = 900_000  # of one request; the server takes 1 MiB
_DENIED = (401, 403)


class Posting:
    """The way of events to one server. *destination* names server and token without their secrets.

    Raises:
        BadAddress: *url* is no http or https address.
    """

    def __init__(self, url: str, token: str | None, quietly: Quietly) -> None:
        self._wire = Wire(url, token)
        self._quietly = quietly
        self._whose = url, token

    @property
    def destination(self) -> str:
        return destination_of(*self._whose)

    def prepare(self) -> None:
        """Load what the first request would load.

        Raises:
            OSError, ValueError: see :meth:`baton.wire.Wire.prepare`.
        """
        self._wire.prepare()

    def __call__(self, items: Sequence[Item], timeout: float) -> Delivery:
        """Send what fits into one request within *timeout* seconds, and settle what was taken."""
        count = _fitting(items)
        batch, rest = items[:count], items[count:]
        try:
            answer = self._wire.call("POST", "/v1/notify", _content(batch), timeout=timeout)
        except Unreachable as error:
            self._quietly.note(error)
            return _later(items, Delivery(items, reached=False))
        if answer.again:
            self._quietly.note(answer.detail)
            return _later(items, Delivery(items, pause=answer.retry_after))
        return self._settle(batch, rest, answer)

    def _settle(self, batch: Sequence[Item], rest: Sequence[Item], answer: "Answer") -> Delivery:
        results = _results(answer, len(batch))
        again = [item for item, said in zip(batch, results, strict=True) if _is_busy(said)]
        delivery = Delivery([*again, *rest], failed=bool(again))
        delivery.denied = answer.status in _DENIED
        for item, said in zip(batch, results, strict=True):
            if _problem(said) is not None:
                delivery.refused += not _is_busy(said)
                self._quietly.note(_sentence(said))
            item.settle(_result(said) if item.settled is not None else None)
        return delivery


def destination_of(url: str, token: str | None) -> str:
    """Name a server and a source: what was kept for one of them is not for another."""
    scheme, _, rest = url.rstrip("/").partition("://")
    bare = f"{scheme}://{rest.rpartition('@')[2]}"
    if not token:
        return bare
    words = token.split("_")
    if len(words) == 3 and words[0] == "bt" and words[1].isalnum():
        return f"{bare} {words[1]}"  # the part of a token that is no secret
    from hashlib import sha256  # noqa: PLC0415 - for tokens that are none of Baton's

    return f"{bare} {sha256(token.encode()).hexdigest()[:16]}"


def _fitting(items: Sequence[Item]) -> int:
    size = 0
    for count, item in enumerate(items):
        size += len(item.bytes()) + 1
        if count and size > MOST_BYTES:
            return count
    return len(items)


def _content(items: Sequence[Item]) -> bytes:
    if len(items) == 1:
        return items[0].bytes()
    return b"[" + b",".join(item.bytes() for item in items) + b"]"


def _later(items: Sequence[Item], delivery: Delivery) -> Delivery:
    for item in items:
        item.settle(None)  # nobody waits for a second try
    return delivery


def _results(answer: "Answer", count: int) -> list[dict[str, object]]:
    """Return what the answer says about each event; a refusal as a whole is one of each."""
    said = answer.body.get("results") if isinstance(answer.body, dict) else None
    if not isinstance(said, list):
        problem = {"detail": answer.detail, "status": answer.status}
        return [{"problem": problem} for _ in range(count)]
    read = [each if isinstance(each, dict) else {} for each in said[:count]]
    return read + [{} for _ in range(count - len(read))]


def _problem(said: dict[str, object]) -> object:
    return said.get("problem")


def _is_busy(said: dict[str, object]) -> bool:
    problem = said.get("problem")
    status = problem.get("status") if isinstance(problem, dict) else None
    return isinstance(status, int) and (status == 429 or status >= 500)


def _sentence(said: dict[str, object]) -> str:
    problem = said.get("problem")
    if not isinstance(problem, dict):
        return "refused"
    return str(problem.get("detail") or problem.get("title") or "refused")


def _result(said: dict[str, object]) -> "Result | None":
    from baton.answers import Result  # noqa: PLC0415 - slow to import, and nobody may wait

    return Result.from_json(said) if said else None
