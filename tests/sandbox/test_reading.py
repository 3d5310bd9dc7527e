"""One task, its analytics and its versions."""

from telareview.sandbox.apps import AGENT_ID


def test_a_task_is_the_row_of_the_list(api):
    for row in api.tasks(limit=20):
        assert api.task(row["id"]) == row


def test_an_id_may_be_in_capitals(api):
    row = api.tasks(limit=1)[0]

    assert api.task(row["id"].upper()) == row


def test_analytics_come_only_when_asked_for_with_true(api):
    approved = api.tasks(revisionProcess="approvedWithRevisions", limit=1)[0]
    running = api.tasks(status="running", limit=1)[0]

    measured = api.get(f"/task/{approved['id']}?includeAnalytics=true").json()
    unasked = api.get(f"/task/{approved['id']}?includeAnalytics=1").json()

    assert measured["analytics"]["editsCount"] == len(approved["metadata"]["editedFields"])
    assert measured["analytics"]["revisionProcess"] == "approvedWithRevisions"
    assert "analytics" not in unasked
    assert api.get(f"/task/{running['id']}?includeAnalytics=true").json()["analytics"] is None


def test_versions_tell_the_same_life_as_the_task(api):
    for task in api.tasks() + api.tasks(status="failed") + api.tasks(revisionProcess="approvedWithRevisions"):
        versions = api.get(f"/task/{task['id']}/versions").json()

        assert [version["version"] for version in versions] == list(range(len(versions), 0, -1))
        assert versions[0]["status"] == task["status"] or task["status"] == "running"
        assert versions[0]["changedAt"] == task["updatedAt"]
        assert versions[0]["outputContent"] == task["outputContent"]
        assert versions[-1]["changedAt"] == task["createdAt"]
        assert versions[-1]["outputContent"] is None
        assert [v["changedAt"] for v in versions] == sorted((v["changedAt"] for v in versions), reverse=True)
        assert {version["taskId"] for version in versions} == {task["id"]}
        assert len({version["id"] for version in versions}) == len(versions)


def test_previous_values_of_edits_are_found_in_the_versions(api):
    task = next(t for t in api.tasks(revisionProcess="approvedWithRevisions") if "." in first_edit(t)["path"])
    path = first_edit(task)["path"].replace("[", ".").replace("]", "").split(".")

    original = task["originalOutputContent"]["content"]
    for part in path:
        original = original[int(part) if part.isdigit() else part]

    assert original == first_edit(task)["previousValue"]


def first_edit(task):
    return task["metadata"]["editedFields"][0]


def test_fields_are_null_where_there_is_nothing_to_say(api):
    running, failed = api.tasks(status="running", limit=1)[0], api.tasks(status="failed", limit=1)[0]
    agent = api.tasks(agentId=AGENT_ID, limit=1)[0]

    for task in (running, failed):
        assert task["outputContent"] is task["originalOutputContent"] is task["inputContent"] is None
        assert task["approvedBy"] is task["approvedAt"] is None
    assert agent["promptVersionId"] is agent["promptApplicationId"] is agent["completionRunId"] is None
    assert agent["agentId"] == AGENT_ID
