"""Several workers at one queue of calls: none asks too soon, none leaves a call waiting for another's loan."""

import datetime as dt
import threading
import time
from collections import defaultdict
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from django.db import connection

from telareview.sync import claims, deliveries
from telareview.sync.claims import Subject
from telareview.sync.deliveries import process
from telareview.sync.models import Delivery
from telareview.sync.webhook import receive
from telareview.tela import NotFound
from tests.sync.webhook_calls import event

WORKERS, CALLS = 4, 150
SPACING = dt.timedelta(milliseconds=40)
#: Much longer than the test may take: a call that waits for it is seen.
LOAN = dt.timedelta(minutes=10)
PATIENCE_SECONDS = 20


@pytest.mark.django_db(transaction=True)
def test_workers_share_a_flood_without_asking_twice_or_losing_a_turn(acme, monkeypatch):
    acme.set_api_key("sk-acme")
    acme.save()
    monkeypatch.setattr(claims, "SPACING", SPACING)
    monkeypatch.setattr(claims, "LOAN", LOAN)
    tasks = [uuid4() for _ in range(3)]
    asked: dict[UUID | None, list[float]] = defaultdict(list)
    stop = threading.Event()

    def ask(_client, subjects: list[Subject]) -> dict[Subject, NotFound]:
        for subject in subjects:
            asked[subject.task_id].append(time.monotonic())
        return {subject: NotFound() for subject in subjects}

    def work() -> None:
        try:
            while not stop.is_set():
                process(acme.pk)
        finally:
            connection.close()

    monkeypatch.setattr(deliveries, "ask", ask)
    workers = [threading.Thread(target=work) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    try:
        for number in range(CALLS):
            receive(acme, event(tasks[number % len(tasks)], number=number))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while Delivery.objects.filter(processed_at=None).exists() and time.monotonic() < deadline:
            stop.wait(0.02)
    finally:
        stop.set()
        for worker in workers:
            worker.join()

    assert not Delivery.objects.filter(processed_at=None).exists()
    assert Delivery.objects.filter(outcome=Delivery.Outcome.NOT_FOUND).count() == CALLS
    assert set(asked) == set(tasks)
    for moments in asked.values():
        assert min(later - earlier for earlier, later in pairwise(moments)) >= SPACING.total_seconds()
