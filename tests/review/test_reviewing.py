"""A review is written once, only on what was seen, and stands with the person's name."""

import pytest
from django.db import connection

from telareview.review import holds, reviewing
from telareview.review.models import OutgoingAction
from telareview.review.refusals import (
    AlreadyApproved,
    BeingWritten,
    ChangedMeanwhile,
    NotAsTyped,
    NotDone,
    NotWaiting,
    TakenAway,
    said,
)
from telareview.review.reviewing import Wish, review_task
from telareview.sandbox.errors import update_failed
from telareview.sync.refresh import TaskIsGone
from telareview.tasks.acts import ReviewAct, acts_of, approver_here
from telareview.tasks.models import Task, TaskVersion
from telareview.tela import AnswerLost, NoAnswer, ServerFailed, UpdateFailed
from tests.accounts.cast import make_person, signed_in
from tests.review.waiting import CONTENT, in_tela, waiting, writes

EDITED = {**CONTENT, "total": {"valor": 170000}}


def lose_answers(monkeypatch, client, *, done: bool, times: int = 1) -> None:
    """The next changes reach Tela, or do not, and their answers are lost."""
    ask, left = client.request, [times]

    def request(verb, path, **options):
        if verb == "GET" or not left[0]:
            return ask(verb, path, **options)
        left[0] -= 1
        if done:
            ask(verb, path, **options)
        raise NoAnswer

    monkeypatch.setattr(client, "request", request)


def test_edits_go_first_and_the_approval_after_them(acme, sandbox, reviewer, client_of_tela):
    (seen,) = waiting(acme, sandbox)
    sandbox.requests.clear()

    done = review_task(client_of_tela, acme, reviewer, Wish(seen, EDITED, approve=True))

    assert (done.corrected, done.approved, done.again) == (True, True, False)
    now = in_tela(sandbox, seen.id)
    assert (now.status, now.output_content["content"]) == ("completed", EDITED)
    assert writes(sandbox) == ["PATCH", "PATCH"]
    actions = OutgoingAction.objects.order_by("pk")
    assert [(each.act, each.outcome, each.body) for each in actions] == [
        ("edit", "done", '{"outputContent":{"total":{"valor":170000}}}'),
        ("approve", "done", '{"status":"completed"}'),
    ]
    assert Task.objects.get(task_id=seen.id).status == "completed"
    assert [v.learned_by for v in TaskVersion.objects.of_task(acme, seen.id)] == ["action", "action", "pull"]


def test_changes_and_history_name_the_person(acme, sandbox, reviewer, client_of_tela):
    (seen,) = waiting(acme, sandbox)
    review_task(client_of_tela, acme, reviewer, Wish(seen, EDITED, approve=True))
    page = signed_in(reviewer)

    assert "here: rui@acme.example" in page.get(f"/tasks/{seen.id}/changes/").content.decode()
    history = page.get(f"/tasks/{seen.id}/history/").content.decode()
    assert "approved here by rui@acme.example" in history
    assert "corrected here by rui@acme.example" in history
    acts = acts_of(acme, seen.id)
    assert approver_here(acts, in_tela(sandbox, seen.id).approved_at) == "rui@acme.example"


def test_nothing_is_written_on_a_task_that_changed_meanwhile(acme, sandbox, reviewer, client_of_tela):
    (seen,) = waiting(acme, sandbox)
    sandbox.world.edit(str(seen.id), {"cliente": "Other"})
    sandbox.requests.clear()

    with pytest.raises(ChangedMeanwhile) as refused:
        review_task(client_of_tela, acme, reviewer, Wish(seen, EDITED, approve=True))

    assert writes(sandbox) == []
    assert refused.value.now.output_content["content"]["cliente"] == "Other"
    assert not OutgoingAction.objects.exists()
    assert Task.objects.get(task_id=seen.id).version_number == 2


def test_other_tags_are_no_other_question(acme, sandbox, reviewer, client_of_tela):
    (seen,) = waiting(acme, sandbox)
    sandbox.world.rename(str(seen.id), tags=["urgent"])

    assert review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True)).approved


def test_what_somebody_approved_is_not_approved_again(acme, sandbox, reviewer, client_of_tela):
    (seen,) = waiting(acme, sandbox)
    review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True))
    sandbox.requests.clear()

    with pytest.raises(AlreadyApproved):
        review_task(client_of_tela, acme, make_person("reviewer", acme, "eva@acme.example"), Wish(seen, approve=True))
    assert review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True)).again
    assert writes(sandbox) == []


def test_only_what_waits_is_reviewed(acme, sandbox, reviewer, client_of_tela):
    (seen,) = waiting(acme, sandbox)
    sandbox.world.fail(str(seen.id))

    with pytest.raises(NotWaiting) as refused:
        review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True))

    assert "does not wait for review" in str(refused.value)


def test_a_task_that_is_gone_is_said_to_be(acme, sandbox, reviewer, client_of_tela):
    (seen,) = waiting(acme, sandbox)
    sandbox.world.delete(str(seen.id))

    with pytest.raises(TaskIsGone):
        review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True))


