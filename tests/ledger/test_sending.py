"""Checkpoints leave the house; every attempt is recorded, and a failure is seen."""

import datetime as dt
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from telareview.ledger.checking import check
from telareview.ledger.models import Sending
from telareview.ledger.places import Place, read_places
from telareview.ledger.sealing import seal
from telareview.ledger.sending import kept_checkpoints, send_checkpoints, standings
from telareview.web.mail import read_mail_server
from tests.ledger.witness import notes_of
from tests.tasks.records import NOON, mirrored, task_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(acme):
    mirrored(acme, task_json(1))
    seal()
    return acme


@pytest.fixture
def file(settings, tmp_path):
    settings.SEAL_PLACES = (Place("file", str(tmp_path / "kept.txt")),)
    return tmp_path / "kept.txt"


@pytest.fixture
def listener():
    """A web server that keeps what is posted, and answers `status`."""

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(self.server.status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    server.bodies, server.status = [], 204
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def an_hour_later(workspace):
    for each in Sending.objects.filter(workspace=workspace):
        each.tried_at -= dt.timedelta(hours=2)
        each.save()


def test_each_checkpoint_is_appended_to_the_file_once(sealed, file):
    send_checkpoints()
    mirrored(sealed, task_json(2), at=NOON)
    seal()
    send_checkpoints()
    send_checkpoints()

    assert file.read_text() == notes_of(sealed)
    assert list(Sending.objects.order_by("pk").values_list("size", "sent")) == [(1, True), (2, True)]


def test_a_file_that_cannot_be_written_is_recorded_and_tried_again_later(sealed, settings, tmp_path):
    settings.SEAL_PLACES = (Place("file", str(tmp_path / "missing" / "kept.txt")),)

    assert send_checkpoints() == 1
    assert send_checkpoints() == 0  # Left alone for a while.

    [standing] = standings(sealed)
    assert (standing.size, standing.failures_in_a_row) == (0, 1)
    assert standing.reason == "The file could not be written. (No such file or directory)"
    (tmp_path / "missing").mkdir()
    an_hour_later(sealed)
    assert send_checkpoints() == 0
    assert standings(sealed)[0].failed is None
    assert standings(sealed)[0].size == 1


def test_a_place_that_fails_is_asked_less_and_less(sealed, settings, tmp_path):
    settings.SEAL_PLACES = (Place("file", str(tmp_path / "missing" / "kept.txt")),)
    now = timezone.now()
    for minutes in (30, 20, 10):
        Sending.objects.create(
            workspace=sealed,
            place=settings.SEAL_PLACES[0].key,
            size=1,
            sent=False,
            error_code="file",
            tried_at=now - dt.timedelta(minutes=minutes),
        )

    [standing] = standings(sealed)

    assert not standing.is_due(now - dt.timedelta(minutes=7))
    assert standing.is_due(now - dt.timedelta(minutes=6))


def test_a_mailbox_gets_the_newest_checkpoints_and_not_every_minute(sealed, settings):
    settings.SEAL_PLACES = (Place("mail", "auditor@acme.example"),)

    send_checkpoints()
    mirrored(sealed, task_json(2), at=NOON)
    seal()
    send_checkpoints()

    [message] = mail.outbox
    assert message.to == ["auditor@acme.example"]
    assert message.body == notes_of(sealed).partition("\n\n")[0] + message.body[message.body.index("\n\n") :]
    an_hour_later(sealed)
    send_checkpoints()
    assert len(mail.outbox) == 2
    assert mail.outbox[1].body in notes_of(sealed)


def test_a_webhook_gets_them_as_text(sealed, settings, listener):
    settings.SEAL_PLACES = (Place("webhook", f"http://127.0.0.1:{listener.server_port}/secret-path"),)

    assert send_checkpoints() == 0

    assert listener.bodies == [notes_of(sealed)]


@pytest.mark.parametrize("status", [302, 403, 500])
def test_a_webhook_that_refuses_is_a_failure_and_redirects_are_not_followed(sealed, settings, listener, status):
    listener.status = status
    settings.SEAL_PLACES = (Place("webhook", f"http://127.0.0.1:{listener.server_port}/"),)

    assert send_checkpoints() == 1

    assert standings(sealed)[0].reason == f"The address answered with an error. ({status})"
    assert len(listener.bodies) == 1


def test_the_address_of_a_webhook_is_shown_and_kept_nowhere(sealed, settings, caplog):
    settings.SEAL_PLACES = (Place("webhook", "http://127.0.0.1:9/hooks/a-long-secret"),)

    send_checkpoints()

    [standing] = standings(sealed)
    assert standing.place.shown == "127.0.0.1:9"
    assert "secret" not in str(Sending.objects.values()) + standing.reason + caplog.text


def test_what_the_file_keeps_is_compared_when_the_history_is_verified(sealed, file):
    send_checkpoints()
    assert check(sealed, kept_checkpoints(sealed)).whole

    file.unlink()

    [problem] = check(sealed, kept_checkpoints(sealed)).problems
    assert "nothing was compared" in problem.sentence


@pytest.mark.parametrize(
    ("variable", "given"),
    [
        ("TELAREVIEW_SEAL_FILE", {"file": "kept.txt"}),
        ("TELAREVIEW_SEAL_MAIL", {"mail": ["nobody"]}),
        ("TELAREVIEW_SEAL_WEBHOOK", {"webhooks": ["http://review.example/hooks/a-long-secret"]}),
        ("TELAREVIEW_SEAL_WEBHOOK", {"webhooks": ["https://"]}),
    ],
)
def test_a_place_that_cannot_be_is_refused_at_the_start(variable, given):
    with pytest.raises(ImproperlyConfigured, match=variable) as error:
        read_places(**{"file": "", "mail": [], "webhooks": [], **given})

    assert "secret" not in str(error.value)


def test_places_are_read_from_the_environment():
    found = read_places(file="/mnt/kept.txt", mail=["a@acme.example"], webhooks=["https://acme.example/x"])

    assert [(each.kind, each.address) for each in found] == [
        ("file", "/mnt/kept.txt"),
        ("mail", "a@acme.example"),
        ("webhook", "https://acme.example/x"),
    ]


def test_the_mail_server_is_one_address():
    assert read_mail_server("smtp+tls://ana%40acme.example:p%3Aw@mail.example:2525") == {
        "host": "mail.example",
        "port": 2525,
        "username": "ana@acme.example",
        "password": "p:w",
        "use_tls": True,
        "timeout": 15,
    }
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL") as error:
        read_mail_server("http://ana:secret@mail.example")
    assert "secret" not in str(error.value)
