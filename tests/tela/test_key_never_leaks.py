"""One recognisable key, sent down every way a call can fail, is found in nothing that a person or a log could see."""

import gc
import gzip
import logging
import pickle
import pprint
import socket
import traceback

import pytest

from telareview.tela import Secret, TaskQuery, TelaClient, TelaError
from telareview.tela import deadline as deadline_module
from telareview.tela import transport as transport_module
from tests.tela.rows import http_reply

# Global, because the frames of the tests themselves are printed with their locals.
CANARY = "sk-canary-5f0c"


def close_at_once(connection, stop):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def be_silent(connection, stop):
    stop.wait()


def echo(status):
    """A server which is careless enough to send the key back, in the body and in every header it has."""
    said = '{"message": "Key %s is bad", "code": "%s"}' % (CANARY, CANARY)  # noqa: UP031
    headers = (f"x-request-id: {CANARY}", f"Location: https://{CANARY}.test/{CANARY}", f"Retry-After: {CANARY}")
    return http_reply(said.encode(), *headers, status=status)


FAILURES = {
    "401": echo("401 Unauthorized"),
    "400": echo("400 Bad Request"),
    "404": echo("404 Not Found"),
    "418": echo("418 Teapot"),
    "429": echo("429 Slow Down"),
    "500": echo("500 Oops"),
    "302": echo("302 Found"),
    "text": http_reply(f"bad key {CANARY}".encode(), status="403 Forbidden"),
    "html": http_reply(f"<html>{CANARY}</html>".encode(), status="502 Bad Gateway"),
    "bad-json": http_reply(f'[{{"id": "{CANARY}", '.encode(), f"x-request-id: {CANARY}"),
    "bad-utf-8": http_reply(b"\xff" + CANARY.encode()),
    "bad-shape": http_reply({"data": CANARY}),
    "html-200": http_reply(b"<html>"),
    "no-list": http_reply({"rows": []}),
    "bad-gzip": http_reply(b"not gzip", "Content-Encoding: gzip"),
    "short-gzip": http_reply(gzip.compress(b"[1, 2, 3]")[:-10], "Content-Encoding: gzip"),
    "large": http_reply(b"[" + b" " * 70_000 + b"]"),
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[",
    "no-http": b"hello\r\n\r\n",
    "reset": close_at_once,
    "silence": be_silent,
}


def everything_shown(error):
    """What a log, a crash page or a careless dump would print of an error, frames with their locals included."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    chain = [error, error.__cause__, error.__context__]
    return "\n".join(
        [
            *(str(link) for link in chain),
            *(repr(link) for link in chain),
            *(pprint.pformat(vars(link)) for link in chain if link is not None),
            *told.format(chain=True),
            repr(pickle.dumps(error)),
        ]
    )


@pytest.fixture(autouse=True)
def every_log_line(caplog):
    with caplog.at_level(logging.DEBUG):
        yield
    assert CANARY not in caplog.text
    assert not any(CANARY in repr(record.__dict__) for record in caplog.records)


@pytest.fixture(params=list(FAILURES.values()), ids=list(FAILURES))
def failing_address(request, raw_server):
    return raw_server(request.param).url


@pytest.fixture
def nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def failure_of(address):
    tela = TelaClient(address, Secret(CANARY), retries=1, read_timeout=0.1, sleep=lambda seconds: None)
    with tela:
        try:
            tela.list_tasks(TaskQuery(approved_by=("ana@acme.com",)))
        except TelaError as error:
            return error
    raise AssertionError("The call did not fail.")


def test_no_failing_reply_shows_it(failing_address, monkeypatch):
    monkeypatch.setattr(transport_module, "MAX_RESPONSE_BYTES", 65_536)

    shown = everything_shown(failure_of(failing_address))

    assert CANARY not in shown
    assert "telareview" in shown


def test_no_failing_connection_shows_it(nobody_listens):
    assert CANARY not in everything_shown(failure_of(nobody_listens))


def test_an_unknown_host_does_not_show_it():
    assert CANARY not in everything_shown(failure_of("http://nowhere.invalid"))


def test_a_failed_handshake_does_not_show_it(raw_server):
    server = raw_server(http_reply([]))

    assert CANARY not in everything_shown(failure_of(server.url.replace("http:", "https:")))


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, MemoryError, RuntimeError])
@pytest.mark.parametrize(
    ("place", "method"),
    [
        # While connecting, the frames above already hold the bytes of the request.
        (deadline_module._PlainConnection, "connect"),
        (deadline_module._DeadlineReader, "readinto"),
    ],
)
def test_an_interruption_in_the_middle_of_a_call_does_not_show_it(raw_server, monkeypatch, place, method, interruption):
    def interrupt(*arguments):
        raise interruption("stop")

    monkeypatch.setattr(place, method, interrupt)
    server = raw_server(http_reply([]))

    with pytest.raises(interruption) as caught, TelaClient(server.url, CANARY) as tela:
        tela.list_tasks(TaskQuery())

    assert CANARY not in everything_shown(caught.value)


def test_a_client_shows_it_in_no_way(raw_server):
    server = raw_server(http_reply([]))

    with TelaClient(server.url, Secret(CANARY)) as tela:
        tela.list_tasks(TaskQuery())
        shown = [repr(tela), str(tela), pprint.pformat(vars(tela)), *plain_texts_within(tela)]

    assert f"Bearer {CANARY}".encode() in server.requests[0]
    assert not any(CANARY in text for text in shown)


def test_the_prepared_call_prints_without_it(raw_server):
    with TelaClient("http://127.0.0.1:1", CANARY) as tela:
        request = tela._transport._prepared("GET", "/task", [], None, {})

    assert CANARY not in f"{request.headers} {request.headers!r} {pprint.pformat(vars(request))}"
    assert request.headers["Authorization"].encode() == b"Bearer " + CANARY.encode()


def plain_texts_within(start):
    """Every printed form of what hangs on an object by its `__dict__`s, lists and dicts."""
    pending, seen = [start], set()
    while pending:
        thing = pending.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, (str, bytes, int, float, type(None))):
            yield repr(thing)
        elif isinstance(thing, dict):
            pending += [*thing.keys(), *thing.values()]
        elif isinstance(thing, (list, tuple, set, frozenset)):
            pending += thing
        elif hasattr(thing, "__dict__"):
            pending.append(vars(thing))


def test_a_client_is_not_pickled():
    with TelaClient("http://127.0.0.1:1", CANARY) as tela, pytest.raises(TypeError):
        pickle.dumps(tela)


def test_no_frame_is_left_behind_by_a_failed_call(nobody_listens):
    error = failure_of(nobody_listens)
    gc.collect()

    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]

    assert not any("urllib3" in frame.f_code.co_filename for frame in frames)
    assert (error.__cause__, error.__context__) == (None, None)
