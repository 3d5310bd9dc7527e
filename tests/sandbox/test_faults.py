"""Misbehaviour on request: it happens when asked for, and only then."""

import time

import pytest
import requests

from telareview.sandbox import SandboxServer
from telareview.sandbox.exchange import Request
from telareview.sandbox.faults import KINDS, Faults, parse


def asking(kind):
    return {"X-Sandbox-Fault": kind}


def test_too_many_requests_say_when_to_come_back(api):
    response = api.get("/task", headers=asking("429"))

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "1"
    assert response.json()["status"] == 429


@pytest.mark.parametrize(
    ("kind", "status", "content"),
    [("500", 500, "application/json"), ("502html", 502, "text/html"), ("html", 200, "text/html")],
)
def test_errors_and_foreign_pages(api, kind, status, content):
    response = api.get("/task", headers=asking(kind))

    assert response.status_code == status
    assert response.headers["Content-Type"].startswith(content)


@pytest.mark.parametrize("kind", ["cut", "reset"])
def test_the_reply_is_lost_but_the_change_was_made(fresh, kind):
    task_id = fresh.tasks(status="validating", limit=1)[0]["id"]

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        fresh("PATCH", f"/task/{task_id}", json={"name": "was renamed"}, headers=asking(kind))

    assert fresh.task(task_id)["name"] == "was renamed"


@pytest.mark.parametrize("kind", ["429", "500", "502html", "html"])
def test_a_refused_change_was_not_made(fresh, kind):
    task = fresh.tasks(status="validating", limit=1)[0]

    fresh("PATCH", f"/task/{task['id']}", json={"name": "was renamed"}, headers=asking(kind))

    assert fresh.task(task["id"]) == task


def test_a_slow_answer_is_right_and_a_hanging_one_never_comes(fresh):
    fresh.sandbox.faults.slow_seconds = 0.1
    fresh.sandbox.faults.hang_seconds = 0.1

    begun = time.monotonic()
    assert fresh.get("/task", headers=asking("slow")).json() == fresh.get("/task").json()
    assert time.monotonic() - begun >= 0.1
    with pytest.raises(requests.ConnectionError):
        fresh.get("/task", headers=asking("timeout"))


def test_duplicates_fit_the_page_and_invent_nothing(api):
    page = [row["id"] for row in api.tasks(limit=20)]

    doubled = [row["id"] for row in api.get("/task?limit=20", headers=asking("duplicates")).json()]

    assert len(doubled) == 20
    assert len(set(doubled)) < 20
    assert set(doubled) <= set(page)


def test_an_empty_list_is_a_lie_in_both_envelopes(api):
    assert api.get("/task", headers=asking("empty")).json() == []
    lie = api.get("/task", headers={**asking("empty"), "X-Sandbox-Envelope": "data"}).json()
    assert (lie["data"], lie["metadata"]["totalCount"]) == ([], 0)


def test_faults_of_lists_leave_other_answers_alone(api):
    row = api.tasks(limit=1)[0]

    assert api.get(f"/task/{row['id']}", headers=asking("empty")).json() == row


def test_one_fault_can_be_queued_for_one_address(fresh):
    task_id = fresh.tasks()[0]["id"]
    fresh.sandbox.faults.once("500", times=2, path=f"/task/{task_id}")

    assert fresh.get("/task").status_code == 200
    assert [fresh.get(f"/task/{task_id}").status_code for _ in range(3)] == [500, 500, 200]
    assert fresh.sandbox.faults.happened == ["500", "500"]


def test_a_queued_fault_of_lists_waits_for_a_list(fresh):
    fresh.sandbox.faults.once("empty")

    assert fresh.get("/api-key").status_code == 200
    assert fresh.get("/task").json() == []
    assert fresh.get("/task").json() != []


def test_chance_is_seeded_and_can_be_switched_off(fresh):
    faults = fresh.sandbox.faults

    def weather():
        faults.switch(0.5, ("429", "500"), seed=3)
        return [fresh.get("/api-key").status_code for _ in range(40)]

    first, second = weather(), weather()
    faults.clear()

    assert first == second
    assert {200, 429, 500} == set(first)
    assert [fresh.get("/api-key").status_code for _ in range(5)] == [200] * 5


def test_the_share_of_faults_is_as_asked():
    faults = Faults(0.3, seed=1)

    hit = sum(faults.draw(Request("GET", "/task", {}, {})) is not None for _ in range(5000))

    assert 0.27 < hit / 5000 < 0.33
    assert set(faults.happened) == set(KINDS)


def test_faults_are_written_in_one_line():
    faults = parse("rate=0.3,kinds=429,500,502html,seed=4")

    assert (faults.rate, faults.kinds) == (0.3, ("429", "500", "502html"))
    assert parse("rate=1").kinds == KINDS
    for broken in ("rate=0.3,kinds=428", "rat=1", "429", "rate=much"):
        with pytest.raises(ValueError):  # noqa: PT011
            parse(broken)


def test_latency_envelope_and_light_lists_hold_for_every_request():
    with SandboxServer(tasks=30, latency_ms=50, envelope="data", list_payload="light", faults="rate=0") as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.key}"}
        begun = time.monotonic()

        answer = requests.get(f"{sandbox.url}/task", headers=headers, timeout=5).json()

    assert time.monotonic() - begun >= 0.05
    assert answer["metadata"]["totalCount"] == 30
    assert "outputContent" not in answer["data"][0]
