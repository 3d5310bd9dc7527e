"""Seeded tasks are what a pull of the same tasks would have left in the mirror."""

import datetime as dt
from collections import Counter
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from telareview.accounts.models import Workspace
from telareview.demo import seeding
from telareview.demo.seed_words import APPROVERS, slots
from telareview.tasks.diff import changed_leaf_paths
from telareview.tasks.facts import Facts, commitment, content_hash, facts_of
from telareview.tasks.mirror import Look, record_tasks
from telareview.tasks.models import Learned, OutputIndex, Payload, Task, TaskVersion
from telareview.tasks.revision import compare, content_of
from telareview.tasks.searchable import searchable_json
from telareview.tela import TaskRecord, canonical_json, decode

TASKS = 500


@pytest.fixture
def acme(db):
    return Workspace.objects.create(slug="acme", name="Acme", api_url="http://127.0.0.1:9")


def seeded(workspace, tasks=TASKS, versions=1):
    made: list[int] = []
    seeding.seed(workspace, tasks, versions=versions, progress=made.append)
    assert sum(made) == tasks
    return {payload.version_id: payload for payload in Payload.objects.all()}


def read(payload):
    return TaskRecord.from_json(decode(payload.text.encode()))


def test_every_payload_is_canonical_and_hash_and_commitment_are_true_of_it(acme):
    payloads = seeded(acme)

    for version in TaskVersion.objects.filter(pk__in=payloads):
        payload = payloads[version.pk]
        assert canonical_json(decode(payload.text.encode())) == payload.text
        assert bytes(version.content_hash) == content_hash(payload.text)
        assert bytes(version.payload_commit) == commitment(bytes(payload.salt), payload.text)
        assert len(payload.salt) == 16


def test_every_fact_follows_from_the_payload(acme):
    payloads = seeded(acme, versions=3)

    for version in TaskVersion.objects.filter(pk__in=payloads):
        assert Facts(*(getattr(version, name) for name in Facts._fields)) == facts_of(read(payloads[version.pk]))


def test_the_index_of_outputs_is_what_the_mirror_writes(acme):
    payloads = seeded(acme)
    newest = {version.task_id: version for version in TaskVersion.objects.filter(pk__in=payloads)}

    for indexed in OutputIndex.objects.all():
        content = content_of(read(payloads[newest[indexed.task_id].pk]).output_content)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT %s::jsonb = content FROM tasks_outputindex WHERE id = %s",
                [searchable_json(content), indexed.pk],
            )
            assert cursor.fetchone() == (True,)


def test_pulling_the_same_states_changes_nothing(acme):
    payloads = seeded(acme, versions=2)
    here = Task.objects.filter(gone_at=None, version_id__in=payloads)
    records = [read(payloads[task.version_id]) for task in here]

    recorded = record_tasks(records, Look(acme, Learned.PULL, timezone.now()))

    assert len(recorded.unchanged) == len(records) > TASKS * 0.9
    assert (recorded.new, recorded.changed, recorded.older) == ((), (), ())


def test_revisions_are_told_by_the_edits_and_seen_in_the_outputs(acme):
    payloads = seeded(acme)
    records = [read(payload) for payload in payloads.values()]

    revisions = [compare(each.original_output_content, each.output_content, each.edited_fields) for each in records]

    assert {(revision.by_edits, revision.by_content) for revision in revisions if revision.comparable} == {
        ("approvedDirectly", "approvedDirectly"),
        ("approvedWithRevisions", "approvedWithRevisions"),
    }
    assert not any(revision.unmatched for revision in revisions)


def test_versions_tell_what_changed_between_them(acme):
    payloads = seeded(acme, versions=3)
    told = TaskVersion.objects.filter(pk__in=payloads)
    by_number = {(version.task_id, version.number): version for version in told}

    assert Counter(version.number for version in told) == {1: TASKS, 2: TASKS, 3: TASKS}
    for (task_id, number), version in by_number.items():
        before = by_number.get((task_id, number - 1))
        if before is None:
            assert (version.kind, version.changed_paths) == ("first_seen", [])
            continue
        values = [decode(payloads[each.pk].text.encode()) for each in (before, version)]
        assert tuple(version.changed_paths) == changed_leaf_paths(*values)
        assert before.updated_at < version.updated_at
        assert version.kind == ("approved" if version.is_approved and not before.is_approved else "changed")


