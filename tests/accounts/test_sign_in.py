"""The journey in and out, and what a stranger can learn from it."""

import re

import pytest
from django.contrib.auth import get_user
from django.test import Client
from django.urls import reverse

from telareview.accounts.models import Person
from tests.accounts.cast import PASSWORD, make_person, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.doors")]

SIGN_IN = "/accounts/login/"


@pytest.fixture
def ana(acme):
    return make_person("viewer", acme, email="ana@acme.example")


def sign_in(client: Client, email: str, password: str, **extra):
    return client.post(SIGN_IN, {"login": email, "password": password}, **extra)


def test_a_person_signs_in_by_email_reads_and_signs_out(ana):
    client = Client()

    sent_to = client.get("/inside/")
    entered = client.post(sent_to["Location"], {"login": "Ana@Acme.example", "password": PASSWORD}, follow=True)
    left = client.post("/accounts/logout/")

    assert sent_to["Location"] == "/accounts/login/?next=/inside/"
    assert entered.content == b"inside acme as viewer"
    assert left["Location"] == SIGN_IN
    assert client.get("/inside/").status_code == 302


def test_without_a_wish_the_way_leads_to_the_tasks(ana):
    assert sign_in(Client(), ana.email, PASSWORD)["Location"] == "/tasks/"


@pytest.mark.parametrize("wish", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"])
def test_the_way_back_never_leaves_this_host(ana, wish):
    response = Client().post(f"{SIGN_IN}?next={wish}", {"login": ana.email, "password": PASSWORD, "next": wish})

    assert "evil" not in response["Location"]
    assert "javascript" not in response["Location"]


def test_a_wrong_password_and_an_unknown_address_read_the_same(ana):
    wrong = sign_in(Client(), ana.email, "wrong")
    unknown = sign_in(Client(), "who@acme.example", "wrong")

    def body(response, email):
        text = response.content.decode().replace(email, "EMAIL")
        return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)

    assert wrong.status_code == unknown.status_code == 200
    assert "do not belong together" in wrong.content.decode()
    assert body(wrong, ana.email).count("do not belong") == body(unknown, "who@acme.example").count("do not belong")
    assert wrong.context["form"].errors == unknown.context["form"].errors


def test_both_failures_hash_a_password_so_that_time_tells_nothing(ana, monkeypatch):
    hashed: list[str] = []

    def encode(self, password: str, salt: str, _encode: object = None) -> str:
        hashed.append(password)
        return f"md5${salt}$0"

    monkeypatch.setattr("django.contrib.auth.hashers.MD5PasswordHasher.encode", encode)

    sign_in(Client(), ana.email, "wrong")
    for_known = len(hashed)
    sign_in(Client(), "who@acme.example", "wrong")

    assert for_known == len(hashed) - for_known == 1


def test_nobody_signs_up(db):
    page = Client().get("/accounts/signup/")
    posted = Client().post(
        "/accounts/signup/", {"email": "new@acme.example", "password1": PASSWORD, "password2": PASSWORD}
    )

    assert b"password1" not in page.content
    assert posted.status_code == 200
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/email/",
        "/accounts/confirm-email/",
        "/accounts/password/set/",
        "/accounts/reauthenticate/",
        "/accounts/password/reset/key/1-abc/",
    ],
)
def test_what_is_not_offered_is_not_there(ana, address):
    assert signed_in(ana).get(address).status_code == 404


def test_a_forgotten_password_sends_no_mail_but_says_whom_to_ask(ana, mailoutbox):
    page = Client().get(reverse("account_reset_password"))
    posted = Client().post(reverse("account_reset_password"), {"email": ana.email})

    assert page.status_code == 200
    assert posted.status_code == 405
    assert mailoutbox == []


def test_signing_in_changes_the_session_key(ana):
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key

    sign_in(client, ana.email, PASSWORD)

    assert client.get("/inside/").status_code == 200
    assert client.cookies["telareview_session"].value != planted


def test_a_disabled_person_is_out_with_the_next_request_and_cannot_come_back(ana):
    client = signed_in(ana)
    assert client.get("/inside/").status_code == 200

    Person.objects.filter(pk=ana.pk).update(is_active=False)

    assert client.get("/inside/").status_code == 302
    assert not get_user(client).is_authenticated
    sign_in(client, ana.email, PASSWORD)
    assert client.get("/inside/").status_code == 302


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(ana):
    here, there = signed_in(ana), signed_in(ana)

    changed = here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "a new long password 7", "password2": "a new long password 7"},
    )

    assert changed.status_code == 302
    assert here.get("/inside/").status_code == 200
    assert there.get("/inside/").status_code == 302


def test_a_short_password_is_refused(ana):
    response = signed_in(ana).post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": "short1!", "password2": "short1!"}
    )

    assert response.context["form"].errors
    assert Person.objects.get(pk=ana.pk).check_password(PASSWORD)


def test_the_sign_in_form_needs_its_token(ana):
    response = sign_in(Client(enforce_csrf_checks=True), ana.email, PASSWORD)

    assert response.status_code == 403
