"""A pull brings what Tela holds into the mirror, byte for byte, whatever goes wrong on the way."""

import dataclasses
import datetime as dt
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from telareview.sandbox import SandboxServer
from telareview.sync import backfill, pull
from telareview.sync.exclusive import PULL_LOCK
from telareview.sync.models import BackfillWindow, Bookmark, QuarantinedRow, SyncRun
from telareview.sync.pull import PullIsRunning, pull_tasks
from telareview.tasks.models import Kind, Learned, Task, TaskVersion
from tests.accounts.cast import make_workspace
from tests.sync.tela import NOW, client_of, connect, held_by, mirrored_by
from tests.tasks.markup import read
from tests.tasks.records import mirrored, task_json

pytestmark = pytest.mark.django_db

COMPLETE, INCOMPLETE = SyncRun.Outcome.COMPLETE, SyncRun.Outcome.INCOMPLETE
TASKS = 260


@pytest.fixture
def tela():
    """260 tasks, hostile ones among them, at a moment that stands still."""
    with SandboxServer(tasks=TASKS, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def workspace(acme, tela):
    return connect(acme, tela)


def pulled(workspace, tela, **options):
    """One pull through one connection, so that it shares the test's transaction."""
    with client_of(tela) as client:
        return pull_tasks(workspace, client, connections=1, **options)


def kinds_of(task_id):
    return list(TaskVersion.objects.filter(task_id=task_id).order_by("number").values_list("kind", flat=True))


def places_of_rows():
    """Where every row of the mirror lies on disk and which transaction wrote it: any write changes it."""
    with connection.cursor() as cursor:
        found = []
        for table in ("tasks_task", "tasks_taskversion", "tasks_payload", "tasks_outputindex"):
            cursor.execute(f"SELECT ctid::text, xmin::text, cmin::text FROM {table} ORDER BY ctid")
            found.append(cursor.fetchall())
        return found


# --- First fill -----------------------------------------------------------------------------------------------


def test_the_first_pull_mirrors_everything_byte_for_byte(workspace, tela):
    run = pulled(workspace, tela)

    assert run.calls == len(tela.requests)
    assert mirrored_by(workspace) == held_by(tela)
    assert TaskVersion.objects.count() == TASKS
    assert (run.kind, run.outcome, run.error) == (SyncRun.Kind.BACKFILL, COMPLETE, "")
    assert (run.fetched, run.new, run.changed, run.unchanged, run.gone, run.failed) == (TASKS, TASKS, 0, 0, 0, 0)
    assert 0 < run.waited_seconds < run.seconds


def test_the_bookmark_is_the_newest_row_seen_and_never_the_clock(workspace, tela):
    pulled(workspace, tela)

    bookmark = Bookmark.objects.get(workspace=workspace)
    assert bookmark.updated_at == Task.objects.order_by("-updated_at").first().updated_at
    assert bookmark.synced_at is not None
    assert bookmark.failing_since is None


def test_an_empty_answer_by_mistake_moves_no_bookmark_and_costs_nothing(workspace, tela, monkeypatch):
    monkeypatch.setattr(pull, "OVERLAP", dt.timedelta(0))
    pulled(workspace, tela)
    bookmark = Bookmark.objects.get().updated_at
    late = tela.world.ids()[-1]
    tela.world.rename(late, "Late.pdf", at=(bookmark + dt.timedelta(seconds=1)).isoformat())
    with client_of(tela) as client:
        honest = client.list_tasks
        client.list_tasks = lambda query: dataclasses.replace(honest(query), tasks=(), row_count=0)
        run = pull_tasks(workspace, client, connections=1)

    assert (run.outcome, run.fetched) == (COMPLETE, 0)
    assert Bookmark.objects.get().updated_at == bookmark

    assert pulled(workspace, tela).changed == 1
    assert Bookmark.objects.get().updated_at == bookmark + dt.timedelta(seconds=1)
    assert mirrored_by(workspace) == held_by(tela)


def test_every_version_says_how_and_when_it_was_learned(workspace, tela):
    before = dt.datetime.now(dt.UTC)

    run = pulled(workspace, tela)

    assert set(TaskVersion.objects.values_list("learned_by", "run_id", "kind")) == {
        (Learned.PULL, run.pk, Kind.FIRST_SEEN)
    }
    assert all(before <= moment <= run.ended_at for moment in TaskVersion.objects.values_list("observed_at", flat=True))


def test_a_pull_of_a_workspace_without_tasks_is_complete(acme):
    with SandboxServer(tasks=0, now=NOW) as empty:
        run = pulled(connect(acme, empty), empty)

    assert (run.outcome, run.fetched) == (COMPLETE, 0)
    assert Task.objects.count() == 0


@pytest.mark.parametrize("envelope", ["bare", "data"])
def test_both_envelopes_of_the_list_are_understood(acme, envelope):
    with SandboxServer(tasks=120, now=NOW, envelope=envelope) as sandbox:
        run = pulled(connect(acme, sandbox), sandbox)

        assert (run.outcome, run.new) == (COMPLETE, 120)
        assert mirrored_by(acme) == held_by(sandbox)


def test_a_fill_tells_how_far_it_is(workspace, tela):
    told = []

    pulled(workspace, tela, progress=lambda run, progress: told.append((progress.tasks, progress.share)))

    assert told[-1] == (TASKS, 1.0)
    assert all(before <= after for before, after in pairwise(told))


def test_several_connections_fill_the_same_mirror(transactional_db):
    with SandboxServer(tasks=600, now=NOW) as sandbox, client_of(sandbox) as client:
        workspace = connect(make_workspace(), sandbox)

        run = pull_tasks(workspace, client, connections=4)

        assert (run.outcome, run.new, TaskVersion.objects.count()) == (COMPLETE, 600, 600)
        assert mirrored_by(workspace) == held_by(sandbox)
        assert BackfillWindow.objects.filter(done=False).count() == 0


# --- Later pulls -----------------------------------------------------------------------------------------------


def test_a_second_pull_writes_nothing(workspace, tela):
    pulled(workspace, tela)
    before, bookmark = places_of_rows(), Bookmark.objects.get().updated_at

    with CaptureQueriesContext(connection) as caught:
        run = pulled(workspace, tela)

    assert (run.kind, run.outcome) == (SyncRun.Kind.PULL, COMPLETE)
    assert (run.new, run.changed, run.failed) == (0, 0, 0)
    assert places_of_rows() == before
    assert Bookmark.objects.get().updated_at == bookmark
    written = [each["sql"] for each in caught if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert not [sql for sql in written if '"tasks_' in sql or " tasks_" in sql]


def test_a_pull_finds_what_arrived_was_edited_approved_and_revoked(workspace, tela):
    pulled(workspace, tela)
    world = tela.world
    waiting, other, third = world.ids("validating")[:3]
    done = world.ids("completed")[0]
    world.edit(waiting, {"observacoes": "corrected"})
    world.approve(waiting)
    world.approve(other)
    world.rename(third, "Renamed.pdf")
    world.revoke(done)
    arrived = world.arrive(name="New.pdf")

    run = pulled(workspace, tela)

    assert (run.outcome, run.new, run.changed) == (COMPLETE, 1, 4)
    assert mirrored_by(workspace) == held_by(tela)
    assert kinds_of(waiting) == [Kind.FIRST_SEEN, Kind.APPROVED]
    assert kinds_of(other) == [Kind.FIRST_SEEN, Kind.APPROVED]
    assert kinds_of(third) == [Kind.FIRST_SEEN, Kind.CHANGED]
    assert kinds_of(done) == [Kind.FIRST_SEEN, Kind.APPROVAL_REVOKED]
    assert kinds_of(arrived) == [Kind.FIRST_SEEN]
    assert TaskVersion.objects.get(task_id=third, number=2).changed_paths == ["name", "updatedAt"]


def test_more_changes_than_a_page_holds_are_all_found(workspace, tela):
    pulled(workspace, tela)
    ids = tela.world.ids()
    for number, task_id in enumerate(ids):
        tela.world.rename(task_id, f"{number}.pdf")

    run = pulled(workspace, tela)

    assert run.changed == len(ids)
    assert mirrored_by(workspace) == held_by(tela)


def test_more_changes_of_one_moment_than_a_page_holds_are_all_found(workspace, tela):
    pulled(workspace, tela)
    ids = tela.world.ids()[:230]
    for number, task_id in enumerate(ids):
        tela.world.rename(task_id, f"{number}.pdf", at="2026-11-20T15:00:01.000Z")

    run = pulled(workspace, tela)

    assert (run.outcome, run.changed) == (COMPLETE, 230)
    assert mirrored_by(workspace) == held_by(tela)


def test_a_task_that_changes_while_it_is_pulled_is_not_lost(workspace, tela):
    """Each call of a pull is followed by a change that moves a row to the end of the list."""
    pulled(workspace, tela)
    ids = tela.world.ids()
    for task_id in ids:
        tela.world.rename(task_id, "first name")
    with client_of(tela) as client:
        ask, turns = client.list_tasks, iter(ids)

        def ask_and_change(query):
            page = ask(query)
            for task_id in (next(turns, None), next(turns, None)):
                if task_id:
                    tela.world.rename(task_id, "second name")
            return page

        client.list_tasks = ask_and_change
        pull_tasks(workspace, client, connections=1)

    pulled(workspace, tela)

    assert mirrored_by(workspace) == held_by(tela)


def test_full_walks_everything_again_and_changes_nothing_that_is_the_same(workspace, tela):
    pulled(workspace, tela)
    before = places_of_rows()

    run = pulled(workspace, tela, full=True)

    assert (run.kind, run.outcome, run.new, run.changed) == (SyncRun.Kind.BACKFILL, COMPLETE, 0, 0)
    assert (run.fetched, run.unchanged) == (TASKS, TASKS)
    assert places_of_rows() == before


def test_a_stretch_is_read_without_touching_the_bookmark(workspace, tela):
    pulled(workspace, tela)
    before = Bookmark.objects.get()
    inside, outside = tela.world.ids()[:2]
    tela.world.rename(inside, "Inside.pdf", at="2026-11-20T15:00:05.000Z")
    tela.world.rename(outside, "Outside.pdf", at="2026-11-20T15:00:09.000Z")
    since = dt.datetime(2026, 11, 20, 15, 0, 4, tzinfo=dt.UTC)

    run = pulled(workspace, tela, since=since, until=since + dt.timedelta(seconds=3))

    assert (run.fetched, run.changed) == (1, 1)
    assert Task.objects.filter(name="Outside.pdf").count() == 0
    assert Bookmark.objects.get().updated_at == before.updated_at
    assert Bookmark.objects.get().synced_at == before.synced_at


def test_a_stamp_from_the_future_does_not_blind_the_next_pull(workspace, tela):
    early, late = tela.world.ids()[:2]
    tela.world.rename(late, "From the future.pdf", at="2031-01-01T00:00:00.000Z")
    pulled(workspace, tela)
    tela.world.rename(early, "Of today.pdf")

    pulled(workspace, tela)

    assert mirrored_by(workspace) == held_by(tela)
    assert Bookmark.objects.get().updated_at < dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


# --- Rows that cannot be read -----------------------------------------------------------------------------------


def spoil(tela, task_id, **facts):
    """Let the API send this task with facts that are none."""
    with tela.world.lock:
        tela.world.own_story(tela.world.card(task_id)).extra.update(facts)
        tela.world.bodies.forget(task_id)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"id": None}, "id"),
        ({"id": "nonsense"}, "id"),
        ({"createdAt": "yesterday"}, "createdAt"),
        ({"updatedAt": None}, "updatedAt"),
        ({"status": None}, "status"),
        ({"tags": {"a": 1}}, "tags"),
    ],
)
def test_a_row_that_cannot_be_read_is_kept_apart_and_the_rest_goes_on(workspace, tela, facts, reason):
    spoiled = tela.world.ids()[40]
    spoil(tela, spoiled, **facts)

    run = pulled(workspace, tela)

    row = QuarantinedRow.objects.get()
    assert (run.outcome, run.new) == (COMPLETE, TASKS - 1)
    assert (run.failed, run.fetched) == (1, TASKS)
    assert reason in row.reason
    assert row.run_id == run.pk
    assert row.raw_json
    assert not Task.objects.filter(task_id=spoiled).exists()


