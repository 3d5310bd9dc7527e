import json
import logging
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
import responses

from telareview.tela import (
    BadRequest,
    BudgetSpent,
    Forbidden,
    NotFound,
    RateLimited,
    RejectedRow,
    RetryBudget,
    ServerFailed,
    TaskQuery,
    TelaClient,
    TelaError,
    UnreadableReply,
    WriteRefused,
    WritingClient,
    WrongKey,
)
from tests.tela.conftest import API
from tests.tela.rows import OTHER_ID, TASK_ID, numbered_row, task_row

TASK, OTHER = UUID(TASK_ID), UUID(OTHER_ID)


def asked(call):
    """Path and parameters of a recorded call."""
    address = urlsplit(call.request.url)
    return address.path, dict(parse_qsl(address.query))


def serve_pages(http, count, *, most=100, envelope=None):
    """A list of `count` numbered rows behind `GET /task`, never more than `most` a page."""

    def answer(request):
        parameters = dict(parse_qsl(urlsplit(request.url).query))
        offset, limit = int(parameters["offset"]), min(int(parameters["limit"]), most)
        rows = [numbered_row(number) for number in range(offset, min(offset + limit, count))]
        return 200, {}, json.dumps(envelope(rows) if envelope else rows)

    http.add_callback(responses.GET, f"{API}/task", answer)


def test_a_list_is_asked_for_with_every_header_and_parameter(tela, http):
    http.get(f"{API}/task", json=[task_row()], headers={"Date": "Mon, 23 Nov 2026 12:00:00 GMT"})

    page = tela.list_tasks(TaskQuery(status=("completed",), limit=5, approved_by=("a&b@acme.com",)))

    assert [task.id for task in page.tasks] == [TASK]
    assert page.server_time.isoformat() == "2026-11-23T12:00:00+00:00"
    (call,) = http.calls
    assert asked(call) == (
        "/task",
        {
            "limit": "5",
            "offset": "0",
            "orderBy": "updatedAt",
            "order": "asc",
            "status": '["completed"]',
            "approvedBy": "a&b@acme.com",
        },
    )
    assert {name.lower(): text.encode() for name, text in call.request.headers.items()} == {
        "authorization": b"Bearer sk-test-key",
        "accept": b"application/json",
        "accept-encoding": b"gzip",
        "user-agent": b"telareview/0.1.0",
    }


@pytest.mark.parametrize("base_url", [API, API + "/", f" {API}/gateway/tela/ "])
def test_the_address_may_have_a_path_of_its_own(http, base_url):
    http.get(base_url.strip().rstrip("/") + "/task", json=[])

    with TelaClient(base_url, "k") as tela:
        assert tela.list_tasks(TaskQuery()).row_count == 0


def test_one_task_is_read_and_its_analytics_asked_for_by_the_literal_true(tela, http):
    http.get(f"{API}/task/{TASK_ID}", json=task_row(analytics={"edits": 1}))

    assert tela.get_task(TASK, include_analytics=True).raw["analytics"] == {"edits": 1}
    assert tela.get_task(TASK).id == TASK
    assert [asked(call)[1] for call in http.calls] == [{"includeAnalytics": "true"}, {}]


def test_another_task_than_the_one_asked_for_is_no_answer(tela, http):
    http.get(f"{API}/task/{OTHER_ID}", json=task_row())

    with pytest.raises(UnreadableReply, match="Another task"):
        tela.get_task(OTHER)


def test_a_task_that_cannot_be_read_says_why(tela, http):
    http.get(f"{API}/task/{TASK_ID}", json=task_row(tags="urgent"), headers={"x-request-id": "req-1"})

    with pytest.raises(UnreadableReply, match="tags is text") as caught:
        tela.get_task(TASK)

    assert (caught.value.status, caught.value.request_id) == (200, "req-1")


