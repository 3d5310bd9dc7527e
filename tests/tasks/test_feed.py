"""`/history/`: every change of every task as a sentence."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from telareview.tasks.acts import Doer, note_approval
from telareview.tasks.doers import ChangeDoer, remake_doers
from telareview.tasks.erasure import erase_tasks
from telareview.tasks.mirror import Look, record_gone
from telareview.tasks.models import Learned, TaskVersion
from telareview.tasks.told import record_told
from telareview.tela import VersionRecord
from tests.tasks.hostile import TEXTS
from tests.tasks.records import INVOICES, NOON, approved, mirrored, record, stamp, task_id, task_json

pytestmark = pytest.mark.django_db

HOURS = [NOON + dt.timedelta(days=1, hours=hour) for hour in range(10)]
#: When Tela's clock says that something happened, between two looks.
HALVES = [hour + dt.timedelta(minutes=30) for hour in HOURS]
BRUNO = "bruno.lima@acme.example"
OTHER_APP = "aaaaaaaa-6080-44fe-8275-28b16bd40178"


@pytest.fixture
def story(acme):
    """Approved, revoked, approved again by somebody else with an edit; another task arrives and goes."""
    mirrored(acme, task_json(1), at=HOURS[0])
    mirrored(acme, approved(1, updatedAt=stamp(HALVES[0]), approvedAt=stamp(HALVES[0])), at=HOURS[1])
    mirrored(acme, task_json(1, updatedAt=stamp(HALVES[1])), at=HOURS[2])
    content = {"cliente": "Globex", "total": {"valor": 150000}, "itens": [{"descricao": "Frete"}]}
    again = {"updatedAt": stamp(HALVES[2]), "approvedAt": stamp(HALVES[2])}
    output = {"outputContent": {"role": "assistant", "content": content}}
    mirrored(acme, approved(1, "cliente", by=BRUNO, **again, **output), at=HOURS[3])
    mirrored(acme, task_json(2, promptApplicationId=OTHER_APP), at=HOURS[4])
    record_gone([task_id(2)], Look(acme, Learned.SWEEP, HOURS[5]))
    return acme


def entries(client, **query):
    return client.get("/history/", query).context["listing"].entries


def told(client, **query):
    return [entry.sentence for entry in entries(client, **query)]


def test_approved_revoked_and_approved_again_are_three_events(story, viewer):
    assert told(viewer) == [
        "No longer served by Tela",
        "First seen, waiting for review",
        f"Approved by {BRUNO} with 1 revision",
        "Approval revoked, back to waiting for review",
        "Approved directly by ana.souza@acme.example",
        "First seen, waiting for review",
    ]


def test_a_change_names_its_fields_both_clocks_how_it_was_learned_its_task_and_its_version(story, viewer):
    page = viewer.get("/history/").content.decode()
    entry = entries(viewer)[2]

    assert "cliente" in entry.fields
    assert f'datetime="{HOURS[3]:%Y-%m-%dT%H:%M:%S}' in page
    assert f'datetime="{HALVES[2]:%Y-%m-%dT%H:%M:%S}' in page
    assert "by pull" in page
    assert f'href="/tasks/{task_id(1)}/"' in page
    assert f'href="/tasks/{task_id(1)}/versions/4/"' in page


def test_what_may_lie_between_two_looks_is_said_unless_tela_has_told_it(story, viewer):
    assert entries(viewer)[2].gap == "States between these two looks, if there were any, are not known."
    record_told(
        story,
        {
            task_id(1): [
                VersionRecord.from_json(
                    {"version": 1, "status": "created", "createdAt": stamp(NOON)}, task_id=task_id(1)
                )
            ]
        },
        HOURS[9],
    )

    assert not any(entry.gap for entry in entries(viewer) if entry.version.task_id == task_id(1))


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"kind": "approved"}, [4, 2]),
        ({"kind": ["gone", "approval_revoked"]}, [2, 3]),
        ({"approvedBy": BRUNO}, [4]),
        ({"promptApplicationId": OTHER_APP}, [2, 1]),
        ({"promptApplicationId": str(INVOICES), "kind": "first_seen"}, [1]),
        ({"observedAtSince": stamp(HOURS[2]), "observedAtUntil": stamp(HOURS[3])}, [4, 3]),
        ({"editedField": "cliente"}, [4]),
        ({"editedField": "name"}, []),
        ({"kind": "returned"}, []),
    ],
)
def test_the_feed_is_narrowed(story, viewer, query, numbers):
    assert [entry.version.number for entry in entries(viewer, **query)] == numbers


def test_each_criterion_is_a_chip_that_leads_to_the_feed_without_it(story, viewer):
    listing = viewer.get("/history/", {"kind": "approved", "approvedBy": BRUNO}).context["listing"]

    assert [(str(chip.label), chip.value, chip.address) for chip in listing.chips] == [
        ("Kind", "approved", "/history/?approvedBy=bruno.lima%40acme.example"),
        ("Approver", BRUNO, "/history/?kind=approved"),
    ]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"kind": "told"}, "kind: “told” is not a kind of change"),
        ({"flavour": "x"}, "“flavour” is not a known filter"),
        ({"output.total": "1"}, "“output.total” is not a known filter"),
        ({"observedAtSince": "soon"}, "observedAtSince: “soon” is not a date"),
        ({"limit": "0"}, "limit: “0” is not a number"),
        ({"olderThan": "zzz"}, "This place in the history cannot be found again"),
        ({"olderThan": "2026-03-01T00:00:00Z~99999999999999999999"}, "This place in the history cannot be found again"),
        ({"olderThan": "0001-01-01T00:00:00+23:59~1"}, "This place in the history cannot be found again"),
    ],
)
def test_what_cannot_be_read_is_left_out_and_told(story, viewer, query, sentence):
    response = viewer.get("/history/", query)

    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert len(response.context["listing"].entries) == 6


def test_pages_lead_to_each_other_without_a_change_lost_or_told_twice(acme, viewer):
    for hour in range(5):
        changes = [task_json(n, name=f"{hour}", updatedAt=stamp(NOON + dt.timedelta(hours=hour))) for n in range(1, 8)]
        mirrored(acme, *changes, at=HOURS[hour])
    address, seen, pages = "/history/?limit=4", [], []
    while address:
        listing = viewer.get(address).context["listing"]
        pages.append([entry.version.pk for entry in listing.entries])
        seen += pages[-1]
        last, address = listing, listing.older_address
    back = []
    address = last.newer_address
    while address:
        listing = viewer.get(address).context["listing"]
        back.append([entry.version.pk for entry in listing.entries])
        address = listing.newer_address

    newest_first = TaskVersion.objects.order_by("-observed_at", "-pk").values_list("pk", flat=True)
    assert seen == list(newest_first)
    assert back == pages[-2::-1]


def test_ten_times_the_changes_cost_no_more_statements(acme, viewer):
    def cost():
        with CaptureQueriesContext(connection) as made:
            viewer.get("/history/?limit=100")
        return len(made)

    mirrored(acme, task_json(1), task_json(2), at=HOURS[0])
    mirrored(acme, task_json(1, name="A", updatedAt=stamp(HOURS[0])), at=HOURS[1])
    cost()
    few = cost()
    for hour in range(2, 6):
        mirrored(
            acme, *(task_json(n, name=f"{hour}", updatedAt=stamp(HOURS[hour])) for n in range(1, 20)), at=HOURS[hour]
        )

    assert cost() == few


def test_htmx_gets_the_part_and_everybody_else_the_page(story, viewer):
    part = viewer.get("/history/", HTTP_HX_REQUEST="true").content.decode()
    whole = viewer.get("/history/").content.decode()

    assert "<html" not in part
    assert 'id="results"' in part
    assert "<html" in whole
    assert 'aria-current="page"' in whole


def test_an_empty_mirror_says_how_it_is_filled_and_an_empty_answer_how_to_widen_it(acme, viewer):
    assert "Nothing has been synced yet" in viewer.get("/history/").content.decode()
    mirrored(acme, task_json(1))

    assert "No change matches" in viewer.get("/history/?kind=gone").content.decode()


def test_another_workspace_sees_nothing_of_it_and_a_visitor_signs_in(story, outsider, client):
    assert entries(outsider) == []
    assert client.get("/history/").status_code == 302


@pytest.mark.parametrize("text", TEXTS)
def test_text_from_tela_is_text(acme, viewer, text):
    mirrored(acme, approved(1, text, name=text, by=text))

    page = viewer.get("/history/").content.decode()

    assert "<script>alert" not in page
    assert "<img" not in page


def test_the_history_and_the_seals_lead_to_each_other_for_those_who_may_see_them(acme, auditor, viewer):
    seals, erasures = 'href="/history/seals/"', 'href="/tasks/erasures/"'

    assert seals in auditor.get("/history/").content.decode()
    assert seals not in viewer.get("/history/").content.decode()
    assert erasures in viewer.get("/history/").content.decode()
    for address in ("/history/seals/", "/tasks/erasures/"):
        assert '<a href="/history/">History</a>' in auditor.get(address).content.decode()


def test_an_erased_task_is_told_as_erased(acme, viewer):
    mirrored(acme, approved(1), at=HOURS[0])
    erase_tasks(acme, [task_id(1)], reason="r")

    page = viewer.get("/history/").content.decode()

    assert page.count("Erased under request 1") == 2
    assert "Personal data erased under request 1" in page
    assert entries(viewer)[0].gap == ""
    assert "somebody whose name was erased" not in page


# --- Who did it ---------------------------------------------------------------------------------------------

MARIA = "maria.reis@acme.example"


def edit(author: str, previous: str) -> dict:
    return {"path": "cliente", "author": author, "previousValue": previous, "editedAt": stamp(HOURS[0])}


def done_by(client, *people) -> list[str]:
    return told(client, person=list(people))


def test_a_person_is_whoever_did_the_change_as_far_as_it_is_known(acme, viewer):
    mirrored(acme, task_json(1, createdBy="Carla.Dias@acme.example"), at=HOURS[0])
    first = {"metadata": {"editedFields": [edit(MARIA, "\x00 Globex")]}, "createdBy": "carla.dias@acme.example"}
    mirrored(acme, task_json(1, **first, updatedAt=stamp(HALVES[0])), at=HOURS[1])
    both = {"metadata": {"editedFields": [edit(MARIA, "\x00 Globex"), edit(BRUNO, "Acme")]}}
    done = approved(1, by="ana.souza@acme.example", updatedAt=stamp(HALVES[1]), approvedAt=stamp(HALVES[1]), **both)
    mirrored(acme, done, at=HOURS[2])
    mirrored(acme, {**done, "tags": ["x"], "updatedAt": stamp(HALVES[2])}, at=HOURS[3])

    assert done_by(viewer, "carla.dias@ACME.example") == ["First seen, waiting for review"]
    assert len(done_by(viewer, MARIA)) == 1
    assert done_by(viewer, BRUNO) == done_by(viewer, "ana.souza@acme.example")
    assert len(done_by(viewer, BRUNO, MARIA)) == 2
    assert done_by(viewer, "nobody@acme.example") == []
    listing = viewer.get("/history/", {"person": MARIA}).context["listing"]
    assert [option.value for option in listing.form.people] == sorted(
        [MARIA, BRUNO, "ana.souza@acme.example", "carla.dias@acme.example"]
    )
    assert [(str(chip.label), chip.value) for chip in listing.chips] == [("Person", MARIA)]


def test_a_name_too_long_for_an_index_does_not_stop_the_mirror(acme, viewer):
    mirrored(acme, task_json(1, metadata={"editedFields": [edit("é" * 5000, "x")]}), at=HOURS[0])

    assert len(done_by(viewer, "É" * 600)) == 1


@pytest.mark.parametrize("act_comes", ["first", "last"])
def test_what_was_sent_from_here_is_the_persons_who_sent_it(acme, viewer, act_comes):
    answer = record(approved(1, updatedAt=stamp(HALVES[0]), approvedAt=stamp(HALVES[0])))
    mirrored(acme, task_json(1), at=HOURS[0])
    if act_comes == "first":
        note_approval(acme, Doer(MARIA, 1), answer)
    mirrored(acme, approved(1, updatedAt=stamp(HALVES[0]), approvedAt=stamp(HALVES[0])), at=HOURS[1])
    if act_comes == "last":
        note_approval(acme, Doer(MARIA, 1), answer)

    assert done_by(viewer, MARIA) == ["Approved directly by ana.souza@acme.example"]


def test_an_erasure_takes_the_people_away_and_is_theirs_who_asked(acme, viewer):
    mirrored(acme, approved(1, "cliente", by=MARIA), at=HOURS[0])
    erase_tasks(acme, [task_id(1)], reason="r", asked_by=BRUNO)

    assert done_by(viewer, MARIA) == []
    assert done_by(viewer, BRUNO) == ["Personal data erased under request 1"]
    assert set(ChangeDoer.objects.values_list("person", flat=True)) == {BRUNO}


def test_who_did_it_can_be_made_anew_from_the_versions(story):
    noted = set(ChangeDoer.objects.values_list("person", "version_id"))

    remake_doers(story, [task_id(1), task_id(2)])

    assert set(ChangeDoer.objects.values_list("person", "version_id")) == noted
    assert len(noted) > 3


@pytest.mark.parametrize("text", TEXTS)
def test_who_made_what_is_first_seen_is_noted_as_it_would_be_made_anew(acme, text):
    edits = [{"path": "cliente", "author": author} for author in (text, BRUNO.upper(), text, None, 7, "")]
    seen = approved(1, by=text, createdBy=text * 700, metadata={"editedFields": [*edits, text]})
    mirrored(acme, seen, at=HOURS[0])
    noted = set(ChangeDoer.objects.values_list("person", "version_id", "observed_at"))

    remake_doers(acme, [task_id(1)])

    assert set(ChangeDoer.objects.values_list("person", "version_id", "observed_at")) == noted
    assert BRUNO in {person for person, _version, _moment in noted}


def test_who_may_not_see_people_is_offered_none(acme, viewer):
    mirrored(acme, approved(1), at=HOURS[0])
    acme.hide_people = True
    acme.save()

    assert viewer.get("/history/").context["listing"].form.people == []