def test_where_no_row_can_be_read_the_pull_is_not_called_complete(acme):
    with SandboxServer(tasks=5, now=NOW) as sandbox:
        for task_id in sandbox.world.ids():
            spoil(sandbox, task_id, status=None)

        run = pulled(connect(acme, sandbox), sandbox)

    assert (run.outcome, run.error_code) == (INCOMPLETE, "unsound_page")
    assert "could be read" in run.error


def test_a_row_that_cannot_be_read_is_kept_once_and_shown_as_text(workspace, tela, viewer):
    spoil(tela, tela.world.ids()[40], id="<script>alert(1)</script>")
    pulled(workspace, tela)
    pulled(workspace, tela, full=True)

    page = read(viewer.get("/sync/").content)

    assert QuarantinedRow.objects.count() == 1
    assert "<script>alert(1)</script>" in page.text
    assert not [script for script in page.all("script") if "alert" in script.text]


def test_a_row_that_is_mended_is_mirrored_with_its_next_change(workspace, tela):
    spoiled = tela.world.ids()[40]
    spoil(tela, spoiled, status=None)
    pulled(workspace, tela)
    tela.world.stories[spoiled].extra.clear()
    tela.world.rename(spoiled, "Mended.pdf")

    run = pulled(workspace, tela)

    assert (run.new, run.failed) == (1, 0)
    assert mirrored_by(workspace) == held_by(tela)