def test_a_missing_task_or_history_is_not_found(tela, http):
    body = {"code": "NOT_FOUND", "message": "Task not found", "status": 404, "name": "Error"}
    http.get(f"{API}/task/{TASK_ID}", json=body, status=404)
    http.get(f"{API}/task/{TASK_ID}/versions", json=body, status=404)

    with pytest.raises(NotFound, match="Tela says: Task not found"):
        tela.get_task(TASK)
    with pytest.raises(NotFound):
        tela.get_versions(TASK)


def test_versions_are_read(tela, http):
    http.get(f"{API}/task/{TASK_ID}/versions", json=[{"taskId": TASK_ID, "version": 2}, {"version": 1}])

    assert [version.version for version in tela.get_versions(TASK)] == [2, 1]


class TestIteration:
    def test_it_walks_to_the_short_page(self, tela, http):
        serve_pages(http, 25)

        numbers = [task.reference for task in tela.iter_tasks(TaskQuery(limit=10))]

        assert numbers == list(range(25))
        assert [asked(call)[1]["offset"] for call in http.calls] == ["0", "10", "20"]

    def test_it_starts_at_the_offset_of_the_question(self, tela, http):
        serve_pages(http, 25)

        assert [task.reference for task in tela.iter_tasks(TaskQuery(limit=10, offset=20))] == list(range(20, 25))

    @pytest.mark.parametrize("count", [0, 3, 10, 20, 25])
    def test_a_server_that_gives_fewer_rows_a_page_loses_none(self, tela, http, count):
        serve_pages(http, count, most=10)

        assert len(list(tela.iter_tasks(TaskQuery(limit=100)))) == count

    def test_a_told_total_carries_it_over_short_pages(self, tela, http):
        serve_pages(http, 25, most=4, envelope=lambda rows: {"data": rows, "meta": {"total": 25}})

        assert len(list(tela.iter_tasks(TaskQuery(limit=10)))) == 25

    def test_a_told_total_spares_the_last_question(self, tela, http):
        serve_pages(http, 5, envelope=lambda rows: {"data": rows, "meta": {"total": 5}})

        assert len(list(tela.iter_tasks(TaskQuery(limit=10)))) == 5
        assert len(http.calls) == 1

    def test_a_row_met_again_is_given_once(self, tela, http):
        http.get(f"{API}/task", json=[numbered_row(1), numbered_row(2)])
        http.get(f"{API}/task", json=[numbered_row(2), numbered_row(3)])
        http.get(f"{API}/task", json=[])

        assert [task.reference for task in tela.iter_tasks(TaskQuery(limit=2))] == [1, 2, 3]

    def test_a_server_that_ignores_the_offset_does_not_hold_it_forever(self, tela, http):
        http.get(f"{API}/task", json=[numbered_row(1), numbered_row(2)])

        assert len(list(tela.iter_tasks(TaskQuery(limit=2)))) == 2
        assert len(http.calls) == 1 + 3

    def test_rows_that_nobody_can_read_do_not_hold_it_forever(self, tela, http):
        http.get(f"{API}/task", json=[{"id": "x"}, {"id": "y"}])

        assert list(tela.iter_tasks(TaskQuery(limit=2))) == []
        assert len(http.calls) == 3

    def test_a_page_of_rows_already_met_is_not_taken_for_the_end(self, tela, http):
        http.get(f"{API}/task", json=[numbered_row(1), numbered_row(2)])
        http.get(f"{API}/task", json=[numbered_row(2), numbered_row(1)])
        http.get(f"{API}/task", json=[numbered_row(3)])

        assert [task.reference for task in tela.iter_tasks(TaskQuery(limit=2))] == [1, 2, 3]

    def test_rows_repeated_within_a_page_do_not_push_others_out_of_the_walk(self, tela, http):
        def answer(request):
            offset = int(dict(parse_qsl(urlsplit(request.url).query))["offset"])
            rows = [numbered_row(number) for number in range(offset, min(offset + 4, 10))]
            return 200, {}, json.dumps(rows + rows[:2])

        http.add_callback(responses.GET, f"{API}/task", answer)

        assert [task.reference for task in tela.iter_tasks(TaskQuery(limit=4))] == list(range(10))

    def test_rows_that_cannot_be_read_are_reported(self, tela, http):
        http.get(f"{API}/task", json=[numbered_row(1), {"id": "x"}])
        http.get(f"{API}/task", json=[])
        reported: list[RejectedRow] = []

        tasks = list(tela.iter_tasks(TaskQuery(), on_rejected=reported.append))

        assert ([task.reference for task in tasks], [row.index for row in reported]) == ([1], [1])

    def test_rows_that_cannot_be_read_leave_a_warning_if_nobody_wants_them(self, tela, http, caplog):
        http.get(f"{API}/task", json=[{"id": "x"}])
        http.get(f"{API}/task", json=[])

        list(tela.iter_tasks(TaskQuery()))

        assert caplog.messages == ["Row 0 of a list of tasks was left out: status is missing."]


