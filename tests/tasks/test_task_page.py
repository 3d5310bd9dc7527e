"""One task as a viewer reads it: its tabs and versions, to the letter, and nothing that could run."""

import json
import re
from uuid import UUID

import pgtrigger
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from telareview.tasks.detail import TABS
from telareview.tasks.mirror import Look, record_gone, record_tasks
from telareview.tasks.models import Learned, Payload, Task, TaskVersion
from telareview.tela import TaskRecord, decode
from tests.tasks.hostile import TEXTS
from tests.tasks.markup import read
from tests.tasks.records import NOON, approved, mirrored, stamp, task_id, task_json

pytestmark = pytest.mark.django_db

ANA = "ana.souza@acme.example"
FIRST = f"/tasks/{task_id(1)}/"


@pytest.fixture
def waiting(acme):
    """Task 1, waiting for review."""
    mirrored(acme, task_json(1))


@pytest.fixture
def reviewed(acme):
    """Task 1, seen waiting and then approved after its customer was corrected."""
    mirrored(acme, task_json(1))
    corrected = {"cliente": "Acme Corporation", "total": {"valor": 150000}, "itens": [{"descricao": "Frete"}]}
    mirrored(acme, approved(1, "cliente", outputContent={"role": "assistant", "content": corrected}))


def page_of(client, address=FIRST, **headers):
    response = client.get(address, headers=headers)
    assert response.status_code == 200, address
    return read(response.content)


def tabs_of(page):
    """Address by label, without the numbers beside them, and the label of the tab that is open."""
    links = page.one("nav", aria_label="Parts of the task").all("a")
    labels = {re.sub(r"\s*[\d,]+$", "", link.words): link for link in links}
    (current,) = [label for label, link in labels.items() if link.get("aria-current") == "page"]
    return {label: link["href"] for label, link in labels.items()}, current


def raw_text(page):
    return page.one("pre", id="raw").text


# --- Tabs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_has_an_address_and_says_that_it_is_open(viewer, reviewed, tab):
    page = page_of(viewer, f"{FIRST}{tab}/")

    addresses, current = tabs_of(page)
    assert current == str(TABS[tab])
    assert list(addresses.values()) == [f"{FIRST}{each}/" for each in TABS]


@pytest.mark.parametrize("tab", TABS)
def test_htmx_gets_the_tab_alone(viewer, reviewed, tab):
    part = page_of(viewer, f"{FIRST}{tab}/", **{"HX-Request": "true"})

    assert [child["id"] for child in part.children if not isinstance(child, str)] == ["panel"]


def test_the_changes_open_first_where_there_are_any_else_the_summary(acme, viewer):
    mirrored(acme, task_json(1), approved(2, "cliente"))

    assert tabs_of(page_of(viewer, f"/tasks/{task_id(1)}/"))[1] == "Summary"
    assert tabs_of(page_of(viewer, f"/tasks/{task_id(2)}/"))[1] == "Changes"


def test_the_head_says_what_the_task_is(viewer, reviewed):
    page = page_of(viewer)

    head = page.one("main").words
    assert page.one("h1").text == "INV-00001.pdf"
    for words in ("#1", "Completed", "Approved with revisions", ANA, "01 Mar 2026 10:01:00 −03:00"):
        assert words in head
    assert str(task_id(1)) in {button.get("data-copy") for button in page.all("button")}


def test_the_summary_shows_the_output_field_by_field(viewer, reviewed):
    page = page_of(viewer, f"{FIRST}summary/")

    shown = {row.one("th").text: row.one("td").words for row in page.one("tbody").all("tr")}
    assert shown == {"cliente": "Acme Corporation", "total.valor": "150000", "itens[0].descricao": "Frete"}


def test_the_changes_show_what_was_and_what_is_and_by_whom(viewer, reviewed):
    page = page_of(viewer, f"{FIRST}changes/")

    (row,) = [row for row in page.one(id="panel").all("tr") if row.all("th") and row.all("th")[0].text == "cliente"]
    words = row.words
    assert "Acme Corp" in words
    assert "Acme Corporation" in words
    assert ANA in words
    assert row.all("ins") or row.all("del")


