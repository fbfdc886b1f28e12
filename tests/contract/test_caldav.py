"""What is CalDAV's own: whom we talk to, how calendars are found, and what others write into them. Against Radicale
where a server matters, and against answers that Radicale never gives where those matter.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx2
import pytest
from icalendar import Calendar

from core.clock import VirtualClock
from tests.contract.calendar_benches import CalDavBench
from tests.contract.calendar_suite import DAY, HOUR, SINCE, TEN, changes_of, draft, event_of, key
from tests.support import radicale
from tools.ports.calendar import Busyness, EventOutcome, Guest
from tools.ports.unknown import Gap, Unknown
from tools.providers.calendar.caldav import CalDavCalendar
from tools.providers.calendar.caldav_wire import CalDavLogin, GuardedDav
from tools.providers.vendor.account import Wire

CALENDAR = "https://dav.calendars.example/c/"
ICS = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:{0}
DTSTART:20260609T080000Z
DTEND:20260609T090000Z
END:VEVENT
END:VCALENDAR"""


@pytest.fixture(scope="module")
def server() -> Iterator[radicale.Radicale]:
    with radicale.running() as started:
        yield started


@pytest.fixture
def bench(server: radicale.Radicale) -> Iterator[CalDavBench]:
    made = CalDavBench(server)
    yield made
    made.close()


def account(
    url: str, handler: Callable[[httpx2.Request], httpx2.Response] | None = None, **login: str
) -> CalDavCalendar:
    transport = httpx2.MockTransport(handler) if handler else GuardedDav(max_seconds=300)
    wire = Wire(
        httpx2.Client(transport=transport), VirtualClock(datetime(2026, 6, 2, 14, tzinfo=UTC)), sleep=lambda _: None
    )
    given = {"username": "ada@sender.example", "password": "correct-horse"} | login
    return CalDavCalendar(CalDavLogin(url, **given), wire, zone="Europe/Berlin")


# ------------------------------------------------------------------------------------------------- whom we talk to


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://[::1]:8443/", "https://10.0.0.5/dav/", "https://2130706433/", "http://1.1.1.1/"],
)
def test_what_only_we_can_reach_is_not_asked(url: str) -> None:
    found = account(url).calendars()
    assert isinstance(found, Unknown)
    assert found.gap is Gap.REFUSED
    assert "SALESOS_CALENDAR_PRIVATE_HOSTS" in found.reason
    assert account(url).put(f"{url}c/", draft()).outcome is EventOutcome.REFUSED


def test_a_server_of_ones_own_network_is_asked_where_that_is_allowed(server: radicale.Radicale) -> None:
    refused = account(server.url).calendars()
    assert isinstance(refused, Unknown)


def test_the_password_stays_with_the_server_it_was_given_for() -> None:
    asked: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        assert request.headers["authorization"].startswith("Basic ")
        if request.url.host == "dav.calendars.example":
            return httpx2.Response(301, headers={"location": "https://evil.example/dav/"})
        return httpx2.Response(500)

    found = account("https://dav.calendars.example/", handler).calendars()
    assert isinstance(found, Unknown)
    assert found.gap is Gap.REFUSED
    assert "evil.example" not in asked
    cross = account("https://dav.calendars.example/", handler)
    assert cross.put("https://evil.example/c/", draft()).outcome is EventOutcome.REFUSED
    assert cross.put("http://dav.calendars.example/c/", draft()).outcome is EventOutcome.REFUSED
    assert "evil.example" not in asked


def test_a_kin_of_the_server_may_have_the_calendars() -> None:
    """As iCloud does it."""
    principal = "<d:current-user-principal><d:href>https://p12.calendars.example/1/principal/</d:href></d:current-user-principal>"
    home = "<c:calendar-home-set><d:href>https://p12.calendars.example/1/calendars/</d:href></c:calendar-home-set>"
    calendar = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype><d:displayname>Home</d:displayname>"

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/.well-known/caldav":
            return httpx2.Response(301, headers={"location": "/"})
        if request.url.path == "/1/calendars/":
            return multistatus(("/1/calendars/home/", calendar))
        return multistatus((request.url.path, home if "principal" in request.url.path else principal))

    found = account("https://dav.calendars.example", handler).calendars()
    assert not isinstance(found, Unknown), found
    assert [(info.calendar_id, info.name) for info in found] == [
        ("https://p12.calendars.example/1/calendars/home/", "Home")
    ]


