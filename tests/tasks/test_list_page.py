"""The list of tasks as a viewer meets it: filters, order, pages, words, and what it costs."""

import datetime as dt
import re
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from telareview.tasks.list_columns import COLUMNS
from telareview.tasks.models import AppName, Task
from telareview.tasks.parameters import PARAMETERS
from telareview.tasks.room import shown_name
from telareview.web.direction import show_marks
from tests.accounts.cast import make_person, signed_in
from tests.tasks.hostile import TEXTS
from tests.tasks.markup import read
from tests.tasks.records import INVOICES, NOON, approved, mirrored, stamp, task_id, task_json

pytestmark = pytest.mark.django_db

MOST_STATEMENTS = 12
ANA, BRUNO = "ana.souza@acme.example", "bruno.lima@acme.example"


@pytest.fixture
def waiting(acme):
    """Three tasks waiting for review, the first and oldest being number 1."""
    mirrored(acme, *(task_json(number) for number in (1, 2, 3)))


@pytest.fixture
def reviewed(acme):
    """11 approved directly by Ana, 12 with revisions by Bruno."""
    mirrored(acme, approved(11), approved(12, "cliente", "total.valor", by=BRUNO, tags=["urgent"]))


def page_of(client, address="/tasks/", **headers):
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return read(response.content)


def names(page):
    """What the rows are called, from top to bottom."""
    return [link.text for link in links_to_tasks(page)]


def links_to_tasks(page):
    return [row.one("th", scope="row").one("a") for row in page.one(id="rows").all("tr")]


def asked(address):
    return parse_qsl(urlsplit(address).query)


# --- What it costs ---------------------------------------------------------------------------------------


def statements(client, address):
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


@pytest.mark.parametrize("size", [25, 50, 100])
@pytest.mark.parametrize(
    "query", ["", "&page=2", "&before=end", "&status=completed&status=validating&q=INV&orderBy=approvedAt"]
)
def test_ten_more_rows_cost_no_more_statements(acme, viewer, size, query):
    address = f"/tasks/?limit={size}{query}"
    mirrored(acme, *(approved(number, "cliente") for number in range(1, size + 6)))
    viewer.get(address)

    before = statements(viewer, address)
    mirrored(acme, *(approved(number, "cliente") for number in range(1000, 1010)))

    assert statements(viewer, address) == before <= MOST_STATEMENTS


def test_ten_more_rows_on_one_page_cost_no_more_statements(acme, viewer):
    mirrored(acme, *(approved(number, "cliente") for number in range(1, 6)))
    viewer.get("/tasks/")

    before = statements(viewer, "/tasks/")
    mirrored(acme, *(approved(number, "cliente") for number in range(10, 20)))

    assert statements(viewer, "/tasks/") == before <= MOST_STATEMENTS


def test_the_count_is_asked_for_apart_and_said_at_once_where_the_page_shows_it(acme, viewer):
    mirrored(acme, *(task_json(number) for number in range(1, 31)))

    cut, whole = page_of(viewer, "/tasks/?limit=25"), page_of(viewer, "/tasks/?limit=50")

    (count,) = [each for each in cut.with_attribute("hx-get") if each["hx-get"].startswith("/tasks/count/")]
    assert count["href"] == count["hx-get"]
    assert "of 30" in page_of(viewer, count["href"], **{"HX-Request": "true"}).words
    assert "1–30 of 30" in whole.words


# --- Order ------------------------------------------------------------------------------------------------


def sorted_columns(page):
    return {head.words: head["aria-sort"] for head in page.all("th", scope="col") if "aria-sort" in head.attributes}


def header(page, label):
    (head,) = [head for head in page.all("th", scope="col") if head.words == label]
    return head.one("a")["href"]


def test_the_newest_change_stands_first_and_the_header_says_so(viewer, waiting):
    page = page_of(viewer)

    assert names(page) == ["INV-00003.pdf", "INV-00002.pdf", "INV-00001.pdf"]
    assert sorted_columns(page) == {"Updated": "descending"}


