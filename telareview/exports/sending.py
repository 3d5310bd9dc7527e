"""A finished file on its way out: whole or one range of it, with its checksum, noted in the log of downloads."""

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from django.db import DatabaseError
from django.http import FileResponse, HttpResponse
from django.utils.cache import get_conditional_response

from telareview.exports.models import Download, ExportRecord
from telareview.exports.profiles import PROFILES

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from telareview.accounts.access import MemberRequest

#: One range, as RFC 9110 writes it. Several at once are answered with the whole file, which it allows.
RANGE = re.compile(r"bytes=(?P<first>\d{1,19})?-(?P<last>\d{1,19})?", re.IGNORECASE)
#: Read and handed on at a time.
BLOCK_BYTES = 128 * 1024
UNSATISFIABLE = 416


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of a file from `start` up to, but not with, `end`."""

    start: int
    end: int


class NothingThere(ValueError):
    """The range lies behind the end of the file."""


def asked_stretch(text: str, size: int) -> Stretch | None:
    """What a Range header asks of a file of so many bytes; None for the whole. Raises NothingThere."""
    match = RANGE.fullmatch(text.strip())
    if match is None or match["first"] is match["last"] is None:
        return None
    if match["first"] is None:
        length = min(int(match["last"]), size)
        if length == 0:
            raise NothingThere
        return Stretch(size - length, size)
    first, last = int(match["first"]), int(match["last"]) if match["last"] else size - 1
    if match["last"] and last < first:
        return None
    if first >= size:
        raise NothingThere
    return Stretch(first, min(last + 1, size))


class Outgoing:
    """The stretch of a file as something to read from; notes in its `Download` how many bytes were handed on."""

    def __init__(self, file: BinaryIO, stretch: Stretch, download: Download) -> None:
        self.file, self.left, self.download = file, stretch.end - stretch.start, download
        self.sent = 0
        file.seek(stretch.start)

    def read(self, size: int = BLOCK_BYTES) -> bytes:
        block = self.file.read(min(size, self.left))
        self.left -= len(block)
        self.sent += len(block)
        return block

    def close(self) -> None:
        if self.file.closed:
            return
        self.file.close()
        self.download.sent = self.sent
        try:
            self.download.save()
        except DatabaseError:
            # The bytes are out; that their end was not noted is what null says.
            return


class SentFile(FileResponse):
    block_size = BLOCK_BYTES


def send_file(request: "MemberRequest", record: ExportRecord, file: BinaryIO, *, resumable: bool) -> "HttpResponseBase":
    """The answer to GET or HEAD for a complete export's open file: 200, 206, 304, 412 or 416."""
    size, etag = record.size_bytes or 0, f'"{record.sha256}"'
    early = get_conditional_response(request, etag=etag) if resumable else None
    if early is not None:
        file.close()
        return early
    stretch: Stretch | None = None
    if resumable and request.method == "GET" and request.headers.get("If-Range", etag).strip() == etag:
        try:
            stretch = asked_stretch(request.headers.get("Range", ""), size)
        except NothingThere:
            file.close()
            return HttpResponse(status=UNSATISFIABLE, headers={"Content-Range": f"bytes */{size}"})
    if request.method == "HEAD":
        file.close()
        response: HttpResponseBase = HttpResponse()
    else:
        stretch_sent = stretch or Stretch(0, size)
        download = Download(
            record=record,
            person=request.user,
            person_email=request.user.email,
            start=stretch_sent.start,
            end=stretch_sent.end,
        )
        if resumable:
            # Told before the first byte, so that a killed server leaves a trace; at once, the export itself is one.
            download.save()
        response = SentFile(Outgoing(file, stretch_sent, download))
    _describe(response, record, stretch, resumable=resumable)
    return response


def _describe(response: "HttpResponseBase", record: ExportRecord, stretch: Stretch | None, *, resumable: bool) -> None:
    """Everything about the file that stands in the head of the answer."""
    size = record.size_bytes or 0
    digest = base64.b64encode(bytes.fromhex(record.sha256)).decode()
    response.headers["Content-Type"] = PROFILES[record.profile].content_type
    response.headers["Content-Disposition"] = f'attachment; filename="{record.file_name}"'
    response.headers["Content-Length"] = str(stretch.end - stretch.start if stretch else size)
    response.headers["ETag"] = f'"{record.sha256}"'
    # Of the whole file, also with a part of it.
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    response.headers["X-Row-Count"] = str(record.rows)
    response.headers["Link"] = f'</exports/{record.pk}/manifest.json>; rel="describedby"; type="application/json"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Accept-Ranges"] = "bytes" if resumable else "none"
    if stretch:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {stretch.start}-{stretch.end - 1}/{size}"
