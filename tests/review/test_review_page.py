"""The page on which a task is corrected and approved: every field, every mistake, and everyone who may not."""

import html
import re
from decimal import Decimal

import pytest

from telareview.review.draft import Draft
from telareview.review.shapes import Shape
from telareview.tasks.models import Task
from telareview.tela.canvas import get_canvas_version
from telareview.tela.wire import canonical_json
from tests.accounts.cast import make_person, signed_in
from tests.review.waiting import CONTENT, in_tela, waiting, writes


def group(pattern: str, text: str) -> str:
    met = re.search(pattern, text, re.DOTALL)
    assert met, f"no {pattern} in {text[:200]}"
    return met[1]


def fields(shown: str) -> dict[str, str]:
    """What a browser would send of the form on a page, untouched."""
    form = group(r'<form id="draft"(.*?)</form>', shown)
    found: dict[str, str] = {}
    fields_of_form = r"<input\b[^>]*>|<textarea\b[^>]*>.*?</textarea>|<select\b[^>]*>.*?</select>"
    for tag in re.finditer(fields_of_form, form, re.DOTALL):
        text = tag[0]
        name = re.search(r'\bname="([^"]*)"', text)
        if not name:
            continue
        if text.startswith("<input"):
            value = group(r'\bvalue="([^"]*)"', text)
        elif text.startswith("<textarea"):
            value = group(r"<textarea\b[^>]*>\n?(.*)</textarea>", text).replace("\n", "\r\n")
        else:
            value = group(r'<option\s+value="([^"]*)"\s+selected', text)
        found[html.unescape(name[1])] = html.unescape(value)
    return found


@pytest.fixture
def desk(reviewer):
    return signed_in(reviewer)


def opened(desk, task_id) -> dict[str, str]:
    answer = desk.get(f"/tasks/{task_id}/review/")
    assert answer.status_code == 200
    return fields(answer.content.decode())


def test_the_form_says_the_output_to_the_letter(acme, sandbox, desk):
    content = {
        "a": "x\ny",
        "n": Decimal("1.50"),
        "z": None,
        "b": False,
        "l": [],
        "o": {},
        "t": "<b>&\"'",
        "lead": "\n\nx",
    }
    (seen,) = waiting(acme, sandbox, content)

    form = opened(desk, seen.id)

    assert canonical_json(Draft.sent(form, content).value()) == canonical_json(content)
    assert form["base"] == "1"


def test_save_and_approve_writes_what_the_form_showed(acme, sandbox, desk):
    (seen,) = waiting(acme, sandbox)
    form = opened(desk, seen.id) | {"v/total/valor": "170000.00", "v/itens/0/descricao": "Frete\r\nurgente"}

    answer = desk.post(f"/tasks/{seen.id}/review/", {**form, "act": "save-approve"})

    assert answer.status_code == 302
    assert answer["Location"] == f"/tasks/{seen.id}/"
    now = in_tela(sandbox, seen.id)
    assert now.status == "completed"
    assert canonical_json(now.output_content["content"]) == canonical_json(
        {**CONTENT, "total": {"valor": Decimal("170000.00")}, "itens": [{"descricao": "Frete\nurgente", "valor": 10}]}
    )


def test_saving_alone_stays_at_the_task(acme, sandbox, desk):
    (seen,) = waiting(acme, sandbox)
    form = opened(desk, seen.id) | {"v/cliente": "Acme"}

    answer = desk.post(f"/tasks/{seen.id}/review/", {**form, "act": "save"})

    assert answer["Location"] == f"/tasks/{seen.id}/review/"
    assert in_tela(sandbox, seen.id).status == "validating"
    assert opened(desk, seen.id)["base"] == "2"


def test_a_mistake_is_explained_at_its_field_and_nothing_typed_is_lost(acme, sandbox, desk):
    (seen,) = waiting(acme, sandbox)
    form = opened(desk, seen.id) | {"v/total/valor": "1.234,56", "v/cliente": "Typed <i>here</i>"}
    sandbox.requests.clear()

    answer = desk.post(f"/tasks/{seen.id}/review/", {**form, "act": "save-approve"})

    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "at most one point" in shown
    assert fields(shown)["v/total/valor"] == "1.234,56"
    assert fields(shown)["v/cliente"] == "Typed <i>here</i>"
    assert "<i>here" not in shown
    assert writes(sandbox) == []


@pytest.mark.parametrize(("edits", "act"), [({"v/cliente": "X"}, "approve"), ({}, "save-approve"), ({}, "save")])
def test_an_act_that_does_not_fit_the_edits_is_not_sent(acme, sandbox, desk, edits, act):
    (seen,) = waiting(acme, sandbox)
    sandbox.requests.clear()

    answer = desk.post(f"/tasks/{seen.id}/review/", {**opened(desk, seen.id), **edits, "act": act})

    assert answer.status_code == 422
    assert writes(sandbox) == []


def test_a_conflict_shows_three_states_and_goes_on_from_telas(acme, sandbox, desk):
    (seen,) = waiting(acme, sandbox)
    form = opened(desk, seen.id) | {"v/cliente": "Mine", "v/total/valor": "7"}
    sandbox.world.edit(str(seen.id), {"cliente": "Theirs", "itens": [{"descricao": "Theirs too"}]})

    answer = desk.post(f"/tasks/{seen.id}/review/", {**form, "act": "save-approve"})

    assert answer.status_code == 409
    shown = answer.content.decode()
    assert all(word in shown for word in ("Acme Corp", "Theirs", "Mine", "In Tela now: Theirs"))
    again = fields(shown)
    assert (again["base"], again["v/cliente"], again["v/itens/0/descricao"]) == ("2", "Mine", "Theirs too")
    assert in_tela(sandbox, seen.id).status == "validating"
    assert desk.post(f"/tasks/{seen.id}/review/", {**again, "act": "save-approve"}).status_code == 302
    content = in_tela(sandbox, seen.id).output_content["content"]
    assert (content["cliente"], content["itens"][0]["descricao"]) == ("Mine", "Theirs too")