# --- Tela fails ------------------------------------------------------------------------------------------------

TROUBLES = {
    "500": ("server_failed", "Tela itself failed"),
    "502html": ("server_failed", "Tela itself failed"),
    "429": ("rate_limited", "Tela asks for fewer calls"),
    "html": ("unreadable_reply", "A web page (HTML) came instead of JSON"),
    "cut": ("cut_short", "broke off"),
    "reset": ("cut_short", "broke off"),
    "timeout": ("timed_out", "did not answer in time"),
}


@pytest.mark.parametrize("fault", TROUBLES)
def test_when_tela_fails_in_the_middle_what_arrived_stays_and_the_next_pull_completes(workspace, tela, fault):
    code, words = TROUBLES[fault]
    tela.faults.hang_seconds = 5
    with client_of(tela, read_timeout=0.2, retries=1) as client:
        ask = client.list_tasks

        def ask_and_break(query, *read):
            if client.calls >= 5:
                tela.faults.switch(1.0, (fault,))
            return ask(query, *read)

        client.list_tasks = ask_and_break
        run = pull_tasks(workspace, client, connections=1)
    arrived = Task.objects.count()

    assert (run.outcome, run.error_code) == (INCOMPLETE, code)
    assert words in run.error
    assert tela.key not in run.error
    assert 100 <= arrived < TASKS
    assert run.new == arrived == TaskVersion.objects.count()
    assert Bookmark.objects.get().failing_since is not None
    assert Bookmark.objects.get().synced_at is None

    tela.faults.clear()
    again = pulled(workspace, tela)

    assert (again.outcome, again.new) == (COMPLETE, TASKS - arrived)
    assert mirrored_by(workspace) == held_by(tela)
    assert TaskVersion.objects.count() == TASKS
    assert Bookmark.objects.get().failing_since is None


