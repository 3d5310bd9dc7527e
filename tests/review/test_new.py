"""`/tasks/new/`: one task from a form."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from telareview.review.models import Batch, BatchRow, OutgoingAction
from telareview.sandbox.apps import CLAIMS, CONTRACTS, INVOICES
from telareview.sync.refresh import refresh_task
from telareview.tasks.models import Task
from tests.accounts.cast import make_person, signed_in
from tests.review.batches import marked
from tests.sync.tela import client_of
from tests.sync.webhook_calls import RUN_ENDED
from tests.tasks.records import mirrored, task_json

PDF = b"%PDF-1.7\n...\n%%EOF\n"
PAGE = "/tasks/new/"


@pytest.fixture(autouse=True)
def known_apps(acme):
    """The mirror knows a task of each app, and with it the Canvas version."""
    mirrored(
        acme,
        *(
            task_json(number, promptApplicationId=app.id, promptVersionId=app.versions[-1].id)
            for number, app in enumerate((INVOICES, CONTRACTS, CLAIMS), 900)
        ),
    )


def form_of(desk, app=INVOICES):
    page = desk.get(PAGE, {"app": app.id})
    assert page.status_code == 200
    return page.content.decode()


def filled(desk, app=INVOICES, **more):
    once = re.search(r"telareview:[0-9a-f]{16}", form_of(desk, app))[0]
    return {"app": app.id, "once": once, "name": "nota.pdf", "tags": "a, b", "way": "task", "whole": "1", **more}


def post(desk, data):
    return desk.post(PAGE, data)


@pytest.mark.parametrize("role", ["viewer", "auditor", "reviewer"])
def test_who_may_not_create_sees_no_button_and_no_page(acme, role):
    member = signed_in(make_person(role, acme))

    assert PAGE not in member.get("/tasks/").content.decode()
    for method in (member.get, member.post):
        page = method(PAGE)
        assert page.status_code == 403
        assert "you may not create tasks in Tela" in page.content.decode()


@pytest.mark.parametrize("switch", ["installation", "workspace"])
def test_where_writing_is_off_there_is_no_button_and_the_page_says_so(acme, desk, settings, sandbox, switch):
    assert PAGE in desk.get("/tasks/").content.decode()
    settings.TELA_ALLOW_WRITES = switch != "installation"
    acme.allow_writes = switch != "workspace"
    acme.save()
    sandbox.requests.clear()

    assert PAGE not in desk.get("/tasks/").content.decode()
    for address in (PAGE, "/tasks/new/many/", "/tasks/new/template.csv"):
        page = desk.post(address) if address != "/tasks/new/template.csv" else desk.get(address)
        assert page.status_code == 403
        assert "TELA_ALLOW_WRITES" in page.content.decode() or "may not write to Tela" in page.content.decode()
    assert sandbox.requests == []


def test_the_form_is_made_from_what_the_app_asks_for(desk):
    page = form_of(desk, CONTRACTS)

    assert "document *" in page
    assert "parte *" in page
    assert "De qual parte somos" in page
    assert "observacoes" in page
    assert 'type="file"' in page


def test_where_tela_does_not_tell_there_are_free_names_and_values(desk, acme, sandbox):
    page = desk.get(PAGE, {"app": "11111111-1111-4111-8111-111111111111"})

    text = page.content.decode()
    assert "Tela does not tell what this app asks for" in text
    assert 'name="n0"' in text


def test_an_app_is_chosen_first(desk):
    text = desk.get(PAGE).content.decode()

    assert f"?app={INVOICES.id}" in text
    assert "no id of an app" in desk.get(PAGE, {"app": "nope"}).content.decode()


def test_a_task_is_created_and_its_page_follows_it(desk, acme, sandbox):
    answer = post(desk, filled(desk, v0="https://files.example/nota.pdf"))

    row = BatchRow.objects.get()
    assert answer.status_code == 302
    assert answer.url == f"/tasks/{row.task_id}/"
    sent = next(request for request in sandbox.requests if request.method == "POST")
    assert sent.json() == {
        "promptApplicationId": INVOICES.id,
        "name": "nota.pdf",
        "rawInput": {"variables": {"document": {"file_url": "https://files.example/nota.pdf"}}},
        "tags": ["a", "b", row.marker],
    }
    card = Task.objects.of(acme).get(task_id=row.task_id)
    assert card.status == "running"
    page = desk.get(answer.url).content.decode()
    follow = re.search(r'hx-get="(/tasks/[^"]+/following/[^"]+)"', page)[1].replace("&amp;", "&")
    still = desk.get(follow, headers={"HX-Request": "true"})
    assert "HX-Refresh" not in still.headers
    assert "delay:2.6s" in still.content.decode()

    while sandbox.world.card(str(row.task_id)).status == "running":
        pass
    refresh_task(acme, row.task_id)
    moved = desk.get(follow, headers={"HX-Request": "true"})
    assert moved.headers["HX-Refresh"] == "true"
    assert "hx-get" not in moved.content.decode()
    assert "/following/" not in desk.get(answer.url).content.decode()


def test_a_file_is_uploaded_and_named_by_its_vault(desk, sandbox):
    post(desk, filled(desk, name="", f0=SimpleUploadedFile("nota fiscal.pdf", PDF, "application/pdf")))

    row = BatchRow.objects.get()
    assert row.state == "created"
    assert row.name == "nota fiscal.pdf"
    (kept,) = sandbox.files.kept.values()
    assert (kept.name, kept.size) == ("nota fiscal.pdf", len(PDF))
    assert json.loads(row.variables)["document"]["file_url"] == f"vault://{kept.id}"


def test_each_file_goes_into_its_variable_and_several_into_a_list(desk, sandbox):
    files = {
        "f0": SimpleUploadedFile("laudo.pdf", PDF),
        "v1": "https://files.example/pedido.pdf",
        "f2": [SimpleUploadedFile("sangue.pdf", PDF), SimpleUploadedFile("raio-x.pdf", PDF)],
        "v2": "vault://abc\r\nhttps://files.example/urina.pdf",
    }

    answer = post(desk, filled(desk, CLAIMS, name="", **files))

    assert answer.status_code == 302
    row = BatchRow.objects.get()
    assert (row.state, row.name) == ("created", "laudo.pdf")
    variables = json.loads(row.variables)
    assert [variables[name]["file_name"] for name in ("document",)] == ["laudo.pdf"]
    assert variables["pedido"] == {"file_url": "https://files.example/pedido.pdf"}
    first, second, *uploaded = variables["exames"]["files"]
    assert (first, second) == ({"file_url": "vault://abc"}, {"file_url": "https://files.example/urina.pdf"})
    assert [each["file_name"] for each in uploaded] == ["sangue.pdf", "raio-x.pdf"]
    assert [kept.name for kept in sandbox.files.kept.values()] == ["laudo.pdf", "sangue.pdf", "raio-x.pdf"]
    sent = next(request for request in sandbox.requests if request.method == "POST" and request.path == "/task")
    assert sent.json()["rawInput"]["variables"] == variables


def test_a_file_of_several_that_is_none_is_named(desk, sandbox):
    files = [SimpleUploadedFile("sangue.pdf", PDF), SimpleUploadedFile("raio-x.pdf", b"<html>")]

    answer = post(desk, filled(desk, CLAIMS, v0="https://files.example/laudo.pdf", f2=files))

    assert answer.status_code == 422
    assert "raio-x.pdf: It is called .pdf, but is no PDF." in answer.content.decode()
    assert sandbox.files.kept == {}


def test_where_tela_does_not_tell_a_file_can_be_sent_all_the_same(desk, acme, sandbox):
    Task.objects.of(acme).update(prompt_version_id=None)

    post(desk, filled(desk, name="", n0="document", f0=SimpleUploadedFile("nota.pdf", PDF)))

    row = BatchRow.objects.get()
    assert (row.state, json.loads(row.variables)["document"]["file_name"]) == ("created", "nota.pdf")


def test_a_file_and_an_address_for_one_variable_are_too_much(desk, sandbox):
    answer = post(desk, filled(desk, f0=SimpleUploadedFile("a.pdf", PDF), v0="https://files.example/b.pdf"))

    assert answer.status_code == 422
    assert "Give a file or an address, not both." in answer.content.decode()
    assert not OutgoingAction.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "“document” is missing."),
        ({"v0": "file:///etc/passwd"}, "is no address of a file"),
        ({"name": "", "v0": "https://x.example/a.pdf"}, "The name is missing."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_sent(desk, sandbox, changes, said):
    data = filled(desk, **changes)
    sandbox.requests.clear()

    answer = post(desk, data)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert {request.method for request in sandbox.requests} <= {"GET"}
    assert not OutgoingAction.objects.exists()


def test_a_file_that_is_no_pdf_is_not_sent(desk, sandbox):
    answer = post(desk, filled(desk, f0=SimpleUploadedFile("a.pdf", b"<html>", "application/pdf")))

    assert answer.status_code == 422
    assert "is no PDF" in answer.content.decode()
    assert sandbox.files.kept == {}


def test_telas_refusal_stands_over_the_form(desk, acme, sandbox):
    """An app whose needs the mirror does not know, so that only Tela can refuse."""
    Task.objects.of(acme).update(prompt_version_id=None)

    answer = post(desk, filled(desk, n0="cor", v0="azul"))

    assert answer.status_code == 422
    assert "Required variables are missing" in answer.content.decode()


def test_the_same_form_sent_twice_is_one_task(desk, sandbox):
    data = filled(desk, v0="https://files.example/nota.pdf")

    first, second = post(desk, data), post(desk, data)

    assert first.url == second.url
    assert sum(marked(sandbox).values()) == 1


def test_a_lost_answer_leads_to_a_page_that_says_so_and_a_worker_looks(desk, sandbox, acme, operator):
    from telareview.review.sending import send_batch
    from telareview.sync.connection import writing_client

    data = filled(desk, v0="https://files.example/nota.pdf")
    sandbox.faults.once("cut", path="/task")

    answer = post(desk, data)

    batch = Batch.objects.get()
    assert answer.url == f"/tasks/new/many/{batch.pk}/"
    page = desk.get(answer.url).content.decode()
    assert "answer lost, being looked for" in page
    assert 'hx-trigger="every 1s"' in page
    with writing_client(acme) as client:
        send_batch(batch, client, operator, sleep=lambda seconds: None)
    assert "every 1s" not in desk.get(answer.url).content.decode()
    assert sum(marked(sandbox).values()) == 1
    assert BatchRow.objects.get().state == "created"


def test_a_tela_that_refuses_the_key_is_told_over_the_form(desk, acme, sandbox):
    data = filled(desk, v0="https://files.example/nota.pdf")
    acme.set_api_key("sk-wrong")
    acme.save()

    answer = post(desk, {**data, "n0": "document", "v0": "https://files.example/nota.pdf"})

    assert answer.status_code == 422
    assert "refused the API key" in answer.content.decode()
    assert BatchRow.objects.get().state == "refused"


class TestTheDocuments:
    """The example request and the webhook's payload, as the documents print them."""

    RAW_INPUT = {
        "application_id": "95cec438-6080-44fe-8275-28b16bd40178",
        "variables": {"document": {"file_url": "https://example.com/document.pdf"}},
        "webhook_url": "https://example.com/webhook",
    }

    def test_a_completion_is_the_request_that_the_document_prints(self):
        from telareview.review.drafts import completion_body

        variables = {"document": {"file_url": "https://example.com/document.pdf"}}
        body = completion_body(self.RAW_INPUT["application_id"], variables, "https://example.com/webhook")

        assert body == self.RAW_INPUT

    def test_the_form_sends_it_and_the_task_is_followed_to_its_review(self, desk, acme, sandbox):
        answer = post(desk, filled(desk, name="", tags="", way="completion", v0="https://example.com/document.pdf"))

        sent = next(request for request in sandbox.requests if request.method == "POST")
        assert sent.path == "/v2/chat/completions"
        assert sent.json() == {name: self.RAW_INPUT[name] for name in ("application_id", "variables")}
        row = BatchRow.objects.get()
        assert answer.url == f"/tasks/{row.task_id}/"
        # The printed loop waits for `completed` or `failed`, which an unreviewed task never reaches.
        while sandbox.world.card(str(row.task_id)).status == "running":
            pass
        refresh_task(acme, row.task_id)
        assert Task.objects.get(task_id=row.task_id).status == "validating"
        assert "/following/" not in desk.get(answer.url).content.decode()

    def test_the_printed_payload_leads_to_the_task_of_its_run(self, acme, sandbox):
        payload = RUN_ENDED
        acme.set_webhook_secret("hook-secret-4711")
        acme.save()
        order = {
            "promptApplicationId": INVOICES.id,
            "name": "document.pdf",
            "rawInput": self.RAW_INPUT,
            "completionRunId": "b83b1558-de5b-4e45-b517-7bececbdd154",
        }
        with client_of(sandbox) as reading:
            import requests

            made = requests.post(
                f"{sandbox.url}/task", json=order, headers={"Authorization": f"Bearer {sandbox.key}"}, timeout=5
            ).json()[0]
            assert reading.get_task(made["id"]).completion_run_id

        answer = Client().post(
            "/webhooks/tela/acme/",
            payload,
            content_type="application/json",
            headers={"X-Telareview-Secret": "hook-secret-4711"},
        )
        from telareview.sync.deliveries import process

        process(acme.pk)

        assert answer.status_code == 202
        assert json.loads(payload)["raw_input"] == self.RAW_INPUT
        assert Task.objects.of(acme).get(task_id=made["id"]).name == "document.pdf"


def test_tela_is_asked_to_call_us_with_our_secret(desk, acme, sandbox):
    acme.set_webhook_secret("hook-secret-4711")
    acme.save()

    post(desk, filled(desk, v0="https://files.example/nota.pdf", tell="on"))

    sent = next(request for request in sandbox.requests if request.method == "POST")
    assert sent.json()["rawInput"]["webhook_url"] == "http://testserver/webhooks/tela/acme/"
    assert sent.headers["x-tela-forward-x-telareview-secret"] == "hook-secret-4711"
    assert "hook-secret-4711" not in OutgoingAction.objects.get().body


def test_a_body_without_its_end_is_told(desk, sandbox):
    data = filled(desk, v0="https://files.example/nota.pdf")
    del data["whole"]
    sandbox.requests.clear()

    answer = post(desk, data)

    assert answer.status_code == 400
    assert "cut off before its end" in answer.content.decode()
    assert sandbox.requests == []


def test_the_token_is_checked_although_the_rights_come_first(operator, acme):
    strict = signed_in(operator, enforce_csrf_checks=True)

    answer = strict.post(PAGE, {"app": INVOICES.id, "whole": "1"})

    assert answer.status_code == 403
    assert "This form can no longer be used" in answer.content.decode()
