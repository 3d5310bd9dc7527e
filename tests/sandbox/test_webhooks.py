"""Subscriptions, deliveries, and what they carry."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from telareview.sandbox.apps import CONTRACTS, INVOICES
from telareview.sandbox.courier import post
from telareview.sandbox.webhooks import EVENTS

HOOKS = f"/prompt-application/{INVOICES.id}/webhooks"


class Receiver:
    """Takes POSTs on this machine; answers with the statuses in `answers`, then with 200."""

    def __init__(self) -> None:
        receiver = self
        self.got: list[tuple[dict[str, str], dict]] = []
        self.answers: list[int] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in?from=tela"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = Thread(target=receiver.server.serve_forever, args=(0.02,))
    thread.start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
    thread.join()


def subscribed(fresh, url, events=EVENTS, **more):
    body = {"name": "Mirror", "url": url, "events": list(events), **more}
    response = fresh("POST", HOOKS, json=body)
    assert response.status_code == 201, response.text
    return response.json()


def settled(fresh):
    assert fresh.sandbox.courier.settle(5)


def test_each_turn_of_a_life_is_told(fresh, receiver):
    subscribed(fresh, receiver.url)
    world = fresh.sandbox.world

    done = world.arrive(name="a.pdf")
    world.finish(done)
    world.approve(done)
    world.revoke(done)
    broken = world.arrive()
    world.fail(broken)
    settled(fresh)

    told = [(body["event"], body["task"]["id"], body["task"]["status"]) for _, body in receiver.got]
    assert told == [
        ("task.completed", done, "validating"),
        ("task.approved", done, "completed"),
        ("task.approvalRevoked", done, "validating"),
        ("task.failed", broken, "failed"),
    ]
    first = receiver.got[0][1]
    assert (first["task"]["title"], first["inputContent"]["files"][0]["filename"]) == ("a.pdf", "a.pdf")
    assert first["outputContent"] == fresh.task(done)["outputContent"]
    assert len({body["id"] for _, body in receiver.got}) == 4


def test_only_the_app_and_the_events_subscribed_to(fresh, receiver):
    subscribed(fresh, receiver.url, ["task.approved"])
    world = fresh.sandbox.world

    other = world.arrive(CONTRACTS.id, output={"a": 1})
    world.approve(other)
    own = world.arrive(output={"a": 1})
    world.approve(own)
    settled(fresh)

    assert [body["task"]["id"] for _, body in receiver.got] == [own]


def test_headers_are_sent_and_secret_ones_masked_when_read(fresh, receiver):
    hook = subscribed(
        fresh,
        receiver.url,
        headers={"Authorization": "Bearer s3cret", "X-Plain": "seen"},
        sensitiveHeaders=["authorization"],
    )
    fresh.sandbox.world.approve(fresh.sandbox.world.arrive(output={}))
    settled(fresh)

    headers = receiver.got[0][0]
    assert (headers["authorization"], headers["x-plain"]) == ("Bearer s3cret", "seen")
    assert hook["headers"] == {"Authorization": "********", "X-Plain": "seen"}
    assert fresh.get(f"/webhook/{hook['id']}").json() == hook


def test_the_creators_own_address_hears_of_the_end_of_the_run(fresh, receiver):
    body = {
        "application_id": INVOICES.id,
        "variables": {"document": {"file_url": "https://example.com/a.pdf"}},
        "webhook_url": receiver.url,
    }
    headers = {"x-tela-forward-x-tenant": "t-7"}

    created = fresh("POST", "/v2/chat/completions", json=body, headers=headers).json()
    deadline = fresh.sandbox.courier
    while not receiver.got:
        assert deadline.settle(5)
    task = fresh.task(created["id"])

    sent_headers, sent = receiver.got[0]
    assert sent_headers["x-tenant"] == "t-7"
    assert (sent["id"], sent["status"]) == (task["completionRunId"], "succeeded")
    assert sent["raw_output"] == task["outputContent"]["content"]
    assert sent["input_content"]["files"][0]["used_at"] == "variables"
    assert sent["raw_input"]["webhook_url"] == receiver.url
    assert "task" not in sent


def test_a_delivery_is_tried_again_until_it_is_taken(fresh, receiver):
    hook = subscribed(fresh, receiver.url)
    receiver.answers = [500, 503]

    fresh.sandbox.world.approve(fresh.sandbox.world.arrive(output={}))
    settled(fresh)

    assert len({body["id"] for _, body in receiver.got}) == 1
    (row,) = fresh.get(f"/webhook/{hook['id']}/deliveries").json()["data"]
    assert (row["status"], row["attempts"], row["statusCode"]) == ("success", 3, 200)


def test_a_delivery_nobody_takes_is_given_up(fresh, receiver):
    hook = subscribed(fresh, receiver.url)
    receiver.answers = [500] * 9

    fresh.sandbox.world.approve(fresh.sandbox.world.arrive(output={}))
    settled(fresh)

    assert len(receiver.got) == 3
    (row,) = fresh.get(f"/webhook/{hook['id']}/deliveries").json()["data"]
    assert (row["status"], row["attempts"], row["statusCode"]) == ("failed", 3, 500)


def test_a_resend_carries_the_task_as_it_is_now(fresh, receiver):
    hook = subscribed(fresh, receiver.url, ["task.completed"])
    world = fresh.sandbox.world
    task_id = world.arrive()
    world.finish(task_id)
    world.rename(task_id, "renamed.pdf")
    (first,) = fresh.get(f"/webhook/{hook['id']}/deliveries").json()["data"]

    second = fresh("POST", f"/webhook-delivery/{first['id']}/resend").json()
    third = fresh("POST", f"/webhook-delivery/{second['id']}/resend").json()
    settled(fresh)

    assert [body["task"]["name"] for _, body in receiver.got][1:] == ["renamed.pdf"] * 2
    assert second["originalDeliveryId"] == third["originalDeliveryId"] == first["id"]
    rows = fresh.get(f"/webhook/{hook['id']}/deliveries").json()
    assert [row["id"] for row in rows["data"]] == [third["id"], second["id"], first["id"]]


def test_a_test_call_is_answered_200_whatever_comes_of_it(fresh, receiver):
    hook = subscribed(fresh, receiver.url)
    receiver.answers = [418]
    body = {"eventType": "task.approved", "mockData": {"task": {"name": "mock", "reference": 9}}}

    answer = fresh("POST", f"/webhook/{hook['id']}/test", json=body)

    assert answer.status_code == 200
    assert answer.json() == {"success": False, "statusCode": 418, "error": None}
    assert receiver.got[0][1]["event"] == "task.approved"
    assert receiver.got[0][1]["task"]["title"] == "mock"
    assert fresh.get(f"/webhook/{hook['id']}/deliveries").json()["data"] == []


def test_nothing_but_this_machine_is_ever_called(fresh):
    hook = subscribed(fresh, "https://hooks.example.com/x")

    answer = fresh("POST", f"/webhook/{hook['id']}/test", json={}).json()

    assert answer["success"] is False
    assert "loopback" in answer["error"]
    for url in ("http://10.0.0.1/", "http://2130706433/", "http://127.0.0.1.example/", "http://[::2]/", "ftp:x"):
        assert "loopback" in (post(url, b"", {}).error or "")


def test_subscriptions_are_changed_paused_and_removed(fresh, receiver):
    first, second = subscribed(fresh, receiver.url), subscribed(fresh, receiver.url, ["task.failed"])

    paused = fresh("PATCH", f"/webhook/{first['id']}", json={"isActive": False, "headers": {"a": "b"}}).json()

    assert (paused["isActive"], paused["headers"], paused["events"]) == (False, {"a": "b"}, list(EVENTS))
    listed = fresh.get(HOOKS).json()
    assert [hook["id"] for hook in listed["data"]] == [second["id"], first["id"]]
    assert listed["metadata"] == {"totalCount": 2, "totalPages": 1, "currentPage": 1}
    assert [hook["id"] for hook in fresh.get(f"{HOOKS}?isActive=true").json()["data"]] == [second["id"]]
    assert [hook["id"] for hook in fresh.get(f"{HOOKS}?eventType=task.approved").json()["data"]] == [first["id"]]
    assert fresh("DELETE", f"/webhook/{second['id']}").json() == {"success": True}
    assert fresh.get(f"/webhook/{second['id']}").status_code == 404
    fresh.sandbox.world.approve(fresh.sandbox.world.arrive(output={}))
    settled(fresh)
    assert receiver.got == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "n", "url": "ftp://x", "events": ["task.approved"]},
        {"name": "n", "url": "http://x", "events": []},
        {"name": "n", "url": "http://x", "events": ["task.eaten"]},
        {"name": "n", "url": "http://x", "events": ["task.approved"], "headers": {"a": "b\r\nc: d"}},
        {"name": "n", "url": "http://x", "events": ["task.approved"], "isActive": "yes"},
    ],
)
def test_a_subscription_that_makes_no_sense_is_refused(fresh, body):
    assert fresh("POST", HOOKS, json=body).status_code == 400
    assert fresh.get(HOOKS).json()["data"] == []


def test_an_unknown_app_has_no_subscriptions(fresh):
    unknown = "/prompt-application/00000000-0000-4000-8000-000000000000/webhooks"

    assert fresh.get(unknown).status_code == 404
