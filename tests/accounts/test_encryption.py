import pytest
from hypothesis import given
from hypothesis import strategies as st

from telareview.accounts.encryption import UnreadableSecret, decrypted, encrypted


@given(st.text(max_size=200).filter(lambda text: text.isprintable()))
def test_what_was_stored_comes_back(plain):
    assert decrypted(encrypted(plain), what="it") == plain


def test_the_stored_text_shows_nothing_and_differs_each_time():
    first, second = encrypted("tela-key-4711"), encrypted("tela-key-4711")

    assert "tela-key-4711" not in first
    assert first != second


def test_another_secret_key_is_named_as_the_reason(settings):
    stored = encrypted("tela-key-4711")
    settings.SECRET_KEY = "another" * 10

    with pytest.raises(UnreadableSecret, match=r"The API key of acme .* SECRET_KEY has changed") as caught:
        decrypted(stored, what="The API key of acme")
    assert "tela-key-4711" not in str(caught.value)


def test_a_former_secret_key_still_opens(settings):
    stored = encrypted("tela-key-4711")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10

    assert decrypted(stored, what="it") == "tela-key-4711"


def test_an_altered_text_is_refused():
    stored = encrypted("tela-key-4711")

    with pytest.raises(UnreadableSecret):
        decrypted(stored[:-4] + "AAA=", what="it")