def test_the_history_tells_every_version_newest_first(viewer, reviewed):
    history = page_of(viewer, f"{FIRST}history/").one(id="panel")

    told = [(link.words, link["href"]) for link in history.all("a") if "/versions/" in link["href"]]
    assert [address for _words, address in told] == [f"{FIRST}versions/2/", f"{FIRST}versions/1/"]
    assert told[0][0] == f"Approved by {ANA} with 1 revision"
    assert told[1][0] == "First seen, waiting for review"


def test_the_input_shows_its_files_and_values(viewer, waiting):
    page = page_of(viewer, f"{FIRST}input/")

    assert "https://files.example/a.pdf" in {link["href"] for link in page.one(id="panel").all("a")}


# --- Versions -----------------------------------------------------------------------------------------------


def test_an_older_version_says_that_it_is_one_and_leads_to_the_newest(viewer, reviewed):
    page = page_of(viewer, f"{FIRST}versions/1/?status=completed")

    assert "This is version 1" in page.words
    assert "Waiting for review" in page.one("main").words
    (newest,) = [link["href"] for link in page.all("a") if link.words == "Newest version"]
    assert newest == f"{FIRST}?status=completed"
    assert "This is version" not in page_of(viewer, newest).words


def test_the_tabs_of_an_older_version_stay_with_it_and_with_the_list(viewer, reviewed):
    addresses, _current = tabs_of(page_of(viewer, f"{FIRST}versions/1/?status=completed"))

    raw = page_of(viewer, addresses["Raw"])

    assert '"status": "validating"' in raw_text(raw)
    assert "This is version 1" in raw.words
    assert addresses["Raw"] == f"{FIRST}raw/?status=completed&version=1"


def test_a_version_that_is_gone_shows_what_was_known_last(acme, viewer, reviewed):
    record_gone([task_id(1)], Look(acme, Learned.SWEEP, NOON))

    page = page_of(viewer, f"{FIRST}raw/")

    assert "Tela no longer serves this task" in page.words
    assert '"status": "completed"' in raw_text(page)


# --- To the letter ------------------------------------------------------------------------------------------

EXACT = (
    b'{"id":"%s","name":"n","status":"validating","createdAt":"2026-03-01T12:00:00.000Z",'
    b'"updatedAt":"2026-03-01T12:00:00.000Z","zeta":1,"alpha":2,"outputContent":{"role":"assistant","content":'
    b'{"big":9007199254740993,"price":1.10,"tiny":1.5e-7,"null char":"a\\u0000b","half":"\\ud800","umlaut":"\\u00fc"}}}'
    % str(task_id(1)).encode()
)


@pytest.fixture
def exact(acme):
    sent = TaskRecord.from_json(decode(EXACT))
    record_tasks([sent], Look(acme, Learned.PULL, NOON))
    return sent


def test_the_raw_view_keeps_every_digit_and_escape(viewer, exact):
    text = raw_text(page_of(viewer, f"{FIRST}raw/"))

    for literal in ("9007199254740993", "1.10", "a\\u0000b", "\\ud800", "ü"):
        assert literal in text
    assert decode(text.encode()) == exact.raw


def test_the_summary_keeps_every_digit_too(viewer, exact):
    page = page_of(viewer, f"{FIRST}summary/")

    shown = {row.one("th").text: row.one("td").text.strip() for row in page.one("tbody").all("tr")}
    assert (shown["big"], shown["price"], shown["half"]) == ("9007199254740993", "1.10", "\\ud800")


def test_the_download_is_the_stored_payload_byte_for_byte(viewer, exact):
    response = viewer.get(f"{FIRST}raw.json")

    assert response.content == Payload.objects.get().text.encode() == exact.canonical_json.encode()
    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"] == f'attachment; filename="task-{task_id(1)}-v1.json"'


