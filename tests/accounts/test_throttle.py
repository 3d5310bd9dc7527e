import threading
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from telareview.accounts import throttle
from telareview.accounts.models import Person, SignInAttempts
from tests.accounts.cast import PASSWORD, make_person

SIGN_IN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


@pytest.fixture
def checks(monkeypatch):
    """The passwords that reached the check."""
    reached: list[str] = []
    real = Person.check_password

    def check(self: Person, raw: str) -> bool:
        reached.append(raw)
        return real(self, raw)

    monkeypatch.setattr(Person, "check_password", check)
    return reached


@pytest.fixture
def clock(monkeypatch):
    """Moves the clock of the throttle."""
    offset = {"by": timedelta()}
    real = timezone.now
    monkeypatch.setattr("telareview.accounts.throttle.timezone.now", lambda: real() + offset["by"])

    def move(by: timedelta) -> None:
        offset["by"] += by

    return move


@pytest.mark.parametrize(("hops", "guesses"), [(0, 100), (1, 1_000)])
def test_of_a_thousand_guesses_with_forged_addresses_five_reach_the_password(acme, checks, settings, hops, guesses):
    settings.TRUSTED_PROXY_HOPS = hops
    ana = make_person("viewer", acme, email="ana@acme.example")
    client = Client()

    for guess in range(guesses):
        # Behind a proxy the last entry is the proxy's own; without one nothing of the header is believed.
        forged = f"10.{guess // 250}.{guess % 250}.7, 203.0.113.{guess % 200}"
        client.post(SIGN_IN, {"login": ana.email, "password": f"guess {guess}"}, headers={"X-Forwarded-For": forged})

    assert len(checks) <= throttle.PER_ACCOUNT


@pytest.mark.django_db
def test_one_address_cannot_go_through_all_accounts():
    accepted = [throttle.attempt(f"person{number}@acme.example", "203.0.113.7") for number in range(50)]

    assert sum(taken is not None for taken in accepted) == throttle.PER_ADDRESS
    assert throttle.attempt("ana@acme.example", "203.0.113.8")


@pytest.mark.django_db
def test_a_whole_ipv6_network_counts_as_one_address():
    for number in range(throttle.PER_ADDRESS):
        throttle.attempt(f"person{number}@acme.example", f"2001:db8:1:2::{number:x}")

    assert throttle.attempt("ana@acme.example", "2001:db8:1:2:ffff::1") is None
    assert throttle.attempt("ana@acme.example", "2001:db8:1:3::1") is not None


def test_the_right_password_does_not_open_while_the_account_is_held(acme, clock):
    ana = make_person("viewer", acme, email="ana@acme.example")
    client = Client()
    for _ in range(throttle.PER_ACCOUNT):
        client.post(SIGN_IN, {"login": ana.email, "password": "wrong"})

    held = client.post(SIGN_IN, {"login": ana.email, "password": PASSWORD})
    clock(throttle.ACCOUNT_WINDOW + timedelta(seconds=1))
    opened = client.post(SIGN_IN, {"login": ana.email, "password": PASSWORD})

    assert "Too many attempts" in str(held.context["form"].errors)
    assert opened.status_code == 302


def test_signing_in_often_holds_nobody(acme):
    ana = make_person("viewer", acme, email="ana@acme.example")

    answers = [Client().post(SIGN_IN, {"login": ana.email, "password": PASSWORD}).status_code for _ in range(12)]

    assert answers == [302] * 12


@pytest.mark.django_db
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(min_value=0, max_value=200), min_size=1, max_size=25))
def test_no_window_ever_holds_more_than_its_share(monkeypatch, gaps):
    SignInAttempts.objects.all().delete()
    now = timezone.now()
    accepted: list[datetime] = []
    for gap in gaps:
        now += timedelta(seconds=gap)
        with monkeypatch.context() as patch:
            patch.setattr("telareview.accounts.throttle.timezone.now", lambda moment=now: moment)
            if throttle.attempt("ana@acme.example", f"10.0.0.{len(accepted)}"):
                accepted.append(now)

    for start in accepted:
        within = [moment for moment in accepted if start <= moment < start + throttle.ACCOUNT_WINDOW]
        assert len(within) <= throttle.PER_ACCOUNT


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """Writes that other connections see. Not `transactional_db`: the history refuses to be emptied after a test."""
    with django_db_blocker.unblock():
        yield
        SignInAttempts.objects.all().delete()
        connection.close()


def test_simultaneous_guesses_get_no_more_attempts_than_one_after_the_other(committed):
    start = threading.Barrier(12)
    accepted = []

    def guess(number: int) -> None:
        start.wait()
        accepted.append(throttle.attempt("ana@acme.example", f"10.0.0.{number}"))
        connection.close()

    guessers = [threading.Thread(target=guess, args=[number]) for number in range(12)]
    for guesser in guessers:
        guesser.start()
    for guesser in guessers:
        guesser.join()

    assert sum(taken is not None for taken in accepted) == throttle.PER_ACCOUNT


@pytest.mark.django_db
def test_old_attempts_are_forgotten_and_no_address_is_kept_in_clear(clock):
    throttle.attempt("ana@acme.example", "203.0.113.7")
    assert not SignInAttempts.objects.filter(key__contains="ana").exists()
    clock(throttle.FORGET_AFTER + timedelta(minutes=1))

    taken = throttle.attempt("bob@acme.example", "203.0.113.8")
    assert taken
    throttle.give_back(taken)

    assert SignInAttempts.objects.count() == 0
