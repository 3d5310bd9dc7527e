import pytest
from django.db import OperationalError, connection
from django.test import Client

from tests.web.pages import KEY

pytestmark = pytest.mark.urls("tests.web.pages")


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("bad-request", 400),
        ("suspicious", 400),
        ("denied", 403),
        ("refused", 403),
        ("missing", 404),
        ("many", 429),
        ("broken", 500),
        ("database-error", 500),
        ("database-gone", 503),
        ("connection-closed", 503),
        ("slow", 503),
    ],
)
def test_each_failure_has_a_page_with_a_request_id_that_needs_no_database(client, how, status):
    response = client.get(f"/fail/{how}/")

    assert response.status_code == status
    text = response.content.decode()
    assert f'<p class="code">{status}</p>' in text
    assert response["X-Request-Id"] in text
    assert "Traceback" not in text


def test_a_page_that_does_not_exist_is_no_different(client):
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert response["X-Request-Id"] in response.content.decode()


@pytest.mark.parametrize("how", ["database-gone", "slow", "many"])
def test_what_passes_by_itself_says_when_to_come_back(client, how):
    assert int(client.get(f"/fail/{how}/")["Retry-After"]) > 0


def test_a_reader_whose_session_cannot_be_read_gets_the_same_page(client, monkeypatch):
    def refuse():
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", refuse)
    client.cookies["telareview_session"] = "a" * 32

    response = client.get("/accounts/preferences/")

    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert "The database does not answer" in response.content.decode()
    assert response["X-Request-Id"] in response.content.decode()


@pytest.mark.django_db
def test_a_statement_that_runs_too_long_is_cancelled_and_told(client):
    response = client.get("/fail/really-slow/")

    assert response.status_code == 503
    assert "longer than a page may take" in response.content.decode()


def test_a_refusal_says_why_and_whom_to_ask(client):
    text = client.get("/fail/refused/").content.decode()

    assert "As Viewer you may not export." in text
    assert "admin@acme.example" in text


def test_a_key_in_an_error_is_on_no_page_and_in_no_log_line(client, log):
    response = client.get("/fail/broken/")

    assert KEY not in response.content.decode()
    assert "request_failed" in log.getvalue()
    assert response["X-Request-Id"] in log.getvalue()
    assert KEY not in log.getvalue()


def test_neither_the_query_nor_the_cookies_stand_in_the_log(client, log):
    client.cookies["telareview_session"] = "cookie-canary"

    client.get("/fail/missing/?approvedBy=ana%40acme.example")

    assert "GET /fail/missing/" in log.getvalue()
    assert "acme.example" not in log.getvalue()
    assert "cookie-canary" not in log.getvalue()


def test_the_clients_own_request_id_is_not_taken(client):
    assert client.get("/fail/missing/", headers={"X-Request-Id": "forged"})["X-Request-Id"] != "forged"


def test_a_form_without_its_token_is_told_what_to_do():
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "a@b.example"})

    assert response.status_code == 403
    assert "Go back, reload the page" in response.content.decode()


def test_readers_in_portuguese_get_the_page_in_their_language(client):
    response = client.get("/fail/missing/", headers={"accept-language": "pt-BR"})

    assert '<html lang="pt-br">' in response.content.decode()


@pytest.mark.parametrize("length", ["1000001", "999999999999", "-1", "many", "١"])
def test_a_body_that_is_too_long_is_refused_before_it_is_read(client, length):
    class Unread:
        def read(self, *_size):
            raise AssertionError("The body was read.")

        readline = read

    response = client.generic(
        "POST",
        "/accounts/login/",
        b"",
        CONTENT_LENGTH=length,
        content_type="multipart/form-data; boundary=x",
        **{"wsgi.input": Unread()},
    )

    assert response.status_code == 413


def test_a_broken_template_still_gives_an_answer(client, monkeypatch):
    def broken(*_arguments):
        raise ValueError("template")

    monkeypatch.setattr("telareview.web.errors.render_to_string", broken)

    response = client.get("/fail/refused/")

    assert response.status_code == 403
    assert "As Viewer you may not export." in response.content.decode()
    assert response["X-Request-Id"] in response.content.decode()
