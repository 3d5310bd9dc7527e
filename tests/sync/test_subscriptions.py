"""Subscriptions are looked after from a page and a command: only ours, only where writing is on, the secret unseen."""

import json
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from telareview.sandbox import SandboxServer, webhook_routes
from telareview.sandbox.apps import APPS, CONTRACTS, INVOICES
from telareview.sandbox.courier import Outcome
from telareview.sync import subscriptions
from telareview.sync.connection import writing_client
from telareview.sync.models import Delivery
from telareview.sync.subscriptions import is_within_reach
from telareview.tela.subscriptions import EVENTS, create_subscription
from tests.accounts.cast import make_person, signed_in
from tests.sync.webhook_calls import SECRET, call, event
from tests.tasks.records import INVOICES as RECORDED_APP
from tests.tasks.records import mirrored, task_id, task_json

pytestmark = pytest.mark.django_db

PAGE = "/sync/webhooks/"
ADDRESS = "http://testserver/webhooks/tela/acme/"


@pytest.fixture(autouse=True)
def _quick_hashing(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def sandbox():
    with SandboxServer(tasks=3) as server:
        yield server


@pytest.fixture(autouse=True)
def receiver(acme, sandbox, settings):
    settings.TELA_ALLOW_WRITES = True
    acme.api_url, acme.allow_writes = sandbox.url, True
    acme.set_api_key(sandbox.key)
    acme.set_webhook_secret(SECRET)
    acme.save()
    mirrored(acme, *(task_json(number, promptApplicationId=app.id) for number, app in enumerate(APPS, 900)))
    return acme


@pytest.fixture
def operator(receiver):
    return signed_in(make_person("operator", receiver))


def hooks(sandbox):
    return list(sandbox.webhooks.hooks.values())


def register(client, **changes):
    posted = {"app": INVOICES.id, "event": ["task.completed", "task.approved"], **changes}
    return client.post(reverse("sync:register-webhook"), posted, follow=True)


def act(client, hook, name, **more):
    return client.post(reverse("sync:change-webhook", args=[hook.id]), {"act": name, **more}, follow=True)


def said(response) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def run(*words, workspace="acme"):
    out = StringIO()
    call_command("webhooks", "--workspace", workspace, *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def writes(sandbox):
    return [request.path for request in sandbox.requests if request.method != "GET"]


# The page.


def test_an_operator_subscribes_an_app(sandbox, operator):
    shown = register(operator)

    (hook,) = hooks(sandbox)
    assert (hook.app_id, hook.url, hook.events) == (INVOICES.id, ADDRESS, ["task.completed", "task.approved"])
    assert hook.headers == {"X-Telareview-Secret": SECRET}
    assert hook.sensitive == ["X-Telareview-Secret"]
    assert "Subscribed" in said(shown)
    assert ADDRESS in shown.content.decode()


def test_an_app_is_not_subscribed_twice(sandbox, operator):
    register(operator)

    shown = register(operator)

    assert len(hooks(sandbox)) == 1
    assert "already" in said(shown)


@pytest.mark.parametrize("app", ["00000000-0000-4000-8000-000000004711", "x", ""])
def test_an_app_that_the_mirror_does_not_know_is_not_subscribed(sandbox, operator, app):
    register(operator, app=app)

    assert hooks(sandbox) == []


def test_without_an_event_nothing_is_subscribed(sandbox, operator):
    assert "at least one" in said(register(operator, event=["task.invented"]))
    assert hooks(sandbox) == []


def test_a_workspace_without_a_secret_subscribes_nothing(sandbox, operator, receiver):
    receiver.set_webhook_secret("")
    receiver.save()

    assert "no webhook secret" in said(register(operator))
    assert hooks(sandbox) == []


def test_a_subscription_is_paused_resumed_and_removed(sandbox, operator):
    register(operator)
    (hook,) = hooks(sandbox)

    act(operator, hook, "pause")
    assert not hook.active
    act(operator, hook, "resume")
    assert hook.active
    act(operator, hook, "remove")
    assert hooks(sandbox) == []


def test_a_subscription_gets_the_present_secret(sandbox, operator, receiver):
    register(operator)
    (hook,) = hooks(sandbox)
    made = subscriptions.make_secret(receiver)
    assert made != SECRET

    act(operator, hook, "renew")

    assert hook.headers == {"X-Telareview-Secret": made}


def test_a_test_that_arrives_is_told_and_stands_among_the_calls(sandbox, operator, monkeypatch):
    register(operator)
    (hook,) = hooks(sandbox)
    sent = []
    monkeypatch.setattr(webhook_routes, "post", lambda *args: sent.append(args) or Outcome(status=202))

    shown = act(operator, hook, "test", event="task.approved")

    ((url, body, headers, _method),) = sent
    assert (url, json.loads(body)["event"]) == (ADDRESS, "task.approved")
    assert "Tela reached this address" in said(shown)
    answer = call(body, headers["X-Telareview-Secret"])
    assert answer.status_code == 202
    assert Delivery.objects.get().event == "task.approved"
    assert "task.approved" in operator.get(PAGE).content.decode()


def test_a_test_that_fails_says_why(sandbox, operator):
    register(operator)

    assert "loopback addresses only" in said(act(operator, hooks(sandbox)[0], "test"))


def test_what_calls_another_address_is_shown_but_not_touched(sandbox, operator, receiver):
    with writing_client(receiver) as client:
        for url in ("https://erp.example/in", "https://staging.example/webhooks/tela/acme/"):
            create_subscription(client, RECORDED_APP, name="ERP", url=url, events=EVENTS, headers={})
    sandbox.requests.clear()

    shown = operator.get(PAGE, {"ask": "1"}).content.decode()
    assert "https://erp.example/in" in shown
    assert "It calls another address" in shown
    for hook in hooks(sandbox):
        for name in ("pause", "renew", "remove", "test"):
            assert "another address" in said(act(operator, hook, name))
    assert writes(sandbox) == []


def test_the_page_does_not_wait_for_tela(sandbox, operator):
    shown = operator.get(PAGE)

    assert shown.status_code == 200
    assert sandbox.requests == []
    assert 'hx-trigger="load"' in shown.content.decode()


def test_the_part_that_is_fetched_afterwards_holds_every_app(sandbox, operator):
    register(operator)
    part = operator.get(PAGE, {"ask": "1"}, headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in part
    assert part.count("Nothing is subscribed.") == len(APPS) - 1
    assert ADDRESS in part


def test_a_tela_that_is_down_is_told_and_the_calls_are_shown(sandbox, operator, receiver):
    call(event(None))
    receiver.set_api_key("sk-wrong")
    receiver.save()

    shown = operator.get(PAGE, {"ask": "1"})

    assert shown.status_code == 200
    assert "refused the API key" in shown.content.decode()
    assert "task.approved" in shown.content.decode()


@pytest.mark.parametrize("role", ["viewer", "auditor", "reviewer"])
def test_members_may_look_but_not_change(sandbox, receiver, role):
    member = signed_in(make_person(role, receiver))
    with writing_client(receiver) as client:
        create_subscription(client, RECORDED_APP, name="n", url=ADDRESS, events=EVENTS, headers={})
    sandbox.requests.clear()
    (hook,) = hooks(sandbox)

    shown = member.get(PAGE, {"ask": "1"})

    assert shown.status_code == 200
    assert reverse("sync:change-webhook", args=[hook.id]) not in shown.content.decode()
    assert member.post(reverse("sync:register-webhook"), {"app": INVOICES.id}).status_code == 403
    assert member.post(reverse("sync:change-webhook", args=[hook.id]), {"act": "remove"}).status_code == 403
    assert member.post(reverse("sync:webhook-secret"), {"act": "make"}).status_code == 403
    assert writes(sandbox) == []


@pytest.mark.parametrize("switch", ["installation", "workspace"])
def test_where_writing_is_off_the_page_says_what_to_enter_by_hand(sandbox, operator, receiver, settings, switch):
    register(operator)
    (hook,) = hooks(sandbox)
    sandbox.requests.clear()
    if switch == "installation":
        settings.TELA_ALLOW_WRITES = False
    else:
        receiver.allow_writes = False
        receiver.save()

    shown = operator.get(PAGE, {"ask": "1"}).content.decode()

    assert "Writing to Tela is switched off" in shown
    assert ADDRESS in shown
    assert "X-Telareview-Secret" in shown
    assert reverse("sync:register-webhook") not in shown
    assert "Writing to Tela is switched off" in said(register(operator, app=CONTRACTS.id))
    assert "Writing to Tela is switched off" in said(act(operator, hook, "remove"))
    assert writes(sandbox) == []


# The secret.


def test_a_new_secret_is_shown_once_and_lets_calls_in_beside_the_former_one(operator, receiver):
    shown = operator.post(reverse("sync:webhook-secret"), {"act": "make"})

    receiver.refresh_from_db()
    made = receiver.webhook_secret.reveal()
    assert made in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert made not in operator.get(PAGE).content.decode()
    assert call(event(None, number=1), made).status_code == 202
    assert call(event(None, number=2), SECRET).status_code == 202


def test_the_former_secret_is_ended_from_the_page(operator):
    operator.post(reverse("sync:webhook-secret"), {"act": "make"})

    operator.post(reverse("sync:webhook-secret"), {"act": "retire"})

    assert call(event(None), SECRET).status_code == 401


def test_a_secret_of_the_environment_is_not_changed_here(operator, receiver, settings):
    settings.TELA_WEBHOOK_SECRET = SECRET
    receiver.slug = "default"
    receiver.save()

    shown = operator.post(reverse("sync:webhook-secret"), {"act": "make"}, follow=True)

    receiver.refresh_from_db()
    assert "TELA_WEBHOOK_SECRET" in said(shown)
    assert receiver.webhook_secret.reveal() == SECRET


def test_a_secret_that_cannot_be_read_is_told(operator, receiver):
    receiver.webhook_secret_encrypted = "not-a-token"
    receiver.save()

    assert "cannot be decrypted" in operator.get(PAGE).content.decode()
    assert "cannot be decrypted" in said(register(operator))


# The calls on the page.


def test_calls_are_shown_with_their_task_their_outcome_and_their_raw_text_escaped(operator, receiver):
    mirrored(receiver, task_json(1))
    call(event(task_id(1), number=1))
    call(b"<script>alert(1)</script>")
    call(event(uuid4(), "task.<b>approved</b>", 2))

    shown = operator.get(PAGE).content.decode()

    assert reverse("tasks:detail", args=[task_id(1)]) in shown
    assert shown.count("/tasks/") - shown.count(f"/tasks/{task_id(1)}") < 6
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown
    assert "task.&lt;b&gt;approved" in shown
    assert "The body of the call is not JSON." in shown


def test_a_long_body_is_cut_on_the_page_and_whole_on_its_own(operator):
    body = event(None, padding="x" * 50_000)
    call(body)
    (delivery,) = Delivery.objects.all()
    address = reverse("sync:webhook-body", args=[delivery.pk])

    shown = operator.get(PAGE).content.decode()
    whole = operator.get(address)

    assert "x" * 5_000 not in shown
    assert address in shown
    assert whole.content == body
    assert whole["Content-Type"] == "text/plain; charset=utf-8"
    assert whole["X-Content-Type-Options"] == "nosniff"


def test_calls_of_another_workspace_are_not_shown(operator, elsewhere):
    elsewhere.set_webhook_secret(SECRET)
    elsewhere.save()
    call(event(None, "task.elsewhere"), address="/webhooks/tela/elsewhere/")
    (delivery,) = Delivery.objects.all()

    assert "task.elsewhere" not in operator.get(PAGE).content.decode()
    assert operator.get(reverse("sync:webhook-body", args=[delivery.pk])).status_code == 404


def test_ten_more_calls_cost_no_more_statements(operator, receiver, django_assert_num_queries):
    mirrored(receiver, *(task_json(number) for number in range(11)))
    call(event(task_id(0), number=0))
    operator.get(PAGE)
    with CaptureQueriesContext(connection) as before:
        operator.get(PAGE)
    statements = len(before)
    for number in range(1, 11):
        call(event(task_id(number), number=number))

    with django_assert_num_queries(statements):
        operator.get(PAGE)


def test_a_visitor_is_sent_to_the_sign_in(client):
    assert client.get(PAGE).status_code == 302
    assert client.post(reverse("sync:register-webhook")).status_code == 302


# The command.


def test_the_command_lists_registers_renews_and_removes(sandbox):
    run("register", "--address", "https://review.example")
    assert {hook.url for hook in hooks(sandbox)} == {"https://review.example/webhooks/tela/acme/"}
    assert {hook.app_id for hook in hooks(sandbox)} == {app.id for app in APPS}
    assert "already" in run("register", "--address", "https://review.example", "--app", INVOICES.id)

    told = json.loads(run("list", "--json"))
    assert len(told["apps"]) == len(APPS)
    (one,) = told["apps"][0]["subscriptions"]
    assert (one["events"], one["headers"], one["active"]) == (list(EVENTS), ["X-Telareview-Secret"], True)
    assert one["id"] in run("list")

    made = run("secret").strip()
    run("renew", one["id"])
    run("pause", one["id"])
    hook = sandbox.webhooks.hooks[one["id"]]
    assert (hook.headers["X-Telareview-Secret"], hook.active) == (made, False)
    run("resume", one["id"])
    assert hook.active

    run("remove", one["id"])
    assert one["id"] not in sandbox.webhooks.hooks


def test_the_command_says_nothing_of_the_secret(sandbox):
    said = run("register", "--address", "https://review.example") + run("list") + run("list", "--json")

    assert SECRET not in said


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("test", "no-such-id"), 1),
        (("remove", "../task"), 1),
        (("register", "--address", "review.example"), 2),
        (("register", "--address", "https://review.example/path"), 2),
        (("register", "--address", "https://review.example", "--app", "00000000-0000-4000-8000-000000004711"), 1),
    ],
)
def test_the_command_ends_with_a_code_that_says_what_was_wrong(words, code):
    with pytest.raises(CommandError) as caught:
        run(*words)

    assert caught.value.returncode == code


def test_the_command_knows_no_workspace_of_that_name():
    with pytest.raises(CommandError) as caught:
        run("list", workspace="nobody")

    assert caught.value.returncode == 2


def test_the_command_writes_nothing_where_writing_is_off(sandbox, settings):
    settings.TELA_ALLOW_WRITES = False

    with pytest.raises(CommandError, match="TELA_ALLOW_WRITES"):
        run("register", "--address", "https://review.example")

    assert writes(sandbox) == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://review.example/x/", True),
        ("http://localhost:8000/x/", False),
        ("http://127.0.0.1/x/", False),
        ("http://[::1]:8000/x/", False),
        ("https://10.0.0.4/x/", False),
        ("https://intranet/x/", False),
        ("https://8.8.8.8/x/", True),
    ],
)
def test_an_address_inside_our_own_network_is_recognised(address, expected):
    assert is_within_reach(address) is expected
