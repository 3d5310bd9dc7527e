import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from telareview.accounts import middleware
from tests.accounts.cast import make_person, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.doors")]

HOUR = 60 * 60


@pytest.fixture
def client(acme):
    return signed_in(make_person("viewer", acme))


@pytest.fixture
def clock(monkeypatch):
    """Moves the clock of the sessions by seconds."""
    offset = {"by": 0}
    real_time, real_now = time.time, timezone.now
    monkeypatch.setattr("telareview.accounts.middleware.time.time", lambda: real_time() + offset["by"])
    monkeypatch.setattr(
        "django.contrib.sessions.backends.base.timezone.now", lambda: real_now() + timedelta(seconds=offset["by"])
    )

    def move(seconds: int) -> None:
        offset["by"] += seconds

    return move


def test_a_session_ends_after_eight_idle_hours(client, clock):
    assert client.get("/inside/").status_code == 200

    clock(8 * HOUR + 1)

    assert client.get("/inside/").status_code == 302


def test_a_busy_session_goes_on_but_ends_a_day_after_the_sign_in(client, clock):
    answers = []
    for _hour in range(25):
        answers.append(client.get("/inside/").status_code)
        clock(HOUR)

    assert answers == [200] * 24 + [302]


def test_the_idle_time_is_counted_anew_at_most_every_five_minutes(client, clock):
    client.get("/inside/")
    first = Session.objects.get().expire_date

    client.get("/inside/")
    at_once = Session.objects.get().expire_date
    clock(middleware.SEEN_EVERY_SECONDS + 1)
    client.get("/inside/")

    assert at_once == first
    assert Session.objects.get().expire_date > first


def test_signed_in_pages_stay_out_of_every_cache(client):
    assert client.get("/inside/")["Cache-Control"] == "no-store, private"


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites(client, clock):
    client.get("/inside/")
    clock(middleware.SEEN_EVERY_SECONDS + 1)

    cookie = client.get("/inside/").cookies["telareview_session"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 8 * HOUR
