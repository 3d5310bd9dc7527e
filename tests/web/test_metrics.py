import pytest
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection
from django.test import Client
from prometheus_client.core import GaugeMetricFamily

from telareview import __version__
from telareview.web import metrics


def from_elsewhere(**headers: str) -> int:
    return Client().get("/metrics", headers=headers, REMOTE_ADDR="203.0.113.9").status_code


@pytest.mark.django_db
def test_this_machine_reads_them_without_a_token():
    text = Client().get("/metrics").content.decode()

    assert f'telareview_info{{version="{__version__}"}} 1.0' in text
    assert "telareview_database_up 1.0" in text


@pytest.mark.django_db
def test_another_machine_needs_the_token(capsys):
    call_command("metrics_token")
    token = capsys.readouterr().out.strip()

    assert from_elsewhere() == 404
    assert from_elsewhere(Authorization="Bearer wrong") == 404
    assert from_elsewhere(Authorization="Bearer\xe9") == 404
    assert from_elsewhere(Authorization=f"Bearer {token}") == 200


def test_behind_a_proxy_this_machine_is_nobody_special(settings):
    settings.TRUSTED_PROXY_HOPS = 1

    assert Client().get("/metrics").status_code == 404


def test_the_token_changes_with_the_secret_key(settings):
    before = metrics.metrics_token()
    settings.SECRET_KEY = "another" * 10

    assert metrics.metrics_token() != before
    assert len(before) == 64


@pytest.mark.django_db
def test_rooms_publish_their_own_figures_and_a_failing_one_hides_no_other(monkeypatch):
    def failing():
        raise DatabaseError("no such table")

    monkeypatch.setattr(metrics, "_sources", {})
    metrics.publish("failing", failing)
    metrics.publish("tasks", lambda: [GaugeMetricFamily("telareview_tasks", "Tasks in the mirror.", value=7)])

    response = Client().get("/metrics")

    assert response.status_code == 200
    assert "telareview_tasks 7.0" in response.content.decode()


def test_a_database_that_is_down_is_a_figure_and_not_an_error(monkeypatch):
    def refuse():
        raise OperationalError("refused")

    monkeypatch.setattr(connection, "cursor", refuse)

    response = Client().get("/metrics")

    assert response.status_code == 200
    assert "telareview_database_up 0.0" in response.content.decode()