def test_the_download_of_an_older_version_is_that_versions(viewer, reviewed):
    page = page_of(viewer, f"{FIRST}versions/1/?q=x")
    raw = page_of(viewer, tabs_of(page)[0]["Raw"])
    (address,) = [link["href"] for link in raw.all("a") if "download" in link.attributes]

    assert json.loads(viewer.get(address).content)["status"] == "validating"
    assert json.loads(viewer.get(f"{FIRST}raw.json").content)["status"] == "completed"


def test_a_payload_too_long_to_show_is_shown_in_part_and_downloaded_whole(acme, viewer):
    mirrored(acme, task_json(1, outputContent={"role": "assistant", "content": {"text": "x" * 400_000}}))

    page = page_of(viewer, f"{FIRST}raw/")

    assert "Shown in part" in page.words
    assert len(raw_text(page)) < 250_000
    assert len(viewer.get(f"{FIRST}raw.json").content) > 400_000


# --- Erased ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", ["", *(f"{tab}/" for tab in TABS), "versions/1/", "versions/2/"])
def test_an_erased_payload_breaks_no_tab(viewer, reviewed, tab):
    with pgtrigger.ignore():
        Payload.objects.all().delete()

    page = page_of(viewer, f"{FIRST}{tab}")

    assert page.one("h1").text == "INV-00001.pdf"
    assert "Acme Corp" not in page.text


def test_an_erased_version_does_not_borrow_an_older_ones_payload(viewer, reviewed):
    with pgtrigger.ignore():
        Payload.objects.filter(version__number=2).delete()

    assert "This version has no payload" in page_of(viewer, f"{FIRST}raw/").words
    assert viewer.get(f"{FIRST}raw.json").status_code == 404
    assert "validating" in raw_text(page_of(viewer, f"{FIRST}raw/?version=1"))


def test_a_task_without_any_output_or_input_breaks_no_tab(acme, viewer):
    bare = {
        "id": str(task_id(1)),
        "status": "a word nobody knows",
        "createdAt": stamp(NOON),
        "updatedAt": stamp(NOON),
    }
    mirrored(acme, bare)

    for tab in TABS:
        assert page_of(viewer, f"{FIRST}{tab}/").one("h1").words
    assert "a word nobody knows" in page_of(viewer).words


# --- Links ------------------------------------------------------------------------------------------------------

ADDRESSES = (
    "https://files.example/good.pdf?x=1&y=2",
    "http://files.example/plain.pdf",
    "javascript:alert(document.domain)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vault://f00d",
    "file:///etc/passwd",
    "//evil.example/x.pdf",
    "https://user:secret@evil.example/x.pdf",
    "https://",
    "https://[::1",
    "https:\\\\evil.example",
    " https://files.example/blank.pdf",
    "https://files.example/\u202egpj.exe",
    "",
)


@pytest.fixture
def many_addresses(acme):
    files = [{"file_url": url, "file_name": f"file {n}"} for n, url in enumerate(ADDRESSES)]
    content = {f"field {n}": url for n, url in enumerate(ADDRESSES)}
    output = {"role": "assistant", "content": content}
    changed = {"role": "assistant", "content": {key: f"{value} " for key, value in content.items()}}
    mirrored(
        acme,
        approved(
            1,
            *content,
            rawInput={"variables": {"document": {"files": files}}},
            inputContent={"files": [{"url": url, "name": url} for url in ADDRESSES], "variables": content},
            originalOutputContent=output,
            outputContent=changed,
            name=ADDRESSES[2],
            tags=list(ADDRESSES),
        ),
    )


@pytest.mark.parametrize("tab", TABS)
def test_the_only_way_out_is_a_plain_https_address_of_a_file(viewer, many_addresses, tab):
    page = page_of(viewer, f"{FIRST}{tab}/")

    for element in page.everything():
        for name in ("href", "src", "action", "formaction", "poster", "data", "srcset", "ping"):
            address = element.get(name)
            if not address or re.match(r"#|/(?!/)", address):
                continue
            assert address == "https://files.example/good.pdf?x=1&y=2", element
            assert (element.tag, name) == ("a", "href")
            assert {"noopener", "noreferrer"} <= set(element["rel"].split())
    outward = [link for link in page.all("a") if link["href"].startswith("https:")]
    assert len(outward) == (1 if tab == "input" else 0)


