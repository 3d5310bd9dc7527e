"""Several sources are read at a time, and one thread takes what they yield."""

import threading
import time

import pytest

from telareview.sync.gathering import MOST_AHEAD, MOST_TOGETHER, gather


def counting(name, upto, began=None):
    """A source of (name, 1), (name, 2) …, which notes in `began` what it is about to yield."""

    def source():
        for number in range(1, upto + 1):
            if began is not None:
                began.append((name, number))
            yield name, number

    return source


def waited_for(condition, seconds=10):
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.001)
    return condition()


def failing(error):
    def source():
        raise error
        yield

    return source


def test_everything_is_taken_once_and_in_the_order_of_its_source():
    taken = []

    gather([counting(name, 20) for name in "abcde"], taken.extend, threads=3)

    for name in "abcde":
        assert [each for each in taken if each[0] == name] == [(name, number) for number in range(1, 21)]
    assert len(taken) == 100


def test_it_is_taken_in_the_calling_thread_and_never_too_much_together():
    calls = []

    gather(
        [counting(name, 9) for name in range(40)],
        lambda items: calls.append((threading.get_ident(), len(items))),
        threads=20,
    )

    assert {thread for thread, _size in calls} == {threading.get_ident()}
    assert max(size for _thread, size in calls) <= MOST_TOGETHER


def test_a_source_reads_a_little_ahead_of_what_was_taken_and_no_more():
    began, taken = [], []

    def take(items):
        # Long enough for a source without a limit to run away.
        time.sleep(0.01)
        for name in "abc":
            before = sum(each[0] == name for each in taken)
            assert sum(each[0] == name for each in began) <= before + MOST_AHEAD
        taken.extend(items)

    gather([counting(name, 10, began) for name in "abc"], take, threads=3)

    assert len(taken) == 30


def test_the_next_item_is_read_while_one_is_taken():
    began = []

    def take(items):
        if items == [("a", 1)]:
            assert waited_for(lambda: ("a", 2) in began)

    gather([counting("a", 5, began)], take, threads=1, together=1)

    assert len(began) == 5


def test_a_few_are_waited_for_and_taken_together():
    sizes = []

    gather([counting(name, 12) for name in "abc"], lambda items: sizes.append(len(items)), threads=3)

    # While the last source reads on alone, two are all there can be.
    assert sum(sizes) == 36
    assert len(sizes) <= 12


def test_nobody_waits_long_for_a_slow_source():
    def slow():
        yield "first"
        time.sleep(1)
        yield "second"

    taken, began = [], time.monotonic()
    gather([slow], lambda items: taken.append((items, time.monotonic() - began)), threads=1)

    assert [items for items, _seconds in taken] == [["first"], ["second"]]
    assert taken[0][1] < 0.9


def test_the_taker_may_want_them_one_by_one():
    calls = []

    gather([counting(name, 9) for name in "abcdef"], calls.append, threads=6, together=1)

    assert [len(items) for items in calls] == [1] * 54


def test_an_error_of_a_source_ends_the_others_and_what_had_arrived_is_taken():
    began, taken = [], []
    error = ValueError("no more")

    with pytest.raises(ValueError, match="no more") as raised:
        gather([counting("a", 10_000, began), failing(error), counting("b", 10_000, began)], taken.extend, threads=3)

    assert raised.value is error
    assert sorted(taken) == sorted(began)
    assert len(taken) < 20_000


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_of_the_taker_nothing_more_is_taken(error):
    calls = []

    def take(items):
        calls.append(items)
        raise error

    with pytest.raises(error):
        gather([counting(name, 10_000) for name in "abc"], take, threads=2)

    assert len(calls) == 1


def test_no_thread_is_left_behind():
    before = threading.active_count()

    with pytest.raises(ValueError, match="no more"):
        gather([counting("a", 5), failing(ValueError("no more"))] * 4, lambda items: None, threads=4)

    assert threading.active_count() == before


def test_without_sources_there_is_nothing_to_take():
    gather([], pytest.fail, threads=2)