def test_a_wrong_key_is_said_and_changes_nothing(workspace, tela):
    pulled(workspace, tela)
    before = places_of_rows()
    with client_of(tela, key="another-key-4711") as client:
        run = pull_tasks(workspace, client, connections=1)

    assert (run.outcome, run.error_code) == (INCOMPLETE, "wrong_key")
    assert run.error.startswith("Tela refused the API key (401). Check TELA_API_KEY.")
    assert "another-key-4711" not in run.error
    assert places_of_rows() == before


def test_a_server_that_is_not_there_is_said(workspace, tela):
    tela.stop()

    run = pulled(workspace, tela)

    assert (run.outcome, run.error_code) == (INCOMPLETE, "connect_failed")
    assert run.error.startswith("Tela could not be reached. Check TELA_API_URL")


def test_after_an_outage_the_moment_it_began_is_kept_until_it_ends(workspace, tela):
    pulled(workspace, tela)
    tela.faults.switch(1.0, ("500",))

    pulled(workspace, tela)
    began = Bookmark.objects.get().failing_since
    pulled(workspace, tela)

    assert began is not None
    assert Bookmark.objects.get().failing_since == began
    tela.faults.clear()
    pulled(workspace, tela)
    assert Bookmark.objects.get().failing_since is None


@pytest.mark.parametrize("seed", range(3))
def test_a_third_of_all_calls_may_fail_or_lie(workspace, tela, seed):
    tela.faults.switch(0.3, ("429", "500", "502html", "cut", "reset", "duplicates", "empty", "html"), seed)
    ids = tela.world.ids()
    for turn in range(15):
        for task_id in ids[turn * 4 : turn * 4 + 4]:
            tela.world.rename(task_id, f"{turn}.pdf")
        pulled(workspace, tela)
    tela.faults.clear()
    pulled(workspace, tela)

    assert len(set(tela.faults.happened)) >= 4
    assert mirrored_by(workspace) == held_by(tela)
    assert TaskVersion.objects.filter(number=1).count() == TASKS
    assert set(TaskVersion.objects.filter(number=2).values_list("task_id", flat=True)) <= set(map(UUID, ids[:60]))
    assert not TaskVersion.objects.filter(number=3).exists()


# --- Stopped in the middle -----------------------------------------------------------------------------------


