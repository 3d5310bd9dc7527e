"""A batch on its way: each row once, whatever is lost, refused or killed on the way."""

import json

import pytest
from django.db import connection

from telareview.review import lost, sending
from telareview.review.files import keep_file
from telareview.review.holds import Held, Work
from telareview.review.models import Batch, BatchFile, BatchRow, OutgoingAction
from telareview.review.sending import send_batch
from telareview.sandbox.apps import CONTRACTS, INVOICES
from telareview.sync.connection import writing_client
from telareview.tasks.models import Task, TaskVersion
from tests.review.batches import FILE, make_batch, marked, states

Outcome = OutgoingAction.Outcome


@pytest.fixture
def send(acme, operator):
    """Sends a batch without sleeping; gives the seconds that would have been slept."""

    def run(batch, **options):
        naps = []
        with writing_client(acme, hurried=False) as client:
            client._sleep = naps.append
            send_batch(batch, client, options.pop("person", operator), sleep=naps.append, **options)
        batch.refresh_from_db()
        return naps

    return run


def creations(sandbox):
    return [request for request in sandbox.requests if request.method == "POST" and request.path == "/task"]


def test_rows_are_posted_a_hundred_at_a_time_and_stand_in_the_mirror_at_once(send, acme, operator, sandbox):
    batch = make_batch(acme, operator, 230)

    send(batch)

    assert [len(request.json()) for request in creations(sandbox)] == [100, 100, 30]
    assert (batch.state, states(batch)) == ("ended", {"created": 230})
    assert set(marked(sandbox).values()) == {1}
    cards = Task.objects.of(acme).filter(task_id__in=batch.rows.values("task_id"))
    assert cards.count() == 230
    first = batch.rows.get(number=1)
    card = cards.get(task_id=first.task_id)
    assert (card.name, card.reference, card.status) == ("invoice-00001.pdf", first.reference, "running")
    assert TaskVersion.objects.of_task(acme, card.task_id).get().learned_by == "action"
    assert [len(action.made_task_ids) for action in OutgoingAction.objects.order_by("pk")] == [100, 100, 30]


def test_a_body_holds_what_the_reference_shows_and_the_mark(send, acme, operator, sandbox):
    batch = make_batch(acme, operator, 1)

    send(batch)

    (request,) = creations(sandbox)
    assert request.json() == {
        "promptApplicationId": INVOICES.id,
        "name": "invoice-00001.pdf",
        "rawInput": {"variables": {"document": FILE}},
        "tags": ["lote", batch.rows.get().marker],
    }


@pytest.mark.parametrize("fault", ["cut", "reset"])
def test_what_was_done_although_the_answer_was_lost_is_found_and_not_sent_again(send, acme, operator, sandbox, fault):
    batch = make_batch(acme, operator, 5)
    sandbox.faults.once(fault, path="/task")

    naps = send(batch)

    assert len(creations(sandbox)) == 1
    assert states(batch) == {"created": 5}
    assert lost.SETTLE_SECONDS in naps
    action = OutgoingAction.objects.get()
    assert (action.outcome, len(action.made_task_ids)) == ("found", 5)
    assert Task.objects.of(acme).filter(task_id__in=action.made_task_ids).count() == 5


@pytest.mark.parametrize("fault", ["500", "502html", "html"])
def test_what_was_not_done_is_sent_again_only_after_two_looks(send, acme, operator, sandbox, fault):
    batch = make_batch(acme, operator, 5)
    sandbox.faults.once(fault, path="/task")

    send(batch)

    assert states(batch) == {"created": 5}
    assert set(marked(sandbox).values()) == {1}
    assert list(OutgoingAction.objects.order_by("pk").values_list("outcome", flat=True)) == ["absent", "done"]
    order = [request.method for request in sandbox.requests if request.path == "/task"]
    assert order[0] == "POST"
    assert order.index("POST", 1) >= 3, "two looks lie between the two sendings"


