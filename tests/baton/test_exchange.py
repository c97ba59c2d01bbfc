"""HTTP as the client speaks it: every shape of an answer, proxies, certificates, and one deadline."""

import ipaddress
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from baton.exchange import Address, Proxy
from baton.wire import Answer, Unreachable, Wire
from tests.baton.rough import Rough, half, read_request, reset, rough, says, trickle

HEAD = b"HTTP/1.1 202 Accepted\r\n"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    "parts",
    [
        [HEAD + b'Content-Length: 8\r\n\r\n{"a": 1}'],
        [HEAD + b'Content-Length: 8\r\n\r\n{"a": 1}and more'],
        [HEAD + b'\r\n{"a":', b" 1}"],
        [HEAD + b'Transfer-Encoding: chunked\r\n\r\n3;x=y\r\n{"a\r\n5\r\n": 1}\r\n0\r\n\r\n'],
        [HEAD[:9], HEAD[9:] + b"Content-Len", b'gth: 8\r\n\r\n{"a": 1}'],
        [b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b'CONTENT-LENGTH:8\r\n\r\n{"a": 1}'],
        [b'HTTP/1.0 202\r\n\r\n{"a": 1}'],
    ],
)
def test_every_shape_of_an_answer_is_read(parts: list[bytes]) -> None:
    with rough(says(*parts, pause=0.01)) as server:
        answer = Wire(server.url, "t").call("POST", "/x", b"{}", timeout=5)

    assert (answer.status, answer.body) == (202, {"a": 1})


