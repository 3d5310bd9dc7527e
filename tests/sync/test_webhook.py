"""A webhook call is let in by its secret, stored before it is answered, and never breaks anything."""

import json
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkSize  # type: ignore[import-untyped]
from procrastinate.contrib.django.models import ProcrastinateJob

from telareview.sync import webhook
from telareview.sync.models import Delivery
from telareview.sync.news import UnreadableBody, read_news
from telareview.sync.webhook import MAX_WEBHOOK_BYTES
from telareview.tasks.models import Task
from tests.sync.webhook_calls import ADDRESS, RUN_ENDED, RUN_ID, SECRET, bare_call, call, event

pytestmark = pytest.mark.django_db

TASK = UUID("8b6d2c9a-1f4e-4c1b-9a1e-3c2d5e6f7a80")


@pytest.fixture(autouse=True)
def receiver(acme):
    acme.set_webhook_secret(SECRET)
    acme.save()
    return acme


def jobs():
    return list(ProcrastinateJob.objects.filter(task_name="fetch_told_tasks").order_by("id"))


# Who may call.


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Telareview-Secret": SECRET},
        {"Authorization": f"Bearer {SECRET}"},
        {"Authorization": f"bearer   {SECRET} "},
        {"Authorization": "Bearer something-of-a-proxy", "X-Telareview-Secret": SECRET},
    ],
    ids=["own header", "bearer", "bearer in other letters", "both headers"],
)
def test_a_call_with_the_secret_is_stored_and_answered_with_202(headers):
    answer = call(event(TASK), None, **headers)

    delivery = Delivery.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {"stored": "evt-1"}
    assert (delivery.event_id, delivery.event, delivery.task_id) == ("evt-1", "task.approved", TASK)
    assert delivery.workspace.slug == "acme"
    assert delivery.body == event(TASK).decode()
    assert delivery.processed_at is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Telareview-Secret": ""},
        {"X-Telareview-Secret": SECRET[:-1]},
        {"X-Telareview-Secret": SECRET + "x"},
        {"X-Telareview-Secret": SECRET.upper()},
        {"Authorization": SECRET},
        {"Authorization": f"Basic {SECRET}"},
        {"Authorization": "Bearer "},
        {"X-Telareview-Secret": "ñ€\udc80 \x00"},
        {"Cookie": f"secret={SECRET}"},
    ],
)
def test_a_call_without_the_secret_is_refused_and_leaves_nothing(headers):
    answer = call(event(TASK), None, **headers)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert not Delivery.objects.exists()
    assert jobs() == []


def test_a_stranger_cannot_tell_which_workspaces_there_are(receiver, elsewhere):
    wrong = call(event(TASK), "wrong")
    unknown = call(event(TASK), address="/webhooks/tela/nobody/")
    without_a_secret = call(event(TASK), address="/webhooks/tela/elsewhere/")
    with_no_secret_at_all = call(event(TASK), "", address="/webhooks/tela/elsewhere/")

    answers = [wrong, unknown, without_a_secret, with_no_secret_at_all]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, wrong.content)}


def test_the_secret_of_one_workspace_does_not_open_another(receiver, elsewhere):
    elsewhere.set_webhook_secret("whsec-elsewhere")
    elsewhere.save()

    assert call(event(TASK), address="/webhooks/tela/elsewhere/").status_code == 401
    assert call(event(TASK), "whsec-elsewhere", address="/webhooks/tela/elsewhere/").status_code == 202


def test_both_secrets_are_valid_during_a_rotation_and_one_after_it(receiver):
    receiver.rotate_webhook_secret("whsec-next")
    receiver.save()

    assert call(event(TASK, number=1)).status_code == 202
    assert call(event(TASK, number=2), "whsec-next").status_code == 202

    receiver.retire_former_webhook_secret()
    receiver.save()
    assert call(event(TASK, number=3)).status_code == 401
    assert call(event(TASK, number=4), "whsec-next").status_code == 202


def test_a_secret_that_cannot_be_decrypted_lets_nobody_in(settings):
    settings.SECRET_KEY = "another key altogether, as long as Django asks for it"

    assert call(event(TASK)).status_code == 401