class TestIds:
    def test_the_documented_spelling_is_asked_first_and_suffices(self, tela, http):
        http.get(f"{API}/task", json=[task_row()])

        assert [task.id for task in tela.list_tasks(TaskQuery(ids=(TASK, OTHER))).tasks] == [TASK]
        assert [asked(call)[1]["ids"] for call in http.calls] == [f'["{TASK_ID}","{OTHER_ID}"]']

    @pytest.mark.parametrize(
        "refusal", [{"json": {"message": "ids must be UUIDs"}, "status": 400}, {"json": [numbered_row(9)]}]
    )
    def test_the_other_spelling_is_tried_when_the_first_is_refused_or_ignored(self, tela, http, refusal):
        http.get(f"{API}/task", **refusal)
        http.get(f"{API}/task", json=[task_row()])

        assert [task.id for task in tela.list_tasks(TaskQuery(ids=(TASK, OTHER))).tasks] == [TASK]
        assert asked(http.calls[1])[1]["ids"] == f"{TASK_ID},{OTHER_ID}"

    def test_a_server_that_ignores_both_is_not_believed(self, tela, http, naps):
        http.get(f"{API}/task", json=[numbered_row(9)])

        with pytest.raises(UnreadableReply, match="other tasks than those"):
            tela.list_tasks(TaskQuery(ids=(TASK,)))
        assert naps == []


class TestRetries:
    def test_a_passing_failure_is_waited_out(self, tela, http, naps):
        http.get(f"{API}/task", status=503)
        http.get(f"{API}/task", json={"message": "slow down"}, status=429, headers={"Retry-After": "7"})
        http.get(f"{API}/task", body=b'[{"id"')
        http.get(f"{API}/task", json=[task_row()])

        assert len(tela.list_tasks(TaskQuery()).tasks) == 1
        assert naps == [0.5, 7.0, 2.0]
        assert (tela.calls, tela.slept_seconds) == (4, 9.5)

    def test_it_gives_up_after_the_allowed_repetitions(self, tela, http, naps):
        http.get(f"{API}/task", status=500)

        with pytest.raises(ServerFailed):
            tela.list_tasks(TaskQuery())
        assert naps == [0.5, 1.0, 2.0, 4.0]

    def test_a_long_told_wait_is_handed_to_the_caller(self, http):
        http.get(f"{API}/task", status=429, headers={"Retry-After": "3600", "x-request-id": "req-9"})

        with TelaClient(API, "k", retries=0) as tela, pytest.raises(RateLimited) as caught:
            tela.list_tasks(TaskQuery())

        assert (caught.value.retry_after, caught.value.request_id) == (3600, "req-9")
        assert "Tela asks to wait 3600 s." in str(caught.value)

    def test_the_servers_verdict_is_obeyed(self, tela, http, naps):
        http.get(f"{API}/task", status=503, headers={"X-Should-Retry": "false"})

        with pytest.raises(ServerFailed):
            tela.list_tasks(TaskQuery())
        assert naps == []

    def test_a_wrong_key_is_final(self, tela, http, naps):
        http.get(f"{API}/task", json={"error": {"message": "Invalid API key"}}, status=401)

        with pytest.raises(WrongKey) as caught:
            tela.list_tasks(TaskQuery())

        assert str(caught.value) == ("Tela refused the API key (401). Check TELA_API_KEY. Tela says: Invalid API key")
        assert (caught.value.code, naps) == ("wrong_key", [])

    def test_a_spent_budget_ends_the_run_and_names_the_failure(self, http, naps):
        http.get(f"{API}/task", status=502)
        budget = RetryBudget(attempts=3, seconds=60)

        tela = TelaClient(API, "k", retries=9, budget=budget, sleep=naps.append)
        with tela, pytest.raises(BudgetSpent, match="The last failure: Tela itself failed") as caught:
            tela.list_tasks(TaskQuery())

        assert isinstance(caught.value.__cause__, ServerFailed)
        assert caught.value.status == 502
        assert len(naps) == 3


