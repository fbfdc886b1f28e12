"""Every zone of the IANA database, every change of its clock in three years: what is offered and what is written down
agree with zoneinfo. Zones without a change are looked at on one day."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Calendar

from tools.calendar.availability import AvailabilityRules, Diary, Slot, free_slots
from tools.calendar.ics import Invitation, Party, invitation_bytes
from tools.calendar.wall_clock import between, instants_of
from tools.calendar.working_hours import DAYS, read_hours

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
# Clocks change at night; half of the changed hours lie at the edge of a window, and windows meet at midnight.
NIGHTS = read_hours({day: [["00:00", "02:30"], ["02:30", "04:00"], ["20:00", "24:00"]] for day in DAYS})
HOURS = (0, 1, 2, 3, 20, 21, 22, 23)


@cache
def changes() -> tuple[tuple[str, datetime], ...]:
    """(zone, first instant after the change), found by looking at every day with zoneinfo alone."""
    found = []
    for name in sorted(available_timezones()):
        zone, instant = ZoneInfo(name), SINCE
        offset = instant.astimezone(zone).utcoffset()
        while instant < UNTIL:
            later = instant + DAY
            if later.astimezone(zone).utcoffset() != offset:
                while instant.astimezone(zone).utcoffset() == offset:  # every clock changes on a quarter of an hour
                    instant += QUARTER
                found.append((name, instant))
                offset = later.astimezone(zone).utcoffset()
            instant = later if later > instant else instant
    return tuple(found)


def cases() -> list[tuple[str, datetime]]:
    changing = {name for name, _ in changes()}
    still = [(name, datetime(2026, 6, 3, 12, tzinfo=UTC)) for name in sorted(available_timezones() - changing)]
    return [*changes(), *still]


def expected(zone: ZoneInfo, now: datetime, last: datetime) -> dict[datetime, bool]:
    """Starts of half-hour meetings on the half hour within `HOURS`, and whether the clock alone does not
    name them: read off a calendar of local times that zoneinfo makes of every quarter of an hour."""
    shown: dict[datetime, int] = {}
    instants = [now + number * QUARTER for number in range(-8, (last - now) // QUARTER + 12)]
    local = {instant: instant.astimezone(zone).replace(tzinfo=None, fold=0) for instant in instants}
    for clock in local.values():
        shown[clock] = shown.get(clock, 0) + 1
    found = {}
    for instant in instants:
        end, clock = instant + 2 * QUARTER, local[instant]
        if instant < now or instant >= last or clock.minute % 30:
            continue
        if clock.hour not in HOURS or local[instant + QUARTER].hour not in HOURS:
            continue
        found[instant] = shown[clock] > 1 or shown[local[end]] > 1 or local[end] - clock != 2 * QUARTER
    return found


def test_what_is_offered_around_every_change_of_every_clock() -> None:
    wrong: list[object] = []
    slots = 0
    for name, change in cases():
        zone = ZoneInfo(name)
        now = change - timedelta(hours=20)
        rules = AvailabilityRules(name, hours=NIGHTS, notice=timedelta(0), horizon_days=1)
        found = {s.starts_at: s.stated_offset is not None for s in free_slots(rules, Diary(), now).slots}
        # the first instant after tomorrow; a day that a calendar leaves out does not come in these years
        tomorrow = now.astimezone(zone).date() + DAY
        last = next(i for i in (now + n * QUARTER for n in range(90, 220)) if i.astimezone(zone).date() > tomorrow)
        slots += len(found)
        if found != expected(zone, now, last):
            wrong.append((name, change))
    assert not wrong
    assert len({name for name, _ in cases()}) == len(available_timezones())
    assert slots > 25_000


def test_no_local_time_that_does_not_exist_has_an_instant_and_one_that_comes_twice_has_two() -> None:
    for name, change in changes():
        zone = ZoneInfo(name)
        before = (change - QUARTER).astimezone(zone).utcoffset()
        after = change.astimezone(zone).utcoffset()
        assert before is not None
        assert after is not None
        jump = after - before
        middle = (change + before + jump / 2).replace(tzinfo=None) if jump > timedelta(0) else None
        if middle is not None:
            assert instants_of(middle, zone) == ()
        else:
            twice = (change + after - jump / 2).replace(tzinfo=None)
            assert instants_of(twice, zone) == (change + jump / 2, change - jump / 2)
        (first, second) = between(zone, change - DAY, change + DAY)
        assert (first.ends_at, first.offset, second.offset) == (change, before, after)


def test_invitations_hold_the_very_instant() -> None:
    for name, change in changes():
        zone = ZoneInfo(name)
        for start in (change - 2 * QUARTER, change, change + 2 * QUARTER):
            slot = Slot(start, start + 2 * QUARTER)
            raw = invitation_bytes(
                Invitation(
                    uid="u@example.com",
                    sequence=0,
                    starts_at=slot.starts_at.astimezone(zone),  # as a person's code may hand it over
                    ends_at=slot.ends_at.astimezone(zone),
                    stamp=SINCE,
                    organizer=Party("ann@example.com"),
                    attendee=Party("pat@example.org"),
                    summary="30 minutes",
                )
            )
            assert f"DTSTART:{start:%Y%m%dT%H%M%SZ}\r\n".encode() in raw
            assert f"DTEND:{slot.ends_at:%Y%m%dT%H%M%SZ}\r\n".encode() in raw
    (event,) = Calendar.from_ical(raw).walk("VEVENT")
    assert event["DTSTART"].dt == start
