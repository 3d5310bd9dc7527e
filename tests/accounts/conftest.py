import pytest

from tests.accounts.cast import make_workspace


@pytest.fixture(autouse=True)
def _quick_hashing(settings):
    """The real one takes half a second for each password on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def acme(db):
    return make_workspace("acme")


@pytest.fixture
def other(db):
    return make_workspace("other")


@pytest.fixture
def rendered_errors(monkeypatch):
    """The contexts that error pages were rendered with, newest last."""
    contexts: list[dict] = []

    def render(template, context):
        contexts.append({"template": template, **context})
        return template

    monkeypatch.setattr("telareview.web.errors.render_to_string", render)
    return contexts
