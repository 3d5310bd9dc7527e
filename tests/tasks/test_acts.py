"""Tela names the owner of the key; the pages name the person here who asked for it."""

import datetime as dt

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from telareview.tasks.acts import Correctors, Doer, ReviewAct, acts_of, approver_here, note_approval, note_correction
from tests.accounts.cast import make_workspace
from tests.tasks.records import NOON, approved, mirrored, record, stamp, task_id, task_json

KEY = "api@acme.example"
BEA = Doer("bea@acme.example", 1)
EDITED = {
    "outputContent": {"role": "assistant", "content": {"cliente": "Acme", "total": 7}},
    "originalOutputContent": {"role": "assistant", "content": {"cliente": "Acme Corp", "total": 5}},
}


def edited(*edits, **changes):
    told = [{"path": p, "author": KEY, "editedAt": stamp(at), "previousValue": "?"} for p, at in edits]
    return task_json(1, metadata={"editedFields": told}, **{**EDITED, **changes})


def test_the_edits_that_are_new_in_the_answer_are_the_persons_own(acme) -> None:
    earlier, later = NOON + dt.timedelta(hours=1), NOON + dt.timedelta(hours=2)
    before = record(edited(("total", earlier)))
    after = record(edited(("total", earlier), ("total", later), ("cliente", later)))

    act = note_correction(acme, BEA, before, after, ["ignored"])

    assert act.edits == [["total", later.isoformat()], ["cliente", later.isoformat()]]
    correctors = Correctors.among(acts_of(acme, task_id(1)))
    assert correctors.of("total", later) == "bea@acme.example"
    assert correctors.of("total", earlier) == ""


def test_where_tela_tells_no_edits_the_changed_paths_are_kept(acme) -> None:
    before, after = record(task_json(1, metadata=None)), record(task_json(1, metadata=None, **EDITED))

    note_correction(acme, BEA, before, after, ["total", "cliente"])

    assert Correctors.among(acts_of(acme, task_id(1))).of("total", None) == "bea@acme.example"


def test_an_approval_is_found_by_the_moment_tela_gave_it(acme) -> None:
    after = record(approved(1, by=KEY))
    note_approval(acme, BEA, after)

    acts = acts_of(acme, task_id(1))
    assert after.approved_at is not None
    assert approver_here(acts, after.approved_at) == "bea@acme.example"
    assert approver_here(acts, after.approved_at + dt.timedelta(seconds=1)) == ""
    assert approver_here(acts, None) == ""
    assert acts_of(make_workspace("other"), task_id(1)) == []


def test_acts_are_never_altered_and_none_is_noted_twice(acme) -> None:
    note_approval(acme, BEA, record(approved(1)))

    for alter in (lambda: ReviewAct.objects.update(person_email="x"), lambda: ReviewAct.objects.all().delete()):
        with pytest.raises(ProgrammingError), transaction.atomic():
            alter()
    with pytest.raises(IntegrityError), transaction.atomic():
        note_approval(acme, BEA, record(approved(1)))


def test_the_pages_of_the_task_name_the_person(acme, viewer) -> None:
    at = NOON + dt.timedelta(hours=2)
    first = task_json(
        1, outputContent=EDITED["originalOutputContent"], originalOutputContent=EDITED["originalOutputContent"]
    )
    second = edited(("total", at), ("cliente", at), updatedAt=stamp(at))
    third = {
        **second,
        "status": "completed",
        "approvedBy": KEY,
        "approvedAt": stamp(at),
        "updatedAt": stamp(at + dt.timedelta(seconds=1)),
    }
    for number, state in enumerate((first, second, third)):
        mirrored(acme, state, at=NOON + dt.timedelta(days=1, hours=number))
    note_correction(acme, BEA, record(first), record(second), [])
    note_approval(acme, Doer("carlos@acme.example", 2), record(third))

    changes = viewer.get(f"/tasks/{task_id(1)}/changes/").content.decode()
    history = viewer.get(f"/tasks/{task_id(1)}/history/").content.decode()

    assert changes.count("here: bea@acme.example") == 2
    assert "here: carlos@acme.example" in changes
    assert "corrected here by bea@acme.example" in history
    assert "approved here by carlos@acme.example" in history


def test_an_act_whose_state_was_never_seen_stands_at_the_first_one_since(acme, viewer) -> None:
    at = NOON + dt.timedelta(hours=2)
    seen_late = {**edited(("total", at)), "updatedAt": stamp(at + dt.timedelta(minutes=5))}
    mirrored(acme, task_json(1), at=NOON + dt.timedelta(hours=1))
    mirrored(acme, seen_late, at=NOON + dt.timedelta(hours=3))
    note_correction(acme, BEA, record(task_json(1)), record(edited(("total", at), updatedAt=stamp(at))), [])

    history = viewer.get(f"/tasks/{task_id(1)}/history/").content.decode()

    assert history.count("corrected here by bea@acme.example") == 1
