"""Payloads of any size and shape are shown in bounded form: so many rows and characters, and the whole to fetch."""

import random
import re
import string
import time

import pytest

from telareview.tasks.detail import TABS
from telareview.tasks.leaves import MAX_ROWS
from telareview.tasks.models import TaskVersion
from tests.tasks.large import SHAPES
from tests.tasks.markup import read
from tests.tasks.records import NOON, approved, mirrored, stamp, task_id, task_json

pytestmark = pytest.mark.django_db

TASK = f"/tasks/{task_id(1)}/"
#: A fifth of what the benchmark shows: what is bounded is bounded here as well.
SIZE = 1_000_000
MOST_BYTES = 2_500_000
#: Of the processor; the figure itself is measured by the benchmark.
MOST_SECONDS = 10
ROWS = re.compile(rb"<tr\b")


def lived(workspace, original, current, *edits, **whole):
    """A task as the model made it, and approved with revisions."""
    first, last = ({"role": "assistant", "content": each} for each in (original, current))
    both = {"originalOutputContent": first, **whole}
    mirrored(workspace, task_json(1, outputContent=first, **both), at=NOON)
    later = {"updatedAt": stamp(NOON.replace(hour=14)), "outputContent": last}
    mirrored(workspace, approved(1, *edits, **{**both, **later}), at=NOON.replace(day=2))


@pytest.mark.parametrize("shape", SHAPES)
def test_no_shape_of_payload_makes_a_large_page(acme, viewer, shape):
    original, current = SHAPES[shape](SIZE)
    lived(acme, original, current, rawInput=original, inputContent=None)

    for address in ("/tasks/?cols=name,tags,editedFields", *(f"{TASK}{tab}/" for tab in TABS)):
        began = time.process_time()
        response = viewer.get(address)

        assert response.status_code == 200, address
        assert len(response.content) < MOST_BYTES, address
        assert len(ROWS.findall(response.content)) < 3_000, address
        assert time.process_time() - began < MOST_SECONDS, address
    assert len(viewer.get(f"{TASK}raw.json?version=2").content) > SIZE


@pytest.mark.parametrize("tab", ["summary", "input"])
def test_what_is_not_shown_is_counted_and_the_whole_can_be_fetched(acme, viewer, tab):
    values = {f"k{n}": n for n in range(MAX_ROWS + 500)}
    lived(acme, values, values, rawInput=values, inputContent=None)

    panel = read(viewer.get(f"{TASK}{tab}/").content).one(id="panel")

    assert "The first 2,000 of 2,500 values are shown. The download is whole." in panel.words
    assert len(panel.one("tbody").all("tr")) == MAX_ROWS
    (link,) = panel.one("div", class_="banner notice").all("a")
    assert viewer.get(link["href"]).content == viewer.get(f"{TASK}raw.json?version=2").content


def test_a_long_value_is_shown_in_part_and_says_so(acme, viewer):
    lived(acme, {"note": "x" * 9_000}, {"note": "y" * 9_000})

    for tab in ("summary", "changes", "compare"):
        page = viewer.get(f"{TASK}{tab}/").content.decode()
        assert "Long values are shown in part." in page
        assert "y" * 4_001 not in page


def test_a_small_payload_says_nothing_of_the_kind(acme, viewer):
    lived(acme, {"note": "x", "same": 1}, {"note": "y", "same": 1}, "note")

    for tab in TABS:
        words = read(viewer.get(f"{TASK}{tab}/").content).one(id="panel").words
        assert "in part" not in words
        assert "The first" not in words


@pytest.mark.parametrize("limit", ["MAX_COMPARED_CHARACTERS", "MAX_COMPARED_COMMAS"])
def test_what_takes_too_long_to_compare_is_said_and_both_can_be_fetched(acme, viewer, monkeypatch, limit):
    lived(acme, {"note": "x"}, {"note": "y"}, "note")
    monkeypatch.setattr(f"telareview.tasks.diff.limits.{limit}", 3)

    for tab in ("changes", "compare"):
        page = read(viewer.get(f"{TASK}{tab}/").content).one(id="panel")
        assert "Too large to compare here" in page.words
        assert page.all("a", href=f"{TASK}raw.json?version=2")
    assert page.all("a", href=f"{TASK}raw.json?version=1")


def test_more_files_than_are_listed_are_told(acme, viewer):
    files = [{"file_url": f"https://files.example/{n}.pdf", "name": f"{n}.pdf"} for n in range(300)]
    lived(acme, {}, {}, rawInput={"files": files}, inputContent=None)

    page = read(viewer.get(f"{TASK}input/").content)

    assert len(page.one("ul", class_="files").all("li")) == 200
    assert "There are more than these 200 files" in page.words


def test_corrections_that_left_no_difference_are_counted_beyond_the_first(acme, viewer):
    lived(acme, {"a": 1}, {"a": 2}, *(f"gone[{n}]" for n in range(250)))

    assert "50 more are not shown" in read(viewer.get(f"{TASK}changes/").content).words


def test_names_and_tags_of_megabytes_stay_short_everywhere(acme, viewer):
    lived(acme, {}, {}, name="n" * SIZE, tags=[f"tag {n}" for n in range(5_000)])

    for address in ("/tasks/?cols=name,tags", "/history/", TASK, f"{TASK}history/"):
        assert len(viewer.get(address).content) < 500_000, address


def test_a_key_longer_than_an_index_holds_is_mirrored_all_the_same(acme):
    chance = random.Random(1)
    key = "".join(chance.choices(string.ascii_letters + "ãéç", k=20_000))

    lived(acme, {key: 1}, {key: 2})

    (path,) = [path for path in TaskVersion.objects.get(number=2).changed_paths if path.startswith("outputContent")]
    assert len(path) < 600
    assert path.endswith("…")
