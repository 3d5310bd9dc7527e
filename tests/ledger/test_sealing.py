"""What a seal covers, and how records come under it."""

import hashlib
import json
import threading
from uuid import UUID

import pytest
from django.db import connection, connections, transaction

from telareview.accounts.encryption import UnreadableSecret
from telareview.ledger.merkle import leaf_hash, root_of
from telareview.ledger.models import Checkpoint, Leaf, SigningKey
from telareview.ledger.sealing import BrokenTree, Sealed, SomeNotSealed, seal, trouble_of, unsealed
from telareview.ledger.sources import source_named, sources
from telareview.tasks.models import TaskVersion, ToldVersion
from telareview.tasks.told import record_told
from tests.ledger.history import acme_history, as_owner, told_entry
from tests.tasks.records import NOON, mirrored, task_id, task_json

pytestmark = pytest.mark.django_db

#: Columns of a sealed table that no leaf covers, and why an auditor does not rely on them.
NOT_SEALED = {
    "version": {"name_start", "erasure"},  # Generated from the name; told by the erasure's own leaf.
    "told": {"content_hash"},  # Tells two wordings apart; the words themselves are sealed.
}


def canonical(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def moment(value):
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if value else None


def text(value):
    return str(value) if isinstance(value, UUID) else value


def leaf_in_python(version: TaskVersion) -> tuple[bytes, bytes]:
    """Commitment and leaf of a version, told once more without SQL."""
    closed = {
        "name": version.name,
        "createdBy": version.created_by,
        "approvedBy": version.approved_by,
        "editedFields": version.edited_paths,
        "changedFields": version.changed_paths,
        "tags": version.tags,
        "agentId": version.agent_id,
        "sourceType": version.source_type,
        "content": bytes(version.content_hash).hex(),
    }
    assert version.salt is not None
    commitment = hashlib.sha256(version.salt.bytes + canonical(closed)).digest()
    leaf = {
        "v": 1,
        "record": "version",
        "id": version.pk,
        "workspace": version.workspace_id,
        "taskId": str(version.task_id),
        "number": version.number,
        "kind": version.kind,
        "observedAt": moment(version.observed_at),
        "learnedBy": version.learned_by,
        "run": version.run_id,
        "recordedAt": moment(version.recorded_at),
        "reference": version.reference,
        "status": version.status,
        "revisionProcess": version.revision_process,
        "createdAt": moment(version.created_at),
        "updatedAt": moment(version.updated_at),
        "approvedAt": moment(version.approved_at),
        "promptApplicationId": text(version.prompt_application_id),
        "promptVersionId": text(version.prompt_version_id),
        "completionRunId": text(version.completion_run_id),
        "workflowRunId": text(version.workflow_run_id),
        "payload": bytes(version.payload_commit).hex() if version.payload_commit else None,
        "closed": commitment.hex(),
    }
    return commitment, canonical(leaf)


def test_every_version_becomes_a_leaf_that_python_makes_too(acme):
    acme_history(acme)

    seal()

    leaves = Leaf.objects.filter(workspace=acme, source="version").order_by("index")
    versions = {each.pk: each for each in TaskVersion.objects.all()}
    assert [each.record_id for each in leaves] == sorted(versions)
    for leaf in leaves:
        commitment, data = leaf_in_python(versions[leaf.record_id])
        assert bytes(leaf.closed) == commitment
        assert bytes(leaf.hash) == leaf_hash(data)


def test_leaves_do_not_depend_on_the_session(acme):
    acme_history(acme)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'America/Sao_Paulo'")
        cursor.execute("SET LOCAL bytea_output = 'escape'")

    seal()

    with connection.cursor() as cursor:
        # Django expects UTC of what it reads.
        cursor.execute("SET LOCAL TimeZone = 'UTC'")
    for leaf in Leaf.objects.filter(source="version"):
        assert bytes(leaf.hash) == leaf_hash(leaf_in_python(TaskVersion.objects.get(pk=leaf.record_id))[1])


@pytest.mark.parametrize("name", ["version", "told"])
def test_no_column_is_left_out(name):
    source = source_named(name)
    assert source is not None
    spoken = " ".join([*source.open.values(), *source.closed.values(), source.salt, "record.id record.workspace_id"])
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, source.table)

    assert {column.name for column in described if f"record.{column.name}" not in spoken} == NOT_SEALED[name]


