"""The two addresses at which the bytes of files go in and out."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from devslack.errors import ApiError
from devslack.files import Files
from devslack.web_api.arguments import body_of


class Uploads:
    """The endpoints of files."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def receive(self, request: Request) -> Response:
        """Take the bytes of a file, once."""
        file = self._files.redeem(request.path_params["ticket"])
        if file is None:
            return PlainTextResponse("The upload address is not known, or was used.", 404)
        try:
            file.content = await body_of(request)
        except ApiError:
            return PlainTextResponse("The file is too large for this emulator.", 413)
        file.size = len(file.content)
        return PlainTextResponse(f"OK - {file.size}")

    async def give(self, request: Request) -> Response:
        """Give the bytes back, always as a download."""
        file = self._files.held.get(request.path_params["id"])
        if file is None or file.content is None:
            return PlainTextResponse("There is no such file.", 404)
        headers = {"content-disposition": "attachment", "x-content-type-options": "nosniff"}
        return Response(file.content, 200, headers, media_type="application/octet-stream")
