"""From one waiting task to the next, in the order of a list, and nobody's twice."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from telareview.review.claims import CLAIM_LASTS, ReviewClaim, holder_of, release, take
from telareview.review.queue import Queue, claim_next
from telareview.tasks.filters import TaskFilter
from tests.accounts.cast import make_person, signed_in
from tests.review.test_review_page import fields
from tests.review.waiting import CONTENT, in_tela, waiting

UTC = ZoneInfo("UTC")
OLDEST = TaskFilter(order_by="createdAt", order="asc", task_name="NF-")
LIST = "taskName=NF-&orderBy=createdAt&order=asc"


@pytest.fixture
def desk(reviewer):
    return signed_in(reviewer)


@pytest.fixture
def other(acme):
    return make_person("reviewer", acme, "eva@acme.example")


def act(desk, address: str, **form: str):
    shown = desk.get(address).content.decode()
    return desk.post(address.partition("?")[0], {**fields(shown), **form})


def test_the_queue_leads_from_task_to_task_and_counts_them(acme, sandbox, desk):
    first, second, third = waiting(acme, sandbox, CONTENT, CONTENT, CONTENT)

    answer = desk.get(f"/tasks/review/next/?{LIST}")
    assert answer["Location"].startswith(f"/tasks/{first.id}/review/?queue=")
    assert "1 of 3" in desk.get(answer["Location"]).content.decode()

    on = act(desk, answer["Location"], act="approve")
    answer = desk.get(on["Location"])
    assert answer["Location"].startswith(f"/tasks/{second.id}/review/")
    assert "2 of 3" in desk.get(answer["Location"]).content.decode()

    answer = desk.get(act(desk, answer["Location"], act="skip")["Location"])
    assert answer["Location"].startswith(f"/tasks/{third.id}/review/")

    end = desk.get(act(desk, answer["Location"], act="save-approve", **{"v/cliente": "X"})["Location"])
    assert end.status_code == 200
    assert "1 task of this list still waits" in end.content.decode()
    assert [in_tela(sandbox, each.id).status for each in (first, second, third)] == [
        "completed",
        "validating",
        "completed",
    ]


def test_an_empty_queue_says_so(acme, sandbox, desk):
    shown = desk.get("/tasks/review/next/?status=failed&q=nothing").content.decode()

    assert "Nothing waits for review here" in shown


def test_a_broken_place_starts_the_queue_anew(acme, sandbox, desk):
    (only,) = waiting(acme, sandbox)

    answer = desk.get(f"/tasks/review/next/?{LIST}&after=nonsense&at=x&of=99999999999")

    assert answer["Location"].startswith(f"/tasks/{only.id}/review/")


def test_two_people_are_given_different_tasks(acme, sandbox, reviewer, other):
    first, second = waiting(acme, sandbox, CONTENT, CONTENT)

    mine, theirs = (claim_next(acme, person, Queue(OLDEST, 1, 0), UTC) for person in (reviewer, other))

    assert (mine.task_id, theirs.task_id) == (first.id, second.id)
    assert claim_next(acme, make_person("reviewer", acme, "third@acme.example"), Queue(OLDEST, 1, 0), UTC) is None


def test_a_claim_ends_by_itself_or_when_given_back(acme, reviewer, other, sandbox):
    (seen,) = waiting(acme, sandbox)

    assert take(acme, reviewer, seen.id)
    assert take(acme, reviewer, seen.id)
    assert not take(acme, other, seen.id)
    assert holder_of(acme, other, seen.id) == "rui@acme.example"
    assert holder_of(acme, reviewer, seen.id) == ""
    release(acme, other, seen.id)
    assert not take(acme, other, seen.id)
    ReviewClaim.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert take(acme, other, seen.id)
    assert dt.timedelta(minutes=5) <= CLAIM_LASTS


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_at_once_one_gets_it(acme, sandbox):
    (seen,) = waiting(acme, sandbox)
    people = [make_person("reviewer", acme, f"p{n}@acme.example") for n in range(8)]
    together = threading.Barrier(len(people))

    def claim(person):
        try:
            together.wait()
            return take(acme, person, seen.id)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        assert sum(pool.map(claim, people)) == 1


def test_who_opens_a_task_of_another_is_told(acme, sandbox, desk, other):
    (seen,) = waiting(acme, sandbox)
    take(acme, other, seen.id)

    assert "eva@acme.example is reviewing this task" in desk.get(f"/tasks/{seen.id}/review/").content.decode()
