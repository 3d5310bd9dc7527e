import inspect
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import telareview.tela as door
from telareview.tela import ServerFailed, TelaError, errors
from telareview.tela.errors import presentable


def family(kind):
    return [kind, *(descendant for child in kind.__subclasses__() for descendant in family(child))]


KINDS = family(TelaError)


def test_every_kind_stands_in_the_drawn_tree_and_at_the_door():
    drawn = inspect.getdoc(errors)

    assert [kind.__name__ for kind in KINDS if kind.__name__ not in drawn] == []
    assert [kind.__name__ for kind in KINDS if getattr(door, kind.__name__, None) is not kind] == []


def test_the_tree_says_truly_what_may_be_tried_again():
    marked = {line.split()[1] for line in inspect.getdoc(errors).splitlines() if line.endswith("may be tried again")}
    marked = {line.lstrip("│├└─ ").split()[0] for line in inspect.getdoc(errors).splitlines() if "tried again" in line}
    said = {name for kind in KINDS if kind.may_retry for name in [kind.__name__]}

    assert said == marked | {"ConnectFailed", "TimedOut", "CutShort"}


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
