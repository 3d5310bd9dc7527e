import pytest
from django.test import Client

pytestmark = pytest.mark.urls("tests.web.pages")

PAGE = "<h1>page</h1>{% partialdef rows inline %}<p>{{ word }}</p>{% endpartialdef %}"


@pytest.fixture(autouse=True)
def _template(settings):
    engine = settings.TEMPLATES[0]
    options = {**engine["OPTIONS"], "loaders": [("django.template.loaders.locmem.Loader", {"page.html": PAGE})]}
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": options}]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"<h1>page</h1><p>seen</p>"),
        ({"HX-Request": "true"}, b"<p>seen</p>"),
        ({"HX-Request": "true", "HX-Boosted": "true"}, b"<h1>page</h1><p>seen</p>"),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, b"<h1>page</h1><p>seen</p>"),
    ],
)
def test_only_a_swap_gets_the_part_and_every_answer_varies(headers, body):
    response = Client().get("/page/", headers=headers)

    assert response.content == body
    assert "HX-Request" in response["Vary"]
