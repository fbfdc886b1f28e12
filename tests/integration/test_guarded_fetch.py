"""The guarded client against a real server: names get public addresses, and the dialler leads them to loopback."""

import gzip
import socket
import ssl
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tools.ports import Unknown, WebPage
from tools.providers.web_fetch.guarded import MAX_BYTES, GuardedFetch, NoFetch

PUBLIC = "93.184.215.14"
PAGE = b"<title>Hello</title>"


class Server:
    """Answers by path; `asked` holds (host header, path) of every request."""

    def __init__(self):
        self.answers, self.asked, self.headers = {}, [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.asked.append((self.headers["Host"], self.path))
                outer.headers.append(dict(self.headers))
                answer = outer.answers.get(self.path, (404, {}, b""))
                if callable(answer):
                    answer(self)
                    self.close_connection = True
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in {"Content-Type": "text/html", "Content-Length": len(body), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def redirect(self, path, to, status=302):
        self.answers[path] = (status, {"Location": to}, b"")

    def close(self):
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server():
    started = Server()
    yield started
    started.close()


class Net:
    """DNS and routes: every name is at PUBLIC unless told; every dialled address leads to the test's server."""

    def __init__(self, port):
        self.port, self.names, self.lookups, self.dialled = port, {}, [], []

    def resolve(self, host):
        self.lookups.append(host)
        answer = self.names.get(host, [PUBLIC])
        return answer.pop(0) if answer and isinstance(answer[0], list) else answer

    def dial(self, address, port, seconds):
        self.dialled.append((address, port))
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)


@pytest.fixture
def net(server):
    return Net(server.port)


@pytest.fixture
def fetch(net, virtual_clock):
    return GuardedFetch(clock=virtual_clock, resolve=net.resolve, dial=net.dial, max_seconds=60.0)


def refused(found, *words):
    assert isinstance(found, Unknown), found
    assert all(word in found.reason for word in words), found.reason


def test_a_page_with_its_headers_and_time(server, fetch, net, virtual_clock):
    server.answers["/a?b=1"] = (200, {"X-One": "1"}, PAGE)
    page = fetch.get("http://Acme.example/a?b=1#part")
    assert isinstance(page, WebPage)
    assert (page.status, page.text, page.final_url) == (200, PAGE.decode(), "http://acme.example/a?b=1")
    assert (page.headers["x-one"], page.fetched_at) == ("1", virtual_clock.now())
    assert set(net.dialled) == {(PUBLIC, 80)}
    assert server.asked[-1] == ("acme.example", "/a?b=1")


def test_a_missing_page_is_a_page_with_its_status(fetch):
    assert fetch.get("http://acme.example/x").status == 404


def test_nothing_is_carried_over_and_nothing_taken_from_the_environment(server, fetch, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.answers["/"] = (302, {"Location": "/next", "Set-Cookie": "a=1"}, b"")
    server.answers["/next"] = (200, {}, PAGE)
    assert fetch.get("http://acme.example/").status == 200
    assert fetch.get("http://acme.example/next").status == 200
    assert not {"Cookie", "Authorization", "Referer"} & set().union(*server.headers)


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.100.100.200/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "http://inside.example/",
        "//inside.example/",
        "file:///etc/passwd",
        "http://user@acme.example/",
        "http://acme.example:22/",
    ],
)
def test_a_redirect_inwards_is_refused_before_anything_is_sent(server, fetch, net, target):
    net.names["inside.example"] = ["10.0.0.7"]
    server.redirect("/", target)
    refused(fetch.get("http://acme.example/"), "not fetched because")
    assert {address for address, _ in net.dialled} == {PUBLIC}
    assert {host for host, _ in server.asked} == {"acme.example"}


def test_one_private_address_among_public_ones_refuses_the_name(fetch, net, server):
    net.names["mixed.example"] = [PUBLIC, "127.0.0.1"]
    refused(fetch.get("http://mixed.example/"), "127.0.0.1", "not a public address")
    assert server.asked == []


def test_a_name_that_changes_its_answer_reaches_only_what_was_checked(server, fetch, net):
    """DNS rebinding: the second answer is loopback. It is asked for on the second connection and refused there."""
    net.names["rebind.example"] = [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]]
    server.answers["/"] = (200, {}, PAGE)
    refused(fetch.get("http://rebind.example/"), "not a public address")
    assert net.dialled == [(PUBLIC, 80)]
    assert len(net.lookups) == len(net.dialled) + 1  # one look-up a connection, none in between