def test_every_file_is_named_whether_it_can_be_opened_or_not(viewer, many_addresses):
    text = page_of(viewer, f"{FIRST}input/").one(id="panel").text

    for url in filter(None, ADDRESSES):
        assert url.replace("\u202e", "\\u202e") in text or url in text


@pytest.fixture
def hostile(acme):
    """Every hostile text at every place where Tela may send text."""
    content = {"field": list(TEXTS), **dict.fromkeys(TEXTS, 1)}
    edits = [
        {"path": path, "author": text, "editedAt": stamp(NOON), "previousValue": text}
        for text in TEXTS
        for path in (text, "field[0]", "field")
    ]
    files = [{"file_url": url, "file_name": text, "mime_type": text} for text in TEXTS for url in (text, f"x:{text}")]
    mirrored(
        acme,
        approved(
            1,
            by=TEXTS[0],
            name=TEXTS[1],
            tags=list(TEXTS),
            sourceType=TEXTS[0],
            metadata={"editedFields": edits},
            rawInput={"variables": content, "files": files},
            inputContent={"content": content, "files": files},
            originalOutputContent={"role": "assistant", "content": content},
            outputContent={"role": "assistant", "content": {**content, "field": [f"{text}!" for text in TEXTS]}},
        ),
    )


@pytest.mark.parametrize("tab", ["", *(f"{tab}/" for tab in TABS)])
def test_hostile_text_stays_text_on_every_tab(viewer, hostile, tab):
    page = page_of(viewer, f"{FIRST}{tab}")

    assert page.one("h1").text == TEXTS[1]
    assert all(script["src"].startswith("/static/") and not script.text for script in page.all("script"))
    assert not page.all("img", "iframe", "object", "embed", "style")
    for element in page.everything():
        assert not [name for name in element.attributes if name.startswith(("on", "hx-on"))], element


@pytest.mark.parametrize("text", TEXTS)
def test_a_hostile_author_breaks_no_change(acme, viewer, text):
    changed = {"role": "assistant", "content": {"cliente": "Other"}}
    edits = [{"path": path, "author": text, "editedAt": stamp(NOON)} for path in ("cliente", "absent")]
    mirrored(acme, approved(1, by=text, metadata={"editedFields": edits}, outputContent=changed))

    assert page_of(viewer, f"{FIRST}changes/").one(id="panel").words


# --- Neighbours -------------------------------------------------------------------------------------------------


def test_the_way_to_the_neighbours_keeps_the_lists_filter(acme, viewer):
    mirrored(acme, *(approved(number) for number in (1, 3, 5)), *(task_json(number) for number in (2, 4)))
    query = "?status=completed&orderBy=reference&order=asc"

    page = page_of(viewer, f"/tasks/{task_id(3)}/{query}")

    assert page.one("a", rel="prev")["href"] == f"/tasks/{task_id(1)}/{query}"
    assert page.one("a", rel="next")["href"] == f"/tasks/{task_id(5)}/{query}"
    assert f"/tasks/{query}" in {link["href"] for link in page.all("a")}


def test_at_the_ends_there_is_no_way_further(acme, viewer):
    mirrored(acme, task_json(1), task_json(2))

    first, last = page_of(viewer, f"/tasks/{task_id(2)}/"), page_of(viewer, f"/tasks/{task_id(1)}/")

    assert (len(first.all("a", rel="prev")), len(first.all("a", rel="next"))) == (0, 1)
    assert (len(last.all("a", rel="prev")), len(last.all("a", rel="next"))) == (1, 0)


def test_a_task_opened_from_a_list_it_is_not_in_still_opens(viewer, waiting):
    assert page_of(viewer, f"{FIRST}?status=failed&approvedBy=nobody@acme.example").one("h1").text == "INV-00001.pdf"


