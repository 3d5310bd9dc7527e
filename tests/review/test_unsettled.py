"""Changes that were lost, or whose process was killed, are looked at by a worker and named."""

import datetime as dt

import pytest
from django.db import connection

from telareview.review import holds, settling_jobs, unsettled
from telareview.review.bulk import begin, carry_on, select
from telareview.review.models import OutgoingAction
from telareview.review.reviewing import Wish, review_task
from telareview.tasks.acts import ReviewAct, acts_of, approver_here
from telareview.tela import AnswerLost, NoAnswer
from tests.accounts.cast import make_person, signed_in
from tests.review.test_queue import LIST, OLDEST, UTC
from tests.review.test_reviewing import EDITED, lose_answers
from tests.review.waiting import CONTENT, in_tela, waiting, writes


@pytest.fixture
def worker(monkeypatch):
    """The worker's turn, with nothing to wait for first."""
    # It would close the connection that the test's own transaction is in.
    monkeypatch.setattr(settling_jobs, "close_old_connections", lambda: None)
    monkeypatch.setattr(settling_jobs, "LOOK_AFTER", dt.timedelta(0))
    return lambda: settling_jobs.settle_changes.func(0)


@pytest.fixture
def killed(monkeypatch, client_of_tela):
    """A review whose process ends after Tela has answered, before anything of it is kept."""

    def review(workspace, person, wish):
        def end(*_args, **_named):
            raise SystemExit

        with monkeypatch.context() as patched:
            patched.setattr("telareview.review.reviewing.record_tasks", end)
            with pytest.raises(SystemExit):
                review_task(client_of_tela, workspace, person, wish)

    return review


def outcomes():
    return list(OutgoingAction.objects.order_by("pk").values_list("act", "outcome"))


def test_an_approval_whose_process_was_killed_is_named_by_the_worker(acme, sandbox, reviewer, killed, worker):
    (seen,) = waiting(acme, sandbox)
    killed(acme, reviewer, Wish(seen, approve=True))
    assert outcomes() == [("approve", "")]
    assert not ReviewAct.objects.exists()
    sandbox.requests.clear()

    worker()

    assert outcomes() == [("approve", "found")]
    approved_at = in_tela(sandbox, seen.id).approved_at
    assert approver_here(acts_of(acme, seen.id), approved_at) == "rui@acme.example"
    assert "approved here by rui@acme.example" in signed_in(reviewer).get(f"/tasks/{seen.id}/history/").content.decode()
    assert writes(sandbox) == []


def test_a_correction_whose_process_was_killed_is_named_by_the_worker(acme, sandbox, reviewer, killed, worker):
    (seen,) = waiting(acme, sandbox)
    killed(acme, reviewer, Wish(seen, EDITED))

    worker()

    assert outcomes() == [("edit", "found")]
    assert "here: rui@acme.example" in signed_in(reviewer).get(f"/tasks/{seen.id}/changes/").content.decode()


@pytest.mark.parametrize(("done", "outcome"), [(True, "found"), (False, "absent")])
@pytest.mark.parametrize("wanted", ["edit", "approve"])
def test_a_lost_answer_that_could_not_be_looked_up_is_looked_up_later(
    acme, sandbox, reviewer, client_of_tela, worker, monkeypatch, done, outcome, wanted
):
    (seen,) = waiting(acme, sandbox)
    wish = Wish(seen, EDITED) if wanted == "edit" else Wish(seen, approve=True)
    lose_answers(monkeypatch, client_of_tela, done=done)
    looks = iter([client_of_tela.get_task(seen.id)])

    def get_task(task_id):
        for record in looks:
            return record
        raise NoAnswer

    monkeypatch.setattr(client_of_tela, "get_task", get_task)
    with pytest.raises(AnswerLost):
        review_task(client_of_tela, acme, reviewer, wish)
    assert outcomes() == [(wanted, "lost")]

    worker()
    worker()

    assert outcomes() == [(wanted, outcome)]
    assert ReviewAct.objects.count() == done


def test_what_others_wrote_over_is_left_to_a_person_and_named_after_nobody(acme, sandbox, reviewer, killed, worker):
    (seen,) = waiting(acme, sandbox)
    killed(acme, reviewer, Wish(seen, EDITED))
    sandbox.world.edit(str(seen.id), {"cliente": "Other"})

    worker()

    assert outcomes() == [("edit", "untold")]
    assert not ReviewAct.objects.exists()


