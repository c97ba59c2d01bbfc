"""files.*: the two halves of an upload; the bytes go to their own address in between."""

from typing import Any

from devslack.changes import FileShared
from devslack.errors import ApiError, missing
from devslack.files import File
from devslack.model import Channel
from devslack.payloads import Body, read_blocks
from devslack.shapes import Json
from devslack.web_api import arguments
from devslack.web_api.calls import Call, Method
from devslack.web_api.chat import thread_of, writable

LARGEST = 1_000_000_000


def get_upload_url(call: Call) -> Json:
    """Return where to send the bytes of a file."""
    size = arguments.whole(call.args, "length", 0, LARGEST)
    user = call.workspace.app.user_id
    file, path = call.emulator.files.expect(call.text("filename"), size, user)
    return {"upload_url": call.base_url + path, "file_id": file.id}


def _named(call: Call) -> list[File]:
    given: Any = call.args["files"]
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise missing("files")
    found = []
    for one in given:
        file = call.emulator.files.held.get(str(one.get("id")))
        if file is None or file.content is None or file.completed:
            raise ApiError("file_not_found")
        file.title = str(one.get("title") or file.name)
        found.append(file)
    if not found:
        raise missing("files")
    return found


def _channels(call: Call) -> list[Channel]:
    names = [call.text("channel_id"), *call.text("channels").split(",")]
    found = []
    for name in filter(None, (n.strip() for n in names)):
        channel = call.workspace.channel_named(name)
        if channel is None or not call.knows(channel):
            raise ApiError("channel_not_found")
        writable(call, channel)
        found.append(channel)
    return found


def complete_upload(call: Call) -> Json:
    """Finish an upload, and share what was uploaded in one message for each channel."""
    channels, files = _channels(call), _named(call)
    blocks = read_blocks(call.args.get("blocks"), call.emulator.ids.short)
    threads = [thread_of(call, channel) for channel in channels]
    for file in files:
        file.completed, file.shared = True, tuple(channel.id for channel in channels)
    shown = [file.slack(call.base_url) for file in files]
    workspace = call.workspace
    for channel, thread in zip(channels, threads, strict=True):
        for file in files:
            workspace.tell(FileShared(file.id, channel.id, file.user))
        body = Body(call.text("initial_comment"), blocks, None, None, files=shown)
        workspace.post(channel.id, workspace.app_author, body, thread)
    return {"files": shown}


def info(call: Call) -> Json:
    """Describe a file."""
    file = call.emulator.files.held.get(call.text("file"))
    if file is None or not file.completed:
        raise ApiError("file_not_found")
    return {"file": file.slack(call.base_url)}


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, ("filename", "length"), ("files:write",)),
    "files.completeUploadExternal": Method(complete_upload, ("files",), ("files:write",)),
    "files.info": Method(info, ("file",), ("files:read",)),
}
