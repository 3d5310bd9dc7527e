"""Pieces of the list page that are kept for seconds: never another reader's, language's or filter's."""

import pytest
from django.core.cache import caches
from django.utils import translation

from telareview.tasks.filter_form import Facets, FilterForm
from telareview.tasks.filters import TaskFilter
from tests.accounts.cast import make_person, signed_in
from tests.tasks.records import approved, mirrored, task_json


@pytest.fixture(autouse=True)
def _kept(settings):
    settings.CACHES = {
        **settings.CACHES,
        "pages": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "test_kept_pieces"},
    }
    caches["pages"].clear()


def test_what_the_bar_offers_is_asked_for_once_in_some_seconds(acme, django_assert_num_queries):
    mirrored(acme, approved(1, by="ana.souza@acme.example"))

    first = Facets.of(acme)
    with django_assert_num_queries(0):
        assert Facets.of(acme) == first


def test_each_workspace_has_a_bar_of_its_own(acme, elsewhere):
    mirrored(acme, approved(1, by="ana.souza@acme.example"))
    mirrored(elsewhere, approved(2, by="stranger@elsewhere.example"))

    assert Facets.of(acme).approvers == ("ana.souza@acme.example",)
    assert Facets.of(elsewhere).approvers == ("stranger@elsewhere.example",)


def test_a_kept_bar_shows_the_filter_it_belongs_to(viewer, acme):
    mirrored(acme, task_json(1), approved(2, by="ana.souza@acme.example"))
    plain = viewer.get("/tasks/").content.decode()

    narrowed = viewer.get("/tasks/?approvedBy=ana.souza%40acme.example").content.decode()

    assert 'value="ana.souza@acme.example" checked' in " ".join(narrowed.split())
    assert 'value="ana.souza@acme.example" checked' not in " ".join(plain.split())
    assert viewer.get("/tasks/").content.decode().count("checked") == plain.count("checked")


def test_a_kept_bar_speaks_the_language_of_its_reader(viewer, acme):
    mirrored(acme, task_json(1))
    english = viewer.get("/tasks/", headers={"Accept-Language": "en"}).content.decode()

    portuguese = viewer.get("/tasks/", headers={"Accept-Language": "pt-BR"}).content.decode()

    assert "More" in english
    assert "Aprovador" in portuguese
    assert ">Approver" not in portuguese


def test_contents_differ_with_whatever_is_shown(acme):
    mirrored(acme, approved(1, by="ana.souza@acme.example"))
    one = FilterForm(TaskFilter(), Facets._asked(acme))
    mirrored(acme, approved(2, by="rui.melo@acme.example"))
    other = FilterForm(TaskFilter(), Facets._asked(acme))

    with translation.override("pt-br"):
        assert one.contents != other.contents
    assert one.contents != FilterForm(TaskFilter(order="asc"), Facets.of(acme)).contents


def test_what_is_kept_for_those_who_may_see_people_is_never_shown_to_others(acme):
    mirrored(acme, approved(1, by="ana.souza@acme.example"))
    acme.hide_people = True
    acme.save()
    auditor, viewer = make_person("auditor", acme), make_person("viewer", acme)

    seen = signed_in(auditor).get("/tasks/").content.decode()
    hidden = signed_in(viewer).get("/tasks/").content.decode()
    again = signed_in(auditor).get("/tasks/").content.decode()

    assert "ana.souza@acme.example" in seen
    assert "ana.souza@acme.example" not in hidden
    assert 'value="ana.souza@acme.example"' in " ".join(again.split())