def test_all_secrets_are_compared_whichever_matches(monkeypatch, receiver):
    receiver.rotate_webhook_secret("whsec-next")
    receiver.save()
    compared = []
    monkeypatch.setattr(webhook.hmac, "compare_digest", lambda mine, theirs: compared.append(1) or mine == theirs)
    counts = []
    for secret in ("whsec-next", SECRET, "wrong"):
        compared.clear()
        call(event(TASK), secret)
        counts.append(len(compared))

    assert counts == [4, 4, 4]


@pytest.mark.parametrize("verb", ["get", "head", "put", "patch", "delete", "options"])
def test_only_post_is_answered(verb):
    answer = getattr(Client(), verb)(ADDRESS, headers={"X-Telareview-Secret": SECRET})

    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


def test_a_call_without_the_last_slash_is_taken_too():
    assert call(event(TASK), address=ADDRESS.rstrip("/")).status_code == 202


def test_a_call_needs_no_session_and_makes_none():
    answer = Client(enforce_csrf_checks=True).post(
        ADDRESS, event(TASK), content_type="application/json", headers={"X-Telareview-Secret": SECRET}
    )

    assert answer.status_code == 202
    assert answer.cookies == {}


# What is stored.


def test_the_payload_of_a_run_is_stored_byte_for_byte():
    answer = call(RUN_ENDED)

    delivery = Delivery.objects.get()
    assert answer.status_code == 202
    assert delivery.body.encode() == RUN_ENDED
    assert (delivery.event, delivery.task_id, delivery.completion_run_id) == ("run.succeeded", None, RUN_ID)
    assert delivery.event_id.startswith("sha256:")


def test_each_turn_of_a_run_is_a_call_of_its_own():
    turns = [RUN_ENDED.replace(b'"succeeded"', b'"%s"' % turn) for turn in (b"created", b"running", b"succeeded")]

    assert [call(body).status_code for body in turns] == [202, 202, 202]
    assert set(Delivery.objects.values_list("event", flat=True)) == {"run.created", "run.running", "run.succeeded"}


def test_the_same_call_again_is_answered_with_200_and_stored_once():
    first, second = call(event(TASK)), call(event(TASK))
    run_first, run_second = call(RUN_ENDED), call(RUN_ENDED)

    assert [answer.status_code for answer in (first, second, run_first, run_second)] == [202, 200, 202, 200]
    assert Delivery.objects.count() == 2


def test_an_id_that_comes_again_with_other_news_is_not_taken_for_a_repetition():
    same_id = [event(TASK, "task.approved"), event(TASK, "task.approvalRevoked"), event(TASK, "task.approvalRevoked")]

    assert [call(body).status_code for body in same_id] == [202, 202, 200]
    assert sorted(Delivery.objects.values_list("event", flat=True)) == ["task.approvalRevoked", "task.approved"]


def test_two_workspaces_may_get_calls_of_the_same_id(receiver, elsewhere):
    elsewhere.set_webhook_secret(SECRET)
    elsewhere.save()

    assert call(event(TASK)).status_code == 202
    assert call(event(TASK), address="/webhooks/tela/elsewhere/").status_code == 202


@pytest.mark.parametrize("name", ["task.approval_revoked", "Tasks Approval Revoked", "x" * 5000, "", None, 7, {"a": 1}])
def test_an_unknown_event_is_accepted_and_its_task_asked_for(name):
    assert call(event(TASK, name)).status_code == 202

    delivery = Delivery.objects.get()
    assert delivery.task_id == TASK
    assert len(delivery.event) <= 100
    assert len(jobs()) == 1


@pytest.mark.parametrize(
    "told",
    [
        None,
        "",
        7,
        [],
        {},
        "not-an-id",
        "{8b6d2c9a-1f4e-4c1b-9a1e-3c2d5e6f7a80}",
        "8b6d2c9a1f4e4c1b9a1e3c2d5e6f7a80",
        "../../prompt-application/x/webhooks",
    ],
)
def test_a_call_that_names_no_task_is_kept_and_leads_to_nothing(told):
    body = event(None, task={"id": told, "name": "a sample", "reference": 1})

    assert call(body).status_code == 202

    assert Delivery.objects.get().outcome == Delivery.Outcome.NO_TASK
    assert jobs() == []


