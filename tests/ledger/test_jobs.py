"""The worker's part of the seal."""

import logging
from types import SimpleNamespace

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from telareview.ledger.jobs import ask_for_seal, seal_every_minute, seal_news
from telareview.ledger.models import Checkpoint, Leaf
from telareview.ledger.places import Place
from tests.ledger.history import as_owner
from tests.ledger.witness import notes_of
from tests.tasks.records import NOON, mirrored, task_json

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _keep_the_connection(monkeypatch):
    """A job closes connections that are old; in a test it is the test's own."""
    monkeypatch.setattr("telareview.ledger.jobs.close_old_connections", lambda: None)


def context(*, stops: bool = False):
    return SimpleNamespace(should_abort=lambda: stops)


def test_each_minute_what_is_new_is_sealed_and_sent(acme, settings, tmp_path):
    settings.SEAL_PLACES = (Place("file", str(tmp_path / "kept.txt")),)
    mirrored(acme, task_json(1))

    seal_every_minute(context(), 0)
    seal_every_minute(context(), 60)

    assert Leaf.objects.count() == 1
    assert (tmp_path / "kept.txt").read_text() == notes_of(acme) != ""


def test_a_worker_that_is_to_stop_ends_with_the_round_in_hand(acme, monkeypatch):
    monkeypatch.setattr("telareview.ledger.sealing.ROUND", 2)
    mirrored(acme, *(task_json(number) for number in range(6)))

    seal_news(context(stops=True))

    assert Checkpoint.objects.get().size == 2


def test_a_seal_is_asked_for_once_until_it_is_made(acme):
    ask_for_seal()
    ask_for_seal()

    assert ProcrastinateJob.objects.filter(task_name="seal_news").count() == 1


def test_a_tree_that_was_altered_is_logged_and_what_was_sealed_is_still_sent(acme, settings, tmp_path, caplog):
    mirrored(acme, task_json(1))
    seal_news(context())
    settings.SEAL_PLACES = (Place("file", str(tmp_path / "kept.txt")),)
    with as_owner() as cursor:
        cursor.execute("DELETE FROM ledger_leaf")
    mirrored(acme, task_json(2), at=NOON)

    with caplog.at_level(logging.ERROR):
        seal_news(context())

    assert "Not everything was sealed: The leaves do not fit the newest checkpoint" in caplog.text
    assert (tmp_path / "kept.txt").read_text() == notes_of(acme)