def test_an_empty_answer_by_mistake_does_not_make_a_task_absent(send, acme, operator, sandbox):
    batch = make_batch(acme, operator, 3)
    sandbox.faults.once("cut", path="/task")
    sandbox.faults.once("empty", path="/task")

    send(batch)

    assert set(marked(sandbox).values()) == {1}
    assert states(batch) == {"created": 3}


def test_a_row_that_tela_refuses_does_not_take_the_others_along(send, acme, operator, sandbox):
    batch = make_batch(acme, operator, 50, variables=lambda number: {} if number in (7, 31) else {"document": FILE})

    send(batch)

    assert states(batch) == {"created": 48, "refused": 2}
    refused = batch.rows.filter(state="refused").order_by("number")
    assert [row.number for row in refused] == [7, 31]
    assert "Required variables are missing" in refused[0].error
    assert set(marked(sandbox).values()) == {1}
    assert sum(marked(sandbox).values()) == 48


def test_a_wrong_key_stops_the_batch_with_everything_still_waiting(send, acme, operator, sandbox):
    batch = make_batch(acme, operator, 3)
    acme.set_api_key("sk-wrong")

    send(batch)

    assert (batch.state, batch.error_code, states(batch)) == ("paused", "wrong_key", {"waiting": 3})
    acme.set_api_key(sandbox.key)
    send(batch)
    assert (batch.state, batch.error, states(batch)) == ("ended", "", {"created": 3})


def test_a_tela_that_keeps_failing_stops_the_batch_and_nothing_is_doubled_later(send, acme, operator, sandbox):
    batch = make_batch(acme, operator, 3)
    sandbox.faults.switch(1.0, ("500",))

    send(batch)
    assert batch.state == "paused"
    assert states(batch) == {"lost": 3}

    sandbox.faults.clear()
    send(batch)
    assert states(batch) == {"created": 3}
    assert set(marked(sandbox).values()) == {1}


def test_a_limit_of_calls_is_waited_out(send, acme, operator, sandbox):
    batch = make_batch(acme, operator, 3)
    sandbox.faults.retry_after_seconds = 7
    sandbox.faults.once("429", path="/task")

    assert send(batch) == [7.0]
    assert states(batch) == {"created": 3}


@pytest.mark.parametrize("where", ["before it left", "after it arrived"])
def test_a_process_that_ends_in_the_middle_neither_loses_nor_repeats(send, acme, operator, sandbox, monkeypatch, where):
    batch = make_batch(acme, operator, 250)
    calls = []

    def die(*args, **named):
        calls.append(args)
        if len(calls) == 2:
            raise SystemExit
        return real(*args, **named)

    module, name = {
        "before it left": (sending, "send_order"),
        "after it arrived": (sending, "keep_created"),
    }[where]
    real = getattr(module, name)
    monkeypatch.setattr(module, name, die)
    with pytest.raises(SystemExit):
        send(batch)
    monkeypatch.setattr(module, name, real)

    send(batch)

    assert states(batch) == {"created": 250}
    assert set(marked(sandbox).values()) == {1}
    assert len(marked(sandbox)) == 250


def test_two_workers_do_not_send_the_same_batch(send, acme, operator):
    batch = make_batch(acme, operator, 1)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [Work.BATCH, batch.pk])

    with pytest.raises(Held):
        send(batch)

    other.close()


def test_it_stops_when_asked_and_goes_on_later(send, acme, operator, sandbox):
    batch = make_batch(acme, operator, 150)
    batch.stop_asked = True
    batch.save()

    send(batch)
    assert (batch.state, batch.stop_asked, states(batch)) == ("paused", False, {"waiting": 150})

    send(batch)
    assert states(batch) == {"created": 150}


