"""Keys, addresses, methods and HTTP manners."""

import json
import socket
from email.utils import parsedate_to_datetime
from uuid import UUID

import pytest
import requests

from telareview.sandbox import SandboxServer


def test_a_key_is_demanded(api):
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": api.sandbox.key}, {"x-api-key": "a"}):
        response = requests.get(f"{api.sandbox.url}/task", headers=headers, timeout=5)

        assert response.status_code == 401
        assert response.json() == {
            "code": "UNAUTHORIZED",
            "message": "Missing or invalid API key",
            "status": 401,
            "name": "Error",
        }


def test_the_scheme_may_be_written_in_any_case(api):
    headers = {"Authorization": f"bearer {api.sandbox.key}"}

    assert requests.get(f"{api.sandbox.url}/task", headers=headers, timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/tasks", 404),
        ("GET", "/", 404),
        ("GET", "/task/00000000-0000-4000-8000-000000000000", 404),
        ("GET", "/task/00000000-0000-4000-8000-000000000000/versions", 404),
        ("GET", "/task/abc", 400),
        ("PUT", "/task", 405),
        ("DELETE", "/task", 405),
        ("POST", "/api-key", 405),
        ("OPTIONS", "/task", 405),
        ("GET", "/prompt-version/00000000-0000-4000-8000-000000000000", 404),
    ],
)
def test_what_is_not_there_says_so(api, method, path, status):
    response = api(method, path)

    assert response.status_code == status
    assert response.json()["status"] == status
    assert ("Allow" in response.headers) == (status == 405)


def test_every_answer_has_a_date_and_a_request_id(api):
    answers = [api.get("/task"), api.get("/nothing"), requests.get(f"{api.sandbox.url}/task", timeout=5)]

    for answer in answers:
        assert parsedate_to_datetime(answer.headers["Date"]).isoformat() == "2026-11-20T15:00:00+00:00"
    assert len({UUID(answer.headers["x-request-id"]) for answer in answers}) == 3


def test_the_date_follows_the_world(fresh):
    fresh.sandbox.world.clock.advance(3600)

    assert fresh.get("/task").headers["Date"] == "Fri, 20 Nov 2026 16:00:00 GMT"


def test_a_connection_is_kept_for_the_next_request(api):
    request = f"GET /task?limit=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.sandbox.key}\r\n\r\n".encode()
    host, port = api.sandbox.server.server_address[:2]

    with socket.create_connection((host, port), timeout=5) as connection, connection.makefile("rb") as stream:
        for _ in range(3):
            connection.sendall(request)
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            length = 0
            while (line := stream.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            assert len(json.loads(stream.read(length))) == 1


def test_head_has_headers_only(api):
    head, get = api("HEAD", "/task?limit=3"), api.get("/task?limit=3")

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_a_body_may_come_in_chunks(fresh):
    pieces = iter([b'{"name": ', b'"renamed in pieces"}'])
    task_id = fresh.tasks(status="validating")[0]["id"]

    response = fresh("PATCH", f"/task/{task_id}", data=pieces, headers={"Content-Type": "application/json"})

    assert response.json()["name"] == "renamed in pieces"


def test_what_is_not_http_is_refused_in_the_usual_shape(api):
    host, port = api.sandbox.server.server_address[:2]

    with socket.create_connection((host, port), timeout=5) as connection, connection.makefile("rb") as stream:
        connection.sendall(b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = stream.read()

    assert answer.startswith(b"HTTP/1.1 501 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 501


def test_requests_are_remembered(api):
    api.get("/task?status=running&taskName=a%20b", headers={"X-Who": "me"})

    last = api.sandbox.requests[-1]
    assert (last.method, last.path, last.status) == ("GET", "/task", 200)
    assert last.query == {"status": ["running"], "taskName": ["a b"]}
    assert last.headers["x-who"] == "me"


def test_stopping_hangs_up_on_everybody():
    with SandboxServer(tasks=5) as sandbox, requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sandbox.key}"
        assert session.get(f"{sandbox.url}/task", timeout=5).ok
        sandbox.stop()

        with pytest.raises(requests.ConnectionError):
            session.get(f"{sandbox.url}/task", timeout=5)


def test_a_port_belongs_to_one_sandbox(api):
    port = api.sandbox.server.server_address[1]

    with pytest.raises(OSError, match="in use"):
        SandboxServer(tasks=1, port=port)


def test_the_key_and_the_canvas_versions_can_be_asked_for(api):
    key = api.get("/api-key").json()
    version = api.get("/prompt-version/c2e8f1e5-3c7d-4e49-8d26-8f90a1b2c3d4").json()
    siblings = api.get("/prompt-version", params={"promptId": version["promptId"]}).json()

    assert key["email"] == "api@acme.example"
    schema = version["configuration"]["structuredOutput"]["schema"]
    assert schema["properties"]["total"]["properties"]["valor"]["type"] == "number"
    assert schema["properties"]["itens"]["items"]["properties"]["descricao"]["title"] == "Descricao"
    assert version["variables"][0]["name"] == "document"
    assert [(one["title"], one["promoted"]) for one in siblings] == [
        ("Notas fiscais v7", True),
        ("Notas fiscais v6", False),
        ("Notas fiscais v5", False),
    ]
