"""Every attempt stands in the records before it leaves, with what came of it."""

import json
from uuid import UUID

import pytest
from django.db import connection, transaction

from telareview.review.actions import Order, change_order, record_order, send_order, settle_lost
from telareview.review.models import OutgoingAction
from telareview.sandbox.apps import INVOICES
from telareview.tela import AnswerLost, BadRequest, ConnectFailed, Secret, UpdateFailed, WriteRefused
from telareview.tela.writing import read_created

Act, Outcome = OutgoingAction.Act, OutgoingAction.Outcome
FILE = {"file_url": "https://example.com/a.pdf"}
BODY = {"promptApplicationId": INVOICES.id, "name": "a\u0000b.pdf", "rawInput": {"variables": {"document": FILE}}}


def creation(**more):
    return Order(act=Act.CREATE, verb="POST", path="/task", body={**BODY, **more}, read=read_created)


def send(client, workspace, person, order, **options):
    return send_order(client, record_order(workspace, person, order), order, **options)


def test_what_was_confirmed_is_recorded_with_what_it_made(client_of_tela, acme, operator, sandbox):
    made = send(client_of_tela, acme, operator, creation())

    action = OutgoingAction.objects.get()
    assert (action.outcome, action.verb, action.path, action.person_email) == (
        "done",
        "POST",
        "/task",
        "olga@acme.example",
    )
    assert action.made_task_ids == [made[0].id]
    assert json.loads(action.body) == BODY
    assert action.sent_at <= action.ended_at
    assert action.is_done


@pytest.mark.django_db(transaction=True)
def test_the_record_is_committed_before_the_request_leaves(client_of_tela, acme, operator, monkeypatch):
    seen = []

    def look(*args, **named):
        # Another connection sees only what has been committed.
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT outcome, body::text FROM review_outgoingaction")
            seen.extend(cursor.fetchall())
        other.close()
        raise AnswerLost

    monkeypatch.setattr(client_of_tela, "request", look)
    with pytest.raises(AnswerLost):
        send(client_of_tela, acme, operator, creation())

    ((outcome, body),) = seen
    assert outcome == ""
    assert json.loads(body) == BODY


@pytest.mark.django_db(transaction=True)
def test_a_transaction_around_it_is_refused_before_anything_leaves(client_of_tela, acme, operator, sandbox):
    sandbox.requests.clear()
    with transaction.atomic(), pytest.raises(RuntimeError):
        send(client_of_tela, acme, operator, creation())

    assert sandbox.requests == []


def test_a_refusal_is_recorded_in_telas_words(client_of_tela, acme, operator):
    with pytest.raises(BadRequest):
        send(client_of_tela, acme, operator, creation(rawInput={"variables": {}}))

    action = OutgoingAction.objects.get()
    assert (action.outcome, action.status_code, action.error_code) == ("refused", 400, "bad_request")
    assert "Required variables are missing" in action.answer


@pytest.mark.parametrize("fault", ["cut", "reset", "500", "502html", "html"])
def test_an_answer_that_was_lost_is_recorded_as_lost_and_nothing_is_sent_again(
    client_of_tela, acme, operator, sandbox, fault
):
    sandbox.faults.once(fault)

    with pytest.raises(AnswerLost):
        send(client_of_tela, acme, operator, creation())

    assert OutgoingAction.objects.get().outcome == Outcome.LOST
    assert [request.method for request in sandbox.requests] == ["POST"]


def test_what_could_not_leave_is_recorded_as_not_sent(acme, operator):
    from telareview.sync.connection import writing_client

    acme.api_url = "http://127.0.0.1:1"
    with writing_client(acme) as client, pytest.raises(ConnectFailed):
        send(client, acme, operator, creation())

    assert OutgoingAction.objects.get().outcome == Outcome.UNSENT


def test_a_change_is_recorded_with_its_task(client_of_tela, acme, reviewer, sandbox):
    task_id = UUID(sandbox.world.ids("validating")[0])
    order = change_order(task_id, {"status": "completed"}, Act.APPROVE)

    after = send(client_of_tela, acme, reviewer, order)

    assert after.status == "completed"
    action = OutgoingAction.objects.get()
    assert (action.task_id, action.act, action.outcome) == (task_id, "approve", "done")
    running = UUID(sandbox.world.arrive())
    with pytest.raises(UpdateFailed):
        send(client_of_tela, acme, reviewer, change_order(running, {"name": "n"}, Act.EDIT))


def test_secrets_in_headers_are_sent_and_not_recorded(client_of_tela, acme, operator, sandbox):
    order = Order(
        act=Act.CREATE,
        verb="POST",
        path="/task",
        body=BODY,
        read=read_created,
        headers={"x-tela-forward-x-telareview-secret": Secret("whsec-4711")},
    )

    send(client_of_tela, acme, operator, order)

    assert sandbox.requests[-1].headers["x-tela-forward-x-telareview-secret"] == "whsec-4711"
    values = OutgoingAction.objects.values().get()
    assert "whsec" not in str(values)


def test_a_lost_answer_is_settled_by_what_a_look_showed(client_of_tela, acme, operator, sandbox):
    sandbox.faults.once("cut", 2)
    for _ in range(2):
        with pytest.raises(AnswerLost):
            send(client_of_tela, acme, operator, creation())
    found, absent = OutgoingAction.objects.order_by("pk")

    settle_lost(found, made=[UUID(int=7)])
    settle_lost(absent, made=None)

    assert (found.outcome, found.made_task_ids, found.is_done) == ("found", [UUID(int=7)], True)
    assert (absent.outcome, absent.made_task_ids, absent.is_done) == ("absent", [], False)
    # What had gone wrong stays on the record.
    assert found.error_code == "answer_lost"


def test_a_workspace_that_may_not_write_gets_no_client_at_all(acme, settings):
    from telareview.sync.connection import writing_client

    settings.TELA_ALLOW_WRITES = False
    with pytest.raises(WriteRefused):
        writing_client(acme)


def test_what_cannot_be_kept_counts_as_an_answer_lost(client_of_tela, acme, operator, sandbox):
    def end(answer):
        raise SystemExit

    with pytest.raises(SystemExit):
        send(client_of_tela, acme, operator, creation(), keep=end)

    action = OutgoingAction.objects.get()
    assert (action.outcome, action.ended_at, action.made_task_ids) == ("", None, [])
    assert [request.method for request in sandbox.requests] == ["POST"]
