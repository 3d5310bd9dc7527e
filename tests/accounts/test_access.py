import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.test.utils import CaptureQueriesContext

from telareview.accounts.access import MOST_TO_ASK, whom_to_ask
from telareview.accounts.backends import MemberBackend, memberships_of
from telareview.accounts.models import Membership
from telareview.accounts.roles import RIGHTS, Role, role_may
from tests.accounts.cast import make_person, make_workspace, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.doors")]


@pytest.mark.parametrize("role", Role.values)
def test_each_door_opens_to_the_roles_that_hold_its_right_and_to_no_other(acme, role):
    client = signed_in(make_person(role, acme))

    opened = {right for right in RIGHTS if client.get(f"/needs/{right}/").status_code == 200}
    refused = {right for right in RIGHTS if client.get(f"/needs/{right}/").status_code == 403}

    assert opened == {right for right in RIGHTS if role_may(role, right)}
    assert refused == set(RIGHTS) - opened


@pytest.mark.parametrize("address", ["/inside/", *(f"/needs/{right}/" for right in RIGHTS)])
def test_a_visitor_is_sent_to_the_sign_in_and_led_back(address):
    response = Client().get(f"{address}?status=failed&q=a%20b")

    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={address}%3Fstatus%3Dfailed%26q%3Da%2520b"


def test_a_visitor_who_posts_is_led_to_the_start_and_not_to_a_form_address():
    assert Client().post("/inside/")["Location"] == "/accounts/login/?next="


def test_htmx_is_told_to_move_the_whole_page_back_to_where_the_reader_is():
    response = Client().get(
        "/inside/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/tasks/?status=failed"}
    )

    assert response.status_code == 401
    assert response["HX-Redirect"] == "/accounts/login/?next=/tasks/%3Fstatus%3Dfailed"


def test_htmx_on_a_foreign_page_is_led_to_no_foreign_page():
    response = Client().get("/inside/", headers={"HX-Request": "true", "HX-Current-URL": "https://evil.example/tasks/"})

    assert response["HX-Redirect"] == "/accounts/login/"


def test_who_belongs_to_no_workspace_is_told_so_and_learns_no_names(acme):
    make_person("admin", acme)

    response = signed_in(make_person()).get("/inside/")

    assert response.status_code == 403
    assert "no workspace is open to you" in response.content.decode()
    assert "admin@acme.example" not in response.content.decode()


def test_a_refusal_names_the_role_the_right_the_workspace_and_whom_to_ask(acme, other, rendered_errors):
    make_person("admin", acme)
    make_person("admin", other, email="boss@other.example")
    make_person("admin", acme, email="gone@acme.example", is_active=False)

    response = signed_in(make_person("viewer", acme)).get("/needs/export/")

    assert response.status_code == 403
    assert rendered_errors[-1]["sentence"] == (
        "As Viewer you may not export tasks as CSV. An administrator of Acme can change that."
    )
    assert rendered_errors[-1]["ask"] == ["admin@acme.example"]


def test_no_more_than_five_are_named(acme):
    for number in range(MOST_TO_ASK + 2):
        make_person("admin", acme, email=f"admin{number}@acme.example")

    assert whom_to_ask(acme) == [f"admin{number}@acme.example" for number in range(MOST_TO_ASK)]


def test_the_first_workspace_by_name_is_entered_and_another_can_be_chosen(acme):
    zeta = make_workspace("zeta")
    ana = make_person("viewer", zeta)
    Membership.objects.create(person=ana, workspace=acme, role="operator")
    client = signed_in(ana)

    first = client.get("/inside/").content
    switched = client.post("/accounts/workspace/", {"workspace": "zeta", "next": "/inside/"}, follow=True).content
    stayed = client.get("/inside/").content

    assert first == b"inside acme as operator"
    assert switched == stayed == b"inside zeta as viewer"


@pytest.mark.parametrize("wanted", ["other", "nowhere", ""])
def test_a_workspace_of_others_is_not_found_and_not_entered(acme, other, wanted):
    client = signed_in(make_person("viewer", acme))

    assert client.post("/accounts/workspace/", {"workspace": wanted}).status_code == 404
    assert client.get("/inside/").content == b"inside acme as viewer"


def test_a_choice_ends_with_the_membership(acme, other):
    ana = make_person("viewer", acme)
    chosen = Membership.objects.create(person=ana, workspace=other, role="viewer")
    client = signed_in(ana)
    client.post("/accounts/workspace/", {"workspace": "other"})
    assert client.get("/inside/").content == b"inside other as viewer"

    chosen.delete()

    assert client.get("/inside/").content == b"inside acme as viewer"


def test_a_planted_choice_in_the_session_opens_nothing(acme, other):
    client = signed_in(make_person("viewer", acme))
    session = client.session
    session["workspace"] = "other"
    session.save()

    assert client.get("/inside/").content == b"inside acme as viewer"


def test_switching_needs_a_post_and_leads_nowhere_else(acme):
    client = signed_in(make_person("viewer", acme))

    assert client.get("/accounts/workspace/").status_code == 405
    posted = client.post("/accounts/workspace/", {"workspace": "acme", "next": "https://evil.example/"})
    assert posted["Location"] == "/tasks/"


def test_a_request_costs_two_statements_however_many_workspaces_one_has(acme, django_assert_num_queries):
    ana = make_person("viewer", acme)
    client = signed_in(ana)
    client.get("/inside/")

    with django_assert_num_queries(2):
        client.get("/inside/")
    for number in range(10):
        Membership.objects.create(person=ana, workspace=make_workspace(f"more-{number}"), role="viewer")
    with django_assert_num_queries(2):
        client.get("/inside/")


def test_a_visitor_costs_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        Client().get("/inside/")


def test_reading_writes_nothing(acme):
    from django.db import connection

    client = signed_in(make_person("viewer", acme))
    client.get("/inside/")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get("/inside/")

    assert all(query["sql"].startswith("SELECT") for query in queries)
    assert Session.objects.count() == 1


def test_a_person_is_found_with_every_column_of_all_that_may_be_entered(acme, other):
    ana = make_person("viewer", acme, name="Ana", page_size=100)
    Membership.objects.create(person=ana, workspace=other, role="auditor")

    found = MemberBackend().get_user(ana.pk)

    wanted = list(memberships_of(ana.pk).select_related("person"))
    assert len(wanted) == 2
    assert [vars_of(each) for each in found.entered] == [vars_of(each) for each in wanted]
    assert [vars_of(each.workspace) for each in found.entered] == [vars_of(each.workspace) for each in wanted]
    assert vars_of(found) == vars_of(wanted[0].person)
    assert not found._state.adding


def vars_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
