"""All waiting tasks of a list approved at once: counted, asked again, each looked at again, and each told."""

import html
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from telareview.review import bulk_jobs
from telareview.review.bulk import SelectionChanged, begin, carry_on, counts, select
from telareview.review.claims import take
from telareview.review.models import BulkReview, OutgoingAction
from telareview.review.reviewing import Wish, review_task
from telareview.tasks.acts import acts_of, approver_here
from telareview.tasks.erasure import erase_tasks
from tests.accounts.cast import make_person, signed_in
from tests.review.test_queue import LIST, OLDEST, UTC
from tests.review.test_review_page import group
from tests.review.waiting import CONTENT, in_tela, waiting, writes

ADDRESS = f"/tasks/review/bulk/?{LIST}"


@pytest.fixture
def desk(reviewer):
    return signed_in(reviewer)


def test_it_says_how_many_and_asks_before_anything_is_written(acme, sandbox, desk):
    waiting(acme, sandbox, CONTENT, CONTENT, CONTENT)
    sandbox.requests.clear()

    shown = desk.get(ADDRESS).content.decode()

    assert "3 tasks of this list wait for review" in shown
    assert "Approve 3 tasks" in shown
    assert sandbox.requests == []
    assert not BulkReview.objects.exists()


def test_once_confirmed_a_worker_approves_each_in_the_persons_name(
    acme, sandbox, desk, reviewer, django_capture_on_commit_callbacks
):
    made = waiting(acme, sandbox, CONTENT, CONTENT, CONTENT)
    mark = group(r'name="mark" value="(\w+)"', desk.get(ADDRESS).content.decode())

    answer = desk.post(ADDRESS, {"mark": mark})
    bulk = BulkReview.objects.get()
    assert answer["Location"] == f"/tasks/review/bulk/{bulk.pk}/"
    assert "0 of 3 done" in desk.get(answer["Location"]).content.decode()
    with_client(acme, lambda client: carry_on(bulk, client, reviewer))

    shown = desk.get(answer["Location"]).content.decode()
    assert "3 of 3 done, 3 approved by rui@acme.example" in shown
    assert "All were approved." in shown
    for each in made:
        assert approver_here(acts_of(acme, each.id), in_tela(sandbox, each.id).approved_at) == "rui@acme.example"


def with_client(workspace, do):
    from telareview.sync.connection import writing_client

    with writing_client(workspace) as client:
        return do(client)


def test_another_number_or_another_set_of_the_same_number_is_refused(acme, sandbox, desk, reviewer):
    first, _second = waiting(acme, sandbox, CONTENT, CONTENT)
    mark = group(r'name="mark" value="(\w+)"', desk.get(ADDRESS).content.decode())
    waiting(acme, sandbox, CONTENT)

    answer = desk.post(ADDRESS, {"mark": mark})

    assert answer.status_code == 409
    assert "3 tasks of this list wait" in answer.content.decode()
    with pytest.raises(SelectionChanged):
        begin(acme, reviewer, "", select(acme, OLDEST.replace(ids=(first.id,)), UTC), mark)
    assert not BulkReview.objects.exists()


def test_a_list_that_cannot_be_read_approves_nothing(acme, sandbox, desk):
    waiting(acme, sandbox)
    mark = select(acme, OLDEST, UTC).mark

    shown = desk.get("/tasks/review/bulk/?taskName=NF-&createdAtSince=yesterdayish").content.decode()
    answer = desk.post("/tasks/review/bulk/?taskName=NF-&createdAtSince=yesterdayish", {"mark": mark})

    assert "nothing can be approved from here" in shown
    assert "<button" not in group(r"<main(.*?)</main>", answer.content.decode())
    assert not BulkReview.objects.exists()


