"""Subscriptions as Tela shows and takes them; written only by a client that may write, and once."""

import json
from uuid import UUID

import pytest
import responses

from telareview.sandbox import SandboxServer
from telareview.tela import NotFound, Secret, ServerFailed, TelaError, UnreadableReply, WriteRefused, WritingClient
from telareview.tela.subscriptions import (
    EVENTS,
    MAX_PAGES,
    PAGE_SIZE,
    Subscription,
    create_subscription,
    get_subscription,
    list_subscriptions,
    pause_subscription,
    remove_subscription,
    renew_headers,
    try_subscription,
)
from tests.tela.conftest import API
from tests.tela.rows import APP_ID

APP = UUID(APP_ID)
HOOKS = f"{API}/prompt-application/{APP_ID}/webhooks"
HOOK = f"{API}/webhook/hook-1"
SECRET = Secret("whsec-4711-do-not-show")
HEADERS = {"X-Telareview-Secret": SECRET}
ADDRESS = "https://review.example/webhooks/tela/acme/"


@pytest.fixture
def writing(http):
    with WritingClient(API, "sk-test-key", allowed=True, sleep=lambda _: None, chance=lambda: 0.0) as client:
        yield client


def shown(number=1, **changes):
    return {
        "id": f"hook-{number}",
        "name": "telareview",
        "url": ADDRESS,
        "events": ["task.completed", "task.approved"],
        "headers": {"X-Telareview-Secret": "********"},
        "sensitiveHeaders": ["X-Telareview-Secret"],
        "isActive": True,
        **changes,
    }


def sent(call):
    return call.request.method, call.request.path_url, json.loads(call.request.body) if call.request.body else None


@pytest.mark.parametrize(
    "envelope", [list, lambda rows: {"data": rows, "metadata": {"totalCount": 2}}, lambda rows: {"webhooks": rows}]
)
def test_subscriptions_are_read_in_any_envelope(tela, http, envelope):
    http.get(HOOKS, json=envelope([shown(2, isActive=False), shown(1)]))

    paused, active = list_subscriptions(tela, APP)

    assert (paused.id, paused.is_active) == ("hook-2", False)
    assert active == Subscription(
        id="hook-1",
        name="telareview",
        url=ADDRESS,
        events=("task.completed", "task.approved"),
        header_names=("X-Telareview-Secret",),
        is_active=True,
    )
    assert len(http.calls) == 1


def test_all_pages_are_read(tela, http):
    pages = [[shown(number) for number in range(PAGE_SIZE)], [shown(number) for number in range(PAGE_SIZE, 150)]]
    for page in pages:
        http.get(HOOKS, json=page)

    assert len(list_subscriptions(tela, APP)) == 150
    assert [call.request.params["offset"] for call in http.calls] == ["0", str(PAGE_SIZE)]


def test_a_server_that_repeats_its_page_is_asked_no_more(tela, http):
    http.get(HOOKS, json=[shown(number) for number in range(PAGE_SIZE)])

    assert len(list_subscriptions(tela, APP)) == PAGE_SIZE
    assert len(http.calls) == 2 < MAX_PAGES


def test_what_is_not_told_is_left_empty():
    assert Subscription.from_json({"id": "a"}) == Subscription(
        id="a", name="", url="", events=(), header_names=(), is_active=True
    )


@pytest.mark.parametrize("raw", [None, [], "hook", {}, {"id": 7}, {"id": "../task"}, {"id": "a/b"}, {"id": ""}])
def test_a_subscription_without_a_readable_id_is_refused(raw):
    with pytest.raises(UnreadableReply):
        Subscription.from_json(raw)


@pytest.mark.parametrize("reply", [None, 7, "x", {}, {"data": {}}])
def test_a_reply_without_a_list_is_unreadable(tela, http, reply):
    http.get(HOOKS, json=reply)

    with pytest.raises(UnreadableReply):
        list_subscriptions(tela, APP)


def test_a_removed_one_is_not_found(tela, http):
    http.get(HOOK, status=404, json={"message": "gone"})

    with pytest.raises(NotFound):
        get_subscription(tela, "hook-1")


def test_a_new_one_carries_the_secret_as_a_sensitive_header(writing, http):
    http.post(HOOKS, status=201, json=shown())

    made = create_subscription(writing, APP, name="telareview", url=ADDRESS, events=EVENTS, headers=HEADERS)

    assert made is not None
    assert made.id == "hook-1"
    assert sent(http.calls[0]) == (
        "POST",
        f"/prompt-application/{APP_ID}/webhooks",
        {
            "name": "telareview",
            "url": ADDRESS,
            "events": list(EVENTS),
            "headers": {"X-Telareview-Secret": SECRET.reveal()},
            "sensitiveHeaders": ["X-Telareview-Secret"],
        },
    )


