"""What a calendar file keeps free: cases that calendars get wrong, files made to hang a reader, and real corpora."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.calendar.busy_ics import busy_spans
from tools.ports.calendar import Busyness, BusySpan
from tools.ports.unknown import Unknown

SINCE, UNTIL = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
ONE = "DTSTART:20260602T100000Z\nDTEND:20260602T110000Z"


def calendar(*events: str, zones: str = "") -> bytes:
    parts = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{zones}{parts}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def read(*events: str, zones: str = "", owner: str = "Europe/Berlin", mine: Sequence[str] = ()) -> list[BusySpan]:
    named = [event if "UID:" in event else f"UID:{number}\n{event}" for number, event in enumerate(events)]
    found = busy_spans(calendar(*named, zones=zones), SINCE, UNTIL, owner_zone=owner, addresses=mine)
    assert not isinstance(found, Unknown), found
    return list(found)


def hours(spans: Sequence[BusySpan]) -> list[str]:
    return [f"{span.starts_at:%d %H:%M}-{span.ends_at:%d %H:%M}" for span in spans]


def refusal(raw: bytes) -> str:
    found = busy_spans(raw, SINCE, UNTIL, owner_zone="Europe/Berlin")
    assert isinstance(found, Unknown), found
    return found.reason


def test_an_event_blocks_from_its_start_to_just_before_its_end() -> None:
    (span,) = read(f"UID:a\n{ONE}")
    assert (span.starts_at, span.ends_at) == (
        datetime(2026, 6, 2, 10, tzinfo=UTC),
        datetime(2026, 6, 2, 11, tzinfo=UTC),
    )
    assert (span.busyness, span.event_id) == (Busyness.BUSY, "a")


def test_an_all_day_event_is_the_owners_day_and_its_end_is_not_part_of_it() -> None:
    event = "DTSTART;VALUE=DATE:20260602\nDTEND;VALUE=DATE:20260604"
    assert hours(read(event)) == ["01 22:00-03 22:00"]
    assert hours(read(event, owner="America/Los_Angeles")) == ["02 07:00-04 07:00"]
    assert hours(read("DTSTART;VALUE=DATE:20260602")) == ["01 22:00-02 22:00"]


def test_an_all_day_event_on_the_day_of_the_change_lasts_what_that_day_lasts() -> None:
    found = busy_spans(
        calendar("UID:1\nDTSTART;VALUE=DATE:20261025"),
        datetime(2026, 10, 20, tzinfo=UTC),
        datetime(2026, 10, 30, tzinfo=UTC),
        owner_zone="Europe/Berlin",
    )
    assert not isinstance(found, Unknown)
    assert found[0].ends_at - found[0].starts_at == timedelta(hours=25)


@pytest.mark.parametrize(
    ("line", "busyness"),
    [
        ("TRANSP:TRANSPARENT", None),
        ("STATUS:CANCELLED", None),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", None),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:Ann@Example.com", None),
        ("ATTENDEE;PARTSTAT=DELEGATED:mailto:ann@example.com", None),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.com", Busyness.BUSY),
        ("ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:ann@example.com", Busyness.BUSY),
        ("ATTENDEE;PARTSTAT=TENTATIVE:mailto:ann@example.com", Busyness.TENTATIVE),
        ("ATTENDEE:mailto:ann@example.com", Busyness.TENTATIVE),
        ("STATUS:TENTATIVE", Busyness.TENTATIVE),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", Busyness.TENTATIVE),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", Busyness.OUT_OF_OFFICE),
        ("TRANSP:OPAQUE", Busyness.BUSY),
    ],
)
def test_what_blocks_and_how(line: str, busyness: Busyness | None) -> None:
    found = read(f"{ONE}\n{line}", mine=["ann@example.com"])
    assert [span.busyness for span in found] == ([] if busyness is None else [busyness])


def test_a_series_keeps_its_wall_time_over_the_change_of_the_clock() -> None:
    raw = calendar("UID:1\nDTSTART;TZID=Europe/Berlin:20260302T090000\nDURATION:PT30M\nRRULE:FREQ=WEEKLY;COUNT=6")
    found = busy_spans(raw, datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 3, tzinfo=UTC), owner_zone="UTC")
    assert not isinstance(found, Unknown)
    assert [span.starts_at.hour for span in found] == [8, 7]


def test_moved_called_off_and_added_occurrences() -> None:
    series = (
        "UID:s\nDTSTART:20260601T100000Z\nDTEND:20260601T110000Z\nRRULE:FREQ=DAILY;COUNT=5\n"
        "EXDATE:20260602T100000Z\nRDATE:20260610T150000Z"
    )
    moved = "UID:s\nRECURRENCE-ID:20260603T100000Z\nDTSTART:20260603T140000Z\nDTEND:20260603T150000Z"
    gone = "UID:s\nRECURRENCE-ID:20260604T100000Z\nDTSTART:20260604T100000Z\nDTEND:20260604T110000Z\nSTATUS:CANCELLED"
    assert hours(read(series, moved, gone)) == [
        "01 10:00-01 11:00",
        "03 14:00-03 15:00",
        "05 10:00-05 11:00",
        "10 15:00-10 16:00",
    ]


def test_zones_by_windows_name_by_prefix_embedded_and_unknown() -> None:
    def at(tzid: str, zones: str = "") -> list[str]:
        event = f"DTSTART;TZID={tzid}:20260602T100000\nDTEND;TZID={tzid}:20260602T110000"
        return hours(read(event, zones=zones))

    assert at("W. Europe Standard Time") == ["02 08:00-02 09:00"]
    assert at("/mozilla.org/20070129_1/America/New_York") == ["02 14:00-02 15:00"]
    embedded = (
        "BEGIN:VTIMEZONE\nTZID:Our Office\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0300\n"
        "TZOFFSETTO:+0300\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    assert at("Our Office", embedded) == ["02 07:00-02 08:00"]
    assert at('"Our Office"', embedded) == ["02 07:00-02 08:00"]
    assert at("Our Office", embedded.replace("+0300", "-0500")) == ["02 15:00-02 16:00"]  # another file's
    assert at("Our Office") == ["01 20:00-02 23:00"]  # nobody's
    assert at("Mars/Base") == ["01 20:00-02 23:00"]  # whatever it means, it lies in there


def test_a_time_without_a_zone_is_on_the_owners_clock_and_an_hour_that_comes_twice_is_both() -> None:
    assert hours(read("DTSTART:20260602T100000\nDTEND:20260602T110000")) == ["02 08:00-02 09:00"]
    found = busy_spans(
        calendar("UID:1\nDTSTART:20261025T020000\nDTEND:20261025T023000"),
        datetime(2026, 10, 20, tzinfo=UTC),
        datetime(2026, 10, 30, tzinfo=UTC),
        owner_zone="Europe/Berlin",
    )
    assert not isinstance(found, Unknown)
    assert hours(found) == ["25 00:00-25 01:30"]


def test_published_free_busy_counts_as_well() -> None:
    raw = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VFREEBUSY\nUID:f\n"
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260602T100000Z/PT1H\nFREEBUSY;FBTYPE=FREE:20260603T100000Z/PT1H\n"
        "FREEBUSY:20260604T100000Z/20260604T113000Z,20260605T100000Z/PT1H\nEND:VFREEBUSY\nEND:VCALENDAR\n"
    )
    found = busy_spans(raw.encode(), SINCE, UNTIL, owner_zone="UTC")
    assert not isinstance(found, Unknown)
    assert hours(found) == ["02 10:00-02 11:00", "04 10:00-04 11:30", "05 10:00-05 11:00"]
    assert found[0].busyness is Busyness.OUT_OF_OFFICE


def test_what_reaches_over_the_range_is_cut_to_it() -> None:
    (span,) = read("DTSTART:20200101T000000Z\nDTEND:20300101T000000Z")
    assert (span.starts_at, span.ends_at) == (SINCE, UNTIL)
    assert read("DTSTART:20260701T000000Z\nDTEND:20260701T010000Z") == []


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (f"{ONE}\nRRULE:FREQ=SECONDLY", "secondly"),
        (f"{ONE}\nRRULE:FREQ=MINUTELY;INTERVAL=5", "minutely"),
        (f"{ONE}\nRRULE:FREQ=DAILY;INTERVAL=0", "never gets anywhere"),
        (f"{ONE}\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never happen"),
        (f"{ONE}\nRRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=3", "never happen"),
        (
            f"{ONE}\nRRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}",
            "too often",
        ),
        (f"{ONE}\nRRULE:FREQ=SOMETIMES", "RRULE cannot be read"),
        (f"{ONE}\nRDATE:whenever", "RDATE cannot be read"),
        ("DTSTART:soon", "DTSTART cannot be read"),
        (f"{ONE}\nDTSTART:20260603T100000Z", "two starts"),
    ],
)
def test_what_cannot_be_followed_is_refused_and_never_free(event: str, words: str) -> None:
    assert words in refusal(calendar(f"UID:1\n{event}"))
    free = read(f"{event}\nTRANSP:TRANSPARENT") if "cannot be read" in words else []
    assert free == []  # what keeps nothing free may be as broken as it likes


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=YEARLY;INTERVAL=0", "FREQ=DAILY", "FREQ=NEVER"])
def test_a_zone_may_not_keep_the_reader_busy_either(rule: str) -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Z\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0000\n"
        f"RRULE:{rule}\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    assert refusal(calendar("UID:1\nDTSTART;TZID=Z:20260602T100000", zones=zone))


def test_a_file_that_is_cut_short_too_large_or_no_calendar_is_refused() -> None:
    whole = calendar(f"UID:1\n{ONE}", f"UID:2\n{ONE}")
    assert "cut short" in refusal(whole[:-20])
    assert "cut short" in refusal(whole[: whole.index(b"UID:2")])
    assert "holds no calendar" in refusal(b"<html>Sign in</html>")
    assert "holds no calendar" in refusal(b"")
    assert "bytes" in refusal(b"x" * 2_000_001)
    assert "too many parts" in refusal(b"BEGIN:VCALENDAR\r\n" * 9 + b"END:VCALENDAR\r\n" * 9)
    assert "outside" in refusal(whole + b"BEGIN:VEVENT\r\nUID:3\r\nEND:VEVENT\r\n")


def test_what_callers_get_wrong_is_said() -> None:
    for since, until in ((UNTIL, SINCE), (SINCE.replace(tzinfo=None), UNTIL), (SINCE, SINCE + timedelta(days=401))):
        with pytest.raises(ValueError, match="range"):
            busy_spans(calendar(), since, until, owner_zone="UTC")
    with pytest.raises(ValueError, match="zone"):
        busy_spans(calendar(), SINCE, UNTIL, owner_zone="Mars/Base")


@settings(max_examples=60)
@given(st.data())
def test_damage_at_any_place_is_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    raw = bytearray(calendar(f"UID:1\n{ONE}\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU\nATTENDEE;PARTSTAT=DECLINED:mailto:a@b.c"))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    busy_spans(bytes(raw), SINCE, UNTIL, owner_zone="Europe/Berlin")


def test_every_file_of_the_corpora_is_read_or_refused_with_a_reason(shared_dir: Path) -> None:
    files = sorted((shared_dir / "data" / "calendar").glob("*/*.ics"))
    assert len(files) > 100
    refused = {}
    for path in files:
        begun = time.process_time()
        for year in (1997, 2014):
            since = datetime(year, 1, 1, tzinfo=ZoneInfo("America/New_York"))
            found = busy_spans(path.read_bytes(), since, since + timedelta(days=366), owner_zone="America/New_York")
            if isinstance(found, Unknown):
                refused[path.name] = found.reason
        assert time.process_time() - begun < 60, path.name
    assert all(reason.endswith(".") for reason in refused.values())
    assert len(refused) <= 22, refused