def test_a_click_on_a_header_sorts_by_it_and_a_second_turns_it_round(viewer, waiting):
    once = page_of(viewer, header(page_of(viewer), "Name"))
    twice = page_of(viewer, header(once, "Name"))

    assert (names(once), sorted_columns(once)) == (
        ["INV-00001.pdf", "INV-00002.pdf", "INV-00003.pdf"],
        {"Name": "ascending"},
    )
    assert (names(twice), sorted_columns(twice)) == (
        ["INV-00003.pdf", "INV-00002.pdf", "INV-00001.pdf"],
        {"Name": "descending"},
    )


def test_every_header_that_sorts_keeps_the_filter_and_leaves_the_place(viewer, waiting):
    every = ",".join(COLUMNS)
    page = page_of(viewer, f"/tasks/?status=validating&limit=25&page=1&cols={every}")

    for head in page.all("th", scope="col"):
        for link in head.all("a"):
            query = dict(asked(link["href"]))
            assert query["status"] == "validating"
            assert query["limit"] == "25"
            assert not {"page", "after", "before"} & query.keys()
            assert names(page_of(viewer, link["href"]))


def test_only_one_header_says_that_it_sorts_whatever_is_sorted_by(viewer, waiting):
    every = ",".join(COLUMNS)
    orders = {column.order_by: str(column.label) for column in COLUMNS.values() if column.order_by}

    for order_by, label in orders.items():
        page = page_of(viewer, f"/tasks/?orderBy={order_by}&order=asc&cols={every}")
        assert sorted_columns(page) == {label: "ascending"}


# --- Chips --------------------------------------------------------------------------------------------------

CRITERIA = [
    ("q", "INV"),
    ("status", "completed"),
    ("status", "validating"),
    ("approvedBy", ANA),
    ("approvedBy", BRUNO),
    ("createdBy", "api@acme.example"),
    ("revisionProcess", "approvedDirectly"),
    ("revisionProcess", "approvedWithRevisions"),
    ("approvedAtSince", "2026-03-01"),
    ("createdAtUntil", "2026-03-31"),
    ("updatedAtSince", "2026-03-01T12:00:00Z"),
    ("promptApplicationId", str(INVOICES)),
    ("promptVersionId", "76065caa-c519-441a-8fe2-cc43e29664ab"),
    ("ids", str(task_id(11))),
    ("ids", str(task_id(12))),
    ("taskName", "pdf"),
    ("tags", "urgent"),
    ("editedField", "cliente"),
    ("output.cliente__contains", "acme"),
    ("output.total.valor__gte", "10"),
    ("gone", "include"),
]


def query_of(pairs):
    query = QueryDict(mutable=True)
    for name, value in pairs:
        query.appendlist(name, value)
    return query.urlencode()


def chips_of(page):
    box = page.all(id="chips")
    return [link for link in box[0].all("a") if "Remove" in link.words] if box else []


def test_there_is_a_chip_for_each_value_and_each_leads_to_the_list_without_it(viewer, reviewed):
    page = page_of(viewer, f"/tasks/?{query_of(CRITERIA)}&orderBy=name&limit=25")

    chips = chips_of(page)
    removed = [[pair for pair in CRITERIA if pair not in asked(chip["href"])] for chip in chips]
    assert sorted(removed) == sorted([pair] for pair in CRITERIA)
    for chip in chips:
        assert {("orderBy", "name"), ("limit", "25")} <= set(asked(chip["href"]))
        assert len(chips_of(page_of(viewer, chip["href"]))) == len(CRITERIA) - 1


def test_clear_all_leaves_the_order_and_nothing_else(viewer, reviewed):
    page = page_of(viewer, f"/tasks/?{query_of(CRITERIA)}&orderBy=name&limit=25")

    (clear,) = [link for link in page.one(id="chips").all("a") if link.words == "Clear all"]

    assert asked(clear["href"]) == [("orderBy", "name"), ("limit", "25")]


def test_a_list_that_is_not_filtered_has_no_chips(viewer, waiting):
    assert chips_of(page_of(viewer, "/tasks/?orderBy=name&limit=25")) == []