def test_what_changed_is_held_or_is_gone_is_left_out_and_told(acme, sandbox, desk, reviewer, client_of_tela):
    ok, changed, held, gone, taken = waiting(acme, sandbox, *[CONTENT] * 5)
    selection = select(acme, OLDEST, UTC)
    bulk = begin(acme, reviewer, LIST, selection, selection.mark)
    sandbox.world.edit(str(changed.id), {"cliente": "Other"})
    take(acme, make_person("reviewer", acme, "eva@acme.example"), held.id)
    sandbox.world.delete(str(gone.id))
    sandbox.world.approve(str(taken.id), "eva@acme.example")

    carry_on(bulk, client_of_tela, reviewer)

    assert dict(bulk.tasks.values_list("task_id", "result")) == {
        ok.id: "approved",
        changed.id: "changed",
        held.id: "held",
        gone.id: "gone",
        taken.id: "changed",
    }
    shown = desk.get(f"/tasks/review/bulk/{bulk.pk}/").content.decode()
    assert "eva@acme.example is reviewing this task" in shown
    assert counts(bulk)["done"] == 5


def test_interrupted_it_goes_on_where_it_stopped(acme, sandbox, reviewer, client_of_tela):
    waiting(acme, sandbox, *[CONTENT] * 4)
    selection = select(acme, OLDEST, UTC)
    bulk = begin(acme, reviewer, LIST, selection, selection.mark)
    left = iter([False, False])

    carry_on(bulk, client_of_tela, reviewer, should_stop=lambda: next(left, True))
    assert counts(bulk)["done"] == 2
    carry_on(bulk, client_of_tela, reviewer)

    assert counts(bulk)["approved"] == 4
    assert OutgoingAction.objects.count() == 4
    assert len(writes(sandbox)) == 4 + 1


def test_who_may_no_longer_approve_does_not(acme, sandbox, reviewer, settings, monkeypatch):
    waiting(acme, sandbox)
    selection = select(acme, OLDEST, UTC)
    bulk = begin(acme, reviewer, LIST, selection, selection.mark)
    settings.TELA_ALLOW_WRITES = False

    # It would close the connection that the test's own transaction is in.
    monkeypatch.setattr(bulk_jobs, "close_old_connections", lambda: None)

    class Context:
        should_abort = staticmethod(lambda: False)

    bulk_jobs.approve_bulk.func(Context(), bulk.pk)

    shown = signed_in(make_person("admin", acme, "ada@acme.example"))
    bulk.refresh_from_db()
    assert bulk.trouble == bulk_jobs.MAY_NO_LONGER
    settings.TELA_ALLOW_WRITES = True
    assert "may no longer approve" in shown.get(f"/tasks/review/bulk/{bulk.pk}/").content.decode()
    assert counts(bulk)["waiting"] == 1


def approve(*words: str) -> dict:
    out = StringIO()
    call_command("approve", *words, "--workspace", "acme", "--as", "rui@acme.example", "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def test_the_command_says_what_it_would_do_and_does_it(acme, sandbox, reviewer):
    made = waiting(acme, sandbox, CONTENT, CONTENT)
    sandbox.requests.clear()

    assert approve("--query", LIST, "--dry-run")["tasks"] == 2
    assert writes(sandbox) == []
    done = approve("--query", LIST, "--expect", "2")

    assert (done["approved"], done["left_out"]) == (2, [])
    assert [in_tela(sandbox, each.id).status for each in made] == ["completed"] * 2


def test_the_command_takes_ids_and_tells_what_it_left_out(acme, sandbox, reviewer):
    ok, changed = waiting(acme, sandbox, CONTENT, CONTENT)
    sandbox.world.edit(str(changed.id), {"cliente": "Other"})

    with pytest.raises(SystemExit) as ended:
        approve(str(ok.id), str(changed.id))

    assert ended.value.code == 1
    assert in_tela(sandbox, ok.id).status == "completed"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["no-uuid"],
        ["00000000-0000-4000-8000-000000000000"],
        ["--query", "status=nonsense"],
        ["--query", LIST],
        ["--query", LIST, "--expect", "7"],
        ["--query", LIST, "--zone", "Mars/Base"],
        ["--query", f"{LIST}&asOf=2026-01-01T00:00:00Z", "--expect", "0"],
    ],
)
def test_wrong_use_approves_nothing(acme, sandbox, reviewer, words):
    waiting(acme, sandbox)
    sandbox.requests.clear()

    with pytest.raises(CommandError) as wrong:
        approve(*words)

    assert wrong.value.returncode == 2
    assert writes(sandbox) == []