@pytest.mark.parametrize(
    "behave",
    [
        half, reset, says(), says(b"HTTP/1.1 2"), says(b"hello\r\n\r\n"),
        says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"),
        says(HEAD + b"Content-Length: 99999999999\r\n\r\n"),
        says(HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_told_as_one_thing(behave: Any) -> None:
    with rough(behave) as server, pytest.raises(Unreachable):
        Wire(server.url, "t").call("POST", "/x", b"{}", timeout=5)


def test_a_server_that_sends_a_byte_now_and_then_has_no_more_time_than_another() -> None:
    with rough(trickle) as server:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="timed out"):
            Wire(server.url, None).call("GET", "/", timeout=0.3)

    assert time.monotonic() - began < 2


def test_the_request_is_what_a_server_expects() -> None:
    with rough(says(HEAD + b"\r\n")) as server:
        Wire(f"{server.url}/base/", "secret").call("POST", "/v1/notify", b"{}", timeout=5)

    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /base/v1/notify HTTP/1.1"
    assert {f"Host: 127.0.0.1:{server.port}", "Authorization: Bearer secret"} < set(lines)
    assert body == b"{}"


def test_a_token_with_a_line_break_writes_no_header_of_its_own() -> None:
    with rough(says(HEAD + b"\r\n")) as server:
        with pytest.raises(Unreachable):
            Wire(server.url, "a\r\nX-Evil: 1").call("GET", "/", timeout=5)
        assert not any(b"Evil" in request for request in server.requests)


def test_a_redirect_is_not_followed() -> None:
    with rough(says(HEAD + b"\r\n")) as other:
        moved = f"HTTP/1.1 307 Moved\r\nLocation: {other.url}/\r\n\r\n".encode()
        with rough(says(moved)) as server:
            answer = Wire(server.url, "secret").call("POST", "/", b"{}", timeout=5)

        assert (answer.status, answer.ok, answer.again) == (307, False, False)
        assert other.requests == []


# Proxies


def test_a_proxy_is_asked_for_what_is_not_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with rough(says(HEAD + b'\r\n{"by": "proxy"}')) as proxy:
        monkeypatch.setenv("http_proxy", f"http://ada:p%40ss@127.0.0.1:{proxy.port}")
        answer = Wire("http://baton.example/x", "t").call("GET", "/v1/runs", timeout=5)

    assert answer.body == {"by": "proxy"}
    lines = proxy.requests[0].decode().split("\r\n")
    assert lines[0] == "GET http://baton.example/x/v1/runs HTTP/1.1"
    assert "Host: baton.example" in lines
    assert "Proxy-Authorization: Basic YWRhOnBAc3M=" in lines


@pytest.mark.parametrize("spared", ["*", "example", "baton.example", ".example, other"])
def test_no_proxy_is_honoured(monkeypatch: pytest.MonkeyPatch, spared: str, dead_url: str) -> None:
    monkeypatch.setenv("http_proxy", dead_url)
    wire = Wire("http://baton.example", None)
    monkeypatch.setenv("no_proxy", spared)
    wire.prepare()
    assert wire._proxy is None

    monkeypatch.setenv("no_proxy", "elsewhere")
    other = Wire("http://baton.example", None)
    other.prepare()
    assert other._proxy is not None


def test_https_goes_through_a_tunnel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, certificate: Path
) -> None:
    with secure(certificate) as server:
        tunnels: list[bytes] = []

        def tunnel(line: socket.socket) -> None:
            with socket.create_connection(("127.0.0.1", server.port)) as onward:
                line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                for source, target in ((line, onward), (onward, line)):
                    threading.Thread(target=_pour, args=(source, target), daemon=True).start()
                server.over.wait(3)

        with rough(tunnel) as proxy:
            monkeypatch.setenv("https_proxy", proxy.url)
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            answer = Wire("https://baton.example", "secret").call("GET", "/", timeout=5)
            tunnels = proxy.requests

        assert answer.body == {"safe": True}
        assert tunnels[0].startswith(b"CONNECT baton.example:443 HTTP/1.1\r\n")
        assert b"secret" not in tunnels[0]
        assert b"Authorization: Bearer secret" in server.requests[0]


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while came := source.recv(65536):
            target.sendall(came)
    except OSError:
        return


# Certificates


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for this machine and for baton.example, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "baton.example")])
    names = [x509.DNSName("baton.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(encoding) + private)
    return path


def secure(certificate: Path) -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Secure(Rough):
        def _serve(self, line: socket.socket) -> None:
            try:
                with context.wrap_socket(line, server_side=True) as safe:
                    self.requests.append(read_request(safe))
                    safe.sendall(HEAD + b'Content-Length: 14\r\n\r\n{"safe": true}')
            except OSError:
                return

    class Opened:
        def __enter__(self) -> Rough:
            self.server = Secure(says())
            return self.server

        def __exit__(self, *_: object) -> None:
            self.server.close()

    return Opened()


def test_a_certificate_that_nobody_vouches_for_gets_no_token(certificate: Path) -> None:
    with secure(certificate) as server:
        wire = Wire(f"https://127.0.0.1:{server.port}", "secret")
        with pytest.raises(Unreachable, match=r"(?i)certificate"):
            wire.call("GET", "/", timeout=5)

        assert not any(b"secret" in request for request in server.requests)


def test_a_certificate_that_the_system_trusts_is_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with secure(certificate) as server:
        answer = Wire(f"https://127.0.0.1:{server.port}", "t").call("GET", "/", timeout=5)

    assert answer.body == {"safe": True}


# Addresses and headers


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("http://x", "x", 80, "", "x"),
        ("https://X.example/", "x.example", 443, "", "x.example"),
        ("http://ada:pw@x:8765/base/", "x", 8765, "/base", "x:8765"),
        ("http://[::1]:8765", "::1", 8765, "", "[::1]:8765"),
        ("https://[2001:DB8::1]", "2001:db8::1", 443, "", "[2001:db8::1]"),
        ("http://münchen.example", "xn--mnchen-3ya.example", 80, "", "xn--mnchen-3ya.example"),
    ],
)
def test_addresses_are_taken_apart(
    url: str, host: str, port: int, path: str, authority: str
) -> None:
    read = Address(url)
    assert (read.host, read.port, read.path, read.authority) == (host, port, path, authority)


@pytest.mark.parametrize(
    "url",
    ["", "x", "ftp://x", "http://", "http://[::1", "http://x:y", "http://x:99999", "http://a b", "http://a\nb", "http://é\x00"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Address(url)


def test_a_proxy_may_be_named_without_a_scheme() -> None:
    proxy = Proxy("127.0.0.1:3128")
    assert (proxy.address.host, proxy.address.port, proxy.headers) == ("127.0.0.1", 3128, {})


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("99999", 600.0), ("", None), ("-1", None), ("soon", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)],
)  # fmt: skip
def test_the_server_may_say_when_to_come_again(header: str, seconds: float | None) -> None:
    assert Answer(429, {"retry-after": header}, b"").retry_after == seconds


@pytest.mark.parametrize(
    ("status", "headers", "again"),
    [(429, {}, True), (503, {}, True), (408, {}, True), (409, {"retry-after": "1"}, True), (409, {}, False), (422, {}, False), (302, {}, False)],
)  # fmt: skip
def test_what_may_succeed_later_is_known_by_its_status(
    status: int, headers: dict[str, str], *, again: bool
) -> None:
    assert Answer(status, headers, b"{}").again is again