def test_the_real_dialler_and_resolver_do_not_reach_this_machine(server, virtual_clock):
    fetch = GuardedFetch(clock=virtual_clock, allowed_ports=(80, 443, server.port))
    for host in ("localhost", "127.0.0.1", "[::1]", "localhost.localdomain"):
        refused(fetch.get(f"http://{host}:{server.port}/"), "because")
    assert server.asked == []


def test_a_network_of_ones_own_can_be_allowed(server, virtual_clock):
    server.answers["/"] = (200, {}, PAGE)
    fetch = GuardedFetch(clock=virtual_clock, allowed_ports=(server.port,), allow_private=True)
    assert fetch.get(f"http://localhost:{server.port}/").text == PAGE.decode()
    assert server.asked[-1] == (f"localhost:{server.port}", "/")


def test_the_next_address_is_tried_when_one_does_not_answer(server, net, virtual_clock):
    server.answers["/"] = (200, {}, PAGE)
    net.names["two.example"] = ["93.184.215.15", PUBLIC]

    def dial(address, port, seconds):
        if address != PUBLIC:
            raise ConnectionRefusedError(111, "Connection refused")
        return net.dial(address, port, seconds)

    fetch = GuardedFetch(clock=virtual_clock, resolve=net.resolve, dial=dial)
    assert fetch.get("http://two.example/").status == 200


def test_redirects_end_in_a_page_a_circle_or_the_limit(server, fetch):
    server.answers["/end"] = (200, {}, PAGE)
    for step, to in (("/1", "/2"), ("/2", "/3"), ("/3", "/end"), ("/0", "/1")):
        server.redirect(step, to)
    assert fetch.get("http://acme.example/1").final_url == "http://acme.example/end"
    refused(fetch.get("http://acme.example/0"), "more than 3 times")
    server.redirect("/loop", "/loop")
    refused(fetch.get("http://acme.example/loop"), "circle")


def raw(data, pause=0.0, piece=0):
    def answer(handler):
        try:
            if not pause:
                handler.wfile.write(data)
                return
            for start in range(0, len(data), piece):
                handler.wfile.write(data[start : start + piece])
                handler.wfile.flush()
                time.sleep(pause)
        except OSError:
            pass

    return answer


@contextmanager
def within(seconds):
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    "data", [HEAD + b"\r\n" + b"x" * 900, HEAD + b"X-Slow: " + b"x" * 900, b" " * 900], ids=["body", "headers", "start"]
)
def test_a_server_that_drips_is_left_when_the_time_is_over(server, net, virtual_clock, data):
    server.answers["/"] = raw(data, pause=0.05, piece=1)
    fetch = GuardedFetch(clock=virtual_clock, resolve=net.resolve, dial=net.dial, max_seconds=0.6)
    with within(30):  # all of it would take 45
        assert isinstance(fetch.get("http://acme.example/"), Unknown)


def test_a_silent_server_and_a_slow_name_are_left_when_the_time_is_over(server, net, virtual_clock):
    never = threading.Event()
    server.answers["/"] = lambda _: never.wait(600)
    fetch = GuardedFetch(clock=virtual_clock, resolve=net.resolve, dial=net.dial, max_seconds=0.5)
    with within(60):
        refused(fetch.get("http://acme.example/"), "within 0.5 seconds")
    slow = GuardedFetch(clock=virtual_clock, resolve=lambda _: never.wait(600) and [PUBLIC], max_seconds=0.3)
    with within(60):
        refused(slow.get("http://acme.example/"), "looked up in time")
    never.set()