def test_only_those_who_may_approve_by_command(acme, sandbox, operator):
    (seen,) = waiting(acme, sandbox)

    for email in ("olga@acme.example", "nobody@acme.example"):
        with pytest.raises(CommandError) as wrong:
            call_command("approve", str(seen.id), "--workspace", "acme", "--as", email)
        assert wrong.value.returncode == 2


def test_why_a_task_was_left_out_is_told_in_the_readers_language(acme, sandbox, reviewer, client_of_tela):
    changed, gone, unclear = waiting(acme, sandbox, *[CONTENT] * 3)
    selection = select(acme, OLDEST, UTC)
    bulk = begin(acme, reviewer, LIST, selection, selection.mark)
    sandbox.world.edit(str(changed.id), {"cliente": "Other"})
    sandbox.world.delete(str(gone.id))
    sandbox.world.fail(str(unclear.id))
    with translation.override("pt-br"):
        # A worker's language is no reader's.
        carry_on(bulk, client_of_tela, reviewer)

    shown = {}
    for language in ("en", "pt-br"):
        reviewer.language = language
        reviewer.save()
        shown[language] = signed_in(reviewer).get(f"/tasks/review/bulk/{bulk.pk}/").content.decode()

    assert dict(bulk.tasks.values_list("task_id", "code")) == {
        changed.id: "changed_meanwhile",
        gone.id: "task_is_gone",
        unclear.id: "not_waiting",
    }
    for said in ("was changed in Tela meanwhile", "no longer serves this task", "does not wait for review ("):
        assert said in shown["en"]
        assert said not in shown["pt-br"]
    assert "não aguarda revisão" in shown["pt-br"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("no_key", "This workspace has no API key."),
        ("write_refused", "Writing to Tela is switched off"),
        ("unreadable_secret", "A stored secret cannot be decrypted"),
        ("stopped", "It was stopped before its end."),
    ],
)
def test_why_it_stopped_is_told_in_words(acme, sandbox, reviewer, code, said):
    waiting(acme, sandbox)
    selection = select(acme, OLDEST, UTC)
    bulk = begin(acme, reviewer, LIST, selection, selection.mark)
    BulkReview.objects.update(trouble=code)

    shown = signed_in(reviewer).get(f"/tasks/review/bulk/{bulk.pk}/").content.decode()

    assert said in html.unescape(shown)
    assert "Go on" in shown


def test_an_erasure_takes_names_and_reasons_of_bulk_approvals_along(acme, sandbox, reviewer, client_of_tela):
    (seen,) = waiting(acme, sandbox)
    selection = select(acme, OLDEST, UTC)
    bulk = begin(acme, reviewer, "taskName=NF-0001.pdf", selection, selection.mark)
    review_task(client_of_tela, acme, make_person("reviewer", acme, "eva@acme.example"), Wish(seen, approve=True))
    carry_on(bulk, client_of_tela, reviewer)
    assert bulk.tasks.get().words == {"who": "eva@acme.example"}

    erase_tasks(acme, [seen.id], reason="Asked for.")

    each = bulk.tasks.get()
    bulk.refresh_from_db()
    assert (each.name, each.detail, each.words) == ("", "", {})
    assert "NF-0001" not in bulk.query
    shown = signed_in(reviewer).get(f"/tasks/review/bulk/{bulk.pk}/").content.decode()
    assert "already approved by somebody unknown" in shown