def test_the_card_shows_the_newest_version(acme):
    seeded(acme, versions=2)

    for task in Task.objects.select_related("version"):
        newest = TaskVersion.objects.filter(task_id=task.task_id).order_by("-number")[0]
        assert task.version == newest
        assert task.version_number == newest.number
        assert task.content_hash == newest.content_hash
        assert [getattr(task, name) for name in Facts._fields] == [getattr(newest, name) for name in Facts._fields]
        assert (task.gone_at is not None) == (newest.kind == "gone")


def test_the_mix_is_believable(acme):
    seeded(acme, 4000)
    tasks = list(Task.objects.all())
    approved = [task for task in tasks if task.is_approved]
    revised = [task for task in approved if task.revision_process == "approvedWithRevisions"]
    moments = Counter(task.updated_at for task in tasks)

    assert 0.25 < len(revised) / len(approved) < 0.45
    assert 0.6 < len(approved) / len(tasks) < 0.9
    assert {task.approved_by for task in approved} == set(APPROVERS)
    assert {task.status for task in tasks} == {"created", "running", "validating", "completed", "failed", "cancelled"}
    assert len({task.prompt_application_id for task in tasks} - {None}) == 3
    assert max(moments.values()) > 100
    assert 0 < sum(task.gone_at is not None for task in tasks) < 40
    assert max(moments) <= timezone.now()
    assert max(moments) - min(moments) > dt.timedelta(days=390)
    assert sum(bool(task.tags) for task in tasks) > 1000
    assert any(task.approved_at and task.status == "validating" for task in tasks)


def test_slots_hold_what_their_weights_say():
    rows = list(slots())

    assert [row[0] for row in rows] == list(range(100))
    assert Counter(row[1] for row in rows) == APPROVERS


def test_seeding_again_adds_other_tasks(acme):
    seeded(acme, 100)
    first = set(Task.objects.values_list("task_id", flat=True))

    seeded(acme, 50)

    assert Task.objects.count() == 150
    assert first < set(Task.objects.values_list("task_id", flat=True))
    assert len(set(Task.objects.values_list("reference", flat=True))) == 150


def test_workspaces_have_different_tasks(acme):
    seeded(acme, 50)
    other = Workspace.objects.create(slug="other", name="Other", api_url="http://127.0.0.1:9")

    seeded(other, 50)

    assert len(set(Task.objects.values_list("task_id", flat=True))) == 100


@pytest.mark.parametrize(("tasks", "versions"), [(0, 1), (-5, 1), (1, 0), (1, 101), (10_000_001, 1), (4_000_000, 3)])
def test_an_absurd_number_is_refused(acme, tasks, versions):
    with pytest.raises(seeding.CannotSeed):
        seeding.seed(acme, tasks, versions=versions, progress=print)

    assert not Task.objects.exists()


def test_made_up_tasks_never_stand_beside_real_ones(acme):
    acme.api_url = "https://api.tela.com"
    acme.set_api_key("a key")
    acme.save()

    with pytest.raises(CommandError, match=r"api\.tela\.com"):
        call_command("seed_mirror", "--tasks", "5", "--workspace", "acme")

    assert not Task.objects.exists()


def test_the_command_says_what_it_added(acme):
    out = StringIO()

    call_command("seed_mirror", "--tasks", "5", "--versions", "2", "--workspace", "acme", stdout=out)

    assert "5 tasks" in out.getvalue()
    assert TaskVersion.objects.exclude(kind="gone").count() == 10


def test_an_unknown_workspace_is_wrong_use(db):
    with pytest.raises(CommandError, match="no workspace"):
        call_command("seed_mirror", "--tasks", "5", "--workspace", "nowhere")