def test_files_go_first_and_the_task_names_them(send, acme, operator, sandbox):
    batch = make_batch(acme, operator, 2, variables=lambda number: {})
    for row in batch.rows.all():
        keep_file(row, "document", f"{row.number}.pdf", "application/pdf", b"%PDF-1.4 " + str(row.number).encode())

    send(batch)

    assert states(batch) == {"created": 2}
    (request,) = creations(sandbox)
    for body, row in zip(request.json(), batch.rows.order_by("number"), strict=True):
        file = body["rawInput"]["variables"]["document"]
        kept = sandbox.files.kept[file["file_url"].removeprefix("vault://")]
        assert (kept.name, kept.size) == (f"{row.number}.pdf", 10)
        assert file["mime_type"] == "application/pdf"
    assert not BatchFile.objects.filter(content__isnull=False).exists()
    acts = OutgoingAction.objects.order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["upload", "upload", "create"]


class TestCompletions:
    def test_a_completion_is_followed_to_its_task(self, send, acme, operator, sandbox):
        batch = make_batch(acme, operator, 2, way=Batch.Way.COMPLETION)

        send(batch)

        assert states(batch) == {"created": 2}
        posted = [request.json() for request in sandbox.requests if request.path == "/v2/chat/completions"]
        assert posted == [{"application_id": INVOICES.id, "variables": {"document": FILE}}] * 2
        assert Task.objects.of(acme).filter(task_id__in=batch.rows.values("task_id")).count() == 2
        assert OutgoingAction.objects.first().made_task_ids == [batch.rows.order_by("number")[0].task_id]

    def test_a_lost_answer_is_found_by_the_mark_in_the_address(self, send, acme, operator, sandbox):
        batch = make_batch(
            acme, operator, 2, way=Batch.Way.COMPLETION, webhook_url="http://127.0.0.1:1/webhooks/tela/acme/"
        )
        sandbox.faults.once("cut", path="/v2")

        send(batch)

        assert states(batch) == {"created": 2}
        assert len(batch.rows.values("task_id").distinct()) == 2
        assert len([request for request in sandbox.requests if request.path == "/v2/chat/completions"]) == 2

    def test_without_a_mark_the_only_task_with_the_same_input_is_it(self, send, acme, operator, sandbox):
        batch = make_batch(
            acme,
            operator,
            1,
            way=Batch.Way.COMPLETION,
            variables=lambda number: {"document": {**FILE, "file_name": "only.pdf"}},
        )
        sandbox.faults.once("cut", path="/v2")

        send(batch)

        assert states(batch) == {"created": 1}
        assert OutgoingAction.objects.get().outcome == Outcome.FOUND

    def test_what_cannot_be_told_is_left_to_a_person_and_never_sent_again(self, send, acme, operator, sandbox):
        batch = make_batch(acme, operator, 1, way=Batch.Way.COMPLETION)
        sandbox.faults.once("500", path="/v2")

        send(batch)

        assert (batch.state, states(batch)) == ("ended", {"unknown": 1})
        assert OutgoingAction.objects.get().outcome == "untold"
        assert len([request for request in sandbox.requests if request.path == "/v2/chat/completions"]) == 1


def test_a_task_that_needs_more_is_refused_in_telas_words(send, acme, operator):
    batch = make_batch(acme, operator, 1, app_id=CONTRACTS.id)

    send(batch)

    row = BatchRow.objects.get()
    assert (row.state, row.error_code) == ("refused", "bad_request")
    assert json.loads(row.variables) == {"document": FILE}


def test_thirty_percent_faults_and_each_task_exists_once(send, acme, operator, sandbox):
    """The figure of the soak, smaller: 20 % lost answers, 10 % of 500."""
    batch = make_batch(acme, operator, 60)
    sandbox.faults.switch(0.3, ("cut", "reset", "500"), seed=11)

    send(batch, at_once=1)

    sandbox.faults.clear()
    marks = marked(sandbox)
    assert states(batch) == {"created": 60}
    assert (len(marks), sum(marks.values())) == (60, 60)
    assert set(marks) == set(batch.rows.values_list("marker", flat=True))
    made = [task for action in OutgoingAction.objects.all() for task in action.made_task_ids]
    assert sorted(made) == sorted(batch.rows.values_list("task_id", flat=True))
    assert not OutgoingAction.objects.filter(outcome__in=["", "lost"]).exists()
