"""What may leave, when, and what is said of a write whose answer did not come."""

import inspect
import json
from uuid import UUID

import pytest

from telareview.tela import (
    AnswerLost,
    BadRequest,
    Conflict,
    ConnectFailed,
    Forbidden,
    LeftTheHost,
    NotFound,
    RateLimited,
    Secret,
    TelaClient,
    TelaError,
    UpdateFailed,
    WriteRefused,
    WritingClient,
    WrongKey,
)
from telareview.tela.writing import MOST_AT_ONCE
from tests.tela.conftest import API
from tests.tela.rows import APP_ID, OTHER_ID, TASK_ID, http_reply, task_row

TASK = UUID(TASK_ID)
ORDER = {"promptApplicationId": APP_ID, "name": "a.pdf", "rawInput": {"variables": {}}, "tags": ["t"]}


@pytest.fixture
def writing(http, naps):
    with WritingClient(API, "sk-test-key", allowed=True, sleep=naps.append, chance=lambda: 0.0) as client:
        yield client


class TestWhoMayWrite:
    @pytest.mark.parametrize("allowed", [False, None, 0, 1, "yes"])
    def test_a_client_that_writes_cannot_be_made_unless_writing_is_allowed(self, allowed):
        with pytest.raises(WriteRefused):
            WritingClient(API, "k", allowed=allowed)

    def test_there_is_no_way_to_make_one_without_saying_so(self):
        parameter = inspect.signature(WritingClient).parameters["allowed"]

        assert parameter.default is inspect.Parameter.empty
        assert "allow" not in " ".join(inspect.signature(TelaClient).parameters)

    def test_every_call_of_the_reading_client_is_a_get(self, tela, http):
        """All its methods, against a server that answers anything: nothing but GET arrives."""
        for verb in ("GET", "POST", "PATCH", "PUT", "DELETE"):
            http.add(verb, f"{API}/task", json=[task_row()])
            http.add(verb, f"{API}/task/{TASK_ID}", json=task_row())

        for name, method in inspect.getmembers(tela, inspect.ismethod):
            if name.startswith("_") or name in {"close", "at_most"}:
                continue
            given = {"task_id": TASK, "query": _query(), "verb": "DELETE", "path": "/task"}
            needed = [
                given[each.name]
                for each in inspect.signature(method).parameters.values()
                if each.default is inspect.Parameter.empty
            ]
            try:
                found = method(*needed)
                list(found) if inspect.isgenerator(found) else None
            except TelaError:
                continue

        assert http.calls
        assert {call.request.method for call in http.calls} == {"GET"}


def _query():
    from telareview.tela import TaskQuery

    return TaskQuery(limit=1)


class TestCreating:
    def test_one_task_is_posted_as_one_object_and_comes_back_in_an_array(self, writing, http):
        http.post(f"{API}/task", json=[task_row(status="running")], status=201)

        (made,) = writing.create_tasks([ORDER], {"x-tela-forward-x-secret": Secret("whsec")})

        (call,) = http.calls
        assert json.loads(call.request.body) == ORDER
        assert call.request.headers["x-tela-forward-x-secret"].encode() == b"whsec"
        assert "whsec" not in repr(dict(call.request.headers))
        assert (made.id, made.status) == (TASK, "running")

    def test_several_are_posted_as_an_array(self, writing, http):
        http.post(f"{API}/task", json=[task_row(), task_row(id=OTHER_ID)], status=201)

        made = writing.create_tasks([ORDER, ORDER])

        assert json.loads(http.calls[0].request.body) == [ORDER, ORDER]
        assert [str(task.id) for task in made] == [TASK_ID, OTHER_ID]

    @pytest.mark.parametrize("count", [0, MOST_AT_ONCE + 1])
    def test_none_and_too_many_are_not_sent(self, writing, http, count):
        with pytest.raises(ValueError, match="100"):
            writing.create_tasks([ORDER] * count)

        assert len(http.calls) == 0

    def test_a_completion_answers_with_an_id(self, writing, http):
        http.post(f"{API}/v2/chat/completions", json={"id": TASK_ID, "object": "chat.completion"})

        assert writing.complete({"application_id": APP_ID, "variables": {}}) == TASK

    def test_a_change_answers_with_the_task(self, writing, http):
        http.patch(f"{API}/task/{TASK_ID}", json=task_row(name="new"))

        assert writing.change_task(TASK, {"name": "new"}).name == "new"
        assert json.loads(http.calls[0].request.body) == {"name": "new"}


