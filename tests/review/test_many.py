"""`/tasks/new/many/`: a CSV or dropped files, looked at before anything is sent."""

import csv
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from telareview.review import jobs
from telareview.review.models import Batch, BatchFile, OutgoingAction
from telareview.review.sending import send_batch
from telareview.sandbox.apps import CLAIMS, CONTRACTS, INVOICES
from telareview.sync.connection import writing_client
from telareview.tasks.models import Task
from tests.accounts.cast import make_person, make_workspace, signed_in
from tests.review.batches import make_batch, states
from tests.tasks.records import mirrored, task_json

PAGE = "/tasks/new/many/"
PDF = b"%PDF-1.7\n...\n%%EOF\n"
HEADER = "name,tags,document\n"
GOOD = "nota {n}.pdf,lote,https://files.example/{n}.pdf\n"


@pytest.fixture(autouse=True)
def one_connection(monkeypatch):
    """A job would close the connection that holds the test's transaction."""
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)


@pytest.fixture(autouse=True)
def known_apps(acme):
    mirrored(
        acme,
        *(
            task_json(number, promptApplicationId=app.id, promptVersionId=app.versions[-1].id)
            for number, app in enumerate((INVOICES, CONTRACTS, CLAIMS), 900)
        ),
    )


def table(count, extra=""):
    return HEADER + "".join(GOOD.format(n=n) for n in range(count)) + extra


def send_table(desk, text, **more):
    content = text if isinstance(text, bytes) else text.encode()
    data = {"app": INVOICES.id, "table": SimpleUploadedFile("notas.csv", content), "whole": "1", **more}
    return desk.post(PAGE, data)


def deliver(batch, acme, operator):
    """What the worker does."""
    with writing_client(acme, hurried=False) as client:
        send_batch(batch, client, operator, sleep=lambda seconds: None)
    batch.refresh_from_db()