class TestCheckingTheKey:
    def test_an_accepted_key_is_quiet(self, tela, http):
        http.get(f"{API}/api-key", json={"name": "reviews"})

        assert tela.check_key() is None
        assert len(http.calls) == 1

    @pytest.mark.parametrize(
        "answer", [{"status": 404}, {"status": 403}, {"status": 405}, {"body": "<html>Docs</html>"}]
    )
    def test_an_api_without_that_address_is_asked_for_one_task(self, tela, http, naps, answer):
        http.get(f"{API}/api-key", **answer)
        http.get(f"{API}/task", json=[])

        tela.check_key()

        assert asked(http.calls[-1])[1]["limit"] == "1"
        assert naps == []

    def test_a_refused_key_is_said(self, tela, http):
        http.get(f"{API}/api-key", status=401)

        with pytest.raises(WrongKey):
            tela.check_key()

    def test_a_web_page_is_no_accepted_key(self, tela, http):
        http.get(f"{API}/api-key", body="<html>Welcome</html>")
        http.get(f"{API}/task", body="<html>Welcome</html>")

        with pytest.raises(UnreadableReply, match="HTML"):
            tela.check_key()


class TestWriting:
    @pytest.mark.parametrize("verb", ["POST", "PATCH", "PUT", "DELETE", "get", "HEAD"])
    def test_only_get_leaves_unless_writing_is_switched_on(self, tela, http, verb):
        with pytest.raises(WriteRefused, match="TELA_ALLOW_WRITES") as caught:
            tela.request(verb, "/task", body={"status": "completed"})

        assert (len(http.calls), tela.calls, caught.value.may_retry) == (0, 0, False)

    def test_a_write_that_is_allowed_is_sent_once(self, http, naps):
        http.patch(f"{API}/task/{TASK_ID}", json={"message": "busy"}, status=503)

        with WritingClient(API, "k", allowed=True, sleep=naps.append) as tela, pytest.raises(ServerFailed):
            tela.request("PATCH", f"/task/{TASK_ID}", body={"status": "completed"})

        (call,) = http.calls
        assert call.request.body == b'{"status":"completed"}'
        assert call.request.headers["Content-Type"] == "application/json"
        assert naps == []

    def test_an_allowed_write_gives_the_decoded_reply(self, http):
        http.post(f"{API}/task", json=[task_row()], status=201)
        http.delete(f"{API}/task/{TASK_ID}", status=204)

        with WritingClient(API, "k", allowed=True) as tela:
            assert tela.request("POST", "/task", body={})[0]["id"] == TASK_ID
            assert tela.request("DELETE", f"/task/{TASK_ID}") is None