def test_chips_say_what_people_say(acme, viewer, reviewed):
    AppName.objects.create(workspace=acme, application_id=INVOICES, name="Invoices")

    page = page_of(viewer, f"/tasks/?promptApplicationId={INVOICES}&status=validating&revisionProcess=unknown")

    said = [chip.words for chip in chips_of(page)]
    assert any("Invoices" in words for words in said)
    assert any("Waiting for review" in words for words in said)
    assert not any("validating" in words for words in said)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"approvedBy={ANA}", ["INV-00011.pdf"]),
        (f"approvedBy={ANA}&approvedBy={BRUNO}", ["INV-00012.pdf", "INV-00011.pdf"]),
        ("revisionProcess=approvedWithRevisions", ["INV-00012.pdf"]),
        (f"revisionProcess=approvedWithRevisions&approvedBy={ANA}", []),
        ("editedField=total.valor", ["INV-00012.pdf"]),
        ("tags=urgent", ["INV-00012.pdf"]),
        ("q=%2311", ["INV-00011.pdf"]),
        ("q=inv-00012", ["INV-00012.pdf"]),
        (f"q={task_id(12)}", ["INV-00012.pdf"]),
        (f"q={str(task_id(12))[:8]}", ["INV-00012.pdf"]),
        ("output.total.valor__gte=150000&q=11", ["INV-00011.pdf"]),
        ("output.total.valor__gte=150001", []),
        ("output.cliente=Acme Corp&status=completed&q=12", ["INV-00012.pdf"]),
        ("status=validating", ["INV-00003.pdf", "INV-00002.pdf", "INV-00001.pdf"]),
    ],
)
def test_the_list_shows_what_its_address_asks_for(viewer, waiting, reviewed, query, found):
    page = page_of(viewer, f"/tasks/?{query}")

    assert (names(page) if page.all(id="rows") else []) == found


def test_a_day_is_a_day_of_the_readers_zone(acme):
    late = dt.datetime(2026, 3, 2, 1, 30, tzinfo=dt.UTC)
    mirrored(acme, task_json(1, createdAt=stamp(late), updatedAt=stamp(late)))
    in_sao_paulo = signed_in(make_person("viewer", acme, "one@acme.example"))
    in_tokyo = signed_in(make_person("viewer", acme, "two@acme.example", time_zone="Asia/Tokyo"))

    address = "/tasks/?createdAtSince=2026-03-01&createdAtUntil=2026-03-01"

    assert names(page_of(in_sao_paulo, address)) == ["INV-00001.pdf"]
    assert page_of(in_tokyo, address).all(id="rows") == []


