"""What is answered to a report: what became of each of its items, or would become of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

from coordination.accept import Accepted
from coordination.correlation import keys_of
from coordination.database import compact
from coordination.explain import Explanation
from handlers.http.problems import summary, translated
from handlers.http.reports import Report
from handlers.http.shapes import accepted_json, explanation_json


@dataclass(frozen=True, slots=True)
class Written:
    """An answer that is bytes already. *replayed*: nothing of the report was new."""

    status: int
    body: bytes
    replayed: bool

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        own = [
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", b"application/json"),
        ]
        return [(b"idempotent-replayed", b"true"), *own] if self.replayed else own

    def response(self) -> Response:
        answer = Response(self.body, self.status)
        answer.raw_headers = self.headers
        return answer


def recorded(done: Sequence[tuple[Report, Sequence[Accepted]]]) -> Written:
    """Answer with what became of each item, in the order of their places."""
    results: dict[int, Any] = {}
    refused = 0
    duplicates = 0
    for report, accepted in done:
        for place, one in zip(report.told, accepted, strict=True):
            results[place] = accepted_json(one)
            duplicates += one.duplicate
        if report.refused:
            results.update(problems(report))
            refused += len(report.refused)
    body = {"results": [results[place] for place in sorted(results)]}
    replayed = bool(results) and duplicates == len(results)
    return Written(status_of(len(results), refused), compact(body).encode(), replayed)


def status_of(count: int, refused: int) -> int:
    if not refused:
        return 202
    return 200 if refused < count else 422


def problems(report: Report) -> Mapping[int, Any]:
    """Return what stands in the place of each bad item."""
    return {
        place: {"index": place, "problem": summary(translated(error))}
        for place, error in report.refused.items()
    }


def rehearsed(done: Sequence[tuple[Report, Sequence[Explanation]]]) -> Response:
    """Answer with what would be stored, under which keys and why; nothing is."""
    reports = [report for report, _ in done]
    events = [told.reading.event for report in reports for told in report.told.values()]
    body: dict[str, Any] = {
        "events": [event.to_json() for event in events],
        "ignored": None,
        "keys": list(dict.fromkeys(key for event in events for key in keys_of(event))),
        "warnings": [warning for event in events for warning in event.warnings],
        "explain": [explanation_json(one) for _, found in done for one in found],
    }
    bad = {place: said for report in reports for place, said in problems(report).items()}
    if bad:
        body["problems"] = [bad[place] for place in sorted(bad)]
    return JSONResponse(body)
