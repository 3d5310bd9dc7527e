"""Files for tasks: `POST /v3/files` gives an id and an address, the bytes go to that address, `vault://<id>` names it.

The address may be on another host (a signed link to a store). No key is sent there, nothing is followed, and plain http
or a bare network address is taken only where the API itself is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import IO, Any
from urllib.parse import urlsplit

import requests

from telareview.tela import failures
from telareview.tela.client import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS
from telareview.tela.deadline import DeadlineAdapter, time_limit
from telareview.tela.errors import LeftTheHost, TelaError, UnreadableReply
from telareview.tela.fields import kind_of
from telareview.tela.transport import USER_AGENT, OneHostSession
from telareview.tela.writing import WritingClient

#: The behaviour of the file addresses that this was written for; they demand a date.
COMPATIBILITY_DATE = "2025-07-23"
#: Seconds for the whole of one file: 25 MB over a slow line.
UPLOAD_SECONDS = 300.0

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file that Tela expects: its id, and where the bytes go."""

    id: str
    upload_url: str

    @property
    def file_url(self) -> str:
        """How a task refers to it; readable within the workspace only."""
        return f"vault://{self.id}"


def announce_file(client: WritingClient, name: str) -> FilePlace:
    """`POST /v3/files`: where a file of this name goes. Raises as `WritingClient.write`.

    An answer that is lost leaves at most an empty file which no task names, so asking once more is harmless.
    """
    dated = {"x-compatibility-date": COMPATIBILITY_DATE}
    return client.write("POST", "/v3/files", {"fileName": name}, read=read_place, headers=dated)


def send_bytes(client: WritingClient, place: FilePlace, content: IO[bytes], size: int, content_type: str) -> None:
    """`PUT` the bytes to the place. Raises TelaError; sending them once more writes the same file again."""
    _check_address(place.upload_url, client.origin)
    session = OneHostSession()
    session.trust_env = False
    session.mount("https://", DeadlineAdapter(max_retries=0))
    session.mount("http://", DeadlineAdapter(max_retries=0))
    headers = {"User-Agent": USER_AGENT, "Content-Type": content_type, "Content-Length": str(size)}
    failure: TelaError | None = None
    try:
        with session, time_limit(UPLOAD_SECONDS):
            response = session.put(
                place.upload_url,
                data=content if size else b"",
                headers=headers,
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                allow_redirects=False,
                stream=True,
            )
            if not 200 <= response.status_code < 300:
                failure = _refusal(response)
            response.close()
    except failures.FOREIGN as error:
        failure = failures.no_answer(error, CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS, UPLOAD_SECONDS)
    if failure is not None:
        raise failure


def _refusal(response: requests.Response) -> TelaError:
    """Without the store's own words: they may repeat the signed address."""
    return failures.refusal(
        response.status_code, {}, b"", request_id=None, now=datetime.now(UTC), mask=lambda text: text
    )


def read_place(reply: Any) -> FilePlace:
    """The place in the reply of an announcement."""
    if not isinstance(reply, dict):
        raise UnreadableReply(f"The reply is {kind_of(reply)}, not an object.")
    identity, address = reply.get("id"), reply.get("uploadUrl")
    if not isinstance(identity, str) or not _ID.fullmatch(identity) or not isinstance(address, str):
        raise UnreadableReply("The file has no readable id, or no address to send it to.")
    return FilePlace(identity, address)


def _check_address(address: str, api: tuple[str, str, int]) -> None:
    """Raises LeftTheHost for what no store of Tela's can be: plain http, a bare network address, a name inside."""
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if (parts.scheme, host, port or {"http": 80, "https": 443}.get(parts.scheme)) == api:
        return
    if parts.scheme != "https" or parts.username is not None or "." not in host or _is_address(host):
        raise LeftTheHost("The file was not sent.")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