def test_text_that_the_database_cannot_hold_gets_stand_ins():
    body = event(TASK, "task.\x00approved\ud800", id="evt\x00\udfff")

    assert call(body).status_code == 202

    delivery = Delivery.objects.get()
    assert delivery.event == "task.␀approved�"
    assert delivery.event_id == "evt␀�"
    assert delivery.body == body.decode()


def test_an_id_that_is_far_too_long_gives_way_to_a_digest():
    assert call(event(TASK, id="x" * 100_000)).status_code == 202
    assert Delivery.objects.get().event_id.startswith("sha256:")


# What cannot be read.


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_body"),
        (b" \n", "empty_body"),
        (b"hello", "body_not_json"),
        (event(TASK)[:-7], "body_not_json"),
        (event(TASK) + b"{}", "body_not_json"),
        (b"[" * 400_000, "body_too_deep"),
        (b'{"a":' * 150_000 + b"1" + b"}" * 150_000, "body_too_deep"),
        (b'{"id": "\xff\xfe"}', "body_not_text"),
        (event(TASK).decode().encode("utf-16"), "body_not_text"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", "body_not_text"),
        (b"[]", "unreadable_body"),
        (b"null", "unreadable_body"),
        (b'"8b6d2c9a-1f4e-4c1b-9a1e-3c2d5e6f7a80"', "unreadable_body"),
        (b"\x00", "body_not_json"),
    ],
)
def test_an_unreadable_call_is_answered_with_400_and_kept_for_a_person(body, code):
    assert call(body).status_code == 400

    delivery = Delivery.objects.get()
    assert delivery.outcome == Delivery.Outcome.UNREADABLE
    assert delivery.processed_at is not None
    assert delivery.error_code == code
    assert delivery.error.startswith("The body of the call is ")
    assert delivery.body == body.decode("utf-8", "replace").replace("\0", "␀")
    assert jobs() == []


def test_an_unreadable_call_without_the_secret_is_not_kept():
    assert call(b"hello", "wrong").status_code == 401
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "number", ["9" * 100_000, "-1" + "0" * 5000, "1e999999999", "0." + "3" * 50_000, "NaN", "-Infinity", "1E-400"]
)
def test_no_number_is_too_large_to_be_passed_over(number):
    body = event(TASK, amount="@").replace(b'"@"', number.encode())

    assert call(body).status_code == 202
    assert Delivery.objects.get().task_id == TASK


def test_reading_never_raises_anything_else():
    for body in (
        b"{" * 1000,
        b'{"id":1e5,"task":3}',
        b'{"task":{"id":[]}}',
        b'{"event":[],"id":{}}',
        b"\xef\xbb\xbf{}",
    ):
        try:
            read_news(body)
        except UnreadableBody:
            continue


# How much may be sent.


def test_a_body_of_the_utmost_length_is_taken():
    padding = MAX_WEBHOOK_BYTES - len(event(TASK, padding=""))

    assert call(event(TASK, padding="x" * padding)).status_code == 202


class Unread:
    """A body that nobody may read."""

    def read(self, *_):
        raise AssertionError("The body was read.")

    readline = read


@pytest.mark.parametrize("length", [str(MAX_WEBHOOK_BYTES + 1), "10000000", "9" * 30, "-5", "1e3", "12x", "²"])
def test_a_body_that_is_announced_too_long_is_refused_unread(length):
    assert bare_call(b"", CONTENT_LENGTH=length, **{"wsgi.input": Unread()}) == 413
    assert not Delivery.objects.exists()


def test_a_stranger_s_body_is_not_read():
    assert bare_call(b"", CONTENT_LENGTH="5", HTTP_X_TELAREVIEW_SECRET="x", **{"wsgi.input": Unread()}) == 401


def test_a_body_without_an_announced_length_is_cut_off_at_the_limit():
    chunked = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}

    assert bare_call(event(TASK, padding="x" * MAX_WEBHOOK_BYTES), **chunked) == 413
    assert not Delivery.objects.exists()
    assert bare_call(event(TASK), **chunked) == 202


