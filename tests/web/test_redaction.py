import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from telareview.web import redaction
from telareview.web.redaction import MASK, never_log, redacted

KEY = "canary-key-4711"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {KEY}",
        f"authorization: {KEY}",
        f"{{'Authorization': 'Bearer {KEY}'}}",
        f"Cookie: sessionid={KEY}",
        f"Set-Cookie: __Host-session={KEY}; Path=/",
        f"X-Telareview-Secret: {KEY}",
        f"postgres://app:{KEY}@db.internal:5432/telareview",
        f"https://user:{KEY}@api.tela.example/task",
        f"api_key={KEY}&limit=10",
        f'{{"password": "{KEY}"}}',
    ],
)
def test_what_looks_like_a_secret_is_masked_in_any_text(text):
    assert KEY not in redacted(text)
    assert MASK in redacted(text)


@pytest.mark.parametrize(
    "name", ["api_key", "API-Key", "Authorization", "cookie", "webhook_secret", "password", "token"]
)
def test_what_stands_under_a_telling_name_is_masked_however_deep(name):
    event = {"event": "sent", "request": {"headers": [{name: KEY}]}}

    assert KEY not in json.dumps(redacted(event))


@given(st.text(min_size=redaction.SHORTEST_SECRET, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_a_known_secret_is_masked_wherever_it_stands(secret, before, after):
    redaction._known.clear()
    never_log(secret)

    assert secret not in str(redacted(f"{before} {secret} {after}")) or secret in MASK


def test_ordinary_words_and_figures_are_left_alone():
    event = {"event": "pull_finished", "fetched": 100, "seconds": 1.5, "whole": True, "note": "12 new; 3 changed"}

    assert redacted(event) == event


def test_lines_of_every_logger_are_json_with_the_request_id_and_without_secrets(log):
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        try:
            raise ValueError(f"Bearer {KEY}")
        except ValueError:
            logging.getLogger("some.library").exception("GET %s failed", f"https://user:{KEY}@api.tela.example/")

    line = json.loads(log.getvalue())
    assert KEY not in log.getvalue()
    assert line["request_id"] == "r-1"
    assert line["level"] == "error"
    assert line["event"] == f"GET https://user:{MASK}@api.tela.example/ failed"
    assert "ValueError" in line["exception"]