def test_one_that_was_made_but_not_shown_is_no_failure(writing, http):
    http.post(HOOKS, status=201, json={"success": True})

    assert create_subscription(writing, APP, name="n", url=ADDRESS, events=EVENTS, headers=HEADERS) is None


def test_pausing_changes_nothing_else(writing, http):
    http.patch(HOOK, body="")

    pause_subscription(writing, "hook-1", active=False)

    assert sent(http.calls[0])[2] == {"isActive": False}


def test_new_headers_replace_the_old_ones(writing, http):
    http.patch(HOOK, json=shown())

    renew_headers(writing, "hook-1", HEADERS)

    assert sent(http.calls[0])[2] == {
        "headers": {"X-Telareview-Secret": SECRET.reveal()},
        "sensitiveHeaders": ["X-Telareview-Secret"],
    }


def test_removing_is_one_call(writing, http):
    http.delete(HOOK, json={"success": True})

    remove_subscription(writing, "hook-1")

    assert sent(http.calls[0]) == ("DELETE", "/webhook/hook-1", None)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ({"success": True, "statusCode": 202, "error": None}, (True, 202, "")),
        ({"success": False, "statusCode": 401, "error": "Unauthorized"}, (False, 401, "Unauthorized")),
        ({"success": False, "statusCode": None, "errorMessage": "ECONNREFUSED\n"}, (False, None, "ECONNREFUSED")),
        ({"success": "yes", "statusCode": True}, (False, None, "")),
        ({"statusCode": 20_000}, (False, None, "")),
    ],
)
def test_of_a_trial_the_reply_is_read_not_its_status(writing, http, reply, expected):
    http.post(f"{HOOK}/test", json=reply)

    trial = try_subscription(writing, "hook-1", "task.approved")

    assert (trial.success, trial.status_code, trial.detail) == expected
    assert sent(http.calls[0])[2]["eventType"] == "task.approved"


WRITES = {
    "create": lambda client: create_subscription(client, APP, name="n", url=ADDRESS, events=EVENTS, headers=HEADERS),
    "pause": lambda client: pause_subscription(client, "hook-1", active=False),
    "renew": lambda client: renew_headers(client, "hook-1", HEADERS),
    "remove": lambda client: remove_subscription(client, "hook-1"),
    "try": lambda client: try_subscription(client, "hook-1", "task.approved"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_nothing_is_sent_by_a_client_that_may_not_write(tela, http, write):
    with pytest.raises(WriteRefused):
        write(tela)

    assert len(http.calls) == 0


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_nothing_is_sent_twice(writing, http, write):
    for verb in (responses.POST, responses.PATCH, responses.DELETE):
        for address in (HOOKS, HOOK, f"{HOOK}/test"):
            http.add(verb, address, status=503)

    with pytest.raises(ServerFailed):
        write(writing)

    assert len(http.calls) == 1


@pytest.mark.parametrize("name", ["create", "renew"])
def test_a_refusal_that_repeats_the_secret_does_not_show_it(writing, http, name):
    said = {"message": f"headers.X-Telareview-Secret {SECRET.reveal()} is not allowed"}
    http.post(HOOKS, status=400, json=said)
    http.patch(HOOK, status=400, json=said)

    with pytest.raises(TelaError) as caught:
        WRITES[name](writing)

    assert "is not allowed" in str(caught.value)
    assert SECRET.reveal() not in f"{caught.value} {caught.value!r} {caught.value.args}"


@pytest.mark.parametrize("identity", ["", "../task/1", "a b", "a?b=c", "x" * 101, "é"])
def test_an_id_that_leaves_its_place_in_the_address_is_refused(writing, identity):
    with pytest.raises(ValueError, match="letters, digits"):
        remove_subscription(writing, identity)


def test_the_sandbox_keeps_a_subscription_through_its_life():
    with (
        SandboxServer(tasks=1) as sandbox,
        WritingClient(sandbox.url, sandbox.key, allowed=True) as client,
    ):
        made = create_subscription(client, APP, name="n", url=ADDRESS, events=EVENTS[:2], headers=HEADERS)
        assert made is not None
        pause_subscription(client, made.id, active=False)
        renew_headers(client, made.id, HEADERS)

        (found,) = list_subscriptions(client, APP)
        assert found == get_subscription(client, made.id)
        assert (found.url, found.events, found.is_active) == (ADDRESS, EVENTS[:2], False)
        # Nothing listens there, and the sandbox calls nobody but this machine.
        assert try_subscription(client, made.id, EVENTS[0]).success is False

        remove_subscription(client, made.id)
        assert list_subscriptions(client, APP) == ()
        with pytest.raises(NotFound):
            remove_subscription(client, made.id)
