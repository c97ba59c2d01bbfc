"""Every refusal as a problem document (RFC 9457), and the one place that words them.

Source: https://www.rfc-editor.org/rfc/rfc9457
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from baton.errors import BatonError, InvalidEvent, MalformedBody
from baton.masking import mask, mask_json
from coordination.errors import InvalidDefinition, InvalidInputs, Refused, Unavailable

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 50  # in one document; a body may have a hundred thousand mistakes
POINTER = 200  # characters: the names of members come from the body

TITLES = {
    400: "The body cannot be read",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "No longer in use",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported media type",
    421: "Not at this address",
    422: "Not valid",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Not available now",
}

CODES = {
    400: "malformed-body",
    401: "unauthenticated",
    403: "forbidden-scope",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    410: "source-disabled",
    412: "precondition-failed",
    413: "too-large",
    415: "unsupported-media-type",
    421: "misdirected",
    422: "invalid-event",
    429: "rate-limited",
    500: "internal",
    503: "unavailable",
}


class Problem(Exception):
    """A refusal: *code* is one of the list in the reference, *detail* says what to do.

    It repeats no secret of what it refuses.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = mask(detail)
        super().__init__(self.detail)
        self.status = status
        self.code = code or CODES.get(status, "malformed-body" if status < 500 else "internal")
        self.errors: tuple[Mapping[str, Any], ...] = tuple(mask_json(errors[:MOST_ERRORS]))
        self.headers = dict(headers or {})


def unauthenticated() -> Problem:
    """One body for every failure of credentials: it tells nothing about what exists."""
    return Problem(
        401,
        "Send a token of this Baton as `Authorization: Bearer bt_…`.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def retired(source: str) -> Problem:
    """Say to a source with good credentials that nothing is taken from it any more."""
    return Problem(410, f"The source {source!r} was retired. Ask who runs this Baton for another.")


def document(problem: Problem, instance: str) -> dict[str, Any]:
    """Return the members of the problem document; *instance* is the request's id."""
    return summary(problem) | {"instance": instance}


def summary(problem: Problem) -> dict[str, Any]:
    """Return what there is to say of *problem* apart from the request it belongs to."""
    body: dict[str, Any] = {
        "type": f"urn:baton:problem:{problem.code}",
        "title": TITLES.get(problem.status, "Not possible"),
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.errors:
        body["errors"] = list(problem.errors)
    return body


def translated(error: Exception) -> Problem:
    """Turn a domain error into its problem; what nobody foresaw is an internal one."""
    match error:
        case Problem():
            return error
        case BatonError():
            return of_baton(error)
        case RequestValidationError():
            return Problem(
                422, "The request has parameters that do not fit.", errors=misfits(error.errors())
            )
        case HTTPException():
            return Problem(error.status_code, sentence(error), headers=allowing(error))
        case _:
            return unforeseen()


def of_baton(error: BatonError) -> Problem:
    match error:
        case MalformedBody():
            return Problem(400, as_sentence(str(error)))
        case InvalidEvent():
            return Problem(422, str(error), errors=pointed(error.problems))
        case Refused():
            return of_refused(error)
        case Unavailable():
            return Problem(503, str(error), headers={"Retry-After": "1"})
        case _:
            return unforeseen()


def of_refused(error: Refused) -> Problem:
    match error:
        case InvalidInputs():
            found = pointed((f"/{name}", text) for name, text in error.problems)
            return Problem(error.status, str(error), code=error.code, errors=found)
        case InvalidDefinition():
            places = [placed(problem) for problem in error.problems]
            return Problem(error.status, refusal_of(error), code=error.code, errors=places)
        case _:
            return Problem(error.status, str(error), code=error.code)


def placed(problem: Mapping[str, Any]) -> dict[str, Any]:
    """Return a problem of a definition as one of a document: with its place in the text."""
    hint = f" {problem['hint']}" if problem.get("hint") else ""
    keys = ("severity", "file", "line", "column", "path", "code")
    pointer = "/" + str(problem["path"]).replace("[", "/").replace("]", "").replace(".", "/")
    says = f"{problem['message']}.{hint}"
    return {"pointer": pointer[:POINTER], "detail": says, **{key: problem[key] for key in keys}}


def refusal_of(error: InvalidDefinition) -> str:
    """Say how many mistakes there are, and the first of them."""
    wrong = [each for each in error.problems if each["severity"] == "error"]
    first = next(iter(wrong or error.problems))
    count = "one mistake" if len(wrong) == 1 else f"{len(wrong)} mistakes"
    return (
        f"The definition has {count}. {first['file']}:{first['line']}:{first['column']}: "
        f"{first['message']}."
    )


def as_sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:].removesuffix('.')}."


def unforeseen() -> Problem:
    return Problem(
        500, "Baton made a mistake. Its log has more, under the request's id, which is `instance`."
    )


def pointed(problems: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"pointer": place[:POINTER], "detail": detail} for place, detail in problems]


def misfits(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Say what a model has against a value, without the value."""
    return pointed(
        ("/" + "/".join(str(part) for part in one["loc"]), str(one["msg"])) for one in errors
    )


def sentence(error: HTTPException) -> str:
    if error.status_code == 404:
        return "There is nothing at this address. /openapi.json lists what there is."
    if error.status_code == 405:
        return "This address does not take that method; the header Allow names those it takes."
    return str(error.detail)


def allowing(error: HTTPException) -> dict[str, str]:
    """Return the headers of *error*; whoever takes GET takes HEAD too."""
    headers = dict(error.headers or {})
    methods = {name.strip() for name in headers.get("Allow", "").split(",") if name.strip()}
    if "GET" in methods:
        headers["Allow"] = ", ".join(sorted(methods | {"HEAD"}))
    return headers
