"""The re-anchored walk loses nothing over a list that moves while it is read."""

import datetime as dt
import random
from itertools import pairwise

import pytest

from telareview.sync.pull import OVERLAP
from telareview.sync.walk import EMPTY_ANSWERS, MILLISECOND, PAGE_ROWS, RestlessTie, UnsoundPage, drain_tie, stamp, walk
from telareview.tela import RejectedRow, TaskPage, TimedOut
from tests.sync.moving_source import BEGINNING, MovingSource
from tests.tasks.records import record, task_json
from tests.tasks.records import stamp as stamp_text


class Mirror:
    """The newest state of each task, and the bookmark, as a pull keeps them."""

    def __init__(self):
        self.states: dict = {}
        self.bookmark = BEGINNING

    def keep(self, task):
        if task.id not in self.states or self.states[task.id].updated_at <= task.updated_at:
            self.states[task.id] = task

    def cycle(self, source):
        """One pull; an error ends it and leaves the bookmark where the last page put it."""
        try:
            for step in walk(source.list_tasks, "updatedAt", self.bookmark - OVERLAP, pause=lambda seconds: None):
                for task in step.page.tasks:
                    self.keep(task)
                self.bookmark = max([self.bookmark, *(stamp(task, "updatedAt") for task in step.page.tasks)])
        except TimedOut:
            return

    def names(self):
        return {task_id: task.name for task_id, task in self.states.items()}


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost_while_the_list_moves(seed):
    source, mirror = MovingSource(seed), Mirror()

    for _ in range(5):
        mirror.cycle(source)
    source.settle()
    mirror.cycle(source)

    assert mirror.names() == source.expected()


@pytest.mark.parametrize("seed", range(12))
def test_it_converges_where_a_third_of_the_calls_fail_or_lie(seed):
    source, mirror = MovingSource(seed, tasks=200, faults=0.3), Mirror()

    for _ in range(8):
        mirror.cycle(source)
    source.settle()
    for _ in range(10):
        mirror.cycle(source)

    assert mirror.names() == source.expected()


def test_a_tie_larger_than_three_pages_is_read_whole():
    source, mirror = MovingSource(1, tasks=400, changes=0, ties=330), Mirror()

    mirror.cycle(source)

    assert mirror.names() == source.expected()


def test_rows_read_again_at_an_edge_are_named():
    source = MovingSource(1, tasks=250, changes=0, ties=0)

    steps = list(walk(source.list_tasks, "createdAt", BEGINNING))

    fresh = [task.id for step in steps for task in step.page.tasks if task.id not in step.reread]
    assert len(fresh) == len(set(fresh)) == 250


@pytest.mark.parametrize("seed", range(8))
def test_a_remembered_end_is_read_to_its_end_though_a_third_of_the_answers_is_short_or_empty(seed):
    source = MovingSource(seed, tasks=500, changes=0, faults=0.3, lies=("empty", "short"))

    steps = walk(source.list_tasks, "createdAt", BEGINNING, ends_believed=9, pause=lambda seconds: None)

    assert {task.id for step in steps for task in step.page.tasks} == set(source.expected())


def at_the_edge(*answers):
    """What a walk yields of a list that ends at these tasks, one answer after the other."""
    left = [page_of(task_json(1), task_json(2)), *(page_of(raw) for raw in answers)]
    asked = []

    def ask(query):
        asked.append(query)
        return left.pop(0) if left else page_of()

    steps = list(walk(ask, "createdAt", BEGINNING, ends_believed=5, pause=lambda seconds: None))
    return len(asked), [[task.name for task in step.page.tasks] for step in steps[1:]]


def test_an_answer_that_tells_nothing_new_is_left_out():
    last = task_json(2)

    assert at_the_edge(last, last, last) == (6, [])


def test_an_answer_that_tells_a_change_at_the_edge_is_not():
    last = task_json(2)

    assert at_the_edge(last, last | {"name": "Renamed.pdf"}, last | {"name": "Renamed.pdf"})[1] == [["Renamed.pdf"]]


def test_an_address_that_is_only_signed_anew_tells_nothing():
    def signed(number):
        return task_json(2, fileUrl=f"https://files.example/a.pdf?X-Amz-Signature={number}")

    assert at_the_edge(signed(1), signed(2), signed(3))[1] == [["INV-00002.pdf"]]


def test_whoever_takes_the_pages_of_a_tie_can_stop_between_two_calls_that_tell_nothing_new():
    source = MovingSource(1, tasks=400, changes=0, ties=330)
    asked, told_at = [], [0]

    def ask(query):
        asked.append(query)
        return source.list_tasks(query)

    for _step in walk(ask, "updatedAt", BEGINNING):
        told_at.append(len(asked))

    assert len(asked) > 20
    assert max(later - earlier for earlier, later in pairwise(told_at)) <= EMPTY_ANSWERS + 2


