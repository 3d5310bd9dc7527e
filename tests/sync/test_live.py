"""The live check: the list's own question asked of Tela, while people go on reading."""

import re
from urllib.parse import parse_qs

import pytest
from django.test import Client

from telareview.sandbox import SandboxServer
from telareview.sync.models import Bookmark, SyncRun
from telareview.sync.pull import pull_tasks
from telareview.tasks.models import Learned, Task, TaskVersion
from tests.accounts.cast import make_person, signed_in
from tests.sync.tela import NOW, client_of, connect, held_by, mirrored_by
from tests.tasks.markup import read
from tests.tasks.query_strings import query_strings
from tests.tasks.records import mirrored, task_json

pytestmark = pytest.mark.django_db

TASKS = 90
LIVE = "/tasks/live/"


@pytest.fixture
def tela():
    with SandboxServer(tasks=TASKS, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def filled(acme, tela):
    """A workspace whose mirror holds everything; what was asked until then is forgotten."""
    with client_of(tela) as client:
        pull_tasks(connect(acme, tela), client, connections=1)
    tela.server.log.clear()
    return acme


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr("telareview.tela.retry.FIRST_WAIT_SECONDS", 0.01)


def checked(client, query="", **headers):
    response = client.get(f"{LIVE}?{query}", headers=headers)
    assert response.status_code == 200
    return response


def rows_of(response):
    """Name by id, from top to bottom."""
    body = read(response.content).all(id="rows")
    return {row["id"].removeprefix("t-"): row.one("th").text for row in body[0].all("tr")} if body else {}


def fresh_in(response):
    return {str(row.task.task_id) for row in response.context["listing"].rows if row.is_fresh}


def said(response):
    return read(response.content).one(id="live").words


def asked_of(tela):
    """The questions put to the list, as names and values."""
    return [request.query for request in tela.requests if request.path == "/task"]


# --- What differs comes in ------------------------------------------------------------------------------


def test_what_differs_is_mirrored_shown_and_marked(viewer, filled, tela):
    changed, approved = tela.world.ids("validating")[:2]
    tela.world.rename(changed, "Renamed.pdf")
    tela.world.approve(approved, "ana@acme.example")
    arrived = tela.world.arrive(name="New.pdf")

    response = checked(viewer)

    rows = rows_of(response)
    assert list(rows)[:3] == [arrived, approved, changed]
    assert (rows[arrived], rows[changed]) == ("New.pdf", "Renamed.pdf")
    assert fresh_in(response) == {arrived, approved, changed}
    assert mirrored_by(filled) == held_by(tela)
    assert set(
        TaskVersion.objects.filter(task_id__in=[arrived, approved, changed]).values_list("learned_by", "number")
    ) == {
        (Learned.LIVE, 1),
        (Learned.PULL, 1),
        (Learned.LIVE, 2),
    }


def test_fresh_rows_are_marked_otherwise_than_the_rest(viewer, filled, tela):
    tela.world.rename(tela.world.ids()[0], "Renamed.pdf")

    rows = read(checked(viewer).content).one(id="rows").all("tr")

    assert rows[0].get("class") != rows[1].get("class")
    assert len({row.get("class") for row in rows[1:]}) == 1


def test_it_says_when_tela_was_asked(viewer, filled):
    assert re.fullmatch(r"live \d\d:\d\d:\d\d", said(checked(viewer)))


def test_the_moment_is_told_in_the_readers_zone(acme, filled, monkeypatch):
    tokyo = signed_in(make_person("viewer", acme, time_zone="Asia/Tokyo"))

    response = checked(tokyo)

    checked_at = response.context["live"].checked_at
    assert said(response) == f"live {(checked_at.hour + 9) % 24:02d}:{checked_at:%M:%S}"


def test_a_second_check_writes_nothing(viewer, filled, tela):
    tela.world.rename(tela.world.ids()[0], "Renamed.pdf")
    checked(viewer)
    before = (TaskVersion.objects.count(), list(Task.objects.order_by("task_id").values()))

    again = checked(viewer)

    assert fresh_in(again) == set()
    assert (TaskVersion.objects.count(), list(Task.objects.order_by("task_id").values())) == before
    assert asked_of(tela)[-1]["excludeInputOutputColumns"] == ["true"]


def test_the_question_is_the_lists_own(viewer, filled, tela):
    checked(viewer, "status=completed&approvedBy=ana@acme.example&orderBy=approvedAt&order=asc&limit=25&page=2")

    question = asked_of(tela)[0]
    assert question["status"] == ['["completed"]']
    assert question["approvedBy"] == ["ana@acme.example"]
    assert (question["orderBy"], question["order"]) == (["approvedAt"], ["asc"])
    assert (question["limit"], question["offset"]) == (["25"], ["25"])


def test_an_untouched_page_costs_one_call(viewer, filled, tela):
    checked(viewer, "orderBy=createdAt&order=asc")

    assert len(tela.requests) == 1


def test_inputs_and_outputs_are_fetched_for_what_differs_alone(viewer, filled, tela):
    changed = tela.world.ids("validating")[0]
    tela.world.edit(changed, {"observacoes": "corrected"})

    checked(viewer)

    whole = [query for query in asked_of(tela) if "excludeInputOutputColumns" not in query]
    assert [query["ids"] for query in whole] == [[f'["{changed}"]']]


def test_a_task_that_left_the_list_leaves_it_here_too(viewer, filled, tela):
    approved = tela.world.ids("validating")[0]
    assert approved in rows_of(viewer.get("/tasks/?status=validating&limit=100"))
    tela.world.approve(approved)

    response = checked(viewer, "status=validating&limit=100")

    assert approved not in rows_of(response)
    assert Task.objects.get(task_id=approved).status == "completed"


def test_the_last_page_is_checked_by_the_tasks_it_shows(viewer, filled, tela):
    last = list(rows_of(viewer.get("/tasks/?limit=25&before=end")))[-1]
    tela.world.edit(
        last, {"observacoes": "corrected"}, at=int(Task.objects.get(task_id=last).updated_at.timestamp() * 1000)
    )

    response = checked(viewer, "limit=25&before=end")

    assert fresh_in(response) == {last}


def test_empty_cells_that_tela_orders_otherwise_do_not_hide_a_change(viewer, filled, tela):
    page = list(rows_of(viewer.get("/tasks/?orderBy=approvedAt&limit=25")))
    tela.world.rename(page[3], "Renamed.pdf")

    response = checked(viewer, "orderBy=approvedAt&limit=25")

    assert rows_of(response)[page[3]] == "Renamed.pdf"


def test_a_task_of_which_tela_knows_nothing_stays(acme, viewer, filled):
    mirrored(acme, task_json(1, name="Only here.pdf", updatedAt="2026-11-20T16:00:00.000Z"))

    assert next(iter(rows_of(checked(viewer)).values())) == "Only here.pdf"


# --- What Tela cannot be asked --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("q=pdf", "search"),
        ("taskName=pdf", "name"),
        ("tags=priority", "tags"),
        ("editedField=total", "edited field"),
        ("output.total__gte=1", "output"),
        ("revisionProcess=unknown", "revision"),
        ("approvedBy=ana@acme.example&createdBy=bob@acme.example", "creator"),
        ("createdAtSince=2026-01-01&updatedAtSince=2026-01-01", "updated"),
        ("approvedAtSince=2026-01-01&createdAtSince=2026-01-01&updatedAtSince=2026-01-01", "created, updated"),
    ],
)
def test_criteria_that_were_left_to_the_mirror_are_named(viewer, filled, query, left):
    assert said(checked(viewer, query)).endswith(f"asked in part; the mirror did the rest: {left}")


