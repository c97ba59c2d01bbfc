"""A small editor: it speaks the Language Server Protocol with a program, and shows what that says."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO, Any

Json = dict[str, Any]
PATIENCE = 300  # seconds for all that is asked of one server
HOVER, COMPLETION = "textDocument/hover", "textDocument/completion"
SETTINGS: Json = {
    "yaml": {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}
}


@dataclass
class Editor:
    """Files that are open in an editor with a server behind it."""

    folder: Path
    into: IO[bytes]
    out: IO[bytes]
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    problems: dict[str, list[Json]] = field(default_factory=dict)

    def begin(self) -> None:
        self.ask("initialize", {
            "processId": None,
            "rootUri": self.folder.as_uri(),
            "capabilities": {
                "workspace": {"configuration": True},
                "textDocument": {"completion": {"completionItem": {"snippetSupport": False}}},
            },
        })  # fmt: skip
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": SETTINGS})

    def open(self, name: str, text: str) -> list[Json]:
        """Show a file to the server and return the problems that it finds."""
        uri = (self.folder / name).as_uri()
        self.problems.pop(uri, None)
        opened = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": opened})
        self.listen(lambda: uri in self.problems)
        return self.problems[uri]

    def completions(self, name: str, text: str, after: str) -> list[str]:
        """Return what the server offers behind the text *after*."""
        found = self.at(COMPLETION, name, text, after)
        items = found["items"] if isinstance(found, dict) else found
        return [str(item["label"]) for item in items]

    def hover(self, name: str, text: str, after: str) -> str:
        """Return what the server says of the word before the end of *after*."""
        found = self.at(HOVER, name, text, after)
        contents = found["contents"] if found else ""
        return str(contents["value"] if isinstance(contents, dict) else contents)

    def at(self, method: str, name: str, text: str, after: str) -> Any:
        self.open(name, text)
        before = text[: text.index(after) + len(after)]
        place = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        uri = (self.folder / name).as_uri()
        return self.ask(method, {"textDocument": {"uri": uri}, "position": place})

    def ask(self, method: str, params: Json) -> Any:
        number = next(self.ids)
        self.send({"id": number, "method": method, "params": params})
        answers: list[Any] = []
        self.listen(lambda: bool(answers), number, answers)
        return answers[0]

    def tell(self, method: str, params: Json) -> None:
        self.send({"method": method, "params": params})

    def send(self, message: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.into.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.into.flush()

    def listen(
        self, enough: Callable[[], bool], number: int = 0, answers: list[Any] | None = None
    ) -> None:
        """Take in what the server says until it is *enough*."""
        while not enough():
            message = self.read()
            if message.get("method") == "textDocument/publishDiagnostics":
                self.problems[message["params"]["uri"]] = message["params"]["diagnostics"]
            elif "method" in message and "id" in message:
                self.send({"id": message["id"], "result": self.answer(message)})
            elif answers is not None and message.get("id") == number:
                assert "error" not in message, message
                answers.append(message["result"])

    def answer(self, message: Json) -> Any:
        """Answer the questions that a server asks its editor."""
        if message["method"] != "workspace/configuration":
            return None
        return [SETTINGS.get(item.get("section")) for item in message["params"]["items"]]

    def read(self) -> Json:
        length = 0
        while line := self.out.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server has ended"
        message: Json = json.loads(self.out.read(length))
        return message


@contextmanager
def editing(program: str, folder: Path) -> Iterator[Editor]:
    """Open an editor on *folder*, with a server that ends with it."""
    server = subprocess.Popen([program, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    patience = threading.Timer(
        PATIENCE, server.kill
    )  # else one that says nothing holds us for ever
    patience.start()
    try:
        assert server.stdin is not None
        assert server.stdout is not None
        editor = Editor(folder, server.stdin, server.stdout)
        editor.begin()
        yield editor
    finally:
        patience.cancel()
        server.kill()
        server.communicate()
