"""Files on their way to Tela's store."""

import hashlib
import io

import pytest

from telareview.sandbox import SandboxServer
from telareview.tela import AnswerLost, BadRequest, CutShort, Forbidden, LeftTheHost, UnreadableReply, WritingClient
from telareview.tela.uploads import FilePlace, announce_file, send_bytes
from tests.tela.conftest import API

STORE = "https://store.example/put/1?signature=s"


@pytest.fixture
def writing(http):
    with WritingClient(API, "sk-test-key", allowed=True) as client:
        yield client


def test_a_file_is_announced_sent_without_the_key_and_named_by_its_vault(writing, http):
    http.post(f"{API}/v3/files", json={"id": "f-1", "uploadUrl": STORE}, status=201)
    http.put(STORE, body=b"")

    place = announce_file(writing, "nota fiscal.pdf")
    send_bytes(writing, place, io.BytesIO(b"%PDF-1.7"), 8, "application/pdf")

    announced, sent = (call.request for call in http.calls)
    assert place.file_url == "vault://f-1"
    assert announced.body == b'{"fileName":"nota fiscal.pdf"}'
    assert announced.headers["x-compatibility-date"] == "2025-07-23"
    assert sent.headers["Content-Type"] == "application/pdf"
    assert "authorization" not in {name.lower() for name in sent.headers}


@pytest.mark.parametrize(
    "address",
    [
        "http://store.example/put",
        "https://10.0.0.7/put",
        "https://[::1]/put",
        "https://intranet/put",
        "https://user:pw@store.example/put",
        "file:///etc/passwd",
        "https://[/put",
        "",
    ],
)
def test_bytes_go_to_no_address_that_cannot_be_a_store(writing, http, address):
    with pytest.raises(LeftTheHost):
        send_bytes(writing, FilePlace("f", address), io.BytesIO(b"x"), 1, "text/plain")

    assert len(http.calls) == 0


@pytest.mark.parametrize("body", [[], {"id": "../x", "uploadUrl": STORE}, {"id": "f"}, {"id": 7, "uploadUrl": STORE}])
def test_a_place_that_cannot_be_read_is_no_place(writing, http, body):
    http.post(f"{API}/v3/files", json=body)

    with pytest.raises((UnreadableReply, AnswerLost)):
        announce_file(writing, "a.pdf")


def test_a_store_that_refuses_is_told_without_its_address(writing, http):
    http.put(STORE, json={"message": STORE}, status=403)

    with pytest.raises(Forbidden) as caught:
        send_bytes(writing, FilePlace("f", STORE), io.BytesIO(b"x"), 1, "text/plain")

    assert "signature" not in str(caught.value)


def test_a_redirect_of_the_store_is_not_followed(writing, http):
    http.put(STORE, status=307, headers={"Location": "http://169.254.169.254/latest"})

    with pytest.raises(LeftTheHost):
        send_bytes(writing, FilePlace("f", STORE), io.BytesIO(b"x"), 1, "text/plain")

    assert len(http.calls) == 1


def test_the_sandbox_keeps_what_was_sent():
    content = b"%PDF-1.7 " + b"x" * 300_000
    with SandboxServer(tasks=1) as sandbox, WritingClient(sandbox.url, sandbox.key, allowed=True) as client:
        place = announce_file(client, "a.pdf")
        send_bytes(client, place, io.BytesIO(content), len(content), "application/pdf")

        kept = sandbox.files.kept[place.id]
        assert (kept.name, kept.size, kept.content_type) == ("a.pdf", len(content), "application/pdf")
        assert kept.sha256 == hashlib.sha256(content).hexdigest()
        assert client.request("GET", f"/v3/files/{place.id}")["size"] == len(content)
        with pytest.raises(Forbidden):
            send_bytes(client, FilePlace("f", place.upload_url + "x"), io.BytesIO(b""), 0, "text/plain")
        with pytest.raises(BadRequest, match="x-compatibility-date"):
            client.request("POST", "/v3/files", body={"fileName": "a.pdf"})


def test_a_connection_that_breaks_is_told(raw_server):
    server = raw_server(lambda connection, stop: connection.close())
    with WritingClient(server.url, "k", allowed=True) as client, pytest.raises(CutShort):
        send_bytes(client, FilePlace("f", f"{server.url}/put"), io.BytesIO(b"x"), 1, "text/plain")
