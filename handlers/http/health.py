"""Is the process alive, and can it work."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from handlers.http.auth import CredentialOf
from handlers.http.edge import EdgeOf

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> JSONResponse:
    """Say that the process is alive, and nothing else."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", responses={503: {"description": "A part is not ready; it is named."}})
async def readyz(edge: EdgeOf) -> JSONResponse:
    """Say whether database, migrations and Slack are ready; 503 names what is not."""
    failing = await edge.readiness()
    if failing:
        return JSONResponse({"status": "not ready", "failing": failing}, 503)
    return JSONResponse({"status": "ready"})


@router.get("/v1/whoami")
async def whoami(credential: CredentialOf) -> JSONResponse:
    """Say whose token this is and what it may do."""
    return JSONResponse(
        {
            "source": credential.source.source,
            "namespace": credential.source.namespace,
            "token_id": credential.token_id,
            "scopes": sorted(credential.scopes),
            "owner": credential.owner,
        }
    )