def test_a_fill_that_is_stopped_goes_on_where_it_was(workspace, tela):
    pages = iter([False, True])

    first = pulled(workspace, tela, should_stop=lambda: next(pages))
    arrived, position = Task.objects.count(), BackfillWindow.objects.get().position
    tela.server.log.clear()
    second = pulled(workspace, tela)

    assert (first.outcome, first.error_code, first.new) == (INCOMPLETE, "stopped", arrived)
    assert 0 < arrived < TASKS
    assert (second.outcome, second.new) == (COMPLETE, TASKS - arrived)
    assert position == BackfillWindow.objects.get().since or "createdAtSince" in tela.requests[0].query
    assert mirrored_by(workspace) == held_by(tela)
    assert TaskVersion.objects.count() == TASKS


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, DatabaseError])
def test_a_page_that_was_interrupted_leaves_no_trace_of_its_own(workspace, tela, monkeypatch, error):
    record_steps, steps = backfill.record_steps, []

    def interrupted(*args):
        steps.append(record_steps(*args))
        if len(steps) == 2:
            raise error("no space left")
        return steps[-1]

    monkeypatch.setattr(backfill, "record_steps", interrupted)
    with pytest.raises(error):
        pulled(workspace, tela)
    monkeypatch.undo()

    run = SyncRun.objects.get()
    assert run.outcome == INCOMPLETE
    assert run.error_code == ("database" if error is DatabaseError else "stopped")
    assert run.new == run.fetched == Task.objects.count() == TaskVersion.objects.count() == 100

    again = pulled(workspace, tela)

    assert (again.outcome, again.new) == (COMPLETE, TASKS - 100)
    assert mirrored_by(workspace) == held_by(tela)
    assert TaskVersion.objects.count() == TASKS


def test_a_page_of_news_that_was_interrupted_leaves_the_bookmark(workspace, tela, monkeypatch):
    pulled(workspace, tela)
    before = Bookmark.objects.get().updated_at
    tela.world.rename(tela.world.ids()[0], "Later.pdf")
    record_step = pull.record_step

    def interrupted(*args):
        record_step(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(pull, "record_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pulled(workspace, tela)
    monkeypatch.undo()

    assert Bookmark.objects.get().updated_at == before
    assert TaskVersion.objects.count() == TASKS
    assert pulled(workspace, tela).changed == 1
    assert mirrored_by(workspace) == held_by(tela)


def test_a_run_whose_process_died_is_closed_by_the_next(workspace, tela):
    abandoned = SyncRun.objects.create(
        workspace=workspace, kind=SyncRun.Kind.PULL, started_at=dt.datetime.now(dt.UTC), new=7
    )

    pulled(workspace, tela)

    abandoned.refresh_from_db()
    assert (abandoned.outcome, abandoned.error_code, abandoned.new) == (INCOMPLETE, "stopped", 7)
    assert abandoned.ended_at is not None
    assert "goes on from there" in abandoned.error


def test_a_row_the_database_refuses_ends_the_run_with_a_sentence(workspace, tela, monkeypatch):
    """COPY's own errors count as database errors like any statement's."""
    monkeypatch.setattr("telareview.tasks.snapshots.searchable_json", lambda value: "no json")

    with pytest.raises(DatabaseError):
        pulled(workspace, tela)

    run = SyncRun.objects.get()
    assert (run.outcome, run.error_code, run.new) == (INCOMPLETE, "database", 0)
    assert "invalid input syntax for type json" in run.error
    assert Task.objects.count() == 0


# --- One at a time ------------------------------------------------------------------------------------------------


def test_there_is_one_pull_of_a_workspace_at_a_time(workspace, tela, elsewhere):
    parameters = connection.get_connection_params()
    known = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if name in parameters}
    with psycopg.connect(**known, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [PULL_LOCK, workspace.pk])

        with pytest.raises(PullIsRunning, match="Another pull of this workspace is running"):
            pulled(workspace, tela)
        assert SyncRun.objects.count() == 0
        assert pulled(connect(elsewhere, tela), tela).outcome == COMPLETE
        other.execute("SELECT pg_advisory_unlock_all()")

    assert pulled(workspace, tela).outcome == COMPLETE


def test_a_pull_gives_its_turn_back_also_when_it_fails(workspace, tela):
    tela.faults.switch(1.0, ("500",))
    pulled(workspace, tela)

    with connection.cursor() as cursor:
        # Locks are those of the whole server, on which other test runs may have databases of their own.
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [PULL_LOCK],
        )
        assert cursor.fetchone() == (0,)


def test_workspaces_do_not_share_tasks_bookmarks_or_windows(workspace, elsewhere, tela):
    mirrored(elsewhere, task_json(1))

    pulled(workspace, tela)

    assert Task.objects.of(elsewhere).count() == 1
    assert not Bookmark.objects.filter(workspace=elsewhere).exists()
    assert not BackfillWindow.objects.filter(workspace=elsewhere).exists()
