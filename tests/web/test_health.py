import pytest
from django.db import OperationalError, connection
from django.test import Client

from telareview.web import health


@pytest.fixture
def database_down(monkeypatch):
    def refuse():
        raise OperationalError("connection to server at 10.1.2.3 failed: password=hidden")

    monkeypatch.setattr(connection, "cursor", refuse)


@pytest.fixture(autouse=True)
def _ask_anew(monkeypatch):
    monkeypatch.setattr(health, "_known", {"migrated": False})


def test_the_process_is_alive_without_a_database(database_down):
    response = Client().get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_it_is_ready_when_the_database_answers_and_is_migrated(django_assert_num_queries):
    first = Client().get("/readyz")
    with django_assert_num_queries(1):
        second = Client().get("/readyz")

    assert first.status_code == second.status_code == 200
    assert first.json() == {"status": "ok", "database": "ok", "migrations": "ok"}


@pytest.mark.django_db
def test_it_is_not_ready_while_a_migration_is_missing():
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'accounts'"
            " AND name = (SELECT max(name) FROM django_migrations WHERE app = 'accounts')"
        )

    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json()["migrations"] == "missing"


def test_it_is_not_ready_while_the_database_is_down_and_says_nothing_of_it(database_down):
    response = Client().get("/readyz")

    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert response.json() == {"status": "unavailable", "database": "unreachable", "migrations": "unknown"}


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_nothing_is_posted_there(address):
    assert Client().post(address).status_code == 405


def test_asking_after_health_leaves_no_line_in_the_log_but_a_failure_does(log, database_down):
    Client().get("/healthz")
    assert log.getvalue() == ""

    Client().get("/readyz")
    assert "GET /readyz" in log.getvalue()
    assert "password=hidden" not in log.getvalue()
