"""Large exports as jobs of a worker: progress, cancelled, killed, taken up again; never complete and short."""

import threading
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection
from django.db.models import Func, TextField, Value
from django.http import QueryDict
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from telareview.accounts.models import Workspace
from telareview.exports import jobs, running, upkeep
from telareview.exports.jobs import MAX_ATTEMPTS, write_export
from telareview.exports.making import make_file
from telareview.exports.models import ExportRecord
from telareview.exports.plan import plan_export
from telareview.exports.profiles import PROFILES
from telareview.exports.record import cancel
from telareview.exports.refusals import Stopped
from telareview.exports.running import held
from telareview.exports.spool import spool
from telareview.exports.stored import folder_of, forget_files, path_of
from telareview.exports.upkeep import tidy
from telareview.sync.jobs import run_worker
from telareview.tasks.known import matching_tasks
from tests.accounts.cast import make_person, make_workspace, signed_in
from tests.exports import few
from tests.tasks.markup import read
from tests.tasks.records import mirrored
from tests.tasks.variety import TASKS, variety

pytestmark = pytest.mark.django_db(transaction=True)

NEVER = SimpleNamespace(should_abort=lambda: False)


@pytest.fixture(autouse=True)
def spool_folder(settings, tmp_path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "spool"


@pytest.fixture
def auditor(transactional_db, monkeypatch):
    few.at_once(monkeypatch, 10)
    acme = make_workspace("acme")
    mirrored(acme, *variety())
    return signed_in(make_person("auditor", acme, "auditor@acme.example"))


@pytest.fixture
def waiting(auditor) -> ExportRecord:
    auditor.post("/exports/new/", {"query": "", "columns": ["id"]})
    return ExportRecord.objects.get()


def again(record: ExportRecord) -> ExportRecord:
    record.refresh_from_db()
    return record


def write(record: ExportRecord, context=NEVER) -> ExportRecord:
    write_export.func(context, record.pk)
    return again(record)


def taken(record: ExportRecord) -> None:
    """As if a worker had its job."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE (args ->> 'record_id')::int = %s", [record.pk]
        )


def stop_in_the_middle(monkeypatch, call) -> None:
    """`call` happens while the file is being written, and the pulse sees it."""
    monkeypatch.setattr(running, "PULSE_SECONDS", 0.01)

    def making(record, plan, *, should_stop, progress, **options):
        call(record)

        def asked():
            for _ in range(200):
                if should_stop():
                    return True
                threading.Event().wait(0.01)
            return False

        return make_file(record, plan, should_stop=asked, progress=progress, **options)

    monkeypatch.setattr("telareview.exports.jobs.make_file", making)


def test_a_worker_takes_the_job_up_and_the_file_is_there(auditor, waiting):
    run_worker(concurrency=1, wait=False, queues=["exports"], install_signal_handlers=False, listen_notify=False)

    record = again(waiting)
    assert (record.outcome, record.rows, record.rows_expected, record.attempts) == ("complete", TASKS, TASKS, 1)
    assert auditor.get(f"/exports/{record.pk}/file/").getvalue() == path_of(record).read_bytes()
    assert path_of(record).read_bytes().count(b"\r\n") == TASKS + 1
    page = read(auditor.get(f"/exports/{record.pk}/").content)
    assert f"{TASKS} tasks" in page.words
    assert "Kept until" in page.words


def test_every_worker_knows_the_jobs_of_exports():
    assert {"write_export", "tidy_exports", "pull_workspace"} <= set(app.tasks)
    assert "tidy_exports" in {name for name, _id in app.periodic_registry.periodic_tasks}


def test_progress_is_seen_by_others_while_it_runs(auditor, waiting, monkeypatch):
    ExportRecord.objects.update(taken_up_at=timezone.now(), rows_expected=40, rows_done=10)

    page = read(auditor.get(f"/exports/{waiting.pk}/").content)

    assert page.one("progress")["value"] == "25"
    assert "10 of 40 tasks" in page.words
    assert page.one("div", id="export-state")["hx-trigger"] == "every 1s"


def test_one_that_waits_is_cancelled_at_once(auditor, waiting):
    auditor.post(f"/exports/{waiting.pk}/cancellation/")

    assert again(waiting).outcome == "cancelled"
    assert "auditor@acme.example cancelled it" in read(auditor.get(f"/exports/{waiting.pk}/").content).words
    assert write(waiting).outcome == "cancelled"
    assert not folder_of(waiting.pk).exists()


def test_one_that_runs_is_cancelled_and_leaves_no_file(auditor, waiting, monkeypatch):
    stop_in_the_middle(monkeypatch, lambda record: cancel(record, "auditor@acme.example"))

    record = write(waiting)

    assert (record.outcome, record.kept_until, record.rows) == ("cancelled", None, None)
    assert not folder_of(record.pk).exists()


def test_erasure_ends_one_that_runs_even_at_its_last_moment(waiting, monkeypatch):
    def erased_meanwhile(plan, target, **options):
        spooled = spool(plan, target, **options)
        forget_files(plan.workspace)
        return spooled

    monkeypatch.setattr("telareview.exports.making.spool", erased_meanwhile)

    record = write(waiting)

    assert (record.outcome, record.kept_until) == ("cancelled", None)
    assert not folder_of(record.pk).exists()


def test_a_worker_that_is_to_stop_gives_the_job_back(waiting, monkeypatch):
    stop_in_the_middle(monkeypatch, lambda record: None)
    before = ProcrastinateJob.objects.filter(task_name="write_export").count()

    record = write(waiting, SimpleNamespace(should_abort=lambda: True))

    assert (record.state, record.attempts) == ("waiting", 0)
    assert ProcrastinateJob.objects.filter(task_name="write_export").count() == before + 1
    assert not folder_of(record.pk).exists()


def test_a_killed_one_is_begun_anew_and_ends_whole(waiting):
    ExportRecord.objects.update(taken_up_at=timezone.now(), attempts=1, rows_done=17)
    folder_of(waiting.pk).mkdir(parents=True)
    (folder_of(waiting.pk) / ".export-x.part").write_bytes(b"half")

    record = write(waiting)

    assert (record.outcome, record.rows, record.attempts) == ("complete", TASKS, 2)
    assert [path.name for path in folder_of(record.pk).iterdir()] == [record.file_name]


def test_one_that_kills_its_workers_ends_with_a_sentence(auditor, waiting):
    ExportRecord.objects.update(attempts=MAX_ATTEMPTS)

    record = write(waiting)

    assert (record.outcome, record.trouble) == ("failed", "ended")
    assert "was stopped" in read(auditor.get(f"/exports/{record.pk}/").content).words


def test_two_workers_never_write_the_same_export(waiting, monkeypatch):
    monkeypatch.setattr(jobs, "LOCK_WAIT_SECONDS", 0)
    told: list[str] = []

    def other_worker():
        try:
            with held(waiting.pk) as mine:
                told.append(str(mine))
                ready.set()
                done.wait(10)
        finally:
            connection.close()

    ready, done = threading.Event(), threading.Event()
    thread = threading.Thread(target=other_worker)
    thread.start()
    ready.wait(10)

    record = write(waiting)
    tidy()

    done.set()
    thread.join()
    assert told == ["True"]
    assert (record.state, record.attempts) == ("waiting", 0)


def test_a_connection_lost_in_the_middle_is_failed_with_a_sentence(auditor, waiting, monkeypatch):
    from tests.exports.test_tasks_csv import CountingHash, terminate_backend

    hashes = SimpleNamespace(sha256=lambda: CountingHash(100, terminate_backend))
    monkeypatch.setattr("telareview.exports.writing.hashlib", hashes)
    monkeypatch.setattr("telareview.exports.copying.BLOCK_BYTES", 200)

    with pytest.raises(Exception, match=r"terminat|clos"):
        write(waiting)

    record = again(waiting)
    assert (record.outcome, record.trouble, record.kept_until) == ("failed", "database", None)
    assert "database broke off" in read(auditor.get(f"/exports/{record.pk}/").content).words
    assert not folder_of(record.pk).exists()


class Slow:
    """A statement that gives its first row in a minute, and somebody who ends it before."""

    def __init__(self, monkeypatch, call) -> None:
        monkeypatch.setattr(running, "PULSE_SECONDS", 0.05)
        monkeypatch.setattr("telareview.exports.csv_machine.select_of", self.select)
        self.call = call

    def select(self, *_: object) -> str:
        self.call()
        return "SELECT pg_sleep(60)"


def test_one_whose_first_row_is_slow_is_cancelled_at_once(waiting, monkeypatch):
    Slow(monkeypatch, lambda: cancel(waiting, "auditor@acme.example"))
    # Outside the snapshot, as another request would.
    monkeypatch.setattr("telareview.exports.spool.snapshot", nullcontext)
    began = time.monotonic()

    record = write(waiting)

    assert (record.outcome, record.trouble) == ("cancelled", "")
    assert time.monotonic() - began < 20
    assert not folder_of(record.pk).exists()


def test_a_worker_that_is_to_stop_does_not_wait_for_a_slow_first_row(waiting, monkeypatch):
    context = SimpleNamespace(should_abort=lambda: hasattr(context, "told"))
    Slow(monkeypatch, lambda: setattr(context, "told", True))
    began = time.monotonic()

    record = write(waiting, context)

    assert (record.state, record.attempts) == ("waiting", 0)
    assert time.monotonic() - began < 20
    assert not folder_of(record.pk).exists()


def test_a_count_that_is_slower_than_a_page_may_be_does_not_end_it(waiting, monkeypatch):
    monkeypatch.setattr("telareview.exports.jobs.matching_tasks", slow_count)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 200")

    assert write(waiting).outcome == "complete"


def slow_count(*asked):
    nap = Func(Value(0.01), template="pg_sleep(%(expressions)s)::text", output_field=TextField())
    return matching_tasks(*asked).annotate(nap=nap).exclude(nap="never")


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_it_is_asked_whether_to_stop_before_the_first_row(auditor, tmp_path, profile):
    plan = plan_export(Workspace.objects.get(), QueryDict("q=nothing"), profile=profile)

    with pytest.raises(Stopped):
        spool(plan, tmp_path / "tasks", should_stop=lambda: True)


# --- Upkeep -----------------------------------------------------------------------------------------------------


def test_what_a_killed_request_left_is_closed_and_cleared(auditor, waiting, spool_folder):
    ExportRecord.objects.update(by_job=False)
    folder_of(waiting.pk).mkdir(parents=True)
    (folder_of(waiting.pk) / "part").write_bytes(b"half")

    tidy()

    assert (again(waiting).outcome, waiting.trouble) == ("failed", "ended")
    assert list(spool_folder.iterdir()) == []


def test_a_job_that_waits_is_left_alone_and_one_without_a_job_is_not(waiting):
    tidy()
    assert again(waiting).state == "waiting"

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    tidy()

    assert (again(waiting).outcome, waiting.trouble) == ("failed", "ended")


def test_one_cancelled_while_its_worker_was_dead_ends_cancelled(waiting):
    ExportRecord.objects.update(taken_up_at=timezone.now(), attempts=1, cancel_asked_at=timezone.now())

    tidy()

    assert again(waiting).outcome == "cancelled"


def test_a_job_whose_worker_was_killed_is_put_back_and_one_about_to_begin_is_not(waiting):
    jobs = ProcrastinateJob.objects.filter(args__record_id=waiting.pk)
    taken(waiting)
    tidy()
    assert jobs.get().status == "doing"

    ExportRecord.objects.update(taken_up_at=timezone.now(), attempts=1)
    tidy()

    assert jobs.get().status == "todo"
    assert again(waiting).ended_at is None


def test_a_worker_that_begins_takes_up_what_a_killed_one_left(waiting, spool_folder):
    ExportRecord.objects.update(taken_up_at=timezone.now(), attempts=1)
    (spool_folder / "999999").mkdir(parents=True)
    taken(waiting)

    run_worker(concurrency=1, wait=False, queues=["exports"], install_signal_handlers=False, listen_notify=False)

    record = again(waiting)
    assert (record.outcome, record.attempts) == ("complete", 2)
    assert [path.name for path in spool_folder.iterdir()] == [str(record.pk)]


def test_one_that_ends_while_upkeep_looks_keeps_its_file(waiting):
    seen_open = ExportRecord.objects.get()
    record = write(waiting)

    assert not upkeep._settled(seen_open)

    assert path_of(record).exists()
    assert again(record).has_file


def test_upkeep_leaves_living_files_and_clears_strays(auditor, waiting, spool_folder):
    record = write(waiting)
    (spool_folder / "999999").mkdir()
    (spool_folder / ".export-new.part").write_bytes(b"")

    tidy()

    assert {entry.name for entry in spool_folder.iterdir()} == {str(record.pk), ".export-new.part"}
    assert again(record).has_file
