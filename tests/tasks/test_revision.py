"""When a task is approved with revisions, and which edit made which change."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from telareview.tasks.diff import MISSING, Limits
from telareview.tasks.revision import MAX_EDITS, Revision, compare, content_of, edited_paths, revision_process
from telareview.tela.records import EditedField

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANA, RUI = "ana.souza@acme.example", "rui.melo@acme.example"


def edit(path: Any, previous: Any = MISSING, author: str = ANA, minute: int = 0) -> EditedField:
    told = {"path": path, "author": author, "editedAt": f"2026-11-22T11:{minute:02}:00.000Z"}
    return EditedField.from_json(told if previous is MISSING else told | {"previousValue": previous})


def answer(content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def label(**told: Any) -> str:
    known: dict[str, Any] = {
        "status": "completed",
        "approved_at": NOON,
        "edited_fields": None,
        "original_output_content": None,
        "output_content": None,
        "has_payload": True,
    }
    return revision_process(**known | told)


def authors(revision: Revision) -> dict[str, list[str | None]]:
    return {line.path: [each.author for each in line.edits] for line in revision.lines}


@pytest.mark.parametrize(
    ("output", "content"),
    [
        ({"role": "assistant", "content": {"a": 1}}, {"a": 1}),
        ({"role": "assistant", "content": None}, None),
        ({"role": "assistant", "content": "text"}, "text"),
        ({"a": 1}, {"a": 1}),
        ({"content": "a field of the canvas"}, {"content": "a field of the canvas"}),
        ({"role": "diretora", "content": "x"}, {"role": "diretora", "content": "x"}),
        ({"role": ["assistant"], "content": 1}, {"role": ["assistant"], "content": 1}),
        ("text", "text"),
        ([1], [1]),
        (None, None),
    ],
)
def test_the_content_is_unwrapped_only_where_it_is_wrapped(output: Any, content: Any) -> None:
    assert content_of(output) == content


def test_an_empty_list_of_edits_is_a_direct_approval_whatever_the_outputs_say() -> None:
    told = {"original_output_content": answer({"a": 1}), "output_content": answer({"a": 2})}

    assert label(edited_fields=(), **told) == "approvedDirectly"
    assert label(edited_fields=(edit("a", 1),), **told) == "approvedWithRevisions"


def test_a_field_put_back_still_is_a_revision_by_the_list_of_edits() -> None:
    same = answer({"a": 1})

    assert label(edited_fields=(edit("a"),), original_output_content=same, output_content=same) == (
        "approvedWithRevisions"
    )


@pytest.mark.parametrize(
    ("original", "current", "expected"),
    [
        ({"a": 1, "b": [1]}, {"b": [1], "a": 1}, "approvedDirectly"),
        ({"a": 1}, {"a": 2}, "approvedWithRevisions"),
        ({"a": 1}, {"a": Decimal("1.0")}, "approvedWithRevisions"),
        ({"a": 1}, {"a": True}, "approvedWithRevisions"),
        ("text", "text", "approvedDirectly"),
    ],
)
def test_without_a_list_of_edits_the_outputs_decide(original: Any, current: Any, expected: str) -> None:
    assert label(original_output_content=answer(original), output_content=answer(current)) == expected


def test_what_cannot_be_known_is_unknown() -> None:
    light = {"original_output_content": answer({"a": 1}), "output_content": answer({"a": 1}), "has_payload": False}

    assert label(**light) == "unknown"
    assert label(output_content=answer({"a": 1})) == "unknown"
    assert label(original_output_content=answer({"a": 1})) == "unknown"


@pytest.mark.parametrize("status", ["validating", "running", "failed", "created", "cancelled", "new word"])
def test_a_task_that_is_not_approved_has_no_label(status: str) -> None:
    assert label(status=status, edited_fields=(edit("a"),)) == ""
    assert label(status="completed", approved_at=None, edited_fields=()) == ""


def test_both_words_for_approved_are_understood() -> None:
    assert label(status="approved", edited_fields=()) == "approvedDirectly"


def test_edited_paths_are_distinct_sorted_and_shown_in_one_notation() -> None:
    fields = [edit("total.valor"), edit("/itens/2/descricao"), edit("itens[2].descricao"), edit("cliente"), edit(7)]

    assert edited_paths(fields) == ("", "cliente", "itens[2].descricao", "total.valor")


def test_edited_paths_end_somewhere() -> None:
    assert len(edited_paths([edit(f"campo{number}") for number in range(900)])) == 200


@pytest.mark.parametrize(
    "path",
    [
        "itens[0].valor",
        "itens.0.valor",
        "/itens/0/valor",
        ["itens", 0, "valor"],
        ["itens", "0", "valor"],
        "content.itens[0].valor",
        "outputContent.content.itens[0].valor",
    ],
)
def test_an_edit_is_joined_in_every_notation(path: Any) -> None:
    original = answer({"itens": [{"valor": 1, "x": 0}], "k": 1})
    current = answer({"itens": [{"valor": 2, "x": 0}], "k": 1})

    revision = compare(original, current, [edit(path, 1, minute=58)])

    (line,) = revision.lines
    assert (line.path, line.author, line.previous_value) == ("itens[0].valor", ANA, 1)
    assert line.edited_at == datetime(2026, 11, 22, 11, 58, tzinfo=UTC)
    assert (revision.unmatched, revision.put_back) == ((), ())


def test_a_field_edited_twice_tells_both_edits_in_order_and_what_each_left() -> None:
    revision = compare({"a": 1}, {"a": 3}, [edit("a", 2, RUI, minute=9), edit("a", 1, ANA, minute=5)])

    (line,) = revision.lines
    assert [(each.author, each.previous, each.became) for each in line.edits] == [(ANA, 1, 2), (RUI, 2, 3)]
    assert (line.author, line.previous_value) == (RUI, 2)


def test_a_change_without_an_edit_stands_alone() -> None:
    (line,) = compare({"a": 1}, {"a": 2}, []).lines

    assert (line.edits, line.author, line.edited_at, line.previous_value) == ((), None, None, MISSING)


def test_an_edit_of_a_part_belongs_to_every_change_in_it() -> None:
    revision = compare({"end": {"rua": 1, "cep": 2}, "x": 1}, {"end": {"rua": 3, "cep": 4}, "x": 2}, [edit("end")])

    assert authors(revision) == {"end.rua": [ANA], "end.cep": [ANA], "x": []}


def test_an_edit_inside_an_added_part_belongs_to_that_part() -> None:
    revision = compare({"itens": []}, {"itens": [{"valor": 1}]}, [edit("itens[0].valor", minute=1)])

    assert authors(revision) == {"itens[0]": [ANA]}


def test_an_edit_follows_an_item_that_was_shifted() -> None:
    items = [{"nome": f"n{number}", "valor": number, "ok": True} for number in range(6)]
    corrected = [*items[:3], {**items[3], "valor": 33}, *items[4:]]
    frete = {"nome": "Frete", "valor": 99, "ok": True}

    before_it = compare({"itens": items}, {"itens": [frete, *corrected]}, [edit("itens[3].valor", 3)])
    after_it = compare({"itens": items}, {"itens": [frete, *corrected]}, [edit("itens[4].valor", 3)])

    assert authors(before_it) == authors(after_it) == {"itens[0]": [], "itens[4].valor": [ANA]}


def test_where_old_and_new_places_cross_the_previous_value_decides() -> None:
    items = [{"nome": f"n{number}", "valor": number, "ok": True} for number in range(6)]
    corrected = [*items[:2], {**items[2], "valor": 22}, {**items[3], "valor": 33}, *items[4:]]
    frete = {"nome": "Frete", "valor": 99, "ok": True}

    revision = compare({"itens": items}, {"itens": [frete, *corrected]}, [edit("itens[3].valor", 3)])

    assert authors(revision) == {"itens[0]": [], "itens[3].valor": [], "itens[4].valor": [ANA]}


def test_a_shifted_field_is_found_by_its_name_and_previous_value() -> None:
    items = [{"nome": f"n{number}", "valor": number, "ok": True} for number in range(6)]
    corrected = [{**items[4], "valor": 44}, *items[:4], items[5]]

    revision = compare({"itens": items}, {"itens": corrected}, [edit("itens[2].valor", 4)])

    assert authors(revision)["itens[0].valor"] == [ANA]


def test_a_field_put_back_is_listed_apart_and_the_labels_disagree() -> None:
    revision = compare({"a": 1, "b": 1}, {"a": 1, "b": 1}, [edit("a", 1, minute=1), edit("a", 7, RUI, minute=2)])

    (put_back,) = revision.put_back
    assert (put_back.path, put_back.value) == ("a", 1)
    assert [(each.previous, each.became) for each in put_back.edits] == [(1, 7), (7, 1)]
    assert revision.lines == ()
    assert (revision.by_edits, revision.by_content) == ("approvedWithRevisions", "approvedDirectly")
    assert revision.labels_disagree


def test_a_difference_without_edits_makes_the_labels_disagree_only_if_a_list_of_edits_came() -> None:
    assert compare({"a": 1}, {"a": 2}, ()).labels_disagree
    assert not compare({"a": 1}, {"a": 2}, None).labels_disagree
    assert not compare({"a": 1}, {"a": 2}, [edit("a")]).labels_disagree


def test_edits_that_lead_nowhere_are_not_lost() -> None:
    unread: Any = {"strange": True}
    revision = compare({"a": 1}, {"a": 2}, [edit("nowhere.at.all", 5), edit(unread, 6), edit("a[9999999999999]")])

    assert [each.previous for each in revision.unmatched] == [5, 6]
    assert authors(revision) == {"a": [ANA]}


def test_an_edit_of_an_item_that_is_not_there_is_not_given_to_another() -> None:
    revision = compare({"itens": [{"valor": 1}]}, {"itens": [{"valor": 2}]}, [edit("itens[7].valor", 1)])

    assert authors(revision) == {"itens[0].valor": []}
    assert [each.shown_path for each in revision.unmatched] == ["itens[7].valor"]


def test_outputs_that_are_not_known_are_not_compared() -> None:
    revision = compare(None, answer({"a": 1}), [edit("a", 2)])

    assert not revision.comparable
    assert (revision.lines, revision.put_back) == ((), ())
    assert [(each.previous, each.became) for each in revision.unmatched] == [(2, 1)]
    assert not revision.labels_disagree


def test_the_headline_counts_are_there() -> None:
    original = {"valor": 1, "razao": "Acme", "data": "2026-12-01", "itens": [{"x": 1}], "same": [1, 2, 3]}
    current = {"valor": 2, "razao": "Acme SA", "data": "01/12/2026", "itens": [{"x": 1}, {"x": 2}], "same": [1, 2, 3]}

    revision = compare(answer(original), answer(current), [])

    counts = revision.counts
    assert (counts.altered, counts.formatting, counts.added, counts.removed) == (3, 1, 1, 0)
    assert revision.unchanged == 4


def test_edits_beyond_what_is_shown_are_counted_not_called_unmatched() -> None:
    original = {f"k{number}": number for number in range(20)}
    current = {f"k{number}": -1 for number in range(20)}

    revision = compare(original, current, [edit(f"k{n}", n) for n in range(20)], limits=Limits(max_changes=5))

    assert (len(revision.lines), revision.edits_left_out, revision.unmatched) == (5, 15, ())


def test_hostile_lists_of_edits_stay_in_bounds() -> None:
    original = {"itens": [{"valor": number} for number in range(3_000)]}
    current = {"itens": [{"valor": -number} for number in range(3_000)]}
    fields = [edit({"unread": n}) for n in range(1_000)] + [edit("itens", n) for n in range(4_000)]

    revision = compare(original, current, fields)

    assert len(revision.lines) == 500
    assert revision.edits_left_out == 5_000 - MAX_EDITS
    assert len(revision.unmatched) == 1_000
