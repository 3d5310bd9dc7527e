"""Files of the workspace: announced with `POST /v3/files`, sent to a signed address, named `vault://<id>` by tasks.

They live as long as the process: only how large they are and what they hash to is kept.
"""

import hashlib
import secrets
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import uuid4

from telareview.sandbox.clock import Clock
from telareview.sandbox.errors import Refusal, bad_request, not_found
from telareview.sandbox.exchange import Reply, Request, Routes, ok
from telareview.sandbox.wire import iso

VAULT = "vault://"


@dataclass(slots=True)
class File:
    id: str
    name: str
    created: int
    #: What the address to send the bytes to carries instead of a key.
    signature: str
    content_type: str = ""
    #: None until the bytes have come.
    size: int | None = None
    sha256: str = ""


class Files:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self.kept: dict[str, File] = {}

    def routes(self) -> Routes:
        return {"v3/files": {"POST": self.announce}, "v3/files/{id}": {"GET": self.get}}

    def open_routes(self) -> Routes:
        """Behind no key: the address itself is the permission."""
        return {"uploads/{id}": {"PUT": self.take}}

    def announce(self, request: Request) -> Reply:
        """The bytes go to the address in the answer, once, without the key."""
        if not request.headers.get("x-compatibility-date"):
            raise bad_request("The header x-compatibility-date is required")
        name = request.json_object().get("fileName")
        if not isinstance(name, str) or not name:
            raise bad_request("fileName is required", parameter="fileName")
        file = File(str(uuid4()), name, self._clock.now(), secrets.token_urlsafe(16))
        with self._lock:
            self.kept[file.id] = file
        host = request.headers.get("host", "127.0.0.1")
        return ok({"id": file.id, "uploadUrl": f"http://{host}/uploads/{file.id}?signature={file.signature}"}, 201)

    def take(self, request: Request, file_id: str) -> Reply:
        file = self.kept.get(file_id)
        if file is None or request.query.get("signature") != [file.signature]:
            raise Refusal(403, "FORBIDDEN", "This address is not signed, or no more")
        with self._lock:
            file.size, file.sha256 = len(request.body), hashlib.sha256(request.body).hexdigest()
            file.content_type = request.headers.get("content-type", "")
        return Reply(200, b"", "application/xml")

    def get(self, request: Request, file_id: str) -> Reply:
        file = self.kept.get(file_id)
        if file is None:
            raise not_found("File")
        told = {"id": file.id, "fileName": file.name, "mimeType": file.content_type, "size": file.size}
        return ok({**told, "createdAt": iso(file.created)})

    def is_any_missing(self, variables: dict[str, Any]) -> bool:
        """Whether a variable names a file of the vault that was never sent: its run has nothing to read."""
        for value in variables.values():
            for file in value.get("files", []) if isinstance(value, dict) else []:
                url = file.get("file_url") if isinstance(file, dict) else None
                if isinstance(url, str) and url.startswith(VAULT):
                    kept = self.kept.get(url.removeprefix(VAULT))
                    if kept is None or kept.size is None:
                        return True
        return False
