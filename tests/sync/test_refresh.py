"""One task fetched again, because somebody wants to know now; and Tela's own history of it."""

from uuid import UUID, uuid4

import pytest
from django.test import Client

from telareview.sandbox import SandboxServer
from telareview.sync.connection import NoKey
from telareview.sync.pull import pull_tasks
from telareview.sync.refresh import TaskIsGone, refresh_task
from telareview.tasks.models import Kind, Learned, Task, TaskVersion
from telareview.tela import BudgetSpent
from tests.accounts.cast import make_person, signed_in
from tests.sync.tela import NOW, client_of, connect, held_by, mirrored_by
from tests.tasks.markup import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def tela():
    with SandboxServer(tasks=30, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def filled(acme, tela):
    with client_of(tela) as client:
        pull_tasks(connect(acme, tela), client, connections=1)
    tela.server.log.clear()
    return acme


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr("telareview.tela.retry.FIRST_WAIT_SECONDS", 0.01)


@pytest.fixture
def waiting(filled, tela):
    """The id of a task that waits for review."""
    return tela.world.ids("validating")[0]


def refreshed(client, task_id):
    """The page that follows, and what it says about the refresh."""
    response = client.post(f"/tasks/{task_id}/refresh/", follow=True)
    assert response.redirect_chain == [(f"/tasks/{task_id}/", 302)]
    page = read(response.content)
    return page, page.one(id="toasts").words


def test_a_newer_state_comes_in_and_is_told(viewer, filled, tela, waiting):
    tela.world.approve(waiting, "ana@acme.example")

    page, told = refreshed(viewer, waiting)

    newest = TaskVersion.objects.get(task_id=waiting, number=2)
    assert "Tela sent a newer state." in told
    assert "ana@acme.example" in page.one("main").words
    assert (newest.kind, newest.learned_by, newest.run_id) == (Kind.APPROVED, Learned.REFRESH, None)
    assert mirrored_by(filled) == held_by(tela)


def test_it_costs_one_call_for_that_task(viewer, tela, waiting):
    refreshed(viewer, waiting)

    assert [(request.method, request.path) for request in tela.requests] == [("GET", f"/task/{waiting}")]


def test_nothing_new_is_told_and_changes_nothing(viewer, waiting):
    before = list(Task.objects.order_by("pk").values())

    _page, told = refreshed(viewer, waiting)

    assert "Nothing has changed in Tela." in told
    assert list(Task.objects.order_by("pk").values()) == before


def test_a_task_that_tela_deleted_is_told_and_stays(viewer, tela, waiting):
    tela.world.delete(waiting)

    page, told = refreshed(viewer, waiting)

    assert "Tela no longer serves this task (404). The mirror keeps what it knew." in told
    assert page.one("h1").words
    # One 404 is no proof: it takes two, apart in time, to mark a task gone.
    assert Task.objects.get(task_id=waiting).gone_at is None


@pytest.mark.parametrize(
    ("fault", "words"),
    [("500", "Tela itself failed"), ("html", "A web page (HTML) came instead of JSON"), ("cut", "broke off")],
)
def test_when_tela_fails_the_page_stays_and_says_so(viewer, tela, waiting, fault, words):
    tela.faults.switch(1.0, (fault,))

    page, told = refreshed(viewer, waiting)

    assert words in told
    assert tela.key not in page.text
    assert TaskVersion.objects.filter(task_id=waiting).count() == 1


def test_a_workspace_without_a_key_says_what_to_do(viewer, filled, waiting):
    filled.api_key_encrypted = ""
    filled.save()

    assert "This workspace has no API key. Set TELA_API_KEY" in refreshed(viewer, waiting)[1]


def test_a_look_is_no_refresh(viewer, tela, waiting):
    assert viewer.get(f"/tasks/{waiting}/refresh/").status_code == 405
    assert tela.requests == []


def test_who_may_not_see_the_task_asks_nothing(outsider, tela, waiting):
    assert outsider.post(f"/tasks/{waiting}/refresh/").status_code == 404
    assert outsider.get(f"/tasks/{waiting}/tela-versions/").status_code == 404
    assert Client().post(f"/tasks/{waiting}/refresh/")["Location"].startswith("/accounts/login/")
    assert tela.requests == []


def test_a_task_the_mirror_does_not_know_is_not_found_and_not_asked_for(viewer, filled, tela):
    assert viewer.post(f"/tasks/{uuid4()}/refresh/").status_code == 404
    assert tela.requests == []


def test_a_form_without_its_token_is_refused(acme, filled, tela, waiting):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_person("viewer", acme))

    assert client.post(f"/tasks/{waiting}/refresh/").status_code == 403
    assert tela.requests == []


def test_the_page_offers_the_refresh_as_a_plain_form(acme, waiting):
    page = read(signed_in(make_person("viewer", acme)).get(f"/tasks/{waiting}/").content)

    form = page.one("form", action=f"/tasks/{waiting}/refresh/")
    assert form["method"] == "post"
    assert form.all("input", name="csrfmiddlewaretoken")
    assert form.all("button")


def test_the_verb_itself_says_whether_anything_was_new(filled, tela, waiting):
    task_id = UUID(waiting)

    assert refresh_task(filled, task_id) is False
    tela.world.rename(waiting, "Renamed.pdf")
    assert refresh_task(filled, task_id) is True
    tela.world.delete(waiting)
    with pytest.raises(TaskIsGone):
        refresh_task(filled, task_id)
    tela.faults.switch(1.0, ("500",))
    with pytest.raises(BudgetSpent):
        refresh_task(filled, task_id)
    filled.api_key_encrypted = ""
    with pytest.raises(NoKey):
        refresh_task(filled, task_id)


def test_an_older_answer_changes_nothing(filled, tela, waiting):
    tela.world.rename(waiting, "Newer.pdf")
    assert refresh_task(filled, UUID(waiting)) is True
    with tela.world.lock:
        tela.world.card(waiting).name, tela.world.card(waiting).updated = "Older.pdf", 1_700_000_000_000
        tela.world.bodies.forget(waiting)

    assert refresh_task(filled, UUID(waiting)) is False
    assert Task.objects.get(task_id=waiting).name == "Newer.pdf"
