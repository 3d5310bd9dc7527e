"""What people do with batches: make one task, take many in, begin, stop, throw away."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from telareview.accounts.models import Person, Workspace
from telareview.review.asks import Asked
from telareview.review.drafts import start_batch
from telareview.review.dropped import DropForm, keep_dropped
from telareview.review.files import keep_file
from telareview.review.jobs import ask_for_sending
from telareview.review.models import Batch, BatchFile, BatchRow
from telareview.review.new_form import NewTaskForm
from telareview.review.problems import Unreadable, problem
from telareview.review.rows import keep_rows, rows_of_table
from telareview.review.sending import send_first
from telareview.review.table import MOST_TABLE_BYTES, read_table
from telareview.sync.connection import writing_client
from telareview.sync.error_words import in_readers_language, spoken
from telareview.tela import canonical_json

State = BatchRow.State
#: Rows that a person may send once more, and the batches in which they may.
SENT_AGAIN = (State.UNKNOWN, State.GIVEN_UP)
AT_REST = (Batch.State.ENDED, Batch.State.PAUSED)


def create_one(workspace: Workspace, person: Person, form: NewTaskForm, webhook_address: str) -> Batch:
    """Send the form's task at once; a batch of one row that tells what came of it.

    An answer that was lost leaves the batch running, and a worker looks for it. The same form sent twice is one task.
    """
    given = form.cleaned_data
    try:
        with transaction.atomic():
            batch = start_batch(
                workspace,
                person,
                form.asked.application_id,
                way=given["way"],
                webhook_url=webhook_address if given.get("tell") else "",
            )
            _keep_one(batch, form)
    except IntegrityError:
        return Batch.objects.get(rows__marker=given["once"], workspace=workspace)
    with writing_client(workspace) as client:
        send_first(batch, client, person)
    batch.refresh_from_db()
    if batch.state == Batch.State.RUNNING:
        ask_for_sending(batch)
    return batch


def _keep_one(batch: Batch, form: NewTaskForm) -> None:
    draft = form.draft
    row = BatchRow.objects.create(
        batch=batch,
        number=1,
        name=draft.name,
        tags=draft.tags,
        variables=canonical_json(draft.variables),
        state=State.WAITING,
        marker=form.cleaned_data["once"],
    )
    for each in form.uploads:
        keep_file(row, each.variable.name, each.name, each.media_type, each.content, in_list=each.variable.takes_many)


def take_table(workspace: Workspace, person: Person, asked: Asked, table: UploadedFile) -> Batch:
    """A draft of a batch from a CSV. Raises Unreadable; rows that cannot be sent are kept with their problems."""
    size = table.size or 0
    if size > MOST_TABLE_BYTES:
        told, most = (f"{each / 1_000_000:.0f}" for each in (size, MOST_TABLE_BYTES))
        raise Unreadable("file_too_large", size=told, most=most)
    return draft_of_table(workspace, person, asked, table.name or "", table.read())


def take_files(workspace: Workspace, person: Person, form: DropForm, files: Sequence[UploadedFile]) -> Batch:
    """A draft of a batch from dropped files and a valid form. Raises Unreadable for an app without a file."""
    if form.variable is None:
        raise Unreadable("no_file_variable")
    with transaction.atomic():
        notices = [problem("goes_into", variable=form.variable.name)]
        batch = start_batch(workspace, person, form.asked.application_id, notices=notices)
        keep_dropped(batch, form.variable, ((each.name or "", each.read()) for each in files), form.common)
    return batch


def draft_of_table(workspace: Workspace, person: Person | None, asked: Asked, name: str, content: bytes) -> Batch:
    """A draft from the bytes of a CSV. Raises Unreadable."""
    read = read_table(content)
    app_id = asked.application_id
    drafts = rows_of_table(read, asked)
    notices = list(read.notices)
    if asked.trouble is not None:
        notices.append(problem("not_checked", reason=spoken(asked.trouble)))
    if (before := sent_before(workspace, app_id, content)) is not None:
        notices.append(problem("sent_before", number=before.pk))
    with transaction.atomic():
        batch = start_batch(
            workspace, person, app_id, source=name, source_sha256=hashlib.sha256(content).hexdigest(), notices=notices
        )
        keep_rows(batch, drafts)
    return batch


def sent_before(workspace: Workspace, app_id: UUID, content: bytes) -> Batch | None:
    """The last batch that was sent, in part or whole, from this very file."""
    sent = Batch.objects.filter(
        workspace=workspace, application_id=app_id, source_sha256=hashlib.sha256(content).hexdigest()
    ).exclude(state=Batch.State.DRAFT)
    return sent.order_by("-pk").first()


def begin(batch: Batch, person: Person, webhook_address: str) -> bool:
    """Let the batch go out, in this person's name; also one that was stopped. False when there is nothing to begin."""
    startable = Batch.objects.filter(pk=batch.pk, state__in=[Batch.State.DRAFT, Batch.State.PAUSED])
    started = startable.update(
        state=Batch.State.RUNNING,
        stop_asked=False,
        moved_at=timezone.now(),
        error="",
        error_code="",
        person=person,
        person_email=person.email,
        **({"webhook_url": webhook_address} if batch.state == Batch.State.DRAFT else {}),
    )
    return bool(started)


def send_again(row: BatchRow, person: Person) -> bool:
    """Let a row go out once more of which nobody could find out whether it was created, in this person's name.

    Each sending is an OutgoingAction of its own. False when there is no such row, or its batch is under way.
    """
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=row.batch_id)
        open_rows = BatchRow.objects.filter(pk=row.pk, state__in=SENT_AGAIN)
        if batch.state not in AT_REST or not open_rows.update(
            state=State.WAITING, answered_id=None, looks=0, attempts=0, error="", error_code=""
        ):
            return False
        batch.state, batch.ended_at, batch.moved_at = Batch.State.RUNNING, None, timezone.now()
        batch.person, batch.person_email, batch.stop_asked = person, person.email, False
        batch.error = batch.error_code = ""
        batch.save()
    return True


def ask_to_stop(batch: Batch) -> None:
    """It stops after the request in hand."""
    Batch.objects.filter(pk=batch.pk, state=Batch.State.RUNNING).update(stop_asked=True)


def discard(batch: Batch) -> bool:
    """Throw a draft away with its files; False for one that has been sent, which is a record."""
    with transaction.atomic():
        found = Batch.objects.select_for_update().filter(pk=batch.pk, state=Batch.State.DRAFT).first()
        if found is None:
            return False
        BatchFile.objects.filter(row__batch=found).delete()
        found.delete()
    return True


def told(row: BatchRow) -> str:
    """Why the row did not become a task, in the reader's language."""
    return in_readers_language(row.error_code, row.error) or _("Tela did not create the task.")
