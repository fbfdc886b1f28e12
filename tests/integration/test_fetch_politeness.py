"""How the guarded client behaves towards a host: one request at a time, pauses, robots.txt, versions it has already."""

import gzip
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest

from tools.ports import Unknown
from tools.providers.web_fetch.guarded import GuardedFetch, validators_of
from tools.providers.web_fetch.pacing import NotNow, Pacing

PUBLIC = "93.184.215.14"
PAGE = b"<title>Hello</title>"


class Server:
    """Answers by path; knows how many requests it served at once, and when each began and ended."""

    def __init__(self):
        self.answers, self.spans, self.asked, self.headers = {}, [], [], []
        self.busy = self.most = 0
        lock, outer = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with lock:
                    outer.busy += 1
                    outer.most = max(outer.most, outer.busy)
                    outer.asked.append((self.headers["Host"], self.path))
                    outer.headers.append(dict(self.headers))
                started = time.monotonic()
                time.sleep(0.03)
                status, headers, body = outer.answers.get(self.path, (404, {}, b""))
                if status == 200 and headers.get("ETag") and self.headers["If-None-Match"] == headers["ETag"]:
                    status, body = 304, b""
                with lock:  # before the last byte: the next request may come with it
                    outer.busy -= 1
                    outer.spans.append((self.headers["Host"], started, time.monotonic()))
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

    def close(self):
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server():
    started = Server()
    started.answers["/"] = (200, {}, PAGE)
    yield started
    started.close()


@pytest.fixture
def fetch_with(server, virtual_clock):
    def made(pacing):
        return GuardedFetch(
            clock=virtual_clock,
            resolve=lambda _: [PUBLIC],
            dial=lambda _address, _port, seconds: socket.create_connection(("127.0.0.1", server.port), timeout=seconds),
            pacing=pacing,
        )

    return made


def robots(text, **headers):
    return (200, {"Content-Type": "text/plain", **headers}, text)


def test_many_threads_ask_a_host_one_thing_at_a_time_with_a_pause(server, fetch_with):
    fetch = fetch_with(Pacing(0.1))
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda n: fetch.get(f"http://acme.example/?{n}"), range(8)))
    assert {page.status for page in pages} == {404}
    assert server.most == 1
    # From begin to begin: the server notes a begin before it answers, so a slow machine only makes these longer.
    begins = sorted(started for _, started, _ in server.spans)
    assert min(later - earlier for earlier, later in pairwise(begins[1:])) >= 0.099, (
        "robots.txt and its page are one visit; between visits there is a pause"
    )
    assert server.asked.count(("acme.example", "/robots.txt")) == 1, "eight threads read it once"


def test_other_hosts_do_not_wait(server, fetch_with):
    fetch = fetch_with(Pacing(60.0))
    started = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        pages = list(pool.map(lambda n: fetch.get(f"http://h{n}.example/"), range(6)))
    assert {page.status for page in pages} == {200}
    assert time.monotonic() - started < 60
    assert server.most > 1


def test_a_crawl_delay_is_kept_and_a_long_one_is_for_another_time(server, fetch_with):
    fetch = fetch_with(Pacing(0.0))
    server.answers["/robots.txt"] = robots(b"User-agent: *\nCrawl-delay: 0.4\nDisallow: /x")
    started = time.monotonic()
    assert fetch.get("http://acme.example/").status == fetch.get("http://acme.example/").status == 200
    assert time.monotonic() - started >= 0.4
    server.answers["/robots.txt"] = robots(b"User-agent: *\nCrawl-delay: 60")
    assert fetch.get("http://slow.example/").status == 200
    started = time.monotonic()
    again = fetch.get("http://slow.example/")
    assert isinstance(again, Unknown)
    assert "pause" in again.reason
    assert time.monotonic() - started < 60, "nobody waits a minute"


def test_waiting_for_ones_turn_does_not_use_up_the_servers_time(server, virtual_clock):
    fetch = GuardedFetch(
        clock=virtual_clock, resolve=lambda _: [PUBLIC], pacing=Pacing(4.0), max_seconds=3.0,
        dial=lambda _address, _port, seconds: socket.create_connection(("127.0.0.1", server.port), timeout=seconds),
    )  # fmt: skip
    assert [fetch.get("http://acme.example/").status for _ in range(2)] == [200, 200]


def test_the_pacing_forgets_nobody_that_still_waits():
    pacing = Pacing(1.0, now=lambda: 0.0, sleep=lambda _: None)
    with pacing.turn("a", delay=0, patience=1):
        pass
    with pytest.raises(NotNow), pacing.turn("a", delay=0, patience=0.5):
        pass
    with pacing.turn("a", delay=0, patience=0.5, goes_on=True):
        pass


