import inspect
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import telareview.tela as door
from telareview.tela import ReplyTooLarge, ServerFailed, TelaError, errors
from telareview.tela.errors import presentable
from telareview.tela.transport import MAX_RESPONSE_BYTES


def family(kind):
    return [kind, *(descendant for child in kind.__subclasses__() for descendant in family(child))]


#: The room's own: others may have heirs of their own, and be imported by the time this runs.
KINDS = [kind for kind in family(TelaError) if kind.__module__ == errors.__name__]
TREE = inspect.getdoc(errors) or ""


def test_every_kind_stands_in_the_drawn_tree_and_at_the_door():
    assert [kind.__name__ for kind in KINDS if kind.__name__ not in TREE] == []
    assert [kind.__name__ for kind in KINDS if getattr(door, kind.__name__, None) is not kind] == []


def test_the_tree_says_truly_what_may_be_tried_again():
    marked = {line.lstrip("│├└─ ").split()[0] for line in TREE.splitlines() if line.endswith("may be tried again")}
    heirs = {heir for kind in KINDS if kind.__name__ in marked for heir in family(kind)}

    assert {kind for kind in KINDS if kind.may_retry} == heirs


def test_the_message_about_size_tells_the_limit_in_force():
    assert f"{MAX_RESPONSE_BYTES // 1024**2} MiB" in str(ReplyTooLarge())


def test_every_kind_has_its_own_code():
    codes = [kind.code for kind in KINDS]

    assert len(set(codes)) == len(KINDS)
    assert all(code.isidentifier() and code.islower() for code in codes)


@pytest.mark.parametrize("kind", KINDS)
def test_every_message_is_made_of_sentences(kind):
    message = str(kind())

    assert message[0].isupper()
    assert message.endswith((".", "it."))
    assert "\n" not in message


def test_the_detail_and_the_request_id_follow_the_message():
    error = ServerFailed("The status was 503.", status=503, request_id="req-1")

    assert str(error) == "Tela itself failed. Try again later. The status was 503. Request id: req-1."


def test_an_error_survives_the_way_to_another_process():
    error = ServerFailed("The status was 503.", status=503, request_id="req-1", retry_after=2.0, should_retry=True)

    copy = pickle.loads(pickle.dumps(error))

    assert (str(copy), vars(copy)) == (str(error), vars(error))


@given(st.text(st.characters(exclude_categories=()), max_size=400))
def test_foreign_text_becomes_one_printable_line(text):
    line = presentable(text, limit=50)

    assert len(line) <= 50
    assert line.isprintable()
    assert line == line.strip()