def test_too_large_is_not_read_packed_or_not(server, fetch):
    limit = b"x" * MAX_BYTES
    server.answers["/fits"] = (200, {}, limit)
    server.answers["/large"] = (200, {}, limit + b"x")
    server.answers["/bomb"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * 200_000_000, 1))
    server.answers["/packed"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(PAGE))
    assert len(fetch.get("http://acme.example/fits").text) == MAX_BYTES
    refused(fetch.get("http://acme.example/large"), "larger than 2,000,000 bytes")
    refused(fetch.get("http://acme.example/bomb"), "larger than 2,000,000 bytes")
    assert fetch.get("http://acme.example/packed").text == PAGE.decode()


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Encoding": "gzip"}, b"not gzip"),
        (200, {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 10_000)[:-20]),
        (200, {"Content-Encoding": "br"}, b"x"),
        (200, {"Content-Type": "application/pdf"}, b"%PDF"),
        (200, {"Content-Type": "image/svg+xml"}, b"<svg/>"),
        raw(b"\x00\xff not http\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        raw(HEAD + b"X: " + b"x" * 300_000 + b"\r\n\r\n"),
        raw(b""),
        (302, {"Location": "http://[::1"}, b""),
        (302, {"Location": "http://" + "a" * 5_000}, b""),
    ],
)
def test_what_is_no_readable_page_is_unknown_with_its_reason(server, fetch, answer):
    server.answers["/"] = answer
    refused(fetch.get("http://acme.example/"), "because")


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/html; charset=ISO-8859-1", b"M\xfcnchen \x80", "München €"),
        ("text/html", "<meta charset='windows-1251'>Привет".encode("cp1251"), "<meta charset='windows-1251'>Привет"),
        ("text/html", "Größe".encode(), "Größe"),
        ("text/html", b"Gr\xf6\xdfe, plain", "Größe, plain"),
        ("text/html; charset=utf-8", b"\xff\xfeA\x00", "A"),
        ("text/html; charset=hex", b"4142", "4142"),
        ("text/html; charset=utf-7", b"+ADw-", "+ADw-"),
        ('text/html; charset="shift_jis"', "日本".encode("shift_jis"), "日本"),
        ("text/html; charset=utf-8", b"a\xffb", "a�b"),
    ],
)
def test_charset_by_mark_header_page_or_bytes(server, fetch, kind, body, text):
    server.answers["/"] = (200, {"Content-Type": kind}, body)
    assert fetch.get("http://acme.example/").text == text


def test_robots_txt_is_honoured_read_once_a_day_and_on_each_host(server, fetch, virtual_clock):
    server.answers["/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"User-agent: SalesOS\nDisallow: /private")
    server.answers["/"] = server.answers["/private/a"] = (200, {}, PAGE)
    assert fetch.get("http://acme.example/").status == 200
    refused(fetch.get("http://acme.example/private/a"), "robots.txt")
    refused(fetch.get("http://acme.example/%70rivate/a"), "robots.txt")
    assert server.asked == [("acme.example", "/robots.txt"), ("acme.example", "/")]
    server.redirect("/out", "http://other.example/private/a")
    refused(fetch.get("http://acme.example/out"), "other.example", "robots.txt")
    virtual_clock.advance(timedelta(hours=25))
    fetch.get("http://acme.example/")
    assert server.asked.count(("acme.example", "/robots.txt")) == 2


def test_no_robots_txt_allows_and_a_broken_one_forbids_for_ten_minutes(server, fetch, virtual_clock):
    server.answers["/"] = (200, {}, PAGE)
    server.answers["/robots.txt"] = (503, {}, b"")
    refused(fetch.get("http://acme.example/"), "robots.txt answers with status 503")
    server.answers["/robots.txt"] = (403, {}, b"")
    refused(fetch.get("http://acme.example/"), "503")
    virtual_clock.advance(timedelta(minutes=11))
    assert fetch.get("http://acme.example/").status == 200


@contextmanager
def tls_server(name, body):
    """An HTTPS server whose certificate signs itself; yields its port, a context that trusts it, the names asked."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    names = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(pem + private)
        file.flush()
        context.load_cert_chain(file.name)
    context.sni_callback = lambda _socket, asked, _context: names.append(asked)
    server = Server()
    server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
    server.answers["/"] = (200, {}, body)
    try:
        yield server.port, ssl.create_default_context(cadata=pem.decode()), names
    finally:
        server.close()


def test_tls_keeps_the_name_and_refuses_a_certificate_nobody_signed(net, virtual_clock):
    with tls_server("acme.example", PAGE) as (port, trusting, names):
        net.port = port
        trusted = GuardedFetch(clock=virtual_clock, resolve=net.resolve, dial=net.dial, tls=trusting)
        assert trusted.get("https://acme.example/").text == PAGE.decode()
        assert set(names) == {"acme.example"}  # SNI
        refused(trusted.get("https://other.example/"), "certificate")
        strict = GuardedFetch(clock=virtual_clock, resolve=net.resolve, dial=net.dial)
        refused(strict.get("https://acme.example/"), "certificate")


def test_switched_off_says_how_to_switch_on():
    assert NoFetch().get("http://acme.example") == Unknown("fetching is off: set SALESOS_WEB_FETCH=true")
