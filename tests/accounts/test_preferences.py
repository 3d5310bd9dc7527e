import pytest
from django.test import Client
from django.utils import timezone, translation

from telareview.accounts.models import Person
from tests.accounts.cast import make_person, signed_in

pytestmark = pytest.mark.django_db

ADDRESS = "/accounts/preferences/"
CHOICES = {
    "name": "Ana Souza",
    "language": "pt-br",
    "time_zone": "Europe/Lisbon",
    "theme": "dark",
    "density": "compact",
    "page_size": "100",
    "shortcuts": "",
}


@pytest.fixture
def ana(acme):
    return make_person("viewer", acme, email="ana@acme.example")


def test_a_person_keeps_their_choices(ana):
    response = signed_in(ana).post(ADDRESS, CHOICES)

    ana.refresh_from_db()
    assert response["Location"] == ADDRESS
    assert (ana.name, ana.language, ana.time_zone, ana.theme) == ("Ana Souza", "pt-br", "Europe/Lisbon", "dark")
    assert (ana.density, ana.page_size, ana.shortcuts) == ("compact", 100, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [("time_zone", "Mars/Olympus"), ("language", "tlh"), ("page_size", "1000"), ("theme", "pink"), ("density", "")],
)
def test_what_is_not_offered_is_refused_and_changes_nothing(ana, field, value):
    response = signed_in(ana).post(ADDRESS, {**CHOICES, field: value})

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert Person.objects.get(pk=ana.pk).theme == "auto"


def test_nobody_makes_themselves_more_than_they_are(ana):
    signed_in(ana).post(ADDRESS, {**CHOICES, "is_staff": "on", "email": "boss@acme.example", "is_active": ""})

    ana.refresh_from_db()
    assert (ana.is_staff, ana.is_active, ana.email) == (False, True, "ana@acme.example")


def test_the_persons_language_wins_over_the_browsers_and_an_empty_one_leaves_it_to_the_browser(ana):
    client = signed_in(ana)

    def language(**headers):
        return client.get(ADDRESS, headers=headers)["Content-Language"]

    assert language(accept_language="pt-BR") == "pt-br"
    Person.objects.update(language="en")
    assert language(accept_language="pt-BR") == "en"
    Person.objects.update(language="pt-br")
    assert language(accept_language="en") == "pt-br"
    translation.activate("en")


def test_the_persons_zone_is_active_and_a_visitor_has_the_default_one(ana):
    Person.objects.update(time_zone="Asia/Tokyo")

    signed_in(ana).get(ADDRESS)
    of_ana = timezone.get_current_timezone_name()
    Client().get("/accounts/login/")
    of_visitor = timezone.get_current_timezone_name()

    assert (of_ana, of_visitor) == ("Asia/Tokyo", "America/Sao_Paulo")


def test_the_theme_button_works_with_htmx_and_without_scripts(ana):
    client = signed_in(ana)

    plain = client.post(f"{ADDRESS}theme/", {"theme": "dark", "next": "/tasks/?status=failed"})
    assert plain["Location"] == "/tasks/?status=failed"
    assert Person.objects.get(pk=ana.pk).theme == "dark"

    swapped = client.post(f"{ADDRESS}theme/", {"theme": "light"}, headers={"HX-Request": "true"})
    assert swapped.status_code == 204
    assert Person.objects.get(pk=ana.pk).theme == "light"


@pytest.mark.parametrize("wish", ["https://evil.example", "//evil.example", ""])
def test_the_theme_button_leads_nowhere_else(ana, wish):
    assert signed_in(ana).post(f"{ADDRESS}theme/", {"theme": "dark", "next": wish})["Location"] == "/tasks/"


def test_a_theme_that_does_not_exist_is_refused(ana):
    assert signed_in(ana).post(f"{ADDRESS}theme/", {"theme": "pink"}).status_code == 422
    assert Person.objects.get(pk=ana.pk).theme == "auto"


@pytest.mark.parametrize("address", [ADDRESS, f"{ADDRESS}theme/"])
def test_a_visitor_has_no_preferences(db, address):
    assert Client().post(address)["Location"].startswith("/accounts/login/")


def test_the_form_offers_zones_by_name(ana):
    zones = signed_in(ana).get(ADDRESS).context["zones"]

    assert "America/Sao_Paulo" in zones
    assert len(zones) > 300