def test_what_was_typed_can_be_read_when_somebody_approved_meanwhile(acme, sandbox, desk):
    (seen,) = waiting(acme, sandbox)
    form = opened(desk, seen.id) | {"v/cliente": "Mine"}
    sandbox.world.approve(str(seen.id), "eva@acme.example")

    answer = desk.post(f"/tasks/{seen.id}/review/", {**form, "act": "save-approve"})

    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "already approved by eva@acme.example" in shown
    assert "Mine" in shown
    assert 'value="save"' not in shown


def test_items_come_and_go_without_scripts(acme, sandbox, desk):
    (seen,) = waiting(acme, sandbox, {"cliente": "Acme", "linhas": [{"descricao": "Frete", "valor": 10}]})
    address = f"/tasks/{seen.id}/review/"
    form = opened(desk, seen.id) | {"v/cliente": "Typed"}

    more = fields(desk.post(address, {**form, "act": "add:/linhas"}).content.decode())
    assert more["v/cliente"] == "Typed"
    assert more["o/linhas/1"] == ""
    more |= {"v/linhas/1/descricao": "New", "v/linhas/1/valor": "5"}
    less = fields(desk.post(address, {**more, "act": "remove:/linhas/0"}).content.decode())
    assert "t/linhas/1" not in less
    desk.post(address, {**less, "act": "save"})

    assert in_tela(sandbox, seen.id).output_content["content"]["linhas"] == [{"descricao": "New", "valor": 5}]


def test_the_preview_says_what_would_change(acme, sandbox, desk):
    (seen,) = waiting(acme, sandbox)
    form = opened(desk, seen.id) | {"v/cliente": "Acme Corporation", "v/total/valor": "x"}

    part = desk.post(f"/tasks/{seen.id}/review/preview/", form, headers={"HX-Request": "true"})
    whole = desk.post(f"/tasks/{seen.id}/review/preview/", form)

    assert (part.status_code, whole.status_code) == (200, 422)
    assert "<ins>oration</ins>" in part.content.decode()
    assert "1 field cannot be read yet" in part.content.decode()
    assert "<html" not in part.content.decode()
    assert fields(whole.content.decode())["v/total/valor"] == "x"


def test_the_canvas_version_names_the_fields_and_their_kinds(acme, sandbox, desk, client_of_tela):
    (made,) = waiting(acme, sandbox)
    schema = get_canvas_version(client_of_tela, made.prompt_version_id).output_schema
    (seen,) = waiting(acme, sandbox, {"numero": "1", "serie": 2})

    shown = desk.get(f"/tasks/{seen.id}/review/").content.decode()

    assert Shape.of(schema).properties["numero"].title in shown
    assert 'value="add:/emitente"' in shown
    # A text by the schema and in fact: there is nothing to choose.
    assert '<select class="input kind" name="t/numero"' not in shown


def test_telas_refusal_is_said_in_words(acme, sandbox, desk):
    (seen,) = waiting(acme, sandbox)
    form = opened(desk, seen.id)
    sandbox.faults.once("500", times=9)

    answer = desk.post(f"/tasks/{seen.id}/review/", {**form, "act": "approve"})

    assert answer.status_code == 502
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize(
    "form", [{}, {"base": "x"}, {"base": "1", "t": "nonsense"}, {"base": "1", "t": "object", "t/a/b": "text"}]
)
def test_a_broken_form_is_a_bad_request_and_no_failure(acme, sandbox, desk, form):
    (seen,) = waiting(acme, sandbox)

    assert desk.post(f"/tasks/{seen.id}/review/", {**form, "act": "save"}).status_code == 400


def test_a_version_that_does_not_exist_is_not_found(acme, sandbox, desk):
    (seen,) = waiting(acme, sandbox)

    assert desk.post(f"/tasks/{seen.id}/review/", {"base": "99", "act": "save"}).status_code == 404


@pytest.mark.parametrize("role", ["viewer", "auditor", "operator"])
def test_others_find_no_button_and_no_page(acme, sandbox, role):
    (seen,) = waiting(acme, sandbox)
    person = signed_in(make_person(role, acme, f"{role}2@acme.example"))

    assert "/review/" not in person.get(f"/tasks/{seen.id}/").content.decode()
    for method in (person.get, person.post):
        assert method(f"/tasks/{seen.id}/review/").status_code == 403
    assert person.get("/tasks/review/next/").status_code == 403


def test_without_the_switch_there_is_no_button_either(acme, sandbox, desk, settings):
    (seen,) = waiting(acme, sandbox)
    assert f"/tasks/{seen.id}/review/" in desk.get(f"/tasks/{seen.id}/").content.decode()
    settings.TELA_ALLOW_WRITES = False

    assert "/review/" not in desk.get(f"/tasks/{seen.id}/").content.decode()
    assert desk.get(f"/tasks/{seen.id}/review/").status_code == 403


def test_a_task_that_does_not_wait_says_so(acme, sandbox, desk):
    (seen,) = waiting(acme, sandbox)
    Task.objects.filter(task_id=seen.id).update(gone_at=seen.updated_at)

    shown = desk.get(f"/tasks/{seen.id}/review/").content.decode()

    assert "Nothing to review" in shown
    assert "<textarea" not in shown


def test_another_workspaces_task_is_not_found(acme, sandbox, desk):
    assert desk.get("/tasks/00000000-0000-4000-8000-000000000000/review/").status_code == 404
