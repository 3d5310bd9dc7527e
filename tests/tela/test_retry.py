from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from telareview.tela import (
    BadRequest,
    Conflict,
    ConnectFailed,
    CutShort,
    LeftTheHost,
    NotFound,
    RateLimited,
    ReplyTooLarge,
    RetryBudget,
    ServerFailed,
    TelaError,
    TimedOut,
    UnreadableReply,
    WriteRefused,
    WrongKey,
)
from telareview.tela.retry import JITTER_SHARE, LONGEST_WAIT_SECONDS, RetryAdvice, next_wait, read_advice

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def advice(**headers):
    return read_advice(CaseInsensitiveDict({name.replace("_", "-"): text for name, text in headers.items()}), now=NOW)


@pytest.mark.parametrize(
    "kind", [ConnectFailed, TimedOut, CutShort, Conflict, RateLimited, ServerFailed, UnreadableReply]
)
def test_a_passing_failure_is_tried_again(kind):
    assert next_wait(kind(), attempt=1, retries=1) == 0.5


@pytest.mark.parametrize("kind", [WrongKey, BadRequest, NotFound, ReplyTooLarge, LeftTheHost, WriteRefused, TelaError])
def test_a_final_failure_is_not_tried_again(kind):
    assert next_wait(kind(), attempt=1, retries=9) is None


def test_the_wait_doubles_up_to_its_cap():
    waits = [next_wait(ServerFailed(), attempt=attempt, retries=9) for attempt in range(1, 10)]

    assert waits == [0.5, 1, 2, 4, 8, 8, 8, 8, 8]


def test_the_allowed_repetitions_are_an_end():
    assert next_wait(ServerFailed(), attempt=4, retries=4) is not None
    assert next_wait(ServerFailed(), attempt=5, retries=4) is None
    assert next_wait(ServerFailed(), attempt=1, retries=0) is None


@pytest.mark.parametrize("verb", ["POST", "PATCH", "DELETE", "PUT"])
def test_a_write_is_never_repeated(verb):
    assert next_wait(ServerFailed(should_retry=True), attempt=1, retries=9, verb=verb) is None


def test_the_servers_word_outranks_the_status():
    assert next_wait(ServerFailed(should_retry=False), attempt=1, retries=9) is None
    assert next_wait(NotFound(should_retry=True), attempt=1, retries=9) == 0.5


def test_a_told_wait_is_obeyed_up_to_a_minute():
    assert next_wait(RateLimited(retry_after=7), attempt=3, retries=9, chance=1) == 7
    assert next_wait(RateLimited(retry_after=60), attempt=1, retries=9) == 60
    assert next_wait(RateLimited(retry_after=61), attempt=1, retries=9) == 0.5


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_no_wait_of_ours_is_negative_or_beyond_the_cap_or_more_than_the_jitter_short(attempt, chance):
    full = next_wait(ServerFailed(), attempt=attempt, retries=attempt)
    wait = next_wait(ServerFailed(), attempt=attempt, retries=attempt, chance=chance)

    assert full is not None
    assert wait is not None
    assert full * (1 - JITTER_SHARE) <= wait <= full <= LONGEST_WAIT_SECONDS


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, RetryAdvice(None, None)),
        ({"X_Should_Retry": "TRUE"}, RetryAdvice(True, None)),
        ({"x_should_retry": "false"}, RetryAdvice(False, None)),
        ({"x_should_retry": "perhaps"}, RetryAdvice(None, None)),
        ({"Retry_After_Ms": "1500", "Retry_After": "9"}, RetryAdvice(None, 1.5)),
        ({"Retry_After_Ms": "soon", "Retry_After": "9"}, RetryAdvice(None, 9)),
        ({"Retry_After": "2.5"}, RetryAdvice(None, 2.5)),
        ({"Retry_After": "0"}, RetryAdvice(None, None)),
        ({"Retry_After": "-3"}, RetryAdvice(None, None)),
        ({"Retry_After": "inf"}, RetryAdvice(None, None)),
        ({"Retry_After": "nan"}, RetryAdvice(None, None)),
        ({"Retry_After": "1e300"}, RetryAdvice(None, None)),
        ({"Retry_After": "3600"}, RetryAdvice(None, 3600)),
        ({"Retry_After": format_datetime(NOW + timedelta(seconds=20), usegmt=True)}, RetryAdvice(None, 20)),
        ({"Retry_After": format_datetime(NOW - timedelta(seconds=20), usegmt=True)}, RetryAdvice(None, None)),
        ({"Retry_After": "Mon, 99 Foo 2026"}, RetryAdvice(None, None)),
    ],
)
def test_headers_are_read_or_passed_over(headers, told):
    assert advice(**headers) == told


@given(st.text(), st.text(), st.text())
def test_no_header_makes_it_fail(verdict, milliseconds, seconds):
    told = advice(x_should_retry=verdict, retry_after_ms=milliseconds, retry_after=seconds)

    assert told.retry_after is None or told.retry_after > 0


def test_a_budget_ends_by_attempts():
    budget = RetryBudget(attempts=2, seconds=100)

    assert [budget.take(1), budget.take(1), budget.take(1)] == [True, True, False]
    assert (budget.attempts_left, budget.seconds_left) == (0, 98)


def test_a_budget_ends_by_seconds_and_a_refused_wait_costs_nothing():
    budget = RetryBudget(attempts=10, seconds=3)

    assert [budget.take(2), budget.take(2), budget.take(1)] == [True, False, True]
    assert (budget.attempts_left, budget.seconds_left) == (8, 0)


def test_threads_share_one_budget_exactly():
    budget = RetryBudget(attempts=500, seconds=1000)

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: budget.take(1), range(800)))

    assert taken.count(True) == 500


@pytest.mark.parametrize(("attempts", "seconds"), [(-1, 1), (1, -1), (1, float("nan"))])
def test_a_budget_below_zero_is_refused(attempts, seconds):
    with pytest.raises(ValueError, match="zero or more"):
        RetryBudget(attempts, seconds)
