"""The list gives exactly the tasks that a plain reading of the parameters gives, documented quirks included."""

import json

import pytest

from telareview.sandbox.apps import AGENT_ID, CLAIMS, INVOICES


def ids(tasks):
    return sorted(task["id"] for task in tasks)


def within(instant, since, until):
    return instant is not None and since <= instant <= until


def was_revised(task):
    return bool((task["metadata"] or {}).get("editedFields"))


def found(api, **params):
    return ids(api.all_tasks(excludeInputOutputColumns="true", **params))


@pytest.mark.parametrize("status", ["created", "running", "validating", "completed", "failed", "cancelled"])
def test_status_filters_and_every_status_occurs(api, everything, status):
    expected = ids(task for task in everything if task["status"] == status)

    assert expected
    assert found(api, status=json.dumps([status])) == expected


def test_several_statuses_are_alternatives(api, everything):
    expected = ids(task for task in everything if task["status"] in ("running", "failed"))

    assert found(api, status='["running","failed"]') == expected


@pytest.mark.parametrize(("process", "revised"), [("approvedWithRevisions", True), ("approvedDirectly", False)])
def test_revision_process_is_about_approved_tasks_only(api, everything, process, revised):
    expected = ids(t for t in everything if t["status"] == "completed" and was_revised(t) is revised)

    assert len(expected) > 50
    assert found(api, revisionProcess=process) == expected


@pytest.mark.parametrize("key", ["createdAt", "updatedAt", "approvedAt"])
def test_a_date_range_includes_both_its_ends(api, everything, key):
    instants = sorted(task[key] for task in everything if task[key])
    since, until = instants[len(instants) // 3], instants[len(instants) // 2]
    expected = ids(task for task in everything if within(task[key], since, until))

    assert found(api, **{f"{key}Since": since, f"{key}Until": until}) == expected


def test_since_and_until_mean_the_approval(api):
    window = {"since": "2026-06-01T00:00:00Z", "until": "2026-08-01T00:00:00Z"}
    renamed = {"approvedAtSince": window["since"], "approvedAtUntil": window["until"]}

    assert found(api, **window) == found(api, **renamed) != []


def test_two_different_date_ranges_are_joined_by_or(api, everything):
    spring, summer = ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"), ("2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z")
    expected = ids(t for t in everything if within(t["createdAt"], *spring) or within(t["updatedAt"], *summer))

    joined = found(
        api, createdAtSince=spring[0], createdAtUntil=spring[1], updatedAtSince=summer[0], updatedAtUntil=summer[1]
    )

    assert joined == expected
    assert len(joined) > len(found(api, createdAtSince=spring[0], createdAtUntil=spring[1])) > 0


def test_creator_and_approver_are_joined_by_or(api, everything):
    creator, approver = "scanner@acme.example", "rui.melo@acme.example"
    expected = ids(t for t in everything if t["createdBy"] == creator or t["approvedBy"] == approver)
    both = [t for t in everything if t["createdBy"] == creator and t["approvedBy"] == approver]

    assert found(api, createdBy=creator, approvedBy=approver) == expected
    assert len(expected) > len(both) > 0


def test_everything_else_is_joined_by_and(api, everything):
    expected = ids(
        task
        for task in everything
        if task["status"] == "completed"
        and task["promptApplicationId"] == INVOICES.id
        and task["approvedBy"] in ("ana.souza@acme.example", "rui.melo@acme.example")
        and within(task["createdAt"], "2026-01-01", "2026-12-31")
        and "INV" in task["name"]
    )

    answer = found(
        api,
        status="completed",
        promptApplicationId=INVOICES.id,
        approvedBy='["ana.souza@acme.example","rui.melo@acme.example"]',
        createdAtSince="2026-01-01",
        taskName="inv",
    )

    assert answer == expected != []


def test_an_approver_with_plus_and_apostrophe_is_found(api, everything):
    for approver in ("marina+fiscal@acme.example", "tom.o'brien@acme.example", "joão.araújo@acme.example"):
        expected = ids(task for task in everything if task["approvedBy"] == approver)

        assert found(api, approvedBy=approver) == expected != []


def test_tags_match_any_of_those_sent(api, everything):
    expected = ids(task for task in everything if {"reviewed", "dúvida, fiscal"} & set(task["tags"]))

    assert found(api, tags=json.dumps(["reviewed", "dúvida, fiscal"])) == expected != []


def test_a_canvas_version_is_a_part_of_its_app(api, everything):
    for version in CLAIMS.versions:
        expected = ids(task for task in everything if task["promptVersionId"] == version.id)

        assert found(api, promptVersionId=version.id, promptApplicationId=CLAIMS.id) == expected != []


def test_agent_tasks_belong_to_no_app(api, everything):
    agents = api.all_tasks(agentId=AGENT_ID, excludeInputOutputColumns="true")

    assert agents == [task for task in everything if task["sourceType"] == "agent"]
    assert {task["promptApplicationId"] for task in agents} == {None}


def test_a_run_and_ids_find_their_tasks(api, everything):
    first, second = everything[20], everything[200]

    assert found(api, completionRunId=first["completionRunId"]) == [first["id"]]
    assert found(api, ids=json.dumps([first["id"], second["id"]])) == ids([first, second])
    assert found(api, ids=f"{first['id']},{second['id']}", status=first["status"], taskName=first["name"]) == [
        first["id"]
    ]
    assert found(api, ids="[]") == []


def test_the_name_is_sought_anywhere_in_any_case(api, everything):
    expected = ids(task for task in everything if "laudo médico" in task["name"].lower())

    assert found(api, taskName="LAUDO MÉDICO") == expected != []


def test_deleted_tasks_never_appear(fresh):
    gone = fresh.tasks()[0]["id"]

    fresh("DELETE", f"/task/{gone}")

    assert gone not in ids(fresh.all_tasks())
    assert fresh.tasks(ids=gone) == []
    assert len(fresh.all_tasks()) == 59
