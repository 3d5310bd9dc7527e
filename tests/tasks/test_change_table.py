"""The Changes tab tells every change once, marks what differs, and calls nothing the same that is not."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given

from telareview.tasks.change_table import ChangeTable, change_table
from telareview.tasks.diff import Kind, leaf_paths, show_path
from telareview.tasks.raw_view import escape_unsendable
from telareview.tasks.revision import compare
from telareview.tasks.room import MAX_SHOWN_CHARACTERS
from telareview.tela.records import EditedField
from tests.tasks.json_values import pairs

ANA = "ana.souza@acme.example"
AT = datetime(2026, 11, 22, 11, 58, tzinfo=UTC)


def edit(path: str, previous: Any) -> EditedField:
    return EditedField.from_json(
        {"path": path, "author": ANA, "editedAt": "2026-11-22T11:58:00.000Z", "previousValue": previous}
    )


def table(original: Any, current: Any, *edits: EditedField) -> ChangeTable:
    return change_table(compare(original, current, edits), current)


def test_a_changed_value_shows_what_differs_and_by_whom() -> None:
    shown = table({"total": "150000", "uf": "SC"}, {"total": "170000", "uf": "SC"}, edit("total", "150000"))

    (row,) = shown.rows
    assert (row.path, row.kind, row.author, row.edited_at) == ("total", Kind.CHANGED, ANA, AT)
    assert row.before is not None
    assert row.after is not None
    assert "".join(text for text, _ in row.before) == "150000"
    assert "".join(text for text, differs in row.after if differs) == "7"
    assert [leaf.path for leaf in shown.unchanged] == ["uf"]


def test_what_was_added_has_no_before_and_what_was_removed_no_after() -> None:
    shown = table({"old": 1}, {"new": None})

    rows = {row.path: row for row in shown.rows}
    assert rows["new"].before is None
    assert rows["new"].after == (("null", True),)
    assert rows["old"].before == (("1", True),)
    assert rows["old"].after is None


def test_an_empty_text_is_shown_apart_from_no_value() -> None:
    (row,) = table({"note": ""}, {"note": "late"}).rows

    assert row.before == ()
    assert row.after == (("late", True),)


def test_a_field_whose_key_holds_a_point_is_not_called_the_same() -> None:
    shown = table({"a.b": 1, "a": {"b": 2}}, {"a.b": 9, "a": {"b": 2}})

    assert [row.path for row in shown.rows] == ['["a.b"]']
    assert [leaf.path for leaf in shown.unchanged] == ["a.b"]


def test_a_list_that_lost_its_last_item_is_not_called_the_same() -> None:
    shown = table({"items": [1], "uf": "SC"}, {"items": [], "uf": "SC"})

    assert [row.kind for row in shown.rows] == [Kind.REMOVED]
    assert [leaf.path for leaf in shown.unchanged] == ["uf"]


def test_a_correction_that_was_put_back_is_told_apart() -> None:
    shown = table({"total": 1}, {"total": 1}, edit("total", 1))

    assert shown.rows == []
    assert [(told.path, told.put_back, told.author) for told in shown.others] == [("total", True, ANA)]


def test_a_very_long_value_is_cut() -> None:
    (row,) = table({}, {"text": "x" * (MAX_SHOWN_CHARACTERS * 3)}).rows

    assert row.after is not None
    assert len(row.after[0][0]) == MAX_SHOWN_CHARACTERS + 1


def test_without_an_original_nothing_is_called_the_same() -> None:
    shown = change_table(compare(None, {"a": 1}, None), {"a": 1})

    assert not shown.revision.comparable
    assert not shown.rows
    assert not shown.unchanged


@given(pairs())
def test_every_leaf_is_changed_or_the_same_and_never_both(pair: tuple[Any, Any]) -> None:
    original, current = pair

    shown = table(original, current)

    if shown.revision.comparable:
        leaves = [escape_unsendable(show_path(path)) for path in leaf_paths(current)]
        same = [leaf.path for leaf in shown.unchanged]
        changed = {row.path for row in shown.rows if row.kind is not Kind.REMOVED}
        assert not changed.intersection(same) - {"—"}
        assert len(same) <= shown.revision.unchanged
        assert [path for path in leaves if path in set(same)] == same or len(set(leaves)) < len(leaves)
