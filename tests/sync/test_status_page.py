"""The sync page: runs, what is under way or asked for, and rows that could not be read."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from telareview.sync.exclusive import PULL_LOCK
from telareview.sync.models import DriftFinding, QuarantinedRow, SyncRun
from telareview.sync.runs import quarantine
from telareview.tela import RejectedRow
from tests.accounts.cast import make_person, signed_in
from tests.tasks.markup import read
from tests.tasks.records import NOON, mirrored, task_id, task_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(acme):
    return signed_in(make_person("operator", acme, "operator@acme.example"))


@pytest.fixture
def held(acme):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [PULL_LOCK, acme.pk])
        yield
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [PULL_LOCK, acme.pk])


def run_of(workspace, kind="sweep", *, ended=True, **more):
    started = timezone.now() - dt.timedelta(seconds=50)
    end = {"ended_at": timezone.now(), "outcome": "complete"} if ended else {}
    return SyncRun.objects.create(workspace=workspace, kind=kind, started_at=started, **end, **more)


def page_of(client, address="/sync/", **headers):
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return read(response.content)


# --- What is under way ------------------------------------------------------------------------------------------


def test_a_sweep_under_way_has_a_bar_with_tasks_rate_and_remaining_time(acme, operator, held):
    run_of(acme, ended=False, fetched=250, expected=1000)

    page = page_of(operator)

    assert page.all("progress")[0]["value"] == "25"
    told = page.one(id="runs").words
    assert "Under way: sweep" in told
    assert "250 tasks · 5 a second · about 3 min left" in told or "250 tasks · 5 a second · about 2 min left" in told
    assert page.one(id="runs")["hx-trigger"] == "every 1s"


def test_a_pull_whose_end_is_not_known_has_a_bar_without_a_share(acme, operator, held):
    run_of(acme, "pull", ended=False, fetched=100)

    page = page_of(operator)

    assert "value" not in page.all("progress")[0].attributes
    assert "100 tasks · 2 a second" in page.one(id="runs").words


def test_a_run_whose_process_was_killed_is_told_as_stopped(acme, operator):
    run_of(acme, "backfill", ended=False)

    told = page_of(operator).one(id="runs").words

    assert "stopped" in told
    assert "Under way" not in told


def test_without_a_run_the_page_still_looks_again(operator):
    assert page_of(operator).one(id="runs")["hx-trigger"] == "every 10s"


# --- What is asked for -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "word", "job"), [("pull", "pull", "pull_workspace"), ("sweep", "sweep", "sweep_workspace")]
)
def test_what_was_asked_for_is_seen_waiting_once(acme, operator, act, word, job):
    for _ in range(2):
        assert operator.post(f"/sync/{act}/").status_code == 302

    assert ProcrastinateJob.objects.filter(task_name=job, args__workspace_id=acme.pk).count() == 1
    page = page_of(operator)
    assert f"Asked for: {word}." in page.one(id="runs").words
    assert "No worker is running" in page.one(id="runs").words
    assert page.one(id="runs")["hx-trigger"] == "every 1s"


def test_another_workspace_does_not_see_it(operator, outsider):
    operator.post("/sync/pull/")

    assert "Asked for" not in page_of(outsider).one(id="runs").words


@pytest.mark.parametrize("act", ["pull", "sweep"])
def test_a_viewer_may_not_ask(viewer, act):
    assert viewer.post(f"/sync/{act}/").status_code == 403
    assert not ProcrastinateJob.objects.exists()


# --- Rows that could not be read ---------------------------------------------------------------------------------


def keep(workspace, reason, raw='{"id": "x"}', task=None):
    quarantine(workspace, [RejectedRow(index=0, reason=reason, raw_json=raw, task_id=task)], None)
    return QuarantinedRow.objects.latest("pk")


def test_a_row_is_shown_with_its_reason_and_its_json(acme, operator):
    keep(acme, "createdAt is missing.", '{"id":"<script>"}')

    fold = page_of(operator).all("details", **{"class": "fold"})[0]

    assert "createdAt is missing." in fold.words
    assert fold.one("pre").text == '{"id":"<script>"}'


def test_its_reason_is_told_in_the_readers_language(acme):
    keep(acme, "status is a number, not text.")
    reader = signed_in(make_person("viewer", acme, language="pt-br"))

    told = page_of(reader).all("details", **{"class": "fold"})[0].words

    assert "status" in told
    assert "not text" not in told


def test_a_long_row_is_cut_and_stands_whole_at_its_own_address(acme, operator):
    raw = '{"a":"' + "x" * 9_000 + '"}'
    row = keep(acme, "id is missing.", raw)

    page = page_of(operator)

    assert len(page.all("details", **{"class": "fold"})[0].one("pre").text) < 5_000
    assert page.all("a", href=f"/sync/rows/{row.pk}/")
    response = operator.get(f"/sync/rows/{row.pk}/")
    assert response.content.decode() == raw
    assert response["Content-Type"].startswith("text/plain")


def test_another_workspaces_row_is_not_found(elsewhere, operator):
    assert operator.get(f"/sync/rows/{keep(elsewhere, 'id is missing.').pk}/").status_code == 404


def test_a_row_that_was_read_since_says_so_and_leads_to_its_task(acme, operator):
    row = keep(acme, "status is missing.", task=str(task_id(1)))
    mirrored(acme, task_json(1))
    QuarantinedRow.objects.filter(pk=row.pk).update(last_seen_at=NOON - dt.timedelta(days=9))

    fold = page_of(operator).all("details", **{"class": "fold"})[0]

    assert "read since" in fold.words
    assert fold.all("a", href=f"/tasks/{task_id(1)}/")


# --- The drift report ---------------------------------------------------------------------------------------------


def find(run, number, kind=DriftFinding.Kind.MISSING_HERE, name="Invoice", fields=()):
    return DriftFinding.objects.create(run=run, task_id=task_id(number), name=name, kind=kind, fields=list(fields))


def test_the_findings_of_a_comparison_of_counts_are_reported(acme, operator):
    run_of(acme)
    counted = {"months": 1, "every": 1, "tasks": 9, "restless": [], "differing": []}
    counted["differing"] = [{"month": "2026-05", "tela": 9, "mirror": 8, "swept": True}]
    run = run_of(acme, "reconcile", counted=counted, fetched=9)
    find(run, 1, name="Lost.pdf")
    mirrored(acme, task_json(1))

    page = page_of(operator, "/sync/drift/")

    assert "Lost.pdf" in page.one(id="content").words
    assert "2026-05: 9 in Tela, 8 here." in page.one(id="content").words
    assert page.all("a", href=f"/tasks/{task_id(1)}/")


def test_a_comparison_of_counts_that_found_nothing_does_not_hide_the_last_sweep(acme, operator):
    find(run_of(acme), 1, DriftFinding.Kind.DIFFERING, "Stale.pdf", ["status"])
    run_of(acme, "reconcile", counted={"months": 1, "every": 1, "tasks": 9, "restless": [], "differing": []})

    assert "Stale.pdf" in page_of(operator, "/sync/drift/").one(id="content").words


def test_an_earlier_report_is_one_link_away(acme, operator):
    earlier = run_of(acme)
    find(earlier, 1, name="Earlier.pdf")
    run_of(acme)

    newest = page_of(operator, "/sync/drift/")
    assert "Nothing differed" in newest.one(id="content").words
    assert newest.all("a", href=f"?run={earlier.pk}")

    assert "Earlier.pdf" in page_of(operator, f"/sync/drift/?run={earlier.pk}").one(id="content").words
    assert page_of(operator).all("a", href=f"/sync/drift/?run={earlier.pk}")


def test_a_task_the_mirror_does_not_hold_is_named_without_a_link(acme, operator):
    find(run_of(acme, mended=False), 1, name="\u202egpj.exe")

    page = page_of(operator, "/sync/drift/")

    assert r"\u202egpj.exe" in page.one(id="content").words
    assert not page.all("a", href=f"/tasks/{task_id(1)}/")
    assert "changed nothing here" in page.one(id="content").words


@pytest.mark.parametrize("run", ["0", "x", "9" * 30, "-1"])
def test_a_run_that_is_not_there_is_not_found_or_ignored(operator, run):
    assert operator.get(f"/sync/drift/?run={run}").status_code in {200, 404}


def test_another_workspaces_report_is_not_found(elsewhere, operator):
    assert operator.get(f"/sync/drift/?run={run_of(elsewhere).pk}").status_code == 404
