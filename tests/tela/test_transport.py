"""What only a real socket shows: limits, cuts, redirects, compression. Each server speaks bytes, not HTTP."""

import gzip
import socket
import ssl
import time
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from telareview.tela import (
    ConnectFailed,
    CutShort,
    LeftTheHost,
    ReplyTooLarge,
    ServerFailed,
    TaskQuery,
    TelaClient,
    TimedOut,
    UnreadableReply,
)
from telareview.tela import transport as transport_module
from tests.tela.rows import http_reply, task_row

#: A call with a limit of this many seconds must be over well before the patience of a single read.
TOTAL, PATIENCE = 0.3, 20.0


def client(server, **settings):
    return TelaClient(server.url, "sk-test-key", retries=0, **settings)


def listed(server, **settings):
    with client(server, **settings) as tela:
        return tela.list_tasks(TaskQuery())


def drip(head, piece):
    """A script that sends `head`, then `piece` again and again until the server stops."""

    def script(connection, stop):
        connection.sendall(head)
        while not stop.wait(0.01):
            connection.sendall(piece)

    return script


def silent(connection, stop):
    stop.wait()


def silent_after(head):
    def script(connection, stop):
        connection.sendall(head)
        stop.wait()

    return script


def test_a_whole_reply_is_read_and_the_connection_used_again(raw_server):
    def keeps_open(connection, stop):
        connection.sendall(http_reply([task_row()]))
        request = connection.recv(65536)
        assert request.startswith(b"GET /task?")
        connection.sendall(http_reply([]))
        stop.wait()

    server = raw_server(keeps_open)

    with client(server) as tela:
        counts = [tela.list_tasks(TaskQuery()).row_count for _ in range(2)]

    assert counts == [1, 0]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "script",
    [
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n[", b" "),
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        drip(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        drip(b"HTTP/1.1 500 Oops\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99999\r\n\r\n", b"\x00"),
        drip(b"HTTP/1.1 200 OK\r\n\r\n[", b" "),
        silent_after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n["),
    ],
    ids=["body", "header", "hundred-continue", "chunks", "error-body", "gzip", "no-length", "silence"],
)
def test_a_slow_drip_ends_at_the_limit_of_the_whole_call(raw_server, script):
    server = raw_server(script)
    started = time.monotonic()

    with pytest.raises((TimedOut, CutShort, UnreadableReply)):
        listed(server, total_timeout=TOTAL, read_timeout=PATIENCE)

    assert time.monotonic() - started < PATIENCE / 4


def test_a_slow_drip_says_that_time_was_up(raw_server):
    server = raw_server(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n[", b" "))

    with pytest.raises(TimedOut, match=r"20 s of silence, 0\.3 s in all"):
        listed(server, total_timeout=TOTAL, read_timeout=PATIENCE)


@pytest.mark.parametrize("script", [silent, drip(b"", b"")], ids=["nothing", "no-bytes"])
def test_silence_ends_at_the_limit_of_a_read(raw_server, script):
    server = raw_server(script)

    with pytest.raises(TimedOut, match="did not answer in time"):
        listed(server, read_timeout=0.1)


def test_the_waiting_is_counted_even_when_it_was_in_vain(raw_server):
    server = raw_server(silent)

    with client(server, read_timeout=0.1) as tela:
        with pytest.raises(TimedOut):
            tela.list_tasks(TaskQuery())
        assert 0.1 <= tela.waited_seconds < 5
        assert tela.calls == 1


@pytest.mark.parametrize(
    "script",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1, 2",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[1, 2",
        b"not http at all\r\n\r\n",
    ],
    ids=["nothing", "status", "body", "chunk", "chunk-size", "no-http"],
)
def test_a_reply_cut_short_is_never_taken_for_a_whole_one(raw_server, script):
    with pytest.raises((CutShort, UnreadableReply), match=r"broke off|empty"):
        listed(raw_server(script))


def test_a_reset_connection_is_cut_short(raw_server):
    def reset(connection, stop):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    with pytest.raises(CutShort):
        listed(raw_server(reset))


def test_a_cut_reply_is_asked_for_again(raw_server):
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[", http_reply([task_row()]))

    with TelaClient(server.url, "k", sleep=lambda seconds: None) as tela:
        assert tela.list_tasks(TaskQuery()).row_count == 1
        assert tela.calls == 2


def test_nobody_listening_is_said_in_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"

    with TelaClient(address, "k", retries=0) as tela, pytest.raises(ConnectFailed, match="Connection refused"):
        tela.list_tasks(TaskQuery())


def test_an_unknown_host_is_said_in_a_sentence():
    with TelaClient("http://nowhere.invalid", "k", retries=0) as tela, pytest.raises(ConnectFailed) as caught:
        tela.list_tasks(TaskQuery())

    assert "could not be resolved" in str(caught.value)


def test_a_server_without_tls_is_said_in_a_sentence(raw_server):
    server = raw_server(http_reply([]))

    with (
        TelaClient(server.url.replace("http:", "https:"), "k", retries=0) as tela,
        pytest.raises(ConnectFailed) as caught,
    ):
        tela.list_tasks(TaskQuery())

    assert "encrypted connection could not be made" in str(caught.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a key and a certificate for 127.0.0.1 which nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(
        key.private_bytes(pem, pkcs8, serialization.NoEncryption()) + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


class TestEncryption:
    @pytest.fixture
    def secure_server(self, raw_server, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        return lambda *scripts: raw_server(*scripts, tls=context)

    def test_a_certificate_nobody_signed_is_refused_at_once(self, secure_server):
        server = secure_server(http_reply([]))
        naps: list[float] = []

        with TelaClient(server.url, "k", sleep=naps.append) as tela, pytest.raises(ConnectFailed) as caught:
            tela.list_tasks(TaskQuery())

        assert "Its TLS certificate was not accepted." in str(caught.value)
        assert (naps, server.requests) == ([], [])

    def test_the_environment_cannot_make_it_accepted(self, secure_server, certificate, monkeypatch):
        server = secure_server(http_reply([]))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        monkeypatch.setenv("CURL_CA_BUNDLE", str(certificate))

        with pytest.raises(ConnectFailed, match="certificate"):
            listed(server)

    @pytest.mark.parametrize(
        "script",
        [
            drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n[", b" "),
            drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
            silent_after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n["),
        ],
        ids=["body", "header", "silence"],
    )
    def test_the_limit_of_the_whole_call_holds_under_encryption(self, secure_server, certificate, script):
        server = secure_server(script)
        started = time.monotonic()

        with client(server, total_timeout=TOTAL, read_timeout=PATIENCE) as tela:
            tela._transport._session.verify = str(certificate)
            with pytest.raises(TimedOut):
                tela.list_tasks(TaskQuery())

        assert len(server.requests) == 1
        assert time.monotonic() - started < PATIENCE / 4


class TestSize:
    @pytest.fixture(autouse=True)
    def smaller_limit(self, monkeypatch):
        monkeypatch.setattr(transport_module, "MAX_RESPONSE_BYTES", 1024 * 1024)

    def test_a_reply_at_the_limit_is_read(self, raw_server):
        body = b"[" + b" " * (1024 * 1024 - 2) + b"]"

        assert listed(raw_server(http_reply(body))).row_count == 0

    @pytest.mark.parametrize(
        "script",
        [
            http_reply(b"[" + b" " * 1024 * 1024 + b"]"),
            drip(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 100_000),
            drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 0x10000 + b"\r\n"),
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n[",
        ],
        ids=["length", "endless", "endless-chunks", "announced"],
    )
    def test_a_larger_one_is_left(self, raw_server, script):
        with pytest.raises(ReplyTooLarge, match="Ask for fewer tasks"):
            listed(raw_server(script))

    @pytest.mark.parametrize("chunked", [False, True])
    def test_a_compressed_bomb_does_not_fill_the_memory(self, raw_server, chunked):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join(packer.compress(b" " * 1024 * 1024) for _ in range(100)) + packer.flush()
        if chunked:
            bomb = b"%x\r\n" % len(bomb) + bomb + b"\r\n0\r\n\r\n"
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(bomb)}"
        server = raw_server(f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n{framing}\r\n\r\n".encode() + bomb)
        tracemalloc.start()

        try:
            with pytest.raises(ReplyTooLarge):
                listed(server)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert peak < 8 * 1024 * 1024

    def test_a_huge_error_body_is_read_no_further_than_its_start(self, raw_server):
        server = raw_server(drip(b"HTTP/1.1 500 Oops\r\n\r\n", b"no " * 30_000))

        with pytest.raises(ServerFailed, match="no no no"):
            listed(server)


def test_a_compressed_reply_is_unpacked(raw_server):
    packed = gzip.compress(b"[]")

    assert listed(raw_server(http_reply(packed, "Content-Encoding: gzip"))).row_count == 0


@pytest.mark.parametrize(
    "body", [b"not gzip", gzip.compress(b'["a long enough text to cut"]')[:-12]], ids=["not gzip", "cut short"]
)
def test_damaged_compression_is_unreadable(raw_server, body):
    with pytest.raises(UnreadableReply):
        listed(raw_server(http_reply(body, "Content-Encoding: gzip")))


class TestRedirects:
    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
    def test_a_redirect_is_told_and_not_followed(self, raw_server, status):
        elsewhere = raw_server(http_reply([]))
        server = raw_server(http_reply(b"", f"Location: {elsewhere.url}/task?secret=1", status=status))

        with pytest.raises(LeftTheHost, match=rf"redirect \({status[:3]}\) towards 127\.0\.0\.1\.$"):
            listed(server)
        assert elsewhere.requests == []
        assert len(server.requests) == 1

    def test_a_redirect_to_the_same_host_is_not_followed_either(self, raw_server):
        server = raw_server(http_reply(b"", "Location: /login", status="302 Found"))

        with pytest.raises(LeftTheHost):
            listed(server)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("headers", [(), ("Location: http://[",), ("Location: javascript:alert(1)",)])
    def test_a_redirect_to_nowhere_is_told_too(self, raw_server, headers):
        with pytest.raises(LeftTheHost, match="was a redirect"):
            listed(raw_server(http_reply(b"", *headers, status="302 Found")))

    def test_the_body_of_a_redirect_is_not_read_to_its_end(self, raw_server):
        server = raw_server(drip(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", b"x" * 100_000))

        with pytest.raises(LeftTheHost):
            listed(server, total_timeout=5)


@pytest.mark.parametrize("path", ["@evil.test/task", "evil", "", "/task\r\nX: y", "/tâsk"])
def test_a_path_that_could_lead_elsewhere_is_refused(raw_server, path):
    server = raw_server(http_reply([]))

    with client(server) as tela, pytest.raises(ValueError, match="A path begins with a slash"):
        tela.request("GET", path)
    assert server.requests == []


def test_a_call_that_would_leave_the_host_is_not_sent(raw_server):
    server, elsewhere = raw_server(http_reply([])), raw_server(http_reply([]))

    with client(server) as tela:
        tela._transport._base_url = elsewhere.url
        with pytest.raises(LeftTheHost, match="Nothing was sent"):
            tela.list_tasks(TaskQuery())

    assert elsewhere.requests == []


@pytest.mark.parametrize("path", ["//evil.test/task", "/../task", "/task/%2e%2e/x"])
def test_a_strange_path_still_reaches_only_the_one_host(raw_server, path):
    server = raw_server(http_reply([]))

    with client(server) as tela:
        tela.request("GET", path)

    assert len(server.requests) == 1
    assert f"Host: {server.url.removeprefix('http://')}".encode() in server.requests[0]


def test_nothing_out_of_the_environment_changes_where_or_how_it_calls(raw_server, monkeypatch, tmp_path):
    server, proxy = raw_server(http_reply([])), raw_server(http_reply([]))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password wrong\n")
    netrc.chmod(0o600)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.setenv("NETRC", str(netrc))

    listed(server)

    assert proxy.requests == []
    assert b"Authorization: Bearer sk-test-key\r\n" in server.requests[0]


def test_cookies_are_not_kept(raw_server):
    server = raw_server(http_reply([], "Set-Cookie: session=1; Path=/", "Connection: close"))

    with client(server) as tela:
        tela.list_tasks(TaskQuery())
        tela.list_tasks(TaskQuery())

    assert len(server.requests) == 2
    assert not any(b"Cookie" in request for request in server.requests)