class TestWhatBecameOfIt:
    @pytest.mark.parametrize(
        ("status", "body", "kind"),
        [
            (400, {"code": "BAD_REQUEST", "message": "Required variables are missing"}, BadRequest),
            (422, {"message": "no"}, BadRequest),
            (400, {"code": "UPDATE_FAILED", "message": "A running task cannot be updated"}, UpdateFailed),
            (400, {"error": {"code": "UPDATE_FAILED", "message": "running"}}, UpdateFailed),
            (401, {}, WrongKey),
            (403, {}, Forbidden),
            (404, {}, NotFound),
            (409, {}, Conflict),
            (429, {}, RateLimited),
            (302, {}, LeftTheHost),
        ],
    )
    def test_a_refusal_is_told_by_its_kind_and_was_sent_once(self, writing, http, naps, status, body, kind):
        http.patch(f"{API}/task/{TASK_ID}", json=body, status=status)

        with pytest.raises(kind) as caught:
            writing.change_task(TASK, {"status": "completed"})

        assert type(caught.value) is kind
        assert (len(http.calls), naps) == (1, [])

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (500, b"{}"),
            (502, b"<html>Bad Gateway</html>"),
            (503, b""),
            (408, b""),
            (200, b"<html>Sign in</html>"),
            (200, b""),
            (200, b'{"id": 7}'),
            (200, b"[7]"),
            (201, b'[{"id": "' + TASK_ID.encode() + b'", "stat'),
        ],
    )
    def test_an_answer_that_settles_nothing_is_an_answer_lost(self, writing, http, naps, status, body):
        http.post(f"{API}/task", body=body, status=status)

        with pytest.raises(AnswerLost) as caught:
            writing.create_tasks([ORDER])

        assert not caught.value.may_retry
        assert (len(http.calls), naps) == (1, [])

    def test_another_task_than_the_one_changed_settles_nothing(self, writing, http):
        http.patch(f"{API}/task/{TASK_ID}", json=task_row(id=OTHER_ID))

        with pytest.raises(AnswerLost, match="Another task"):
            writing.change_task(TASK, {"name": "n"})

    @pytest.mark.parametrize(
        "script",
        [
            lambda connection, stop: connection.close(),
            http_reply([task_row()])[:-40],
            lambda connection, stop: stop.wait(5),
        ],
        ids=["closed", "cut", "silent"],
    )
    def test_a_connection_that_breaks_after_sending_is_an_answer_lost(self, raw_server, script):
        server = raw_server(script)

        with (
            WritingClient(server.url, "k", allowed=True, read_timeout=0.3, total_timeout=0.5) as client,
            pytest.raises(AnswerLost),
        ):
            client.create_tasks([ORDER])

        assert len(server.requests) == 1

    def test_what_never_left_is_not_called_lost(self):
        with (
            WritingClient("http://127.0.0.1:1", "k", allowed=True) as client,
            pytest.raises(ConnectFailed) as caught,
        ):
            client.create_tasks([ORDER])

        assert caught.value.nothing_left

    def test_neither_the_key_nor_a_forwarded_secret_stands_in_the_error(self, writing, http):
        http.post(f"{API}/task", json={"message": "you sent sk-test-key"}, status=500)

        with pytest.raises(AnswerLost) as caught:
            writing.create_tasks([ORDER], {"x-tela-forward-a": Secret("whsec-4711")})

        assert "sk-test-key" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
