"""Errors are told in the reader's language, whatever the run kept."""

from django.utils import translation

from telareview.accounts.encryption import UnreadableSecret
from telareview.sync import connection, refresh, walk
from telareview.sync.error_words import SENTENCES, in_readers_language
from telareview.sync.exclusive import SyncError
from telareview.sync.news import UnreadableBody
from telareview.sync.subscriptions import SubscriptionError
from telareview.sync.sweep import TooManyVanished
from telareview.tela import TelaError


def every_error(kind):
    yield kind
    for child in kind.__subclasses__():
        yield from every_error(child)


def test_every_error_that_a_run_can_keep_has_its_sentence():
    assert walk.UnsoundPage in set(every_error(TelaError))
    kinds = [*every_error(TelaError), *list(every_error(SyncError))[1:], connection.NoKey, refresh.TaskIsGone]
    kinds += [*every_error(UnreadableBody), *every_error(SubscriptionError), UnreadableSecret]

    with translation.override("en"):
        for kind in kinds:
            message = " ".join((kind.__doc__ or "").split())
            assert str(SENTENCES[kind.code]) == message, kind


def test_what_an_error_adds_is_kept_behind_its_sentence():
    kept = str(TooManyVanished("(30 of 240 tasks were not listed any more.)"))

    with translation.override("en"):
        assert in_readers_language("too_many_vanished", kept) == kept


def test_an_unknown_kind_is_shown_as_it_was_kept():
    assert in_readers_language("of_another_version", "Something else.") == "Something else."