def test_two_ranges_are_never_asked_together(viewer, filled, tela):
    checked(viewer, "createdAtSince=2026-01-01&updatedAtUntil=2026-11-01&approvedAtSince=2026-02-01")

    ranged = {name for name in asked_of(tela)[0] if name.endswith(("Since", "Until"))}
    assert ranged == {"approvedAtSince"}


def test_what_was_left_to_the_mirror_still_narrows_the_list(viewer, filled, tela):
    arrived = tela.world.arrive(name="Needle.pdf")
    tela.world.arrive(name="Hay.pdf")

    assert rows_of(checked(viewer, "q=needle")) == {arrived: "Needle.pdf"}


# --- Tela does not answer -------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["500", "html", "cut", "timeout", "429"])
def test_when_tela_does_not_answer_the_old_rows_stay_and_it_is_said(viewer, filled, tela, fault, monkeypatch):
    monkeypatch.setattr("telareview.sync.connection.LIVE_ATTEMPTS", 0)
    before = rows_of(viewer.get("/tasks/"))
    tela.faults.switch(1.0, (fault,))
    tela.faults.hang_seconds = 0.3

    response = checked(viewer)

    assert rows_of(response) == before
    assert re.fullmatch(r"Tela is not answering, mirror as of \d\d:\d\d:\d\d", said(response))
    assert fresh_in(response) == set()


