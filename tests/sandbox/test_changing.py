"""`PATCH` and `DELETE` of a task."""

import pytest

from telareview.sandbox.apps import AGENT_ID, INVOICES

OUTPUT = {"cliente": "Acme Corp", "total": {"valor": 150000}, "itens": [{"d": "a", "v": 1}, {"d": "b", "v": 2}]}


@pytest.fixture
def waiting(fresh):
    """The id of a task that waits for review with OUTPUT."""
    return fresh.sandbox.world.arrive(INVOICES.id, output=OUTPUT)


def patched(fresh, task_id, body):
    response = fresh("PATCH", f"/task/{task_id}", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def paths(task):
    return [(edit["path"], edit["previousValue"]) for edit in task["metadata"]["editedFields"]]


def test_an_edit_is_merged_and_recorded(fresh, waiting):
    task = patched(fresh, waiting, {"outputContent": {"total": {"valor": "150.000,00"}, "nota": "ok"}})

    assert task["outputContent"]["content"] == {**OUTPUT, "total": {"valor": "150.000,00"}, "nota": "ok"}
    assert task["originalOutputContent"]["content"] == OUTPUT
    assert paths(task) == [("total.valor", 150000), ("nota", None)]
    edit = task["metadata"]["editedFields"][0]
    assert (edit["author"], edit["editedAt"]) == ("api@acme.example", task["updatedAt"])
    assert task["status"] == "validating"


def test_a_list_of_equal_length_is_merged_item_by_item(fresh, waiting):
    task = patched(fresh, waiting, {"outputContent": {"itens": [{}, {"d": "B"}]}})

    assert task["outputContent"]["content"]["itens"] == [{"d": "a", "v": 1}, {"d": "B", "v": 2}]
    assert paths(task) == [("itens[1].d", "b")]


def test_a_list_of_another_length_is_replaced_whole(fresh, waiting):
    task = patched(fresh, waiting, {"outputContent": {"itens": [{"d": "top"}]}})

    assert task["outputContent"]["content"]["itens"] == [{"d": "top"}]
    assert paths(task) == [("itens", OUTPUT["itens"])]


def test_a_value_put_back_leaves_both_edits(fresh, waiting):
    patched(fresh, waiting, {"outputContent": {"cliente": "Acme Corporation"}})
    task = patched(fresh, waiting, {"outputContent": {"cliente": "Acme Corp"}})

    assert task["outputContent"] == task["originalOutputContent"]
    assert paths(task) == [("cliente", "Acme Corp"), ("cliente", "Acme Corporation")]


def test_an_edit_of_nothing_is_not_recorded(fresh, waiting):
    task = patched(fresh, waiting, {"outputContent": {"cliente": "Acme Corp"}})

    assert not (task["metadata"] or {}).get("editedFields")


def test_the_other_spelling_of_a_number_is_a_change(fresh, waiting):
    headers = {"Content-Type": "application/json"}

    response = fresh(
        "PATCH", f"/task/{waiting}", data=b'{"outputContent":{"total":{"valor":150000.00}}}', headers=headers
    )

    assert b'"valor":150000.00' in response.content
    assert paths(response.json()) == [("total.valor", 150000)]


def test_approval_is_by_the_key_and_now(fresh, waiting):
    task = patched(fresh, waiting, {"status": "completed"})

    assert (task["status"], task["approvedBy"]) == ("completed", "api@acme.example")
    assert task["approvedAt"] == task["updatedAt"]
    assert [row["id"] for row in fresh.tasks(revisionProcess="approvedDirectly", ids=waiting)] == [waiting]


def test_edit_and_approval_in_one_call(fresh, waiting):
    task = patched(
        fresh, waiting, {"outputContent": {"cliente": "X"}, "status": "completed", "name": "n", "tags": ["t"]}
    )

    assert (task["status"], task["name"], task["tags"]) == ("completed", "n", ["t"])
    assert [row["id"] for row in fresh.tasks(revisionProcess="approvedWithRevisions", ids=waiting)] == [waiting]
    versions = fresh.get(f"/task/{waiting}/versions").json()
    assert [version["status"] for version in versions] == ["completed", "validating", "validating", "validating"]


def test_a_running_task_cannot_be_changed(fresh):
    running = fresh.sandbox.world.arrive()
    before = fresh.task(running)

    response = fresh("PATCH", f"/task/{running}", json={"outputContent": {"a": 1}, "status": "completed"})

    assert response.status_code == 400
    assert response.json()["code"] == "UPDATE_FAILED"
    assert fresh.task(running) == before


@pytest.mark.parametrize(
    "body",
    [
        {"status": "validating"},
        {"status": None},
        {"name": ""},
        {"name": 7},
        {"tags": "one"},
        {"outputContent": None},
        {"outputContent": {"cliente": "X"}, "status": "failed"},
    ],
)
def test_a_refused_change_changes_nothing(fresh, waiting, body):
    before = fresh.task(waiting)

    assert fresh("PATCH", f"/task/{waiting}", json=body).status_code == 400

    assert fresh.task(waiting) == before


def test_a_failed_task_cannot_be_approved(fresh, waiting):
    fresh.sandbox.world.fail(waiting)

    assert fresh("PATCH", f"/task/{waiting}", json={"status": "completed"}).json()["code"] == "UPDATE_FAILED"


def test_an_agents_output_is_replaced_as_it_is(fresh):
    world = fresh.sandbox.world
    agent = next(card.id for card in world.cards.values() if card.app_id is None)
    world.finish(agent)

    task = patched(fresh, agent, {"outputContent": {"only": "this"}})

    assert task["agentId"] == AGENT_ID
    assert task["outputContent"]["content"] == {"only": "this"}
    assert "editedFields" not in (task["metadata"] or {})


def test_a_deleted_task_is_gone_for_every_call(fresh, waiting):
    assert fresh("DELETE", f"/task/{waiting}").json() == {"success": True}

    assert fresh.get(f"/task/{waiting}").status_code == 404
    assert fresh.get(f"/task/{waiting}/versions").status_code == 404
    assert fresh("PATCH", f"/task/{waiting}", json={"name": "x"}).status_code == 404
    assert fresh("DELETE", f"/task/{waiting}").status_code == 404


def test_a_deleted_task_can_come_back_unchanged(fresh, waiting):
    before = fresh.task(waiting)
    fresh.sandbox.world.delete(waiting)

    fresh.sandbox.world.restore(waiting)

    assert fresh.task(waiting) == before
    assert waiting in [row["id"] for row in fresh.tasks()]


def test_revoking_clears_the_approval_or_leaves_it_stale(fresh, waiting):
    world = fresh.sandbox.world
    world.approve(waiting, "rui.melo@acme.example")
    world.revoke(waiting)
    cleared = fresh.task(waiting)
    world.approve(waiting, "rui.melo@acme.example")
    world.revoke(waiting, stale=True)
    stale = fresh.task(waiting)

    assert (cleared["status"], cleared["approvedBy"], cleared["approvedAt"]) == ("validating", None, None)
    assert (stale["status"], stale["approvedBy"]) == ("validating", "rui.melo@acme.example")
    assert stale["approvedAt"] < stale["updatedAt"]
    assert fresh.tasks(revisionProcess="approvedDirectly", ids=waiting) == []


def test_every_change_has_its_own_instant_unless_told_otherwise(fresh):
    world = fresh.sandbox.world
    own = [world.arrive() for _ in range(5)]
    shared = [world.arrive(at="2026-11-20T15:00:01.000Z") for _ in range(5)]

    assert len({fresh.task(task_id)["updatedAt"] for task_id in own}) == 5
    assert {fresh.task(task_id)["updatedAt"] for task_id in shared} == {"2026-11-20T15:00:01.000Z"}