def test_a_table_is_shown_before_anything_is_sent(desk, sandbox):
    answer = send_table(desk, table(3, ",x,\nsem documento,,\n=1+1,,https://x.example/a.pdf\n"))

    batch = Batch.objects.get()
    assert answer.url == f"{PAGE}{batch.pk}/"
    page = desk.get(answer.url).content.decode()
    assert "Create 3 tasks" in page
    assert "The name is missing." in page
    assert "“document” is missing." in page
    assert "begins like a spreadsheet formula" in page
    assert states(batch) == {"waiting": 3, "invalid": 3}
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert not OutgoingAction.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"nome,document\na,b\n",
            "“name” is missing. The first line names the columns: name, tags, document.",
        ),
        (b"name,document,cor\na,b,c\n", "The app asks for no “cor”. The columns are: name, tags, document."),
        (b"name\na\n", "The app needs “document”"),
        (b"", "The file is empty."),
        (HEADER.encode() + b"a,,https://x/a\n" * 10_001, "more than 10000 rows"),
        (b"x" * 50_000_000, "The file has 50 MB; at most 20 MB"),
        (b"\x00\x01\x02\x03" * 50, "no table of text"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_a_sentence(desk, sandbox, content, said):
    answer = send_table(desk, content)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Batch.objects.exists()
    assert {request.method for request in sandbox.requests} <= {"GET"}


def test_nothing_chosen_is_said(desk):
    answer = desk.post(PAGE, {"app": INVOICES.id, "whole": "1"})

    assert answer.status_code == 422
    assert "Choose a file." in answer.content.decode()
    assert "Choose an app." in desk.post(PAGE, {"app": "x", "whole": "1"}).content.decode()


def test_a_batch_is_begun_sent_by_a_worker_and_reported(desk, acme, operator, sandbox):
    number = send_table(desk, table(120, "sem documento,,\n")).url
    batch = Batch.objects.get()

    desk.post(f"{number}act/", {"act": "send"})
    desk.post(f"{number}act/", {"act": "send"})

    batch.refresh_from_db()
    assert batch.state == "running"
    assert 'hx-trigger="every 1s"' in desk.get(number).content.decode()
    assert ProcrastinateJob.objects.filter(task_name="send_tasks").count() == 1
    deliver(batch, acme, operator)
    page = desk.get(number).content.decode()
    assert "every 1s" not in page
    assert (batch.state, states(batch)) == ("ended", {"created": 120, "invalid": 1})
    report = desk.get(f"{number}report.csv")
    lines = list(csv.DictReader(io.StringIO(report.getvalue().decode())))
    assert len(lines) == 121
    assert lines[0]["outcome"] == "created"
    assert Task.objects.of(acme).filter(task_id=lines[0]["taskId"]).exists()
    assert (lines[120]["outcome"], lines[120]["error"]) == ("invalid", "“document” is missing.")


def test_the_job_acts_in_the_name_of_who_asked_and_only_while_they_may(acme, operator, sandbox):
    batch = make_batch(acme, operator, 2, state=Batch.State.RUNNING)
    operator.memberships.update(role="viewer")

    jobs.send_tasks.func(_context(), batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.error_code, states(batch)) == ("paused", "write_refused", {"waiting": 2})

    operator.memberships.update(role="operator")
    jobs.send_tasks.func(_context(), batch.pk)
    assert states(batch) == {"waiting": 2}, "a job that comes again does not go on with what was stopped"
    Batch.objects.update(state=Batch.State.RUNNING)
    jobs.send_tasks.func(_context(), batch.pk)
    batch.refresh_from_db()
    assert (batch.state, states(batch)) == ("ended", {"created": 2})
    assert {action.person_email for action in OutgoingAction.objects.all()} == {operator.email}


def test_a_batch_whose_worker_was_killed_is_taken_up_again(acme, operator):
    stands_still = make_batch(acme, operator, 1, state=Batch.State.RUNNING)
    Batch.objects.update(moved_at=stands_still.created_at - jobs.STILL_AFTER)
    make_batch(acme, operator, 1)

    jobs.take_up_batches.func(0)
    jobs.take_up_batches.func(0)

    (job,) = ProcrastinateJob.objects.filter(task_name="send_tasks")
    assert job.args == {"batch_id": stands_still.pk}


class _Context:
    def should_abort(self):
        return False


def _context():
    return _Context()


def test_a_batch_can_be_stopped_gone_on_with_and_a_draft_thrown_away(desk, acme, operator, sandbox):
    address = send_table(desk, table(5)).url
    batch = Batch.objects.get()
    desk.post(f"{address}act/", {"act": "send"})
    desk.post(f"{address}act/", {"act": "stop"})
    deliver(batch, acme, operator)
    assert (batch.state, states(batch)) == ("paused", {"waiting": 5})
    assert "Go on" in desk.get(address).content.decode()

    desk.post(f"{address}act/", {"act": "discard"})
    assert Batch.objects.filter(pk=batch.pk).exists(), "what was begun is a record"
    desk.post(f"{address}act/", {"act": "send"})
    deliver(batch, acme, operator)
    assert states(batch) == {"created": 5}

    draft = send_table(desk, table(1)).url
    desk.post(f"{draft}act/", {"act": "discard"})
    assert desk.get(draft).status_code == 404
    assert desk.post(f"{address}act/", {"act": "dance"}).status_code == 404


def test_the_same_file_again_is_noticed(desk, acme, operator):
    first = Batch.objects.get(pk=int(send_table(desk, table(1)).url.split("/")[-2]))
    deliver(first, acme, operator)

    again = send_table(desk, table(1)).url

    assert "This very file was sent before, as batch" in desk.get(again).content.decode()


def test_dropped_files_become_tasks_and_what_is_no_file_of_its_kind_is_told(desk, acme, operator, sandbox):
    files = [
        SimpleUploadedFile("um.pdf", PDF),
        SimpleUploadedFile("dois.pdf", PDF + b"2"),
        SimpleUploadedFile("falso.pdf", b"<html>"),
        SimpleUploadedFile("cortado.pdf", PDF[:12]),
        SimpleUploadedFile("um.pdf", PDF),
        SimpleUploadedFile("programa.exe", b"MZ"),
    ]

    address = desk.post(PAGE, {"app": INVOICES.id, "files": files, "drop-tags": "lote, x", "whole": "1"}).url

    page = desk.get(address).content.decode()
    for said in ("but is no PDF", "it was cut off", "same name and content", "Files of this kind are not taken"):
        assert said in page
    batch = Batch.objects.get()
    assert states(batch) == {"waiting": 2, "invalid": 4}
    assert sandbox.files.kept == {}
    assert BatchFile.objects.count() == 2
    deliver(batch, acme, operator)
    assert states(batch) == {"created": 2, "invalid": 4}
    assert {kept.size for kept in sandbox.files.kept.values()} == {len(PDF), len(PDF) + 1}
    assert not BatchFile.objects.filter(content__isnull=False).exists()
    assert {tuple(row.tags) for row in batch.rows.all()} == {("lote", "x")}


def drop(desk, app, *names, **more):
    files = [SimpleUploadedFile(name, PDF) for name in names]
    return desk.post(PAGE, {"app": app.id, "files": files, "whole": "1", **more})


@pytest.mark.parametrize(
    ("variable", "held"), [("pedido", {"file_url": 1, "file_name": 1, "mime_type": 1}), ("exames", {"files": 1})]
)
def test_each_dropped_file_goes_into_the_variable_that_was_chosen(desk, acme, operator, sandbox, variable, held):
    common = {"drop-variable": variable, "drop-v0": "https://files.example/laudo.pdf"}

    address = drop(desk, CLAIMS, "um.pdf", "dois.pdf", **common).url

    assert f"Each file goes into “{variable}”." in desk.get(address).content.decode()
    batch = Batch.objects.get()
    deliver(batch, acme, operator)
    assert states(batch) == {"created": 2}
    for row in batch.rows.all():
        variables = json.loads(row.variables)
        assert variables["document"] == {"file_url": "https://files.example/laudo.pdf"}
        assert set(variables[variable]) == set(held)
        assert row.name in str(variables[variable])


def test_what_else_the_app_needs_is_asked_for_before_files_are_kept(desk, acme, operator, sandbox):
    lacking = drop(desk, CONTRACTS, "um.pdf")
    assert lacking.status_code == 422
    assert "“parte” is missing." in lacking.content.decode()
    assert not Batch.objects.exists()

    drop(desk, CONTRACTS, "um.pdf", **{"drop-v1": "contratante"})

    batch = Batch.objects.get()
    deliver(batch, acme, operator)
    assert json.loads(batch.rows.get().variables)["parte"] == "contratante"
    assert states(batch) == {"created": 1}


def test_a_value_for_the_variable_that_the_files_go_into_is_refused(desk):
    answer = drop(desk, CLAIMS, "um.pdf", **{"drop-variable": "document", "drop-v0": "https://files.example/a.pdf"})

    assert answer.status_code == 422
    assert "Each file goes in here, so no other can." in answer.content.decode()


def test_where_tela_does_not_tell_the_variable_is_named(desk, acme, operator):
    Task.objects.of(acme).update(prompt_version_id=None)
    assert 'value="document"' in desk.get(PAGE, {"app": INVOICES.id}).content.decode()
    assert drop(desk, INVOICES, "um.pdf").status_code == 422

    drop(desk, INVOICES, "um.pdf", **{"drop-variable": "document"})

    batch = Batch.objects.get()
    deliver(batch, acme, operator)
    assert states(batch) == {"created": 1}


def test_an_app_is_chosen_before_files_are(desk):
    page = desk.get(PAGE).content.decode()

    assert f"{PAGE}?app={INVOICES.id}" in page
    assert 'type="file"' not in page


def test_a_cell_may_hold_several_files_of_a_list(desk, acme, operator):
    rows = "name,document,exames\num,https://f.example/l.pdf,https://f.example/a.pdf | vault://b\ndois,https://f.example/l.pdf,a.pdf\n"

    page = desk.get(send_table(desk, rows, app=CLAIMS.id).url).content.decode()

    assert "“exames” is no address of a file" in page
    files = json.loads(Batch.objects.get().rows.get(name="um").variables)["exames"]["files"]
    assert files == [{"file_url": "https://f.example/a.pdf"}, {"file_url": "vault://b"}]


def test_the_template_names_what_the_app_asks_for(desk):
    answer = desk.get("/tasks/new/template.csv", {"app": CONTRACTS.id})

    assert answer.content == b"name,tags,document,parte,observacoes\r\n"
    assert "attachment" in answer["Content-Disposition"]


def test_an_upload_that_breaks_off_in_the_middle_keeps_nothing(operator, sandbox):
    """The body ends where the connection broke: the file's own end and the last field are missing."""
    body = (
        f'--x\r\nContent-Disposition: form-data; name="app"\r\n\r\n{INVOICES.id}\r\n'
        '--x\r\nContent-Disposition: form-data; name="table"; filename="n.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n{table(50)}"
    ).encode()
    desk = signed_in(operator)

    answer = desk.generic("POST", PAGE, body, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 400
    assert "cut off before its end" in answer.content.decode()
    assert not Batch.objects.exists()


def test_a_large_body_is_let_in_here_and_nowhere_else(desk, acme):
    large = b"x" * 1_100_000
    assert send_table(desk, HEADER.encode() + large).status_code == 422
    data = {"table": SimpleUploadedFile("n.csv", large)}
    assert desk.post("/accounts/preferences/", data).status_code == 413


def test_nobody_without_the_right_has_their_body_read(acme, sandbox, monkeypatch):
    viewer = signed_in(make_person("viewer", acme))
    monkeypatch.setattr("django.http.request.HttpRequest.parse_file_upload", lambda *args: pytest.fail("read"))

    assert send_table(viewer, table(1)).status_code == 403
    assert send_table(Client(), table(1)).status_code == 302


def test_batches_of_another_workspace_do_not_exist(desk, acme, operator):
    elsewhere = make_workspace("elsewhere")
    elsewhere.allow_writes = True
    elsewhere.save()
    foreign = make_batch(elsewhere, make_person("admin", elsewhere, "x@elsewhere.example"), 1)

    for address in (f"{PAGE}{foreign.pk}/", f"{PAGE}{foreign.pk}/report.csv"):
        assert desk.get(address).status_code == 404
    assert desk.post(f"{PAGE}{foreign.pk}/act/", {"act": "send"}).status_code == 404
    foreign.refresh_from_db()
    assert foreign.state == "draft"


def test_the_page_of_a_batch_costs_the_same_whatever_its_size(desk, acme, operator, django_assert_max_num_queries):
    small, large = make_batch(acme, operator, 3), make_batch(acme, operator, 300)
    desk.get(PAGE)
    counts = []
    for batch in (small, large):
        with django_assert_max_num_queries(30) as asked:
            desk.get(f"{PAGE}{batch.pk}/")
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_ten_thousand_rows_are_taken_and_shown(desk):
    page = desk.get(send_table(desk, table(10_000)).url).content.decode()

    assert "Create 10000 tasks" in page
    assert Batch.objects.get().rows.count() == 10_000