def multistatus(*rows: tuple[str, str], token: str = "", status: int = 207) -> httpx2.Response:
    body = "".join(
        f"<d:response><d:href>{href}</d:href>"
        + (
            inner
            if inner.startswith("<d:status>")
            else f"<d:propstat><d:prop>{inner}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
        )
        + "</d:response>"
        for href, inner in rows
    )
    end = f"<d:sync-token>{token}</d:sync-token>" if token else ""
    text = f'<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/">{body}{end}</d:multistatus>'
    return httpx2.Response(status, text=text, headers={"content-type": "application/xml"})


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize("body", ["", "<html>Welcome</html>", BOMB, "<d:multistatus", "\0\0", "<a>" * 100_000])
def test_what_is_no_webdav_is_unknown(body: str) -> None:
    for answer in (httpx2.Response(200, text=body), httpx2.Response(207, text=body)):
        one = account(CALENDAR, partial(_same, answer.status_code, answer.content))
        assert isinstance(one.calendars(), Unknown)
        assert isinstance(one.busy([CALENDAR], TEN, TEN + DAY), Unknown)
        assert isinstance(one.changes(CALENDAR, "", SINCE), Unknown)
        assert isinstance(one.read(CALENDAR, key(1)), Unknown)


def _same(status: int, content: bytes, _request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(status, content=content)


# ------------------------------------------------------------------------------------------- how calendars are found


@pytest.mark.parametrize("path", ["", ".well-known/caldav", f"{radicale.USER}/", "{calendar}"])
def test_calendars_are_found_from_whatever_address_a_person_knows(bench: CalDavBench, path: str) -> None:
    url = bench.calendar_id if path == "{calendar}" else bench.server.url + path
    http = httpx2.Client(transport=GuardedDav(allow_private=True, max_seconds=300))
    wire = Wire(http, VirtualClock(datetime(2026, 6, 2, 14, tzinfo=UTC)), sleep=lambda _: None)
    found = CalDavCalendar(CalDavLogin(url, radicale.USER, radicale.PASSWORD), wire).calendars()
    assert not isinstance(found, Unknown), found
    mine = next(info for info in found if info.calendar_id == bench.calendar_id)
    assert (mine.may_write, mine.time_zone) == (True, "Europe/Berlin")
    wrong = CalDavCalendar(CalDavLogin(url, radicale.USER, "wrong"), wire).calendars()
    assert isinstance(wrong, Unknown)
    assert wrong.gap is Gap.REFUSED
    assert "wrong" not in wrong.reason


# ---------------------------------------------------------------------------------------------- what others write


def test_a_change_keeps_what_its_owner_added(bench: CalDavBench) -> None:
    first = event_of(bench.account.put(bench.calendar_id, draft()).event)
    calendar = bench._stored(first.event_id)
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Now\r\nTRIGGER:-PT10M\r\nEND:VALARM\r\n"
    text = calendar.to_ical().decode().replace("END:VEVENT", f"CATEGORIES:Sales\r\n{alarm}END:VEVENT")
    bench._store(first.event_id, Calendar.from_ical(text))  # type: ignore[arg-type]
    there = event_of(bench.account.read(bench.calendar_id, key(1)))
    done = bench.account.put(bench.calendar_id, draft(starts_at=TEN + HOUR, sequence=1), etag=there.etag)
    assert done.outcome is EventOutcome.DONE
    stands = bench._stored(first.event_id).to_ical().decode()
    assert "BEGIN:VALARM" in stands
    assert "CATEGORIES:Sales" in stands
    assert stands.count("DTSTART") == 1


def test_guests_are_asked_by_the_server_only_where_wanted(bench: CalDavBench) -> None:
    guests = (Guest("bob@prospect.example", 'Bob "the\r\nATTENDEE:mailto:x@evil.example" Ærø'),)
    bench.account.put(bench.calendar_id, draft(guests=guests))
    event = bench._stored(key(1)).walk("VEVENT")[0]
    assert event["ATTENDEE"].params["SCHEDULE-AGENT"] == "CLIENT"
    assert str(event["ATTENDEE"]) == "mailto:bob@prospect.example"
    assert str(event["ORGANIZER"]) == f"mailto:{radicale.USER}"
    there = event_of(bench.account.read(bench.calendar_id, key(1)))
    bench.account.put(bench.calendar_id, draft(guests=guests, notify_guests=True, sequence=1), etag=there.etag)
    assert "SCHEDULE-AGENT" not in bench._stored(key(1)).walk("VEVENT")[0]["ATTENDEE"].params


def put(bench: CalDavBench, name: str, *lines: str) -> None:
    text = "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", "BEGIN:VEVENT", f"UID:{name}-{bench.calendar_id[-8:]}",
         "DTSTAMP:20260601T000000Z", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    )  # fmt: skip
    answer = bench._client.put(
        f"{bench.calendar_id}{name}.ics", content=text.encode(), headers={"content-type": "text/calendar"}
    )
    assert answer.status_code == 201, answer.text


def busy(
    bench: CalDavBench, since: datetime = TEN - DAY, until: datetime = TEN + DAY
) -> list[tuple[datetime, datetime]]:
    found = bench.account.busy([bench.calendar_id], since, until)
    assert not isinstance(found, Unknown), found
    return [(span.starts_at, span.ends_at) for span in found]


