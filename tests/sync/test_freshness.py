"""How old the mirror is stands on every page, and is loud after three missed cycles."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from telareview.sync.exclusive import PULL_LOCK, is_being_pulled
from telareview.sync.freshness import freshness_of
from telareview.sync.models import BackfillWindow, Bookmark, SyncRun
from telareview.tasks.models import Task
from tests.accounts.cast import make_person, signed_in
from tests.tasks.markup import read
from tests.tasks.records import mirrored, task_json

pytestmark = pytest.mark.django_db

PAGES = (
    "/tasks/",
    "/tasks/{task}/",
    "/exports/",
    "/sync/",
    "/sync/drift/",
    "/sync/webhooks/",
    "/accounts/preferences/",
)


def ago(seconds):
    return timezone.now() - dt.timedelta(seconds=seconds)


def synced(workspace, seconds, **more):
    return Bookmark.objects.update_or_create(
        workspace=workspace, defaults={"updated_at": ago(9999), "synced_at": ago(seconds), **more}
    )[0]


@pytest.fixture
def operator(acme):
    return signed_in(make_person("operator", acme, "operator@acme.example"))


@pytest.fixture
def task(acme):
    mirrored(acme, task_json(1))
    return Task.objects.get().task_id


def banner(client, address, **headers):
    response = client.get(address, headers=headers)
    assert response.status_code == 200, address
    return read(response.content).one(id="stale").words


@pytest.mark.parametrize("page", PAGES)
def test_three_missed_cycles_are_loud_on_every_page(acme, operator, task, page):
    address = page.format(task=task)
    synced(acme, 95)
    assert banner(operator, address) == ""

    synced(acme, 105)

    assert banner(operator, address).startswith("This is not up to date: the last complete pull was")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_how_fresh_it_is(operator, task, page):
    assert read(operator.get(page.format(task=task)).content).one(id="freshness")["href"] == "/sync/"


def test_it_asks_whether_a_worker_runs(acme, operator):
    synced(acme, 200)

    assert "Is the worker running?" in banner(operator, "/tasks/")


def test_a_slower_worker_is_given_more_time(acme, operator):
    synced(acme, 800, every_seconds=300)
    assert banner(operator, "/tasks/") == ""

    synced(acme, 920, every_seconds=300)
    assert banner(operator, "/tasks/")


def test_a_tela_that_does_not_answer_is_told_at_once(acme, operator):
    synced(acme, 20, failing_since=ago(5))
    SyncRun.objects.create(
        workspace=acme,
        kind="pull",
        started_at=ago(5),
        ended_at=ago(4),
        outcome="incomplete",
        error_code="timed_out",
        error="Tela did not answer in time.",
    )

    told = banner(operator, "/tasks/")

    assert told.startswith("Tela has not been answering since")
    assert "Tela did not answer in time." in told


def test_a_mirror_that_was_never_filled_is_loud_once_nobody_begins(acme, operator):
    assert banner(operator, "/tasks/") == ""

    acme.created_at = ago(120)
    acme.save()

    assert banner(operator, "/tasks/").startswith("Nothing has been pulled from Tela yet.")


def test_the_banner_speaks_portuguese(acme):
    synced(acme, 200)
    reader = signed_in(make_person("viewer", acme, language="pt-br"))

    assert "This is not" not in banner(reader, "/tasks/")


def test_another_workspaces_worker_is_no_comfort(acme, elsewhere, operator):
    synced(elsewhere, 1)
    synced(acme, 200)

    assert banner(operator, "/tasks/")


def test_a_page_asks_one_question_about_it_where_all_is_well(acme, operator, task):
    synced(acme, 1)
    operator.get("/sync/drift/")

    with CaptureQueriesContext(connection) as caught:
        operator.get("/sync/drift/")

    about = [each["sql"] for each in caught if "sync_bookmark" in each["sql"] or "pg_locks" in each["sql"]]
    assert len(about) == 1


# --- Whether somebody pulls ------------------------------------------------------------------------------------


def open_fill(workspace, **more):
    """Two windows, one of them done, and a run that has not ended."""
    first = timezone.now() - dt.timedelta(days=20)
    middle = first + dt.timedelta(days=10)
    BackfillWindow.objects.create(workspace=workspace, since=first, until=middle, position=middle, done=True)
    BackfillWindow.objects.create(workspace=workspace, since=middle, until=first + dt.timedelta(days=20))
    return SyncRun.objects.create(workspace=workspace, kind="backfill", started_at=ago(100), fetched=400, **more)


@pytest.fixture
def held(acme):
    """This connection holds the door of the workspace, as a pull does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [PULL_LOCK, acme.pk])
        yield
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [PULL_LOCK, acme.pk])


def test_the_door_of_one_workspace_is_not_that_of_another(acme, elsewhere, held):
    assert is_being_pulled(acme)
    assert not is_being_pulled(elsewhere)


def test_a_fill_under_way_is_no_alarm_and_tells_how_far_it_is(acme, held):
    acme.created_at = ago(500)
    open_fill(acme)

    found = freshness_of(acme)

    assert found.is_filling
    assert not found.is_loud
    assert (found.progress.percent, found.progress.tasks, round(found.progress.rate)) == (50, 400, 4)
    assert found.progress.remaining_seconds == pytest.approx(100, abs=2)


def test_a_resumed_fill_counts_only_its_own_part_of_the_way(acme, held):
    open_fill(acme, share_before=0.4)

    # A tenth of the way took 100 s; half of the way is left.
    assert freshness_of(acme).progress.remaining_seconds == pytest.approx(500, abs=10)


def test_a_fill_whose_process_was_killed_is_none_and_loud(acme):
    acme.created_at = ago(500)
    open_fill(acme)

    found = freshness_of(acme)

    assert not found.is_filling
    assert found.is_loud


def test_a_sweep_that_keeps_pulls_waiting_is_named(acme, operator, held):
    synced(acme, 300)
    SyncRun.objects.create(workspace=acme, kind="sweep", started_at=ago(290), fetched=7_000)

    told = banner(operator, "/tasks/")

    assert "sweep, 7,000 tasks so far." in told
    assert "Is the worker running?" not in told