def test_a_walk_by_next_meets_every_task_of_the_list_once(acme, viewer):
    mirrored(acme, *(approved(number) if number % 3 else task_json(number) for number in range(1, 16)))
    address, met = f"/tasks/{task_id(1)}/?status=completed&orderBy=createdAt&order=asc", []

    while address:
        page = page_of(viewer, address)
        met.append(page.one("h1").text)
        following = page.all("a", rel="next")
        address = following[0]["href"] if following else ""

    assert met == [f"INV-{number:05d}.pdf" for number in range(1, 16) if number % 3]


# --- What is not there, and who may look ------------------------------------------------------------------------

NOT_THERE = (
    f"/tasks/{UUID(int=4711)}/",
    f"/tasks/{UUID(int=4711)}/raw/",
    f"/tasks/{UUID(int=4711)}/raw.json",
    f"{FIRST}nonsense/",
    f"{FIRST}versions/0/",
    f"{FIRST}versions/3/",
    f"{FIRST}versions/{2**31}/",
    f"{FIRST}versions/{2**70}/",
    f"{FIRST}?version=3",
    f"{FIRST}raw.json?version=99999999",
    "/tasks/nonsense/",
)


@pytest.mark.parametrize("address", NOT_THERE)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_what_does_not_exist_is_not_found(viewer, reviewed, address, headers):
    assert viewer.get(address, headers=headers).status_code == 404


@pytest.mark.parametrize("version", ["", "nonsense", "-1", "1.5", "²", "1" * 30, "\x00"])
def test_a_version_that_is_no_number_is_the_newest(viewer, reviewed, version):
    assert "This is version" not in page_of(viewer, f"{FIRST}?version={version}").words


EVERY_PART = ("", *(f"{tab}/" for tab in TABS), "raw.json", "versions/1/", "tela-versions/")


@pytest.mark.parametrize("part", EVERY_PART)
def test_an_outsider_finds_nothing_and_a_visitor_is_sent_to_sign_in(outsider, waiting, part):
    assert outsider.get(FIRST + part).status_code == 404
    assert Client().get(FIRST + part)["Location"].startswith("/accounts/login/?next=")


def test_one_id_in_two_workspaces_shows_each_its_own(acme, elsewhere, viewer, outsider):
    mirrored(acme, task_json(1, name="Ours.pdf"))
    mirrored(elsewhere, task_json(1, name="Theirs.pdf"), approved(2, name="Neighbour.pdf"))

    assert page_of(viewer).one("h1").text == "Ours.pdf"
    assert page_of(viewer).all("a", rel="next") == page_of(viewer).all("a", rel="prev") == []
    assert page_of(outsider).one("h1").text == "Theirs.pdf"
    assert "Theirs.pdf" not in viewer.get(f"{FIRST}raw/").content.decode()


@pytest.mark.parametrize("tab", TABS)
def test_a_page_costs_the_same_statements_however_long_the_history(acme, viewer, tab, settings):
    # As it runs: whether the mirror is loud is asked once in some seconds, not for each page.
    settings.CACHES = {
        **settings.CACHES,
        "pages": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "test_task_page"},
    }

    def statements():
        with CaptureQueriesContext(connection) as caught:
            page_of(viewer, f"{FIRST}{tab}/")
        return len(caught)

    mirrored(acme, task_json(1))
    mirrored(acme, task_json(1, name="Name", updatedAt=stamp(NOON.replace(minute=30))))
    page_of(viewer)

    before = statements()
    for seconds in range(1, 11):
        changed = stamp(NOON.replace(minute=30, second=seconds))
        mirrored(acme, task_json(1, name=f"Name {seconds}", updatedAt=changed))

    assert TaskVersion.objects.count() == 12
    assert statements() == before <= 14


def test_looking_changes_nothing(viewer, reviewed):
    before = (list(Task.objects.values()), TaskVersion.objects.count())

    for part in EVERY_PART[:-1]:
        viewer.get(FIRST + part)

    assert (list(Task.objects.values()), TaskVersion.objects.count()) == before