def test_a_last_page_of_unreadable_rows_ends_the_walk():
    broken = RejectedRow(index=0, reason="id is missing.", raw_json="{}", task_id=None)
    last = TaskPage(tasks=(), rejected=(broken,), total=None, server_time=None, row_count=1)

    steps = list(walk(lambda query: last, "updatedAt", BEGINNING, pause=lambda seconds: None))

    assert [step.page.rejected for step in steps] == [(broken,)]


def page_of(*raws):
    tasks = tuple(record(raw) for raw in raws)
    return TaskPage(tasks=tasks, rejected=(), total=None, server_time=None, row_count=len(tasks))


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (page_of(task_json(2), task_json(1)), "not sorted"),
        (page_of(task_json(1, updatedAt="2020-01-01T00:00:00.000Z")), "older"),
        (page_of(*(task_json(number) for number in range(1, 102))), "101 rows"),
    ],
)
def test_a_page_that_contradicts_the_question_is_refused(page, words):
    asked = []

    def ask(query):
        asked.append(query)
        return page

    with pytest.raises(UnsoundPage, match=words):
        list(walk(ask, "updatedAt", dt.datetime(2026, 1, 1, tzinfo=dt.UTC), pause=lambda seconds: None))
    assert len(asked) == 5


def test_a_page_is_asked_for_again_before_it_is_refused():
    pages = iter([page_of(task_json(2), task_json(1)), page_of(task_json(1), task_json(2)), page_of()])

    steps = list(walk(lambda query: next(pages), "updatedAt", BEGINNING, pause=lambda seconds: None))

    assert [len(step.page.tasks) for step in steps] == [2]


# --- A tie that is drained while Tela lies ---------------------------------------------------------------------


class Tie:
    """So many tasks of one stamp; `lie(call, offset)` says how many rows of a page are told, None for all of them."""

    def __init__(self, tasks, lie):
        self.rows = [record(task_json(number, updatedAt=stamp_text(BEGINNING))) for number in range(1, tasks + 1)]
        self.lie, self.calls = lie, 0

    def ask(self, query):
        told = self.lie(self.calls, query.offset)
        self.calls += 1
        rows = self.rows[query.offset : query.offset + PAGE_ROWS][:told]
        return TaskPage(tasks=tuple(rows), rejected=(), total=None, server_time=None, row_count=len(rows))

    def drained(self):
        moment = self.rows[0].updated_at
        steps = drain_tie(self.ask, "updatedAt", moment - MILLISECOND, moment + MILLISECOND, pause=lambda seconds: None)
        return {task.id for step in steps for task in step.page.tasks}

    @property
    def everything(self):
        return {task.id for task in self.rows}


def test_a_drain_does_not_believe_one_pass():
    # Two pages running are cut to a third, so that the half-page steps do not make up for it.
    tie = Tie(230, lambda call, offset: PAGE_ROWS // 3 if call in {1, 2} else None)

    assert tie.drained() == tie.everything


def test_a_drain_does_not_believe_two_passes_that_were_cut_at_the_same_place():
    asked = []

    def lie(call, offset):
        asked.append(offset)
        # The first two times that this offset is asked for anew, the answer is empty.
        again = len(asked) > 1 and asked[-2] == offset
        return 0 if offset == 100 and not again and asked.count(offset) <= 4 else None

    tie = Tie(230, lie)

    assert tie.drained() == tie.everything


def test_a_drain_does_not_believe_two_passes_that_saw_nothing():
    tie = Tie(230, lambda call, offset: 0 if call < 6 else None)

    assert tie.drained() == tie.everything


@pytest.mark.parametrize("seed", range(40))
def test_a_drain_reads_everything_though_a_third_of_the_answers_is_short_or_empty(seed):
    dice = random.Random(seed)
    tie = Tie(320, lambda call, offset: dice.choice((0, PAGE_ROWS // 3)) if dice.random() < 0.3 else None)

    assert tie.drained() == tie.everything


def test_a_drain_yields_each_state_of_a_task_once():
    tie = Tie(230, lambda call, offset: None)
    moment, told = tie.rows[0].updated_at, []

    for step in drain_tie(tie.ask, "updatedAt", moment - MILLISECOND, moment + MILLISECOND):
        told += [(task.id, task.name) for task in step.page.tasks]
        if len(told) == 230 and tie.rows[60].name != "other":
            # Without a trace in its stamp, after it was yielded.
            tie.rows[60] = record(task_json(61, name="other", updatedAt=stamp_text(BEGINNING)))

    assert len(told) == len(set(told)) == 231
    assert told[-1] == (tie.rows[60].id, "other")


def test_a_drain_ends_with_a_sentence_where_no_two_passes_agree():
    dice = random.Random(1)
    tie = Tie(320, lambda call, offset: dice.randrange(1, PAGE_ROWS))

    with pytest.raises(RestlessTie):
        tie.drained()
