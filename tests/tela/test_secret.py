import copy
import dataclasses
import logging
import pickle
import pprint

import pytest

from telareview.tela import Secret
from telareview.tela.secret import HiddenText

VALUE = "sk-canary-1234"


@pytest.mark.parametrize(
    "printed",
    [str, repr, "{}".format, "{:>30}".format, "{!r}".format, pprint.pformat, lambda secret: "%s" % secret],  # noqa: UP031
)
def test_no_way_of_printing_shows_the_value(printed):
    assert printed(Secret(VALUE)) == "***"


def test_the_value_comes_out_when_asked_for():
    assert Secret(VALUE).reveal() == VALUE


def test_equal_values_are_equal_secrets_and_one_entry_in_a_set():
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret(VALUE + "5")
    assert len({Secret(VALUE), Secret(VALUE)}) == 1


def test_a_secret_never_equals_the_bare_text():
    assert Secret(VALUE) != VALUE


def test_an_empty_secret_is_false():
    assert not Secret("")
    assert Secret(VALUE)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_refuses_to_be_pickled(protocol):
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret(VALUE), protocol)


def test_copies_and_asdict_give_the_same_object_back():
    @dataclasses.dataclass
    class Settings:
        key: Secret

    settings = Settings(Secret(VALUE))

    assert copy.copy(settings.key) is settings.key
    assert copy.deepcopy(settings.key) is settings.key
    assert dataclasses.asdict(settings)["key"] is settings.key


def test_it_has_no_dict_to_dump():
    with pytest.raises(TypeError):
        vars(Secret(VALUE))


def test_a_log_line_shows_stars(caplog):
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("telareview.tela").debug("key %s %r", Secret(VALUE), Secret(VALUE))

    assert caplog.messages == ["key *** ***"]


def test_only_text_can_be_a_secret():
    with pytest.raises(TypeError):
        Secret(b"bytes")


def test_hidden_text_is_sent_whole_but_printed_as_stars():
    hidden = HiddenText("Bearer " + VALUE)

    assert hidden.encode("latin-1") == b"Bearer " + VALUE.encode()
    assert [str(hidden), repr(hidden), f"{hidden}", repr({"Authorization": hidden})] == [
        "***",
        "***",
        "***",
        "{'Authorization': ***}",
    ]