@pytest.mark.parametrize("name", ["version", "told"])
def test_an_erasure_blanks_all_that_is_closed_and_nothing_that_is_open(name):
    source = source_named(name)
    assert source is not None

    for column in source.blank:
        if column not in {"salt", *NOT_SEALED[name]}:
            assert any(f"record.{column}" in expression for expression in source.closed.values()), column
        assert not any(f"record.{column}" in expression for expression in source.open.values()), column


def test_leaves_follow_each_other_and_each_round_is_signed(acme):
    acme_history(acme)

    sealed = seal()

    leaves = list(Leaf.objects.filter(workspace=acme).order_by("index"))
    assert sealed == Sealed(len(leaves), 1)
    assert [each.index for each in leaves] == list(range(len(leaves)))
    checkpoint = Checkpoint.objects.get(workspace=acme)
    assert bytes(checkpoint.root) == root_of(bytes(each.hash) for each in leaves)
    assert checkpoint.size == len(leaves)


def test_a_second_seal_adds_nothing(acme):
    acme_history(acme)
    seal()

    assert seal() == Sealed(0, 0)
    assert seal(thorough=True) == Sealed(0, 0)


def test_the_tree_grows_by_what_is_new(acme):
    mirrored(acme, task_json(1), task_json(2))
    seal()
    mirrored(acme, task_json(3), at=NOON)

    assert seal() == Sealed(1, 1)
    assert [each.size for each in Checkpoint.objects.order_by("size")] == [2, 3]
    leaves = Leaf.objects.filter(workspace=acme).order_by("index")
    assert bytes(Checkpoint.objects.get(size=3).root) == root_of(bytes(each.hash) for each in leaves)


def test_many_are_sealed_in_rounds(acme, monkeypatch):
    monkeypatch.setattr("telareview.ledger.sealing.ROUND", 4)
    mirrored(acme, *(task_json(number) for number in range(10)))

    assert seal() == Sealed(10, 3)
    assert [each.size for each in Checkpoint.objects.order_by("size")] == [4, 8, 10]


def test_each_workspace_has_a_tree_and_a_key_of_its_own(acme, elsewhere):
    mirrored(acme, task_json(1))
    mirrored(elsewhere, task_json(1), task_json(2))

    seal()

    assert sorted(Checkpoint.objects.values_list("workspace__slug", "size")) == [("acme", 1), ("elsewhere", 2)]
    assert SigningKey.objects.values("public_key").distinct().count() == 2


def test_what_tela_told_is_sealed_too(acme):
    mirrored(acme, task_json(1))
    record_told(acme, {task_id(1): [told_entry(1), told_entry(2)]}, NOON)

    assert seal() == Sealed(3, 1)
    assert Leaf.objects.filter(source="told").count() == ToldVersion.objects.count() == 2


def test_a_record_that_was_drawn_earlier_and_committed_later_is_sealed(acme):
    mirrored(acme, *(task_json(number) for number in range(3)))
    early = TaskVersion.objects.order_by("pk")[1]
    with as_owner() as cursor:
        # As if its transaction had not committed yet.
        cursor.execute("CREATE TEMPORARY TABLE late AS SELECT * FROM tasks_taskversion WHERE id = %s", [early.pk])
        cursor.execute("DELETE FROM tasks_taskversion WHERE id = %s", [early.pk])
    seal()
    columns = ", ".join(each.column for each in TaskVersion._meta.concrete_fields if each.column != "name_start")
    with as_owner() as cursor:
        cursor.execute(f"INSERT INTO tasks_taskversion ({columns}) SELECT {columns} FROM late")

    assert seal() == Sealed(1, 1)
    assert Leaf.objects.get(index=2).record_id == early.pk


