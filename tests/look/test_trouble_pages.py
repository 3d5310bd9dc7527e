"""Error pages render from nothing: no request, no user, no database."""

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.utils import translation

STATUSES = (400, 403, 404, 429, 500, 503)


def shown(status: int, **context: object) -> str:
    return render_to_string(f"{status}.html", {"status": status, "language": "en", **context})


@pytest.mark.parametrize("status", STATUSES)
def test_an_error_page_needs_nothing_but_its_status(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "cursor", lambda *a, **k: pytest.fail("the database was asked"))

    page = shown(status)

    assert "<h1>" in page
    assert f'<p class="code">{status}</p>' in page
    assert 'href="/tasks/"' in page


@pytest.mark.parametrize("status", STATUSES)
def test_an_error_page_shows_the_request_id_to_quote(status: int) -> None:
    assert "<code>3f0c-77</code>" in shown(status, request_id="3f0c-77")


def test_a_given_sentence_takes_the_place_of_the_general_one() -> None:
    page = shown(403, sentence="As viewer you may not export.", ask=["head@acme.example"])

    assert "As viewer you may not export." in page
    assert "mailto:head@acme.example" in page
    assert "Your role does not include" not in page


def test_a_hostile_sentence_stays_text() -> None:
    assert "<script>" not in shown(400, sentence="<script>alert(1)</script>")


def test_an_error_page_speaks_the_language_it_was_given() -> None:
    with translation.override("pt-br"):
        page = shown(404, language="pt-br")

    assert '<html lang="pt-br">' in page