def test_a_field_cannot_be_taken_away(acme, sandbox, reviewer, client_of_tela):
    (seen,) = waiting(acme, sandbox)
    sandbox.requests.clear()

    with pytest.raises(TakenAway) as refused:
        review_task(client_of_tela, acme, reviewer, Wish(seen, {"cliente": "Acme"}, approve=True))

    assert "itens, total" in str(refused.value)
    assert writes(sandbox) == []


def test_nothing_is_approved_unless_tela_answers_with_what_was_typed(
    acme, sandbox, reviewer, client_of_tela, monkeypatch
):
    (seen,) = waiting(acme, sandbox)
    edit = sandbox.world.edit
    monkeypatch.setattr(sandbox.world, "edit", lambda task, patch, who: edit(task, {**patch, "cliente": "?"}, who))

    with pytest.raises(NotAsTyped) as refused:
        review_task(client_of_tela, acme, reviewer, Wish(seen, EDITED, approve=True))

    assert "cliente" in str(refused.value)
    assert in_tela(sandbox, seen.id).status == "validating"
    assert ReviewAct.objects.get().what == "corrected"


def test_a_lost_answer_is_looked_up_and_the_review_goes_on(acme, sandbox, reviewer, client_of_tela, monkeypatch):
    (seen,) = waiting(acme, sandbox)
    lose_answers(monkeypatch, client_of_tela, done=True, times=2)

    done = review_task(client_of_tela, acme, reviewer, Wish(seen, EDITED, approve=True))

    assert done.approved
    assert [each.outcome for each in OutgoingAction.objects.all()] == ["found", "found"]
    assert ReviewAct.objects.count() == 2


def test_a_lost_request_is_said_to_be_not_done(acme, sandbox, reviewer, client_of_tela, monkeypatch):
    (seen,) = waiting(acme, sandbox)
    lose_answers(monkeypatch, client_of_tela, done=False)

    with pytest.raises(NotDone):
        review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True))

    assert OutgoingAction.objects.get().outcome == "absent"
    assert review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True)).approved


def test_what_cannot_be_looked_up_stays_lost(acme, sandbox, reviewer, client_of_tela, monkeypatch):
    (seen,) = waiting(acme, sandbox)
    lose_answers(monkeypatch, client_of_tela, done=True)
    look = client_of_tela.get_task
    answers = iter([look])

    def get_task(task_id):
        asked = next(answers, None)
        if asked is None:
            raise ServerFailed
        return asked(task_id)

    monkeypatch.setattr(client_of_tela, "get_task", get_task)
    with pytest.raises(AnswerLost):
        review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True))

    assert OutgoingAction.objects.get().outcome == "lost"


@pytest.mark.django_db(transaction=True)
def test_one_review_of_a_task_at_a_time(acme, sandbox, reviewer, client_of_tela, monkeypatch):
    monkeypatch.setattr(holds, "PATIENCE_SECONDS", 0.1)
    (seen,) = waiting(acme, sandbox)
    other = connection.copy()
    with holds.hold_task(acme, seen.id), monkeypatch.context() as elsewhere:
        elsewhere.setattr(holds, "connection", other)
        with pytest.raises(BeingWritten):
            review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True))
    other.close()

    assert review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True)).approved


def test_the_output_of_an_agent_is_sent_whole(acme, sandbox, reviewer, client_of_tela):
    (seen,) = waiting(acme, sandbox)
    agents = {**seen.raw, "sourceType": "agent"}
    edited = {"cliente": "Acme"}

    assert reviewing.patch_for(type(seen).from_json(agents), edited) == edited


def test_an_approval_whose_process_ended_is_found_and_keeps_its_persons_name(
    acme, sandbox, reviewer, client_of_tela, monkeypatch
):
    (seen,) = waiting(acme, sandbox)

    def killed(*args, **named):
        raise KeyboardInterrupt

    with monkeypatch.context() as ending:
        ending.setattr(reviewing, "note_approval", killed)
        with pytest.raises(KeyboardInterrupt):
            review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True))
    OutgoingAction.objects.update(outcome="", ended_at=None)
    sandbox.requests.clear()

    with pytest.raises(AlreadyApproved) as refused:
        review_task(client_of_tela, acme, make_person("reviewer", acme, "eva@acme.example"), Wish(seen, approve=True))

    assert "rui@acme.example" in str(refused.value)
    assert review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True)).again
    assert OutgoingAction.objects.get().outcome == "found"
    assert writes(sandbox) == []


def test_the_same_edits_sent_twice_are_done_once(acme, sandbox, reviewer, client_of_tela):
    (seen,) = waiting(acme, sandbox)

    assert review_task(client_of_tela, acme, reviewer, Wish(seen, EDITED, approve=True)).approved
    assert review_task(client_of_tela, acme, reviewer, Wish(seen, EDITED, approve=True)).again


def test_update_failed_is_said_in_words(acme, sandbox, reviewer, client_of_tela, monkeypatch):
    (seen,) = waiting(acme, sandbox)

    def refuse(*args, **named):
        raise update_failed("A running task cannot be updated")

    monkeypatch.setattr(sandbox.world, "approve", refuse)
    with pytest.raises(UpdateFailed) as refused:
        review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True))

    assert "cannot change this task in its present state" in said(refused.value)
    assert OutgoingAction.objects.get().outcome == "refused"
