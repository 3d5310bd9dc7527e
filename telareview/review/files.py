"""Files of a batch's rows on their way to Tela's store."""

import hashlib
import io
import json
from collections.abc import Sequence

from django.db import transaction

from telareview.accounts.models import Person
from telareview.review.actions import Order, record_order, send_order
from telareview.review.models import Batch, BatchFile, BatchRow, OutgoingAction
from telareview.tela import AnswerLost, BadRequest, WritingClient
from telareview.tela.uploads import COMPATIBILITY_DATE, read_place, send_bytes


def upload_files(
    client: WritingClient, batch: Batch, person: Person | None, rows: Sequence[BatchRow]
) -> list[BatchRow]:
    """Send the files that these rows still hold; the rows that can go on, each naming its file.

    A file that Tela refuses makes its row refused. Raises TelaError for what may pass: a file that was announced and
    whose answer was lost is announced anew, which leaves at most an empty file that no task names.
    """
    left = BatchFile.objects.filter(row__in=[row.pk for row in rows], content__isnull=False).order_by("pk")
    waiting: dict[int, list[BatchFile]] = {}
    # Their bytes come one file at a time: together they may be gigabytes.
    for file in left.defer("content"):
        waiting.setdefault(file.row_id, []).append(file)
    ready = []
    for row in rows:
        try:
            for file in waiting.get(row.pk, ()):
                _upload(client, batch, person, row, file)
        except AnswerLost:
            raise
        except BadRequest as error:
            row.state, row.error_code, row.error = BatchRow.State.REFUSED, error.code, str(error)[:2000]
            row.save(update_fields=["state", "error_code", "error"])
            continue
        ready.append(row)
    return ready


def _upload(client: WritingClient, batch: Batch, person: Person | None, row: BatchRow, file: BatchFile) -> None:
    order = Order(
        act=OutgoingAction.Act.UPLOAD,
        verb="POST",
        path="/v3/files",
        body={"fileName": file.name},
        read=read_place,
        headers={"x-compatibility-date": COMPATIBILITY_DATE},
    )
    place = send_order(client, record_order(batch.workspace, person, order), order)
    content = bytes(file.content or b"")
    send_bytes(client, place, io.BytesIO(content), len(content), file.content_type)
    variables = json.loads(row.variables)
    sent = {"file_url": place.file_url, "file_name": file.name, "mime_type": file.content_type}
    if file.in_list:
        variables.setdefault(file.variable, {"files": []})["files"].append(sent)
    else:
        variables[file.variable] = sent
    row.variables = json.dumps(variables)
    with transaction.atomic():
        row.save(update_fields=["variables"])
        BatchFile.objects.filter(pk=file.pk).update(content=None)


def keep_file(
    row: BatchRow, variable: str, name: str, content_type: str, content: bytes, *, in_list: bool = False
) -> BatchFile:
    """The bytes of a row's file, kept until they are sent; `in_list` behind other files of the same variable."""
    return BatchFile.objects.create(
        row=row,
        variable=variable,
        in_list=in_list,
        name=name,
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )
