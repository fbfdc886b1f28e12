"""IDLE against a real server: a private Dovecot on loopback (Debian: apt-get install dovecot-imapd)."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from core.errors import FixConfiguration, RetryAt
from tests.support.dovecot import DOVECOT, Dovecot, free_port, running
from tools.providers.inbox.imap_idle import RENEW_SECONDS, ImapIdle
from tools.providers.inbox.imap_session import ImapSecurity, ImapSettings

_PATIENCE = 300.0  # seconds that a busy machine may need; nothing is asserted about them
MAIL = b"Message-ID: <1@prospect.example>\r\nSubject: 1\r\n\r\nHello\r\n"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    if DOVECOT is None:
        pytest.skip("Dovecot is not installed (Debian: apt-get install dovecot-imapd)")
    with running() as server:
        yield server


@dataclass
class Listener:
    """A watch in a thread of its own, as the worker has it."""

    watch: ImapIdle
    heard: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    stop: threading.Event = field(default_factory=threading.Event)
    ended: list[Exception | None] = field(default_factory=list)

    def run(self) -> None:
        try:
            self.watch.watch(self.heard.release, self.stop.is_set)
            self.ended.append(None)
        except Exception as error:
            self.ended.append(error)
            self.heard.release()

    def hears(self) -> bool:
        return self.heard.acquire(timeout=_PATIENCE)


@contextmanager
def listening(watch: ImapIdle) -> Iterator[Listener]:
    listener = Listener(watch)
    thread = threading.Thread(target=listener.run, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        listener.stop.set()
        thread.join(_PATIENCE)
        assert not thread.is_alive(), "it ends when it is told to"


def test_a_mail_is_told_when_it_comes_and_the_first_word_is_of_the_connection(dovecot: Dovecot) -> None:
    dovecot.append("idle", "INBOX", MAIL)
    with listening(ImapIdle(dovecot.settings("idle"))) as listener:
        assert listener.hears(), "mails may have come while nobody listened"
        assert not listener.heard.acquire(blocking=False)
        for _ in range(2):
            dovecot.append("idle", "INBOX", MAIL)
            assert listener.hears()
    assert listener.ended == [None], "a stop is no failure"


def test_over_starttls_too(dovecot: Dovecot) -> None:
    upgraded = replace(
        dovecot.settings("starttls"), port=dovecot.port, security=ImapSecurity.STARTTLS, host="localhost"
    )
    with listening(ImapIdle(upgraded)) as listener:
        assert listener.hears()
        dovecot.append("starttls", "INBOX", MAIL)
        assert listener.hears()


def test_it_is_asked_anew_before_servers_hang_up_and_hears_on(dovecot: Dovecot) -> None:
    assert RENEW_SECONDS < 29 * 60
    renewed = threading.Semaphore(0)

    def monotonic() -> float:  # each look at the clock is a second: an IDLE ends after a few of them
        monotonic.seconds += 1.0  # type: ignore[attr-defined]
        renewed.release()
        return float(monotonic.seconds)  # type: ignore[attr-defined]

    monotonic.seconds = 0.0  # type: ignore[attr-defined]
    with listening(ImapIdle(dovecot.settings("renewed"), renew_seconds=1.0, monotonic=monotonic)) as listener:
        assert listener.hears()
        for _ in range(40):
            assert renewed.acquire(timeout=_PATIENCE)
        dovecot.append("renewed", "INBOX", MAIL)
        assert listener.hears()
        assert listener.ended == []
    assert listener.ended == [None]


def test_who_must_act_when_it_cannot_be_listened_to(dovecot: Dovecot) -> None:
    good = dovecot.settings("refused")
    for settings, error in [
        (replace(good, password="wrong"), FixConfiguration),
        (replace(good, ca_file=None), FixConfiguration),
        (replace(good, port=free_port()), RetryAt),
    ]:
        with pytest.raises(error) as raised:
            ImapIdle(settings).watch(pytest.fail, lambda: False)
        assert "correct-horse" not in str(raised.value)


# ------------------------------------------------------------------------------------------- a server's bad manners


@contextmanager
def scripted(talk: Callable[[Callable[[bytes], None], Callable[[], bytes]], None]) -> Iterator[ImapSettings]:
    """A server of one connection, in clear on loopback, up to the opened folder; then `talk(say, hear)`."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(_PATIENCE)

        def serve() -> None:
            connection, _ = door.accept()
            with connection, connection.makefile("rb") as lines:
                connection.settimeout(_PATIENCE)

                def say(line: bytes) -> None:
                    connection.sendall(line + b"\r\n")

                say(b"* OK ready")
                while line := lines.readline():
                    tag, _, command = line.strip().partition(b" ")
                    if command.upper().startswith(b"CAPABILITY"):
                        say(b"* CAPABILITY IMAP4rev1" + (b"" if talk is _without else b" IDLE"))
                    elif command.upper().startswith(b"EXAMINE"):
                        say(b"* 0 EXISTS")
                    elif command == b"IDLE":
                        say(b"+ idling")
                        talk(say, lines.readline)
                        return
                    say(tag + b" OK done")

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        yield ImapSettings("127.0.0.1", door.getsockname()[1], "a", "b", ImapSecurity.NONE, timeout_seconds=_PATIENCE)
        server.join(_PATIENCE)


def _without(_say: Callable[[bytes], None], _hear: Callable[[], bytes]) -> None:
    raise AssertionError("nobody idles where it is not offered")


def test_a_server_without_idle_is_read_on_the_timer() -> None:
    with scripted(_without) as settings, pytest.raises(FixConfiguration, match="IDLE"):
        ImapIdle(settings).watch(pytest.fail, lambda: False)


@pytest.mark.parametrize(
    "said",
    [b"* BYE too many", b"W1 OK idle ended", b"* " + b"x" * 70_000, b""],
    ids=["bye", "ended", "flood", "closed"],
)
def test_a_connection_that_ends_is_made_again_later(said: bytes) -> None:
    def talk(say: Callable[[bytes], None], _hear: Callable[[], bytes]) -> None:
        if said:
            say(said)

    heard: list[None] = []
    with scripted(talk) as settings, pytest.raises(RetryAt):
        ImapIdle(settings).watch(lambda: heard.append(None), lambda: False)
    assert len(heard) == 1


def test_a_refusal_is_a_person_s_to_mend() -> None:
    def talk(say: Callable[[bytes], None], hear: Callable[[], bytes]) -> None:
        hear()  # DONE
        say(b"W1 NO not now")

    stops = iter([False, False, True, True])
    with scripted(talk) as settings, pytest.raises(FixConfiguration, match="not now"):
        ImapIdle(settings).watch(lambda: None, lambda: next(stops))


def test_lines_in_pieces_and_words_that_mean_no_mail() -> None:
    stop = threading.Event()

    def talk(say: Callable[[bytes], None], hear: Callable[[], bytes]) -> None:
        say(b"* OK Still here\r\n* 3 EXPUNGE\r\n* 2 FETCH (FLAGS (\\Seen))\r\n* 4 EXI" + b"STS")
        hear()
        say(b"W1 OK")

    heard: list[None] = []

    def arrived() -> None:
        heard.append(None)
        if len(heard) == 2:
            stop.set()

    with scripted(talk) as settings:
        ImapIdle(settings).watch(arrived, stop.is_set)
    assert len(heard) == 2
