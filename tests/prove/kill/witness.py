"""A tool that reports all the time, and writes down what it was promised."""

import http.client
import json
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

SOURCE = "witness"
PAUSE = 0.2  # s
ANSWER = 5.0  # s
REQUEST = {
    "command": "token-create",
    "source": SOURCE,
    "scopes": ["notify"],
    "owner": None,
    "kind": "ci",
    "days": 1,
}


class Witness:
    """Sends events that belong to no process, each until it is acknowledged, like any good client.

    *acknowledged* holds the server's id of each, by the id that the witness gave it.
    """

    def __init__(self, data: Path) -> None:
        self.acknowledged: dict[str, str] = {}
        self.repeated = 0
        self._data = data
        self._token: str | None = None
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._report, name="witness", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def _report(self) -> None:
        number = 0
        while not self._enough.wait(PAUSE):
            name = f"seen-{number}"
            try:
                self.acknowledged[name] = self._send(name)
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                self.repeated += 1  # nobody is there, or nobody answered: it may be stored or not
            else:
                number += 1

    def _send(self, name: str) -> str:
        self._token = self._token or str(self._admin(REQUEST)["token"])
        port = json.loads((self._data / "demo.json").read_text())["baton"]
        server = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER)
        try:
            headers = {
                "authorization": f"Bearer {self._token}",
                "content-type": "application/json",
            }
            body = json.dumps({"type": "witness.seen", "id": name, "run_id": SOURCE})
            server.request("POST", "/v1/notify", body, headers)
            answer = server.getresponse()
            found = json.loads(answer.read())
        finally:
            server.close()
        if answer.status != 202:
            raise ValueError(f"{answer.status}: {found}")
        return str(found["results"][0]["event_id"])

    def _admin(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(ANSWER)
            line.connect(str(self._data / "admin.sock"))
            line.sendall(json.dumps(request).encode() + b"\n")
            with line.makefile("rb") as answer:
                done: Mapping[str, Any] = json.loads(answer.readline())["done"]
        return done
