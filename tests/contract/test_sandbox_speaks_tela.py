"""What the client believes of Tela's API, asked of the sandbox always and of Tela itself when there is a key.

Set TELA_CONTRACT_KEY (and TELA_CONTRACT_URL for another address than https://api.tela.com) to add the live target; only
reading calls are made. Expectations are drawn from what the target itself holds, so any workspace will do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import uuid4

import pytest

from telareview.sandbox import SandboxServer
from telareview.tela import (
    BadRequest,
    NotFound,
    Secret,
    TaskPage,
    TaskQuery,
    TaskRecord,
    TelaClient,
    WrongKey,
    canonical_json,
    decode,
)

LIVE_KEY = Secret(os.environ.get("TELA_CONTRACT_KEY", ""))
LIVE_URL = os.environ.get("TELA_CONTRACT_URL", "https://api.tela.com")
#: Tasks looked at in a workspace that may hold very many.
SAMPLE = 200
#: The end of the seeded lives, so that the sandbox holds the same tasks in every run.
NOW = "2026-11-20T12:00:00Z"

ENVELOPES = {"sandbox-bare": "bare", "sandbox-data": "data"}
TARGETS = [*ENVELOPES, *(["live"] if LIVE_KEY else [])]


@dataclass(frozen=True)
class Target:
    """An API, a client of it, and the oldest tasks it holds."""

    name: str
    url: str
    client: TelaClient = field(repr=False)
    tasks: tuple[TaskRecord, ...] = field(repr=False)

    def page(self, **criteria: object) -> TaskPage:
        page = self.client.list_tasks(TaskQuery(**{"order_by": "createdAt", **criteria}))  # type: ignore[arg-type]
        assert page.rejected == ()
        return page

    def one(self, **facts: object) -> TaskRecord | None:
        """Some task in the sample of which these facts hold; None means: any value but None."""
        for task in self.tasks:
            values = {name: getattr(task, name) for name in facts}
            if all(
                values[name] == want if want is not None else values[name] is not None for name, want in facts.items()
            ):
                return task
        return None


@pytest.fixture(scope="module", params=TARGETS)
def tela(request: pytest.FixtureRequest) -> Iterator[Target]:
    if request.param == "live":
        with TelaClient(LIVE_URL, LIVE_KEY) as client:
            yield _target("live", LIVE_URL, client)
        return
    envelope = ENVELOPES[request.param]
    with (
        SandboxServer(tasks=500, seed=7, port=0, key="sandbox-key", envelope=envelope, now=NOW) as sandbox,
        TelaClient(sandbox.url, sandbox.key) as client,
    ):
        yield _target(request.param, sandbox.url, client)


def _target(name: str, url: str, client: TelaClient) -> Target:
    tasks = tuple(islice(client.iter_tasks(TaskQuery(order_by="createdAt")), SAMPLE if name == "live" else None))
    assert tasks, "The workspace has no task to look at."
    return Target(name, url, client, tasks)


def ids(tasks: tuple[TaskRecord, ...]) -> list[str]:
    return [str(task.id) for task in tasks]


class TestAList:
    def test_every_row_is_readable_and_the_page_is_no_longer_than_asked(self, tela):
        page = tela.page(limit=100)

        assert page.row_count == len(page.tasks) <= 100

    def test_an_unasked_limit_is_not_forced(self, tela):
        assert tela.page(limit=1).row_count == 1

    @pytest.mark.parametrize("order_by", ["createdAt", "updatedAt", "approvedAt", "reference", "id"])
    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_it_comes_in_the_order_asked_for(self, tela, order_by, order):
        assert tela.page(order_by=order_by, order=order).is_sorted(order_by, order)

    @pytest.mark.parametrize("order_by", ["name", "status", "approvedBy", "createdBy"])
    def test_it_accepts_every_documented_order(self, tela, order_by):
        assert tela.page(order_by=order_by, limit=5).row_count == min(5, len(tela.tasks))

    def test_ties_are_broken_by_the_id_so_that_pages_do_not_overlap(self, tela):
        pages = [tela.page(order_by="status", limit=20, offset=offset) for offset in (0, 20, 40)]
        met = [task_id for page in pages for task_id in ids(page.tasks)]

        assert len(met) == len(set(met))

    def test_small_pages_make_up_the_same_list_as_large_ones(self, tela):
        wanted = min(60, len(tela.tasks))
        walk = tela.client.iter_tasks(TaskQuery(order_by="createdAt", limit=13))

        assert ids(tuple(islice(walk, wanted))) == ids(tela.tasks[:wanted])

    def test_an_offset_beyond_the_end_is_an_empty_page(self, tela):
        assert tela.page(offset=10_000_000).row_count == 0

    def test_a_total_is_told_truly_or_not_at_all(self, tela):
        total = tela.page(limit=1).total

        if tela.name == "live":
            assert total is None or total >= len(tela.tasks)
        else:
            assert total == (500 if tela.name == "sandbox-data" else None)
            assert len(tela.tasks) == 500

    def test_the_server_tells_its_clock(self, tela):
        assert abs(tela.page(limit=1).server_time - datetime.now(UTC)) < timedelta(days=365)

    def test_inputs_and_outputs_can_be_left_out(self, tela):
        full, light = tela.page(limit=10), tela.page(limit=10, exclude_input_output=True)

        assert any(task.has_payload for task in full.tasks)
        assert not any(task.has_payload for task in light.tasks)
        assert [(task.id, task.updated_at) for task in light.tasks] == [
            (task.id, task.updated_at) for task in full.tasks
        ]

    def test_object_links_do_no_harm(self, tela):
        assert ids(tela.page(limit=5, object_links=True).tasks) == ids(tela.tasks[:5])


class TestCriteria:
    @pytest.mark.parametrize(
        "status", [("completed",), ("validating",), ("completed", "failed"), ("running", "created")]
    )
    def test_statuses(self, tela, status):
        page = tela.page(status=status, limit=50)
        expected = [task for task in tela.tasks if task.status in status]

        assert {task.status for task in page.tasks} <= set(status)
        assert ids(page.tasks)[: len(expected)] == ids(tuple(expected))[:50]

    @pytest.mark.parametrize(
        ("criterion", "fact"),
        [
            ("approved_by", "approved_by"),
            ("created_by", "created_by"),
            ("prompt_application_id", "prompt_application_id"),
            ("prompt_version_id", "prompt_version_id"),
            ("completion_run_id", "completion_run_id"),
            ("agent_id", "agent_id"),
        ],
    )
    def test_each_criterion_gives_only_rows_of_which_it_is_true(self, tela, criterion, fact):
        example = tela.one(**{fact: None})
        if example is None:
            assert tela.name == "live", f"The sandbox should hold a task with {fact}."
            return
        value = getattr(example, fact)

        page = tela.page(**{criterion: (value,) if criterion in ("approved_by", "created_by") else value})

        assert page.tasks
        assert {getattr(task, fact) for task in page.tasks} == {value}

    def test_several_approvers_are_any_of_them(self, tela):
        approvers = sorted({task.approved_by for task in tela.tasks if task.approved_by})[:2]

        page = tela.page(approved_by=tuple(approvers), order="desc")

        assert {task.approved_by for task in page.tasks} <= set(approvers)

    @pytest.mark.parametrize(("process", "edited"), [("approvedDirectly", False), ("approvedWithRevisions", True)])
    def test_the_revision_process_agrees_with_the_edited_fields(self, tela, process, edited):
        page = tela.page(revision_process=process, limit=50)

        known = [task for task in page.tasks if task.edited_fields is not None]
        assert all(task.status == "completed" and task.approved_at is not None for task in page.tasks)
        assert all(bool(task.edited_fields) is edited for task in known)
        assert page.tasks or tela.name == "live"

    def test_ids_in_the_spelling_of_the_client(self, tela):
        wanted = {task.id for task in tela.tasks[:7:2]}

        assert {task.id for task in tela.page(ids=tuple(wanted)).tasks} == wanted

    def test_a_hundred_ids_in_one_call(self, tela):
        wanted = {task.id for task in tela.tasks[:100]}

        assert {task.id for task in tela.page(ids=tuple(wanted)).tasks} == wanted

    def test_part_of_a_name(self, tela):
        named = next(task.name for task in tela.tasks if task.name and task.name.isascii() and len(task.name) > 4)

        assert named in {task.name for task in tela.page(task_name=named[:-1]).tasks}

    def test_tags(self, tela):
        tagged = next((task for task in tela.tasks if task.tags), None)
        if tagged is None:
            assert tela.name == "live", "The sandbox should hold a task with tags."
            return

        page = tela.page(tags=tagged.tags[:1])

        assert page.tasks
        assert all(tagged.tags[0] in task.tags for task in page.tasks)


class TestDates:
    @pytest.mark.parametrize("key", ["created_at", "updated_at", "approved_at"])
    def test_a_range_holds_what_lies_in_it_and_nothing_else(self, tela, key):
        moments = sorted({moment for task in tela.tasks if (moment := getattr(task, key))})
        first, last = moments[len(moments) // 4], moments[len(moments) // 2]

        page = tela.page(
            **{f"{key}_since": first - timedelta(milliseconds=1), f"{key}_until": last + timedelta(milliseconds=1)},
            limit=100,
        )

        inside = [task for task in tela.tasks if getattr(task, key) and first <= getattr(task, key) <= last]
        assert all(
            first - timedelta(milliseconds=1) <= getattr(task, key) <= last + timedelta(milliseconds=1)
            for task in page.tasks
        )
        assert page.row_count == 100 or set(ids(tuple(inside))) <= set(ids(page.tasks))

    def test_the_re_anchored_walk_can_start_at_a_row_it_has_seen(self, tela):
        anchor = sorted(task.updated_at for task in tela.tasks)[len(tela.tasks) // 2]

        page = tela.page(updated_at_since=anchor - timedelta(milliseconds=1), order_by="updatedAt")

        assert page.tasks[0].updated_at <= anchor
        assert anchor in {task.updated_at for task in page.tasks}

    def test_two_ranges_are_joined_by_or(self, tela):
        created = min(task.created_at for task in tela.tasks)
        later = max(task.updated_at for task in tela.tasks)
        step = timedelta(milliseconds=1)

        page = tela.page(
            created_at_since=created - step,
            created_at_until=created + step,
            updated_at_since=later - step,
            updated_at_until=later + step,
        )

        wanted = [task for task in tela.tasks if task.created_at == created or task.updated_at == later]
        assert set(ids(tuple(wanted))) <= set(ids(page.tasks))
        assert len({task.id for task in wanted}) > 1

    def test_creator_and_approver_are_joined_by_or(self, tela):
        approved = tela.one(approved_by=None)
        creator = next(task.created_by for task in tela.tasks if task.created_by)

        page = tela.page(created_by=(creator,), approved_by=(approved.approved_by,), limit=100)

        assert all(task.created_by == creator or task.approved_by == approved.approved_by for task in page.tasks)
        assert any(task.approved_by != approved.approved_by for task in page.tasks)


class TestOneTask:
    def test_it_is_the_same_as_in_the_list(self, tela):
        for task in tela.tasks[:: max(1, len(tela.tasks) // 10)]:
            fetched = tela.client.get_task(task.id)

            assert (fetched.id, fetched.created_at) == (task.id, task.created_at)
            if fetched.updated_at == task.updated_at:
                assert (fetched.status, fetched.approved_by, fetched.tags) == (task.status, task.approved_by, task.tags)
                assert canonical_json(fetched.output_content) == canonical_json(task.output_content)

    def test_analytics_come_when_asked_for(self, tela):
        assert "analytics" in tela.client.get_task(tela.tasks[0].id, include_analytics=True).raw

    def test_one_that_never_was_is_not_found(self, tela):
        with pytest.raises(NotFound):
            tela.client.get_task(uuid4())

    def test_its_versions_are_numbered_from_one_and_newest_first(self, tela):
        approved = tela.one(approved_by=None) or tela.tasks[0]
        try:
            versions = tela.client.get_versions(approved.id)
        except NotFound:
            assert tela.name == "live", "The sandbox serves versions."
            return

        numbers = [version.version for version in versions]
        assert numbers == list(range(len(numbers), 0, -1))
        assert {version.task_id for version in versions} == {approved.id}
        assert all(version.changed_at is not None for version in versions)

    def test_versions_of_one_that_never_was_are_not_found(self, tela):
        with pytest.raises(NotFound):
            tela.client.get_versions(uuid4())


class TestRefusals:
    def test_the_key_is_checked(self, tela):
        tela.client.check_key()

    def test_a_wrong_key_is_refused_without_being_shown(self, tela):
        with TelaClient(tela.url, "sk-wrong-key", retries=0) as stranger, pytest.raises(WrongKey) as caught:
            stranger.list_tasks(TaskQuery(limit=1))

        assert "sk-wrong-key" not in str(caught.value)
        with TelaClient(tela.url, "sk-wrong-key", retries=0) as stranger, pytest.raises(WrongKey):
            stranger.check_key()

    def test_an_app_and_an_agent_together_are_refused(self, tela):
        both = [("promptApplicationId", str(uuid4())), ("agentId", "agent")]

        with pytest.raises(BadRequest, match="Tela says: "):
            tela.client.request("GET", "/task", parameters=both)


class TestNothingIsLost:
    NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)')

    def numbers(self, text: str) -> list[str]:
        return sorted(number for number in self.NUMBER.findall(text) if number)

    def test_every_number_keeps_its_digits_from_the_wire_to_the_canonical_text(self, tela):
        query = TaskQuery(order_by="createdAt", limit=100)
        reply = tela.client._transport.exchange("GET", "/task", query.parameters())
        value = decode(reply.body)

        assert self.numbers(canonical_json(value)) == self.numbers(reply.body.decode())
        assert decode(canonical_json(value).encode()) == value

    def test_the_raw_row_of_a_record_is_what_came(self, tela):
        query = TaskQuery(order_by="createdAt", limit=100)
        answer = decode(tela.client._transport.exchange("GET", "/task", query.parameters()).body)
        rows = answer if isinstance(answer, list) else answer["data"]

        assert [task.canonical_json for task in tela.page(limit=100).tasks] == [canonical_json(row) for row in rows]


class TestBadWeather:
    """Of the sandbox alone: nobody asks Tela to misbehave."""

    KINDS = ("429", "500", "502html", "html", "cut", "reset", "duplicates")
    WALK = TaskQuery(order_by="createdAt", limit=20)

    @pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES.keys())
    def test_a_walk_through_faults_brings_every_task_home_once(self, envelope):
        with SandboxServer(tasks=500, seed=7, envelope=envelope, now=NOW) as sandbox:
            with TelaClient(sandbox.url, sandbox.key) as client:
                wanted = ids(tuple(client.iter_tasks(self.WALK)))
            sandbox.faults.switch(0.3, self.KINDS, seed=11)
            for kind in self.KINDS:
                sandbox.faults.once(kind, path="/task")
            with TelaClient(sandbox.url, sandbox.key, retries=20, sleep=lambda seconds: None) as client:
                met = ids(tuple(client.iter_tasks(self.WALK)))

        assert met == wanted
        assert len(met) == 500
        assert set(sandbox.faults.happened) == set(self.KINDS)

    def test_hostile_names_and_values_come_through(self):
        with SandboxServer(tasks=500, seed=7, now=NOW) as sandbox, TelaClient(sandbox.url, sandbox.key) as client:
            names = [task.name or "" for task in client.iter_tasks(TaskQuery(order_by="createdAt"))]

        assert any("\x00" in name for name in names)
        assert any(re.search("[\ud800-\udfff]", name) for name in names)