def test_of_a_body_longer_than_announced_the_rest_is_not_read():
    body = event(TASK)

    assert bare_call(body + b"x" * 10_000_000, CONTENT_LENGTH=str(len(body))) == 202
    assert Delivery.objects.get().body == body.decode()


def test_a_body_that_breaks_off_is_refused_and_not_kept():
    assert bare_call(event(TASK)[:50], CONTENT_LENGTH=str(len(event(TASK)))) == 400
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("error", [ConnectionResetError, InvalidChunkSize(b"zz"), ChunkMissingTerminator(b"x")])
@pytest.mark.parametrize("length", [{"CONTENT_LENGTH": "50"}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_a_body_that_breaks_while_it_is_read_is_no_server_error(error, length):
    class Broken:
        def read(self, *_):
            raise error

        readline = read

    assert bare_call(b"", **length, **{"wsgi.input": Broken()}) == 400
    assert not Delivery.objects.exists()


def test_a_compressed_body_is_refused():
    assert call(event(TASK), **{"Content-Encoding": "gzip"}).status_code == 415
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data; boundary=x", "", "application/x-www-form-urlencoded"]
)
def test_what_the_body_is_said_to_be_does_not_matter(content_type):
    assert bare_call(event(TASK), CONTENT_LENGTH=str(len(event(TASK))), CONTENT_TYPE=content_type) == 202


def test_a_backlog_nobody_works_off_stops_growing(monkeypatch, receiver):
    monkeypatch.setattr(webhook, "MAX_WAITING", 3)
    answers = [call(event(TASK, number=number)) for number in range(4)]

    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert Delivery.objects.count() == 3

    Delivery.objects.update(processed_at=timezone.now(), outcome=Delivery.Outcome.UNCHANGED)
    assert call(event(TASK, number=5)).status_code == 202


# Before and after the answer.


def test_calls_of_one_workspace_are_one_job_and_of_two_workspaces_two(receiver, elsewhere):
    elsewhere.set_webhook_secret(SECRET)
    elsewhere.save()
    for number, address in enumerate([ADDRESS, ADDRESS, "/webhooks/tela/elsewhere/", ADDRESS]):
        call(event(TASK, number=number), address=address)

    assert [job.args["workspace_id"] for job in jobs()] == [receiver.pk, elsewhere.pk]
    assert {job.queue_name for job in jobs()} == {"news"}


def test_a_call_changes_nothing_in_the_mirror(receiver):
    call(event(TASK, task={"id": str(TASK), "status": "completed", "approvedBy": "mallory@evil.example"}))

    assert not Task.objects.exists()


def test_a_database_that_is_down_asks_the_sender_to_come_again(monkeypatch):
    def down(*_, **__):
        raise OperationalError("the database system is shutting down")

    monkeypatch.setattr(webhook, "_insert", down)

    answer = call(event(TASK))

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0


def test_a_call_that_could_be_stored_but_not_announced_is_acknowledged(monkeypatch):
    monkeypatch.setattr(
        "telareview.sync.deliveries.fetch_told_tasks.configure", lambda **_: (_ for _ in ()).throw(OperationalError())
    )

    assert call(event(TASK)).status_code == 202
    assert Delivery.objects.get().processed_at is None


def test_the_secret_stands_in_no_row_and_no_answer(caplog):
    answers = [call(event(TASK)), call(event(TASK), SECRET + "x"), call(b"[")]

    with connection.cursor() as cursor:
        cursor.execute("SELECT d::text FROM sync_delivery d UNION ALL SELECT j::text FROM procrastinate_jobs j")
        rows = " ".join(row for (row,) in cursor.fetchall())
    assert SECRET not in rows + caplog.text + "".join(answer.content.decode() for answer in answers)


def test_answers_are_json_and_are_not_cached():
    for body, secret in ((event(TASK), SECRET), (b"[", SECRET), (b"", "wrong")):
        answer = call(body, secret)

        assert json.loads(answer.content)
        assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db(transaction=True)
def test_the_row_is_committed_when_the_sender_reads_its_answer(receiver, django_db_blocker):
    """Seen from another connection, not from the one that wrote it."""
    assert call(event(TASK)).status_code == 202

    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sync_delivery")
            assert cursor.fetchone() == (1,)
    finally:
        other.close()
