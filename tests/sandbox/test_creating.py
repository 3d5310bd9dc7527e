"""`POST /task` and completions for an application."""

from threading import Event

import pytest

from telareview.sandbox.apps import CONTRACTS, INVOICES

FILE = {"file_url": "https://example.com/in/document.pdf?x=1", "file_name": "document.pdf"}


def order(**more):
    return {
        "promptApplicationId": INVOICES.id,
        "name": "document.pdf",
        "rawInput": {"variables": {"document": FILE}},
        "tags": ["priority"],
        **more,
    }


class Heard:
    """An event of the world, to be waited for."""

    def __init__(self, world, event):
        self.event, self.happened = event, Event()
        world.listeners.append(self)

    def __call__(self, event, card, story):
        if event == self.event:
            self.happened.set()

    def wait(self):
        assert self.happened.wait(5)


def test_one_order_runs_and_then_waits_for_review(fresh):
    finished = Heard(fresh.sandbox.world, "task.completed")

    response = fresh("POST", "/task", json=order())

    assert response.status_code == 201
    (task,) = response.json()
    assert (task["status"], task["name"], task["tags"]) == ("running", "document.pdf", ["priority"])
    assert task["createdBy"] == "api@acme.example"
    assert task["promptVersionId"] == INVOICES.versions[-1].id
    assert task["rawInput"] == {"variables": {"document": {"files": [FILE]}}, "application_id": INVOICES.id}
    finished.wait()
    done = fresh.task(task["id"])
    assert done["status"] == "validating"
    assert done["outputContent"] == done["originalOutputContent"] != None  # noqa: E711
    assert done["inputContent"]["files"][0]["name"] == "document.pdf"
    assert done["updatedAt"] > done["createdAt"]


def test_a_run_can_be_made_to_fail(fresh):
    failed = Heard(fresh.sandbox.world, "task.failed")

    (task,) = fresh("POST", "/task", json=order(), headers={"X-Sandbox-Outcome": "failed"}).json()

    failed.wait()
    assert fresh.task(task["id"])["status"] == "failed"


def test_ready_output_is_stored_for_review_and_nothing_runs(fresh):
    (task,) = fresh("POST", "/task", json=order(outputContent={"cliente": "Acme", "valor": 10.50})).json()

    assert task["status"] == "validating"
    assert task["outputContent"] == {"role": "assistant", "content": {"cliente": "Acme", "valor": 10.50}}
    assert b'"valor":10.5' in fresh.get(f"/task/{task['id']}").content


def test_many_are_created_in_order_with_references_counting_up(fresh):
    answer = fresh("POST", "/task", json=[order(name=f"{n}.pdf") for n in range(100)])

    rows = answer.json()
    assert [row["name"] for row in rows] == [f"{n}.pdf" for n in range(100)]
    first = rows[0]["reference"]
    assert [row["reference"] for row in rows] == list(range(first, first + 100))
    assert len(fresh.all_tasks()) == 160


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ([order()] * 101, 400),
        ([order(), order(promptApplicationId=CONTRACTS.id)], 400),
        ("text", 400),
        (order(promptApplicationId="nope"), 400),
        (order(promptApplicationId="00000000-0000-4000-8000-000000000000"), 404),
        (order(name=None), 400),
        (order(rawInput={"variables": {}}), 400),
        (order(rawInput={"variables": []}), 400),
        (order(tags="priority"), 400),
        (order(completionRunId="7"), 400),
        (order(sourceType="agent"), 400),
    ],
)
def test_an_order_that_cannot_be_filled_creates_nothing(fresh, body, status):
    response = fresh("POST", "/task", json=body)

    assert response.status_code == status
    assert response.json()["status"] == status
    assert fresh.sandbox.world.count() == 60


def test_a_body_that_is_no_json_is_refused(fresh):
    assert fresh("POST", "/task", data=b"{'a':}").status_code == 400
    assert fresh("PATCH", f"/task/{fresh.tasks()[0]['id']}", data=b"[1]").status_code == 400


def test_a_given_run_id_finds_its_task(fresh):
    run = "b83b1558-de5b-4e45-b517-7bececbdd154"

    (task,) = fresh("POST", "/task", json=order(completionRunId=run)).json()

    assert task["completionRunId"] == run
    assert [row["id"] for row in fresh.tasks(completionRunId=run)] == [task["id"]]


def test_a_completion_for_an_application_is_a_task(fresh):
    finished = Heard(fresh.sandbox.world, "task.completed")
    body = {"application_id": INVOICES.id, "variables": {"document": FILE}}

    response = fresh("POST", "/v2/chat/completions", json=body)

    assert response.status_code == 200
    created = response.json()
    assert created["status"] == "running"
    finished.wait()
    task = fresh.task(created["id"])
    assert (task["name"], task["status"]) == ("document.pdf", "validating")
    by_task = fresh.get(f"/v2/chat/completions/{created['id']}").json()
    by_run = fresh.get(f"/v2/chat/completions/{task['completionRunId']}").json()
    assert by_task == by_run
    assert (by_run["id"], by_run["status"]) == (task["completionRunId"], "succeeded")
    assert by_run["output_content"]["content"] == by_run["raw_output"] == task["outputContent"]["content"]
    assert by_run["prompt_application_id"] == INVOICES.id


def test_a_completion_needs_an_application_and_its_variables(fresh):
    assert fresh("POST", "/v2/chat/completions", json={"canvas_id": "x"}).status_code == 400
    missing = fresh("POST", "/v2/chat/completions", json={"application_id": INVOICES.id, "variables": {}})
    assert missing.json()["details"] == {"missing": ["document"]}
    assert fresh.get("/v2/chat/completions/00000000-0000-4000-8000-000000000000").status_code == 404
