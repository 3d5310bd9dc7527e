"""The seeded world: the same for the same seed, believable, and as hostile as promised."""

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest

from telareview.sandbox import World
from telareview.sandbox.apps import INVOICES
from telareview.sandbox.clock import Clock
from telareview.sandbox.names import HOSTILE
from telareview.sandbox.wire import milliseconds

ANCHOR = milliseconds("2026-11-20T15:00:00.000Z")


def world(tasks=400, seed=7, **options):
    return World(tasks, seed, clock=Clock(ANCHOR, frozen=True), anchor=ANCHOR, **options)


def bodies(world):
    return [world.bodies.of(card, light=False) for card in world.cards.values()]


@pytest.fixture(scope="module")
def large():
    return world(5000)


@pytest.fixture(scope="module")
def stories(large):
    """Card and story of every task."""
    return [(card, large.story(card)) for card in large.cards.values()]


def test_the_same_seed_gives_the_same_bytes():
    assert bodies(world()) == bodies(world())
    assert bodies(world()) != bodies(world(seed=8))


def test_the_same_seed_gives_the_same_bytes_in_another_process():
    code = (
        "import hashlib, telareview.sandbox as s; from telareview.sandbox.clock import Clock;"
        f"w = s.World(50, 7, clock=Clock({ANCHOR}), anchor={ANCHOR});"
        "print(hashlib.sha256(b''.join(w.bodies.of(c, light=False) for c in w.cards.values())).hexdigest())"
    )

    told = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(2)}

    assert len(told) == 1


def test_ids_do_not_depend_on_the_moment():
    earlier = World(50, 7, anchor=ANCHOR - 86_400_000)

    assert list(earlier.cards) == list(world(50).cards)


def test_the_mix_is_as_in_an_office(large):
    cards = list(large.cards.values())
    count = Counter(card.status for card in cards)
    approved = [card for card in cards if card.status == "completed"]
    apps = Counter(card.app_id for card in cards)

    assert 0.65 < count["completed"] / 5000 < 0.78
    assert 0.3 < sum(card.revised for card in approved) / len(approved) < 0.42
    assert (count["created"], count["running"], count["cancelled"]) == (2, 6, 2)
    assert count["failed"] > 300
    assert len(apps) == 4
    assert len({card.version_id for card in cards}) == 9
    assert len({card.approved_by for card in cards}) == 13
    assert len({card.created_by for card in cards}) == 4


def test_work_follows_the_day_and_the_week(large):
    times = [datetime.fromtimestamp(card.created / 1000, UTC) for card in large.cards.values()]
    hours = Counter(moment.hour for moment in times)

    assert sum(moment.weekday() >= 5 for moment in times) < 0.12 * len(times)
    assert hours[14] > 4 * hours[6]
    assert max(times).timestamp() * 1000 <= ANCHOR
    assert 395 < (max(times) - min(times)).days <= 400
    days = Counter(moment.date() for moment in times)
    assert len(days) > 380


def test_no_life_is_out_of_order(stories):
    for card, story in stories:
        assert card.created <= card.updated <= ANCHOR
        assert card.approved is None or card.created < card.approved <= card.updated
        assert (card.status == "completed") <= (card.approved is not None and card.approved_by is not None)
        assert card.revised == bool(story.edited)


def test_a_bulk_job_is_larger_than_a_page(large):
    ties = Counter((card.created, card.updated) for card in large.cards.values())

    assert [size for _, size in ties.most_common(5)] == [300, 150, 150, 150, 1]


def test_approvals_were_revoked_and_given_again(large, stories):
    lives = [[version["status"] for version in story.versions] for _, story in stories]
    again = [life for life in lives if life.count("completed") == 2 and life[-1] == "completed"]
    revoked = [card for card in large.cards.values() if card.status == "validating" and card.approved is not None]

    assert len(again) > 30
    assert len(revoked) > 3, "some revoked tasks keep a stale approval"


def test_edits_are_of_every_kind(stories):
    edits: Counter[str] = Counter()
    put_back = 0
    for card, story in stories:
        if card.revised:
            edits.update(edit["path"] for edit in story.edited)
            put_back += story.current == story.original

    assert {"total.valor", "itens", "vencimento", "partes[0].cnpj", "cid", "vigencia.fim"} <= edits.keys()
    assert any(re.fullmatch(r"itens\[\d\]\.descricao", path) for path in edits)
    assert put_back > 5
    assert sum(edits.values()) > 2000


def test_an_invoice_has_thirty_to_sixty_fields(stories):
    def leaves(value):
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 1 if children is None else sum(map(leaves, children))

    sizes = [leaves(story.original) for card, story in stories if card.app_id == INVOICES.id and story.original]

    assert min(sizes) >= 25
    assert max(sizes) <= 62


def test_every_hostile_name_and_value_is_there(large):
    names = {card.name for card in large.cards.values()}
    text = b"".join(bodies(large))

    assert {name[:300] for name in HOSTILE} <= names
    assert max(map(len, names)) == 300
    for token in (
        b"\\u0000",
        b"\\ud83d",
        b'"javascript:',
        b'"vault://',
        b'"data:',
        b"priorityScore",
        b"0.00",
        b'"plain',
    ):
        assert token in text or token == b'"plain'
    assert re.search(rb'"codigo_interno":900719925474\d{4,}', text)
    assert re.search(rb'"valor":\d+\.\d0[,}]', text)


def test_a_calm_world_has_none_of_it():
    quiet = b"".join(bodies(world(calm=True)))

    assert b"<script>" not in quiet
    assert b"\\u0000" not in quiet
    assert b"javascript:" not in quiet


def test_some_outputs_are_plain_text(stories):
    assert sum(isinstance(story.current, str) for _, story in stories) > 20


def test_every_body_is_json_with_instants_in_milliseconds(large):
    for card in list(large.cards.values())[::20]:
        task = json.loads(large.bodies.of(card, light=False))
        for key in ("createdAt", "updatedAt"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", task[key])


def test_ready_bytes_stay_within_their_room():
    crowded = world(100)
    crowded.bodies = type(crowded.bodies)(crowded, kept_bytes=50_000)

    whole = bodies(crowded)

    assert sum(map(len, crowded.bodies._kept.values())) <= 50_000
    assert bodies(crowded) == whole == bodies(world(100))


def test_tiny_worlds_stand():
    for tasks in (0, 1, 2, 19, 20, 21):
        assert world(tasks).count() == tasks
