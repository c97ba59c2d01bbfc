"""One application for all tests of a worker: making it takes longer than most of them."""

from fastapi import FastAPI

from handlers.http import Edge, create_api

_made: list[FastAPI] = []


def application(edge: Edge) -> FastAPI:
    """Return the application, over *edge* from now on; it keeps nothing else."""
    if not _made:
        _made.append(create_api(edge, version="0.0.0"))
    _made[0].state.edge = edge
    return _made[0]