def test_an_approval_that_was_taken_back_since_is_not_called_undone(acme, sandbox, reviewer, killed, worker):
    from telareview.sync.refresh import refresh_task

    (seen,) = waiting(acme, sandbox)
    killed(acme, reviewer, Wish(seen, approve=True))
    refresh_task(acme, seen.id)
    sandbox.world.revoke(str(seen.id))

    worker()

    assert outcomes() == [("approve", "untold")]


def test_of_two_people_the_one_whose_approval_was_carried_out_is_named(
    acme, sandbox, reviewer, client_of_tela, killed, worker, monkeypatch
):
    eva = make_person("reviewer", acme, "eva@acme.example")
    (seen,) = waiting(acme, sandbox)
    with monkeypatch.context() as patched:
        # It ended before the request left.
        patched.setattr("telareview.review.reviewing.send_order", lambda *_, **__: (_ for _ in ()).throw(SystemExit()))
        with pytest.raises(SystemExit):
            review_task(client_of_tela, acme, eva, Wish(seen, approve=True))
    OutgoingAction.objects.update(sent_at=seen.updated_at)
    killed(acme, reviewer, Wish(seen, approve=True))

    worker()

    assert [(act.person_email, act.what) for act in ReviewAct.objects.all()] == [("rui@acme.example", "approved")]
    assert dict(OutgoingAction.objects.values_list("person_email", "outcome")) == {
        "eva@acme.example": "absent",
        "rui@acme.example": "found",
    }


def test_a_task_that_is_gone_is_no_longer_asked_for(acme, sandbox, reviewer, killed, worker):
    (seen,) = waiting(acme, sandbox)
    killed(acme, reviewer, Wish(seen, approve=True))
    sandbox.world.delete(str(seen.id))

    worker()
    sandbox.requests.clear()
    worker()

    assert outcomes() == [("approve", "untold")]
    assert sandbox.requests == []


@pytest.mark.django_db(transaction=True)
def test_while_somebody_is_at_the_task_it_is_left_alone(acme, sandbox, reviewer, killed, worker, monkeypatch):
    monkeypatch.setattr(holds, "PATIENCE_SECONDS", 0.1)
    (seen,) = waiting(acme, sandbox)
    killed(acme, reviewer, Wish(seen, approve=True))
    other = connection.copy()
    with holds.hold_task(acme, seen.id), monkeypatch.context() as elsewhere:
        elsewhere.setattr(holds, "connection", other)
        worker()
    other.close()

    assert outcomes() == [("approve", "")]


def test_a_lost_approval_of_many_is_told_once_it_is_known(acme, sandbox, reviewer, client_of_tela, worker, monkeypatch):
    first, second = waiting(acme, sandbox, CONTENT, CONTENT)
    selection = select(acme, OLDEST, UTC)
    bulk = begin(acme, reviewer, LIST, selection, selection.mark)
    asked = client_of_tela.get_task

    def get_task(task_id):
        if OutgoingAction.objects.filter(task_id=task_id).exists():
            raise NoAnswer
        return asked(task_id)

    lose_answers(monkeypatch, client_of_tela, done=True)
    monkeypatch.setattr(client_of_tela, "get_task", get_task)
    carry_on(bulk, client_of_tela, reviewer)
    assert dict(bulk.tasks.values_list("task_id", "result")) == {first.id: "lost", second.id: "approved"}

    worker()

    assert dict(bulk.tasks.values_list("task_id", "result")) == {first.id: "approved", second.id: "approved"}


def test_what_a_killed_process_never_sent_gets_an_outcome(acme, operator):
    long_ago = dt.datetime.now(dt.UTC) - unsettled.ENDED_AFTER - dt.timedelta(minutes=1)
    common = {"workspace": acme, "person": operator, "person_email": operator.email, "verb": "POST", "body": "{}"}

    def left(number, act, sent_at):
        return OutgoingAction.objects.create(
            act=act, path="/task", marker=f"00000000-0000-4000-8000-{number:012}", sent_at=sent_at, **common
        )

    old = [left(number, act, long_ago) for number, act in enumerate(("create", "complete", "upload"))]
    new = left(9, "create", dt.datetime.now(dt.UTC))

    unsettled.close_unsent()

    for action in (*old, new):
        action.refresh_from_db()
    assert [action.outcome for action in (*old, new)] == ["unsent", "unsent", "lost", ""]