class TestErrorReplies:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [(400, BadRequest), (422, BadRequest), (401, WrongKey), (403, Forbidden), (404, NotFound), (500, ServerFailed)],
    )
    def test_the_status_decides_not_the_body(self, http, status, kind):
        http.get(f"{API}/task", json={"status": 200, "message": "fine"}, status=status)

        with TelaClient(API, "k", retries=0) as tela, pytest.raises(TelaError) as caught:
            tela.list_tasks(TaskQuery())

        assert type(caught.value) is kind
        assert caught.value.status == status

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            (
                '{"code": "BAD", "message": "limit is wrong", "status": 400, "name": "Error"}',
                "Tela says: limit is wrong",
            ),
            ('{"error": {"message": "limit is wrong", "code": "BAD"}}', "Tela says: limit is wrong"),
            ('{"error": "limit is wrong"}', "Tela says: limit is wrong"),
            ('{"code": "UPDATE_FAILED"}', "Tela says: UPDATE_FAILED"),
            ('{"message": [{"path": "limit"}]}', 'Tela says: [{"path":"limit"}]'),
            ("limit is wrong", "Tela says: limit is wrong"),
            ('"limit is wrong"', "Tela says: limit is wrong"),
            ("<html><script>alert(1)</script>", "A web page (HTML) came with it."),
            ("", ""),
            ("[]", ""),
            ("{}", ""),
            ('{"message": "a\\u0000\\u001b[31mb\\u202ec\\ud800\\nd"}', "Tela says: a [31mb c d"),
            ("x" * 5000, "Tela says: " + "x" * 239 + "…"),
        ],
    )
    def test_the_message_is_found_cleaned_and_shortened(self, tela, http, body, sentence):
        http.get(f"{API}/task", body=body, status=400)

        with pytest.raises(BadRequest) as caught:
            tela.list_tasks(TaskQuery())

        assert caught.value.detail == f"The status was 400. {sentence}".strip()


def test_a_call_leaves_one_line_in_the_log_without_anyones_name(tela, http, caplog):
    http.get(f"{API}/task", json=[], headers={"x-request-id": "req\t1\u202e"})
    http.get(f"{API}/task/{TASK_ID}", status=404)

    with caplog.at_level(logging.DEBUG, "telareview.tela"):
        tela.list_tasks(TaskQuery(approved_by=("ana@acme.com",)))
        with pytest.raises(NotFound):
            tela.get_task(TASK)

    first, second = (record.getMessage().split(" ") for record in caplog.records if record.name == "telareview.tela")
    assert (first[:3], first[4:]) == (["GET", "/task", "200"], ["ms", "req", "1"])
    assert (second[:3], second[4:]) == (["GET", f"/task/{TASK_ID}", "404"], ["ms", "-"])


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.tela.com",
        "ftp://api.tela.com",
        "https://",
        "https://user:hunter2@api.tela.com",
        "https://api.tela.com?key=hunter2",
        "https://api.tela.com#hunter2",
        "https://api.tela.com:hunter2",
        "https://api.tela.com:0",
        "https://[hunter2",
        "https://api.tela.com\\@hunter2",
        "https://api tela.com",
        "https://" + "a" * 300 + ".com",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_repeated(base_url):
    with pytest.raises(ValueError, match="TELA_API_URL") as caught:
        TelaClient(base_url, "k")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "chave-é", "tab\t", "\x00"])
def test_a_key_no_header_can_carry_is_refused_without_being_repeated(key):
    with pytest.raises(ValueError, match="TELA_API_KEY") as caught:
        TelaClient(API, key)

    assert not key or key not in str(caught.value)


def test_threads_share_a_client_and_its_figures(tela, http):
    serve_pages(http, 400)

    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda offset: tela.list_tasks(TaskQuery(offset=offset)), [0, 100, 200, 300] * 5))

    assert sum(page.row_count for page in pages) == 2000
    assert tela.calls == 20
    assert tela.waited_seconds > 0
