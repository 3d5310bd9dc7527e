"""The list as the mirror knew it: the same filter over versions."""

import csv
import datetime as dt
import io

import pytest
from django.core.management import call_command
from django.utils import timezone

from telareview.tasks.mirror import Look, record_gone
from telareview.tasks.models import Learned
from tests.tasks.records import NOON, approved, mirrored, stamp, task_id, task_json

pytestmark = pytest.mark.django_db

MONDAY, TUESDAY, WEDNESDAY = (NOON + dt.timedelta(days=day) for day in (1, 2, 3))


@pytest.fixture
def week(acme):
    """Monday: two tasks wait. Tuesday: one is approved, a third arrives. Wednesday: the second is gone."""
    mirrored(acme, task_json(1), task_json(2), at=MONDAY)
    mirrored(acme, approved(1, "cliente"), task_json(3), at=TUESDAY)
    record_gone([task_id(2)], Look(acme, Learned.SWEEP, WEDNESDAY))
    return acme


def names(client, **query):
    response = client.get("/tasks/", query)
    return [row.task.reference for row in response.context["listing"].rows]


@pytest.mark.parametrize(
    ("moment", "query", "references"),
    [
        (MONDAY, {}, [2, 1]),
        (TUESDAY, {}, [1, 3, 2]),
        (WEDNESDAY, {}, [1, 3]),
        (WEDNESDAY, {"gone": "only"}, [2]),
        (MONDAY, {"status": "completed"}, []),
        (TUESDAY, {"status": "completed"}, [1]),
        (MONDAY, {"status": "validating", "orderBy": "reference", "order": "asc"}, [1, 2]),
        (MONDAY - dt.timedelta(seconds=1), {}, []),
    ],
)
def test_the_list_is_what_was_known_then(week, viewer, moment, query, references):
    assert names(viewer, asOf=stamp(moment), **query) == references


def test_the_moment_is_said_and_leads_back_to_the_present(week, viewer):
    response = viewer.get("/tasks/", {"asOf": stamp(MONDAY), "status": "validating"})

    page = response.content.decode()
    assert "as the mirror knew it" in page
    assert 'href="/tasks/?status=validating"' in page
    assert "data-live-url" not in page


def test_the_page_of_a_task_shows_the_version_known_then(week, viewer):
    then = viewer.get(f"/tasks/{task_id(1)}/", {"asOf": stamp(MONDAY)})
    now = viewer.get(f"/tasks/{task_id(1)}/")

    assert then.context["page"].version.number == 1
    assert now.context["page"].version.number == 2


def test_a_task_first_seen_later_was_not_known_then(week, viewer):
    assert viewer.get(f"/tasks/{task_id(3)}/", {"asOf": stamp(MONDAY)}).status_code == 404


def test_the_file_is_the_list_known_then_also_after_more_has_happened(week, auditor):
    def rows():
        response = auditor.get("/tasks.csv", {"asOf": stamp(TUESDAY), "cols": "id,status,goneAt,version"})
        return b"".join(response.streaming_content)

    first = rows()
    mirrored(week, task_json(1, name="Renamed", updatedAt=stamp(WEDNESDAY)), at=WEDNESDAY)

    assert rows() == first
    assert [row["status"] for row in csv.DictReader(io.StringIO(first.decode()))] == [
        "completed",
        "validating",
        "validating",
    ]


def test_a_day_means_its_end(week, viewer):
    assert names(viewer, asOf=f"{MONDAY:%Y-%m-%d}") == [2, 1]


def test_a_moment_to_come_is_left_out_and_told(week, viewer):
    response = viewer.get("/tasks/", {"asOf": stamp(timezone.now() + dt.timedelta(days=1))})

    assert response.context["listing"].task_filter.as_of is None
    assert "lies in the future" in response.content.decode()


def test_for_a_file_a_moment_to_come_is_an_error(week, auditor):
    assert auditor.get("/tasks.csv", {"asOf": stamp(timezone.now() + dt.timedelta(days=1))}).status_code == 400


def test_the_command_writes_the_list_known_then(week, tmp_path):
    file = tmp_path / "then.csv"

    call_command(
        "export_tasks", "--workspace", "acme", "--as-of", stamp(MONDAY), "--columns", "reference", "--output", str(file)
    )

    assert file.read_bytes() == b"reference\r\n2\r\n1\r\n"


def test_the_past_is_not_asked_live(week, viewer):
    response = viewer.get("/tasks/", {"asOf": stamp(MONDAY), "source": "live"})

    assert response.status_code == 200
    assert "as the mirror knew it" in response.content.decode()