def test_times_on_every_kind_of_clock(bench: CalDavBench) -> None:
    put(bench, "floating", "DTSTART:20260609T100000", "DTEND:20260609T110000")
    put(bench, "windows", "DTSTART;TZID=Tokyo Standard Time:20260609T180000", "DURATION:PT30M")
    put(bench, "moment", "DTSTART:20260609T120000Z")  # takes no time
    put(bench, "day", "DTSTART;VALUE=DATE:20260610")  # one whole day
    assert busy(bench) == [
        (TEN, TEN + HOUR),
        (TEN + HOUR, TEN + 3 * HOUR / 2),
        (datetime(2026, 6, 9, 22, tzinfo=UTC), datetime(2026, 6, 10, 22, tzinfo=UTC)),
    ]


def test_what_cannot_be_worked_out_is_asked_of_the_server(bench: CalDavBench) -> None:
    put(bench, "often", "DTSTART:20260609T080000Z", "DTEND:20260609T080500Z", "RRULE:FREQ=MINUTELY;INTERVAL=30;COUNT=3")
    theirs = bench.others(TEN + 5 * HOUR, TEN + 6 * HOUR, tentative=True)
    found = bench.account.busy([bench.calendar_id], TEN - DAY, TEN + DAY)
    assert not isinstance(found, Unknown), found
    minutes = timedelta(minutes=1)
    assert [(span.starts_at - TEN) // minutes for span in found if not span.event_id][:3] == [0, 30, 60]
    mine = next(span for span in found if span.event_id == theirs)
    assert (mine.starts_at, mine.busyness) == (TEN + 5 * HOUR, Busyness.TENTATIVE)


def test_what_nobody_can_work_out_is_unknown_and_not_free() -> None:
    calendar = "https://dav.calendars.example/c/"
    what = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
    unreadable = "<c:calendar-data>BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\nEND:VEVENT\nEND:VCALENDAR</c:calendar-data>"

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.method == "PROPFIND":
            return multistatus(("/c/", what))
        if b"free-busy-query" in request.content:
            return httpx2.Response(200, text="BEGIN:VCALENDAR\nEND:VCALENDAR")
        return multistatus(("/c/x.ics", unreadable))

    assert isinstance(account(calendar, handler).busy([calendar], TEN, TEN + DAY), Unknown)


# -------------------------------------------------------------------------------------------- other servers' ways


@dataclass
class Old:
    """A server without sync tokens, or one that gives them in parts."""

    parts: bool = False
    tag: str = "1"
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        text = request.content.decode()
        self.asked.append(text)
        event = f"<d:getetag>&quot;e&quot;</d:getetag><c:calendar-data>{ICS}</c:calendar-data>"
        if request.method == "PROPFIND" and "getctag" in text:
            token = "<d:sync-token>t0</d:sync-token>" if self.parts else f"<s:getctag>{self.tag}</s:getctag>"
            return multistatus(("/c/", token))
        if request.method == "PROPFIND":
            return multistatus(("/c/", "<d:resourcetype><c:calendar/></d:resourcetype>"))
        if "sync-collection" in text:
            if "t0" in text:
                cut = ("/c/", "<d:status>HTTP/1.1 507 Insufficient Storage</d:status>")
                return multistatus(("/c/a.ics", "<d:getetag>x</d:getetag>"), cut, token="t1")
            gone = ("/c/b.ics", "<d:status>HTTP/1.1 404 Not Found</d:status>")
            return multistatus(gone, ("/c/c.ics", "<d:getetag>x</d:getetag>"), token="t2")
        names = [name for name in ("a", "c") if f"/c/{name}.ics" in text or "calendar-query" in text]
        return multistatus(*((f"/c/{name}.ics", event.format(name)) for name in names))


def test_a_server_without_sync_tokens_gives_the_whole_when_it_changed() -> None:
    old = Old()
    one = account(CALENDAR, old)
    first = changes_of(one.changes(CALENDAR, "", SINCE))
    assert (first.whole, len(first.events)) == (True, 2)
    same = changes_of(one.changes(CALENDAR, first.cursor, SINCE))
    assert (same.whole, same.events) == (False, ())
    old.tag = "2"
    assert changes_of(one.changes(CALENDAR, same.cursor, SINCE)).whole


def test_changes_that_come_in_parts_are_put_together() -> None:
    one = account(CALENDAR, Old(parts=True))
    first = changes_of(one.changes(CALENDAR, "", SINCE))
    next_ones = changes_of(one.changes(CALENDAR, first.cursor, SINCE))
    assert {event.event_id: event.cancelled for event in next_ones.events} == {"a": False, "b": True, "c": False}
    assert next_ones.cursor == "sync t2"


def test_a_weak_etag_is_not_sent_since_it_never_matches() -> None:
    sent: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        if request.method == "PROPFIND":
            return multistatus(("/c/", "<d:resourcetype><c:calendar/></d:resourcetype>"))
        if request.method == "PUT":
            return httpx2.Response(204)
        text = ICS.format("x")
        return httpx2.Response(200, text=text, headers={"etag": 'W/"1"'})

    one = account(CALENDAR, handler)
    assert one.put(CALENDAR, draft(), etag='W/"1"').outcome is EventOutcome.DONE
    [write] = [request for request in sent if request.method == "PUT"]
    assert "if-match" not in write.headers