def test_a_page_that_is_still_the_same_is_not_sent_again(server, fetch_with):
    fetch = fetch_with(Pacing(0.0))
    server.answers["/a"] = (200, {"ETag": '"v1"', "Last-Modified": "Mon, 05 Jan 2026 09:00:00 GMT"}, PAGE)
    page = fetch.get("http://acme.example/a")
    held = validators_of(page)
    assert (held.etag, held.last_modified) == ('"v1"', "Mon, 05 Jan 2026 09:00:00 GMT")
    same = fetch.get("http://acme.example/a", unless=held)
    assert (same.status, same.text) == (304, "")
    assert server.headers[-1]["If-Modified-Since"] == "Mon, 05 Jan 2026 09:00:00 GMT"
    fetch.get("http://other.example/a", unless=held)
    assert "If-None-Match" not in server.headers[-1], "a version is named to the page it came from only"
    server.answers["/a"] = (200, {"ETag": '"v2"'}, b"new")
    assert fetch.get("http://acme.example/a", unless=held).text == "new"


def test_a_tag_that_would_break_the_request_is_not_sent(server, fetch_with):
    fetch = fetch_with(Pacing(0.0))
    server.answers["/a"] = (200, {"ETag": '"' + "x" * 5_000 + '"'}, PAGE)
    assert validators_of(fetch.get("http://acme.example/a")).etag == ""


def test_a_robots_txt_over_the_limit_is_read_up_to_it(server, fetch_with):
    fetch = fetch_with(Pacing(0.0))
    filler = b"# " + b"x" * 98 + b"\n"
    server.answers["/robots.txt"] = robots(b"User-agent: *\nDisallow: /early\n" + filler * 6_000 + b"Disallow: /late\n")
    server.answers["/late"] = (200, {}, PAGE)
    assert isinstance(fetch.get("http://acme.example/early"), Unknown)
    assert fetch.get("http://acme.example/late").status == 200


def test_the_last_rules_hold_while_robots_txt_cannot_be_read(server, fetch_with, virtual_clock):
    fetch = fetch_with(Pacing(0.0))
    server.answers["/robots.txt"] = robots(b"User-agent: *\nDisallow: /x")
    assert fetch.get("http://acme.example/").status == 200
    virtual_clock.advance(timedelta(hours=25))
    server.answers["/robots.txt"] = (500, {}, b"")
    assert fetch.get("http://acme.example/").status == 200
    assert isinstance(fetch.get("http://acme.example/x"), Unknown)
    virtual_clock.advance(timedelta(days=31))
    assert isinstance(fetch.get("http://acme.example/"), Unknown)


@pytest.mark.parametrize(("age", "after", "times"), [("60", 11, 2), ("3600", 11, 1), ("9999999", 25 * 60, 2)])
def test_robots_txt_is_kept_as_long_as_its_server_says_but_a_day_at_most(
    server, fetch_with, virtual_clock, age, after, times
):
    fetch = fetch_with(Pacing(0.0))
    server.answers["/robots.txt"] = robots(b"", **{"Cache-Control": f"public, max-age={age}"})
    fetch.get("http://acme.example/")
    virtual_clock.advance(timedelta(minutes=after))
    fetch.get("http://acme.example/")
    assert server.asked.count(("acme.example", "/robots.txt")) == times


def test_too_hurried_for_robots_txt_is_no_permission(server, fetch_with):
    server.answers["/robots.txt"] = (429, {}, b"")
    assert isinstance(fetch_with(Pacing(0.0)).get("http://acme.example/"), Unknown)


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b"\0" * 1_900_000, 9),
        b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"x" * 3_000_000,  # a file name without an end
    ],
    ids=["ratio", "endless header"],
)
def test_archives_that_are_no_pages_are_refused(server, fetch_with, body):
    server.answers["/bomb"] = (200, {"Content-Encoding": "gzip"}, body)
    assert isinstance(fetch_with(Pacing(0.0)).get("http://acme.example/bomb"), Unknown)


def test_what_follows_an_archive_is_not_kept(server, fetch_with):
    packed = gzip.compress(PAGE) + os.urandom(1_000_000)
    server.answers["/a"] = (200, {"Content-Encoding": "gzip"}, packed)
    assert fetch_with(Pacing(0.0)).get("http://acme.example/a").text == PAGE.decode()
