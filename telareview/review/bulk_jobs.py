"""The background job that approves a selection, and the one that takes up selections whose worker was killed."""

from django.db import close_old_connections, transaction
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from telareview.accounts.models import Membership
from telareview.accounts.writing import may_write
from telareview.review.bulk import BulkReview, carry_on
from telareview.sync.connection import NoKey, writing_client
from telareview.tela import WriteRefused

#: Beside the codes of errors: the person lost the right meanwhile.
MAY_NO_LONGER = "may_no_longer"


def ask_for_approvals(bulk: BulkReview) -> None:
    """Let a worker go through the selection; one that waits already is enough."""
    try:
        with transaction.atomic():
            approve_bulk.configure(queueing_lock=f"bulk {bulk.pk}", lock=f"bulk {bulk.pk}").defer(bulk_id=bulk.pk)
    except AlreadyEnqueued:
        return


@app.task(name="approve_bulk", queue="review", pass_context=True)
def approve_bulk(context: JobContext, bulk_id: int) -> None:
    """Approve one selection, in the name of the person who asked for it, if they still may."""
    close_old_connections()
    bulk = BulkReview.objects.select_related("workspace", "person").get(pk=bulk_id)
    membership = Membership.objects.filter(workspace=bulk.workspace, person=bulk.person_id, person__is_active=True)
    try:
        if bulk.person is None or not may_write(membership.select_related("workspace").first(), "approve"):
            BulkReview.objects.filter(pk=bulk.pk).update(trouble=MAY_NO_LONGER)
            return
        with writing_client(bulk.workspace) as client:
            carry_on(bulk, client, bulk.person, should_stop=context.should_abort)
    except (NoKey, WriteRefused) as error:
        BulkReview.objects.filter(pk=bulk.pk).update(trouble=error.code)