# --- What cannot be read ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("foo=1", "foo"),
        ("createdAtSince=yesterday", "yesterday"),
        ("orderBy=password", "password"),
        ("limit=1000", "1000"),
        ("status=nonsense", "nonsense"),
        ("ids=nonsense", "nonsense"),
        ("cols=name,password", "password"),
        ("after=nonsense", "starts at its beginning"),
        ("before=nonsense", "starts at its beginning"),
        ("q=%00", "unreadable"),
        ("approvedBy=" + "x" * 501, "too long"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_rest_is_shown(viewer, waiting, query, words):
    page = page_of(viewer, f"/tasks/?{query}")

    assert words in page.words
    assert len(names(page)) == 3


def test_what_cannot_be_read_is_quoted_as_text(viewer, waiting):
    page = page_of(viewer, "/tasks/?%3Cscript%3Ealert(1)%3C/script%3E=1&status=%3Cimg%20src=x%20onerror=alert(1)%3E")

    assert "<script>alert(1)</script>" in page.text
    assert "<img src=x onerror=alert(1)>" in page.text
    assert page.all("img") == []


def test_a_place_beyond_the_end_shows_the_last_page_and_says_so(viewer, waiting):
    page = page_of(viewer, "/tasks/?limit=25&page=900")

    assert len(names(page)) == 3
    assert "ends before this place" in page.words
    assert "No task matches" not in page.words


def test_the_page_after_rows_that_have_gone_shows_what_is_left(acme, viewer):
    mirrored(acme, *(task_json(number) for number in range(1, 31)))
    following = page_of(viewer, "/tasks/?limit=25").one("a", rel="next")["href"]
    Task.objects.filter(reference__lte=5).delete()

    page = page_of(viewer, following)

    assert len(names(page)) == 25
    assert "ends before this place" in page.words


# --- Empty --------------------------------------------------------------------------------------------------


def test_before_the_first_pull_the_list_says_how_it_fills(viewer):
    page = page_of(viewer)

    assert "Nothing has been synced yet" in page.words
    assert "/sync/" in {link.get("href") for link in page.one(id="results").all("a")}


def test_when_nothing_matches_each_criterion_can_be_dropped_from_there(viewer, waiting):
    page = page_of(viewer, f"/tasks/?status=failed&approvedBy={ANA}")

    assert "No task matches" in page.words
    assert page.all(id="rows") == []
    addresses = {link["href"] for link in page.one(id="results").all("a") if "Remove" in link.words}
    assert addresses == {"/tasks/?status=failed", "/tasks/?approvedBy=ana.souza%40acme.example"}


def test_who_is_in_no_workspace_is_told_whom_to_ask(db):
    response = signed_in(make_person(email="nobody@acme.example")).get("/tasks/")

    assert response.status_code == 403
    assert "no workspace is open to you yet. Ask" in read(response.content).words


def test_a_task_that_is_gone_is_left_out_unless_it_is_asked_for(acme, viewer, waiting):
    Task.objects.filter(task_id=task_id(2)).update(gone_at=NOON)

    assert names(page_of(viewer)) == ["INV-00003.pdf", "INV-00001.pdf"]
    assert names(page_of(viewer, "/tasks/?gone=include")) == ["INV-00003.pdf", "INV-00002.pdf", "INV-00001.pdf"]
    assert names(page_of(viewer, "/tasks/?gone=only")) == ["INV-00002.pdf"]
    assert "Gone" in page_of(viewer, "/tasks/?gone=only").one(id="rows").words


# --- One address, page or part --------------------------------------------------------------------------


def test_htmx_gets_the_part_and_everybody_else_the_page(viewer, waiting):
    part = viewer.get("/tasks/", headers={"HX-Request": "true"})
    whole = viewer.get("/tasks/")

    assert [child.tag for child in read(part.content).children if not isinstance(child, str)] == ["section"]
    assert read(part.content).one("section")["id"] == "results"
    assert len(read(whole.content).all("html")) == 1
    assert names(read(part.content)) == names(read(whole.content))


@pytest.mark.parametrize("header", ["HX-History-Restore-Request", "HX-Boosted"])
def test_a_restored_or_boosted_page_is_whole(viewer, waiting, header):
    response = viewer.get("/tasks/", headers={"HX-Request": "true", header: "true"})

    assert len(read(response.content).all("html")) == 1


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
@pytest.mark.parametrize("address", ["/tasks/", "/tasks/count/", f"/tasks/{task_id(1)}/"])
def test_no_cache_mistakes_the_part_for_the_page(viewer, waiting, address, headers):
    response = viewer.get(address, headers=headers)

    assert "HX-Request" in response["Vary"]
    assert "no-store" in response["Cache-Control"]


# --- Without scripts --------------------------------------------------------------------------------------


def test_the_filter_bar_is_a_plain_form_that_asks_for_what_it_shows(viewer, waiting, reviewed):
    page = page_of(viewer, f"/tasks/?{query_of(CRITERIA)}&orderBy=name&order=asc&limit=25&cols=name,status")

    form = page.one("form", id="filters")
    assert (form["method"], form["action"]) == ("get", "/tasks/")
    assert any(button.get("type") in {"", "submit"} for button in form.all("button"))
    sent = as_a_browser_sends(form)
    assert {name for name, _value in sent if not name.startswith("output.")} <= PARAMETERS.keys()
    again = page_of(viewer, f"/tasks/?{query_of(sent)}")
    assert as_a_browser_sends(again.one("form", id="filters")) == sent
    assert {frozenset(asked(chip["href"])) for chip in chips_of(again)} == {
        frozenset(asked(chip["href"])) for chip in chips_of(page)
    }


def as_a_browser_sends(form):
    """The pairs of a form that is sent as it stands."""
    sent = []
    for field in form.all("input", "select", "textarea"):
        if field.tag == "select":
            chosen = [option for option in field.all("option") if "selected" in option.attributes]
            sent.append((field["name"], (chosen or field.all("option"))[0].get("value")))
        elif "name" in field.attributes and (field.get("type") != "checkbox" or "checked" in field.attributes):
            sent.append((field["name"], field.get("value")))
    return sent


def test_whatever_htmx_fetches_has_a_link_that_leads_there_too(acme, viewer, waiting, reviewed):
    pages = [
        page_of(viewer, address)
        for address in ("/tasks/", "/tasks/?limit=25", f"/tasks/{task_id(12)}/", f"/tasks/{task_id(12)}/history/")
    ]
    for page in pages:
        for element in page.with_attribute("hx-get"):
            links = [element, *element.all("a")]
            assert any(link.tag == "a" and link.get("href") for link in links), element


def test_every_filter_and_place_can_be_reached_by_links(acme, viewer):
    mirrored(acme, *(task_json(number) for number in range(1, 61)))
    shown, address = [], "/tasks/?limit=25&orderBy=reference&order=asc"

    while address:
        page = page_of(viewer, address)
        shown += names(page)
        following = page.all("a", rel="next")
        address = following[0]["href"] if following else ""

    assert shown == [f"INV-{number:05d}.pdf" for number in range(1, 61)]


def test_the_way_back_leads_over_the_same_pages(acme, viewer):
    mirrored(acme, *(task_json(number) for number in range(1, 61)))
    first = page_of(viewer, "/tasks/?limit=25")
    second = page_of(viewer, first.one("a", rel="next")["href"])
    third = page_of(viewer, second.one("a", rel="next")["href"])

    back = page_of(viewer, third.one("a", rel="prev")["href"])

    assert names(back) == names(second)
    assert names(page_of(viewer, back.one("a", rel="prev")["href"])) == names(first)
    assert "26–50" in back.words


@pytest.mark.parametrize("size", [25, 50, 100])
def test_the_page_size_is_the_addresss_or_the_readers_own(acme, size):
    mirrored(acme, *(task_json(number) for number in range(1, 121)))
    client = signed_in(make_person("viewer", acme, page_size=size))

    assert len(names(page_of(client))) == size
    assert len(names(page_of(client, "/tasks/?limit=25"))) == 25
    sizes = {link.words: link["href"] for link in page_of(client).all("a") if link.words in {"25", "50", "100"}}
    second = {words: page_of(client, address).one("a", rel="next")["href"] for words, address in sizes.items()}
    assert {words: len(names(page_of(client, address))) for words, address in sizes.items()} == {
        "25": 25,
        "50": 50,
        "100": 100,
    }
    assert {words: names(page_of(client, address))[0] for words, address in second.items()} == {
        "25": "INV-00095.pdf",
        "50": "INV-00070.pdf",
        "100": "INV-00020.pdf",
    }


def test_a_place_in_the_list_is_the_same_for_a_reader_of_another_page_size(acme, viewer):
    mirrored(acme, *(task_json(number) for number in range(1, 121)))
    small = signed_in(make_person("viewer", acme, "small@acme.example", page_size=25))
    place = page_of(viewer).one("a", rel="next")["href"]

    theirs, ours = page_of(small, place), page_of(viewer, place)

    assert names(theirs) == names(ours)
    assert "51–100" in theirs.words


def test_the_columns_are_those_the_address_names_with_the_name_always_there(viewer, waiting):
    page = page_of(viewer, "/tasks/?cols=id,status")

    assert [head.words for head in page.all("th", scope="col")] == ["Name", "Id", "Status"]
    assert len(page.one(id="rows").all("tr")[0].all("td")) == 2


# --- Links out of the list ----------------------------------------------------------------------------------


def test_a_row_opens_the_task_with_the_list_it_stands_in(viewer, waiting, reviewed):
    page = page_of(viewer, "/tasks/?status=completed&limit=25")

    address = links_to_tasks(page)[0]["href"]

    assert urlsplit(address).path == f"/tasks/{task_id(12)}/"
    assert parse_qs(urlsplit(address).query) == {"status": ["completed"], "limit": ["25"]}


def test_the_export_is_offered_to_those_who_may_and_is_the_lists_address(viewer, auditor, waiting):
    address = "/tasks/?status=validating&orderBy=name&limit=25&page=1&cols=name"

    def exports(client):
        return [
            link["href"] for link in page_of(client, address).all("a") if link.get("href").startswith("/exports/new/")
        ]

    assert exports(auditor) == ["/exports/new/?status=validating&orderBy=name"]
    assert exports(viewer) == []


def test_the_live_address_asks_the_same_question(viewer, waiting):
    address = "status=validating&orderBy=name&limit=25"

    live = page_of(viewer, f"/tasks/?{address}").one(id="results")["data-live-url"]

    assert live == f"/tasks/live/?{address}"


# --- Text is text -------------------------------------------------------------------------------------------


@pytest.fixture
def hostile(acme):
    """A task for each hostile text, which stands in every field that is text."""
    mirrored(
        acme,
        *(
            approved(
                number,
                text,
                by=text,
                name=text,
                createdBy=text,
                tags=[text],
                sourceType=text,
                status=text if number % 2 else "completed",
            )
            for number, text in enumerate(TEXTS, start=1)
        ),
    )
    AppName.objects.create(workspace=acme, application_id=INVOICES, name="<script>alert(1)</script>")


def test_hostile_text_is_shown_as_text(viewer, hostile):
    every = ",".join(COLUMNS)

    page = page_of(viewer, f"/tasks/?cols={every}&orderBy=reference&order=asc&limit=100")

    held = list(Task.objects.order_by("reference").values_list("name", flat=True))
    assert names(page) == [show_marks(shown_name(name)) for name in held]
    assert no_code_in(page)


def test_hostile_text_in_the_filter_is_shown_as_text(viewer, hostile):
    for text in TEXTS:
        readable = text.encode("utf-8", "replace").decode().replace("\0", "")[:400]
        query = query_of([("q", readable), ("approvedBy", readable), ("tags", readable), ("output.a", readable)])
        assert no_code_in(page_of(viewer, f"/tasks/?{query}"))


def no_code_in(page):
    """Whether nothing on the page could run or be fetched but the product's own; fails with what could."""
    for element in page.everything():
        if element.tag == "script":
            assert element["src"].startswith("/static/")
            assert element.text == ""
        assert element.tag not in {"img", "iframe", "object", "embed", "style", "base"}, element
        for name, value in element.attributes.items():
            assert not name.startswith(("on", "hx-on")), element
            if name in {"href", "src", "action", "formaction", "hx-get", "data-live-url"}:
                assert re.match(r"#|/(?!/)", value), element
    return True


# --- Who sees it ----------------------------------------------------------------------------------------------


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(waiting):
    response = Client().get("/tasks/?status=validating")

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/tasks/%3Fstatus%3Dvalidating"


def test_a_list_shows_the_tasks_of_one_workspace_only(viewer, outsider, elsewhere, waiting):
    mirrored(elsewhere, task_json(7, name="Theirs.pdf", approvedBy="them@elsewhere.example"))

    assert names(page_of(outsider)) == ["Theirs.pdf"]
    assert "them@elsewhere.example" not in viewer.get("/tasks/").content.decode()
    assert names(page_of(viewer)) == ["INV-00003.pdf", "INV-00002.pdf", "INV-00001.pdf"]


def test_a_list_is_only_read(viewer):
    assert viewer.post("/tasks/").status_code == 405