def test_what_waits_is_counted(acme, elsewhere):
    mirrored(acme, task_json(1))
    seal()
    mirrored(acme, task_json(2), task_json(3))
    mirrored(elsewhere, task_json(4))

    count, oldest = unsealed(acme)

    assert count == 2
    waiting = TaskVersion.objects.filter(workspace=acme, task_id__in=[task_id(2), task_id(3)])
    assert oldest == min(waiting.values_list("recorded_at", flat=True))


def test_nothing_is_sealed_upon_a_tree_that_was_cut(acme):
    mirrored(acme, task_json(1), task_json(2))
    seal()
    with as_owner() as cursor:
        cursor.execute("DELETE FROM ledger_leaf WHERE index = 1")
    mirrored(acme, task_json(3))

    with pytest.raises(BrokenTree, match="verify_history"):
        seal()

    assert Leaf.objects.count() == 1


def broken(workspace):
    """A sealed tree that has lost its last leaf, and a record that waits."""
    mirrored(workspace, task_json(1), task_json(2))
    seal(workspace)
    with as_owner() as cursor:
        cursor.execute("DELETE FROM ledger_leaf WHERE workspace_id = %s AND index = 1", [workspace.pk])
    mirrored(workspace, *(task_json(number) for number in range(3, 9)))


def test_a_broken_tree_keeps_no_other_workspace_from_being_sealed(acme, elsewhere, monkeypatch):
    # More of its records wait, and longer, than a round takes in.
    monkeypatch.setattr("telareview.ledger.sealing.ROUND", 2)
    broken(acme)
    mirrored(elsewhere, *(task_json(number) for number in range(5)))

    with pytest.raises(BrokenTree, match="acme"):
        seal()

    assert Leaf.objects.filter(workspace=acme).count() == 1
    assert [each.size for each in Checkpoint.objects.filter(workspace=elsewhere).order_by("size")] == [2, 4, 5]
    assert unsealed(elsewhere)[0] == 0


def test_a_key_that_cannot_be_read_keeps_no_other_workspace_from_being_sealed(acme, elsewhere):
    mirrored(acme, task_json(1))
    seal()
    SigningKey.objects.filter(workspace=acme).update(private_key_encrypted="of another SECRET_KEY")
    mirrored(acme, task_json(2))
    mirrored(elsewhere, task_json(1))

    with pytest.raises(UnreadableSecret):
        seal()

    assert Leaf.objects.filter(workspace=acme).count() == 1
    assert Checkpoint.objects.get(workspace=elsewhere).size == 1


def test_all_that_cannot_be_sealed_are_told(acme, elsewhere):
    broken(acme)
    broken(elsewhere)

    with pytest.raises(SomeNotSealed, match=r"(?s)acme.*elsewhere"):
        seal()


def test_one_workspace_is_sealed_alone(acme, elsewhere):
    broken(acme)
    mirrored(elsewhere, task_json(1))

    assert seal(elsewhere) == Sealed(1, 1)
    assert trouble_of(elsewhere) is None
    assert isinstance(trouble_of(acme), BrokenTree)


@pytest.mark.django_db(transaction=True)
def test_several_sealers_make_one_tree(acme):
    mirrored(acme, *(task_json(number) for number in range(50)))

    def work() -> None:
        seal()
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    leaves = list(Leaf.objects.order_by("index"))
    assert [each.index for each in leaves] == list(range(50))
    assert len({each.record_id for each in leaves}) == 50
    assert bytes(Checkpoint.objects.get().root) == root_of(bytes(each.hash) for each in leaves)


def test_a_seal_that_fails_leaves_nothing_behind(acme, monkeypatch):
    mirrored(acme, task_json(1))

    def fails(*_args):
        raise RuntimeError("no key")

    monkeypatch.setattr("telareview.ledger.sealing.signer_of", fails)
    with pytest.raises(RuntimeError), transaction.atomic():
        seal()

    assert Leaf.objects.count() == 0


def test_sources_are_known_by_name():
    assert [each.name for each in sources()][:2] == ["version", "told"]
