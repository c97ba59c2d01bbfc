"""Who may use which address: one row for each. An address without a row is refused to everybody."""

from collections.abc import Mapping
from typing import Final

NOBODY_ASKED: Final = "none"
"""Open to everybody: it tells nothing about anybody."""
SIGNED: Final = "signature"
"""The route itself takes the signature on the body, and answers like a bad token without one."""
PAGE: Final = "page"
"""Open to everybody who came by the right name of this server."""
PERSON: Final = "person"
"""A person of the workspace, logged in with a browser. A token opens no pages."""
ANY_TOKEN: Final = "any token"  # noqa: S105 - a word of the table, and no secret
OWN: Final = "read own"
"""As ``read``; without that scope, a token sees what is of its own namespace."""

ACCESS: Final[Mapping[str, str]] = {
    "POST /v1/notify": "notify",
    "OPTIONS /v1/notify": NOBODY_ASKED,
    "GET /v1/events": "read",
    "GET /v1/events/{event_id}": "read",
    "GET /v1/events/{event_id}/explain": "read",
    "GET /v1/events/{event_id}/raw": "raw",
    "POST /v1/events/{event_id}/replay": "replay",
    "GET /v1/processes": "read",
    "GET /v1/processes/{name:path}": OWN,
    "GET /v1/threads": "read",
    "GET /v1/threads/{ref}": "read",
    "GET /v1/workflows": "read",
    "GET /v1/workflows/{name}": "read",
    "PUT /v1/workflows/{name}": "publish",
    "POST /v1/workflows/validate": "read",
    "POST /v1/workflows/{name}/activate": "publish",
    "POST /v1/workflows/{name}/pause": "publish",
    "POST /v1/workflows/{name}/resume": "publish",
    "POST /v1/workflows/{name}/archive": "publish",
    "POST /v1/workflows/{name}/restore": "publish",
    "GET /v1/workflows/{name}/revisions": "read",
    "GET /v1/workflows/{name}/revisions/{number}": "read",
    "GET /v1/workflows/{name}/diff": "read",
    "POST /v1/workflows/{name}/triggers/{trigger}/rotate": "publish",
    "POST /v1/hooks/workflow/{name}/{trigger}": SIGNED,
    "POST /v1/workflows/{name}/dry-run": "read",
    "POST /v1/workflows/{name}/runs": "start",
    "GET /v1/runs": "read",
    "GET /v1/runs/{ref}": "read",
    "GET /v1/runs/{ref}/steps/{path}/log": "read",
    "POST /v1/runs/{ref}/pause": "pause",
    "POST /v1/runs/{ref}/resume": "resume",
    "POST /v1/runs/{ref}/cancel": "cancel",
    "POST /v1/runs/{ref}/retry": "retry",
    "POST /v1/runs/{ref}/skip": "skip",
    "POST /v1/runs/{ref}/rollback": "rollback",
    "POST /v1/runs/{ref}/handled": "handle",
    "POST /v1/runs/{ref}/again": "start",
    "POST /v1/runs/{ref}/signal": "signal",
    "POST /v1/runs/{ref}/resolve": "resolve",
    "GET /v1/approvals": "read",
    "POST /v1/approvals": "notify",
    "GET /v1/approvals/{ref}": OWN,
    "POST /v1/approvals/{ref}/decision": "decide",
    "POST /v1/approvals/{ref}/delegate": "decide",
    "POST /v1/approvals/{ref}/again": "repeat",
    "GET /v1/stream": "read",
    "POST /slack/events": SIGNED,
    "GET /v1/whoami": ANY_TOKEN,
    "GET /healthz": NOBODY_ASKED,
    "GET /readyz": NOBODY_ASKED,
    "GET /metrics": "read",
    "GET /openapi.json": NOBODY_ASKED,
    "GET /": PAGE,
    "GET /login": PAGE,
    "GET /demo": PAGE,
    "GET /demo.json": PAGE,
    "GET /page.css": NOBODY_ASKED,
    "GET /icon.svg": NOBODY_ASKED,
    "GET /assets/{name}": NOBODY_ASKED,
    "GET /r/{ref}": PERSON,
    "GET /r/{ref}/steps/{path}/log": PERSON,
    "POST /r/{ref}/decision": PERSON,
    "POST /r/{ref}/retry": PERSON,
    "POST /r/{ref}/resolve": PERSON,
    "POST /r/{ref}/handled": PERSON,
    "POST /r/{ref}/again": PERSON,
}
"""By method and path: one of the words above, or an action of `coordination.policy.POLICY`."""
