"""A row of which nobody could find out whether it was created, sent once more by a person."""

import pytest

from telareview.review.models import Batch, OutgoingAction
from telareview.review.sending import send_batch
from telareview.sync.connection import writing_client
from telareview.tasks.models import Task
from tests.accounts.cast import make_person, make_workspace, signed_in
from tests.review.batches import make_batch, states


@pytest.fixture
def send(acme):
    def run(batch):
        with writing_client(acme, hurried=False) as client:
            send_batch(batch, client, batch.person, sleep=lambda seconds: None)
        batch.refresh_from_db()

    return run


@pytest.fixture
def unclear(acme, operator, sandbox, send):
    """A completion whose answer was lost, and that no look can find: it carries no mark."""
    batch = make_batch(acme, operator, 1, way=Batch.Way.COMPLETION)
    sandbox.faults.once("500", path="/v2")
    send(batch)
    assert states(batch) == {"unknown": 1}
    sandbox.requests.clear()
    return batch


def test_the_page_says_what_may_come_of_it_before_anything_is_sent(unclear, desk, sandbox):
    address = f"/tasks/new/many/{unclear.pk}/1/again/"
    assert f'href="{address}"' in desk.get(f"/tasks/new/many/{unclear.pk}/").content.decode()

    page = desk.get(address).content.decode()
    answer = desk.post(address)

    assert "could not tell whether the task was created" in page
    assert "makes a second task, which runs, costs" in page
    assert "createdAtSince=" in page
    assert answer.status_code == 422
    assert "Nothing was sent." in answer.content.decode()
    assert states(unclear) == {"unknown": 1}
    assert sandbox.requests == []


def test_once_confirmed_it_goes_out_in_the_persons_name_with_a_record_of_its_own(unclear, acme, sandbox, send):
    other = make_person("operator", acme, "otto@acme.example")

    answer = signed_in(other).post(f"/tasks/new/many/{unclear.pk}/1/again/", {"looked": "1"})
    unclear.refresh_from_db()
    assert answer.url == f"/tasks/new/many/{unclear.pk}/"
    assert (unclear.state, states(unclear)) == ("running", {"waiting": 1})
    send(unclear)

    assert (unclear.state, states(unclear)) == ("ended", {"created": 1})
    assert Task.objects.of(acme).filter(task_id=unclear.rows.get().task_id).exists()
    records = OutgoingAction.objects.order_by("pk").values_list("act", "outcome", "person_email")
    assert list(records) == [("complete", "untold", "olga@acme.example"), ("complete", "done", "otto@acme.example")]
    assert len([each for each in sandbox.requests if each.method == "POST"]) == 1


def test_one_that_tela_kept_failing_can_be_sent_again_too(unclear, desk, send):
    unclear.rows.update(state="given_up", attempts=8)

    assert "Tela kept failing" in desk.get(f"/tasks/new/many/{unclear.pk}/1/again/").content.decode()
    desk.post(f"/tasks/new/many/{unclear.pk}/1/again/", {"looked": "1"})
    send(unclear)

    assert states(unclear) == {"created": 1}


def test_a_batch_under_way_and_rows_with_an_outcome_are_left_alone(unclear, desk, acme, operator, send):
    Batch.objects.filter(pk=unclear.pk).update(state=Batch.State.RUNNING)
    assert "again/" not in desk.get(f"/tasks/new/many/{unclear.pk}/").content.decode()
    answer = desk.post(f"/tasks/new/many/{unclear.pk}/1/again/", {"looked": "1"}, follow=True)
    assert "this batch is under way" in answer.content.decode()
    assert states(unclear) == {"unknown": 1}

    created = make_batch(acme, operator, 1)
    send(created)
    assert desk.get(f"/tasks/new/many/{created.pk}/1/again/").status_code == 404
    assert desk.post(f"/tasks/new/many/{created.pk}/1/again/", {"looked": "1"}).status_code == 404


def test_who_may_not_create_and_who_is_elsewhere_cannot(unclear, acme):
    elsewhere = make_workspace("elsewhere")
    elsewhere.allow_writes = True
    elsewhere.save()
    for person, status in (
        (make_person("viewer", acme), 403),
        (make_person("admin", elsewhere, "x@elsewhere.example"), 404),
    ):
        for method in (signed_in(person).get, signed_in(person).post):
            assert method(f"/tasks/new/many/{unclear.pk}/1/again/", {"looked": "1"}).status_code == status
    assert states(unclear) == {"unknown": 1}