def test_a_server_that_is_gone_is_told_the_same(viewer, filled, tela):
    tela.stop()

    assert said(checked(viewer)).startswith("Tela is not answering, mirror as of ")
    assert len(rows_of(checked(viewer))) == 50


def test_before_anything_was_synced_no_moment_is_told(acme, viewer):
    assert said(checked(viewer)) == "Tela is not answering"


def test_a_row_that_cannot_be_read_does_not_stop_the_check(viewer, filled, tela):
    spoiled, changed = tela.world.ids()[:2]
    tela.world.rename(changed, "Renamed.pdf")
    tela.world.rename(spoiled, "Spoiled.pdf")
    with tela.world.lock:
        tela.world.stories[spoiled].extra["status"] = None
        tela.world.bodies.forget(spoiled)

    response = checked(viewer)

    assert fresh_in(response) == {changed}
    assert said(response).startswith("live ")


def test_a_check_is_no_pull(viewer, filled, tela):
    before = (Bookmark.objects.values().get(), SyncRun.objects.count())
    tela.world.arrive()

    checked(viewer)

    assert (Bookmark.objects.values().get(), SyncRun.objects.count()) == before


# --- Page or part, with scripts and without -------------------------------------------------------------


def test_without_scripts_the_live_source_is_an_address_like_any_other(viewer, filled, tela):
    arrived = tela.world.arrive(name="New.pdf")

    response = viewer.get("/tasks/?status=running&source=live&limit=25")

    assert response.status_code == 302
    assert response["Location"] == f"{LIVE}?status=running&limit=25"
    followed = viewer.get(response["Location"])
    assert read(followed.content).one("html")
    assert arrived in rows_of(followed)


def test_htmx_gets_the_rows_and_the_state_that_goes_with_them(viewer, filled):
    response = checked(viewer, **{"HX-Request": "true"})

    part = read(response.content)
    assert part.all("html") == []
    assert part.one(id="live")["hx-swap-oob"] == "true"
    # Else the answer would be asked for again at once.
    assert part.one(id="results")["data-live-url"] == LIVE
    assert "HX-Request" in response["Vary"]


def test_the_links_of_a_checked_list_lead_through_the_list(viewer, filled):
    page = read(checked(viewer, "status=completed&limit=25").content)

    following = page.one("a", rel="next")["href"]
    assert following.startswith("/tasks/?status=completed&")
    assert parse_qs(following.partition("?")[2])["limit"] == ["25"]


@pytest.mark.parametrize("query", ["asOf=2026-01-01", "status=nonsense", "after=nonsense", "page=9999999"])
def test_odd_questions_are_checked_without_harm(viewer, filled, query):
    assert said(checked(viewer, query)).startswith("live ")


def test_no_query_string_breaks_the_check(viewer, acme):
    mirrored(acme, *(task_json(number) for number in range(1, 6)))

    for raw in query_strings(20261124, 150):
        assert viewer.get(LIVE, QUERY_STRING=raw).status_code < 500, raw


# --- Who may --------------------------------------------------------------------------------------------


def test_an_outsider_gets_nothing_and_their_key_is_their_own(outsider, elsewhere, filled, tela):
    assert rows_of(checked(outsider)) == {}
    assert tela.requests == []

    with SandboxServer(tasks=3, now=NOW, key="their-key") as theirs:
        connect(elsewhere, theirs)
        assert len(rows_of(checked(outsider))) == 3
        assert {request.headers["authorization"] for request in theirs.requests} == {"Bearer their-key"}
    assert tela.requests == []
    assert Task.objects.of(filled).count() == TASKS


def test_a_visitor_asks_nothing_of_tela(filled, tela):
    assert Client().get(LIVE)["Location"].startswith("/accounts/login/?next=")
    assert Client().get(LIVE, headers={"HX-Request": "true"}).status_code == 401
    assert tela.requests == []


def test_the_key_stands_on_no_page(viewer, filled, tela):
    tela.faults.switch(1.0, ("500",))

    assert tela.key not in checked(viewer).content.decode()


def test_only_safe_verbs_leave(viewer, filled, tela):
    tela.world.arrive()
    checked(viewer)

    assert {request.method for request in tela.requests} == {"GET"}
