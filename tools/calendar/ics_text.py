"""Calendar files of strangers, into components: within bounds, or refused with a reason.

Some of them are made to keep a program busy for ever: rules that come every second, or never, which a reader only finds
out by counting to the year 9999. What that would cost is estimated before any rule is followed.
"""

import hashlib
import re
import warnings
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from math import gcd
from typing import Any

from icalendar import Calendar, Component, vRecur
from icalendar.error import GloballyUniqueTZIDGuessed
from icalendar.timezone import tzp

from tools.calendar.slots import zone_of

MAX_BYTES = 2_000_000  # a busy person's calendar of many years has one
MAX_COMPONENTS = 20_000
MAX_DEPTH = 8
# What following a rule costs, in microseconds a step of its frequency (measured), and how much one file may.
_COST = {"YEARLY": 35.0, "MONTHLY": 8.0, "WEEKLY": 3.5, "DAILY": 1.5, "HOURLY": 1.5}
_DAYS = {"YEARLY": 365.0, "MONTHLY": 30.0, "WEEKLY": 7.0, "DAILY": 1.0, "HOURLY": 1 / 24}
_SHOWN = 260.0  # an occurrence that is in the range
_BUDGET = 4_000_000.0
_DAY = timedelta(days=1)
_END_OF_TIME = date(9999, 12, 31)
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FOLD = re.compile(r"\r?\n[ \t]")
_BEGIN = re.compile(r"(?im)^(BEGIN|END):[ \t]*([\w-]+)[ \t]*\r?$", re.ASCII)
_RULE = re.compile(r"(?im)^(?:RRULE|EXRULE)[^:\r\n]*:([^\r\n]*)")
_ZONE = re.compile(r"(?ims)^BEGIN:VTIMEZONE.*?^END:VTIMEZONE")
_ZONE_NAME = re.compile(r"(?im)^TZID[^:\r\n]*:([^\r\n]*)")
_ZONE_RULES = 500
_MAX_DESCRIBED = 1_000  # zones of strangers that are kept
_described: set[str] = set()
_ZONES_BEGIN, _ZONES_SEEN = date(1970, 1, 1), datetime(2038, 1, 1, tzinfo=UTC)
# Zones named with the prefix of Mozilla or Evolution: it guesses, and well.
warnings.filterwarnings("ignore", category=GloballyUniqueTZIDGuessed)


class Refused(Exception):
    """This file is not read. The message is for people and quotes nothing of it."""


def read_calendars(raw: bytes) -> list[Calendar]:
    """Every VCALENDAR of a file, in order; bare events count as one. Raises Refused, and nothing else: also for what is
    cut short, or stands outside of a calendar, since what is not read must not pass for free time."""
    texts, outside = calendar_texts(raw)
    if outside and texts:
        raise Refused("Parts of the file stand outside of its calendars.")
    found = [read_calendar(text) for text in texts or ([_wrapped(raw)] if outside else [])]
    if not found:
        raise Refused("The file holds no calendar.")
    return found


def calendar_texts(raw: bytes) -> tuple[list[str], bool]:
    """The VCALENDARs of a file as text, and whether other parts stand outside of them. Raises Refused for too many
    bytes or parts, and for parts that do not end."""
    text = _decoded(raw)
    texts: list[str] = []
    depth = components = start = 0
    outside = False
    for match in _BEGIN.finditer(text):
        if match[1].upper() == "BEGIN":
            start = match.start() if depth == 0 else start
            outside |= depth == 0 and match[2].upper() != "VCALENDAR"
            depth, components = depth + 1, components + 1
        else:
            depth -= 1
            if depth == 0 and match[2].upper() == "VCALENDAR":
                texts.append(text[start : match.end()] + "\r\n")
        if not 0 <= depth <= MAX_DEPTH or components > MAX_COMPONENTS:
            raise Refused("The calendar has too many parts, or parts that do not match.")
    if depth:
        raise Refused("The calendar is cut short: a part of it does not end.")
    return texts, outside


def read_calendar(text: str) -> Calendar:
    """One VCALENDAR. Raises Refused, and nothing else."""
    text = _FOLD.sub("", text)
    _check_rules_of_zones(text)
    try:
        found = Calendar.from_ical(_with_own_zones(text))
    except Exception as error:  # a parser of strangers' bytes: whatever it trips over, this is not read
        raise Refused(f"The calendar cannot be read ({type(error).__name__}).") from error
    if not isinstance(found, Calendar):
        raise Refused("The file holds no calendar.")
    return found


def _with_own_zones(text: str) -> str:
    """Names the zones that a file describes by what they say. The reader keeps every zone by its name for the life of
    the process, so one stranger's "Our Office" would be the next one's."""
    for zone in _ZONE.findall(text):
        named = _ZONE_NAME.search(zone)
        name = named[1].strip() if named else ""
        if not name or zone_of(name) is not None:
            continue
        own = f"described-{hashlib.sha256(zone.encode()).hexdigest()[:24]}"
        _described.add(own)
        text = text.replace(zone, _ZONE_NAME.sub(f"TZID:{own}", zone, count=1), 1)
        text = re.sub(rf'(?i)(;TZID=)"?{re.escape(name)}"?(?=[;:])', rf"\g<1>{own}", text)
    if len(_described) > _MAX_DESCRIBED:
        _described.clear()
        tzp.use_default()  # forgets them; who is just reading one sees a zone that nobody knows, and that is not free
    return text


def _decoded(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise Refused(f"The calendar has {len(raw):,} bytes; {MAX_BYTES:,} are read.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # the standard says UTF-8; what says otherwise is old, and Western


def _wrapped(raw: bytes) -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{_decoded(raw).strip()}\r\nEND:VCALENDAR\r\n"


def check_cost(events: Iterable[Component], since: datetime, until: datetime) -> None:
    """Raises Refused where following the rules of these events through [since, until) may take many seconds, or for
    ever."""
    total = 0.0
    for event in events:
        starts = event.get("DTSTART")
        first = getattr(starts, "dt", None)
        if not isinstance(first, date):
            continue
        for rule in _rules(event):
            total += _cost(rule, first, since, until)
            if total > _BUDGET:
                raise Refused("The calendar's recurring events repeat too often, or may never happen, to be followed.")


def _check_rules_of_zones(unfolded: str) -> None:
    """The reader follows the rules of embedded zones by itself, so they are looked at before."""
    texts = [text for zone in _ZONE.findall(unfolded) for text in _RULE.findall(zone)]
    total = 0.0
    for text in texts:
        try:
            rule = vRecur.from_ical(text.strip())
        except Exception as error:  # a stranger's rule
            raise Refused("The calendar describes a time zone by a rule that cannot be read.") from error
        if str(_one(rule, "FREQ", "")).upper() != "YEARLY":
            raise Refused("The calendar describes a time zone whose clock changes more than yearly by rule.")
        total += _cost(rule, _ZONES_BEGIN, _ZONES_SEEN, _ZONES_SEEN)
    if len(texts) > _ZONE_RULES or total > _BUDGET:
        raise Refused("The calendar describes more changes of clocks than can be followed.")


def _rules(event: Component) -> Iterator[vRecur]:
    found: Any = event.get("RRULE")
    for rule in found if isinstance(found, list) else [found]:
        if isinstance(rule, vRecur):
            yield rule


def _cost(rule: vRecur, first: date, since: datetime, until: datetime) -> float:
    frequency = str(_one(rule, "FREQ", "")).upper()
    if frequency not in _COST:
        raise Refused(f"An event repeats {frequency.lower() or 'without a frequency'}: no meeting does.")
    interval = int(_one(rule, "INTERVAL", 1))
    if interval < 1:
        raise Refused("An event repeats every 0 days: its rule never gets anywhere.")
    begins = (
        first.astimezone(UTC).date() if isinstance(first, datetime) and first.tzinfo else date(*first.timetuple()[:3])
    )
    ends = until.date() if _surely_happens(rule, frequency, interval) else _END_OF_TIME
    steps = max((ends - begins) / _DAY, 0) / _DAYS[frequency] / interval
    often = 1
    for part in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        often *= max(len(_all(rule, part)), 1)
    if frequency in ("YEARLY", "MONTHLY"):
        often *= max(len(_all(rule, "BYDAY")), len(_all(rule, "BYMONTHDAY")), len(_all(rule, "BYYEARDAY")), 1)
    shown = min(steps, (until - since) / _DAY / _DAYS[frequency] / interval) + 1
    return often * ((steps + 1) * _COST[frequency] + shown * _SHOWN)


def _surely_happens(rule: vRecur, frequency: str, interval: int) -> bool:
    """Whether the rule's parts cannot exclude each other for ever: the usual ones. Others are counted to the end."""
    parts = {name for name in rule if str(name).upper().startswith("BY") and _all(rule, str(name))}
    parts -= {"BYHOUR", "BYMINUTE", "BYSECOND"} if frequency != "HOURLY" else set()
    days = [str(day) for day in _all(rule, "BYDAY")]
    plain = all(len(day) == 2 for day in days)
    if not parts:
        return True
    if frequency == "WEEKLY":
        return parts <= {"BYDAY"} or (interval == 1 and parts <= {"BYDAY", "BYMONTH"})
    if frequency == "DAILY":
        return (parts == {"BYDAY"} and gcd(interval, 7) == 1) or (interval == 1 and parts <= {"BYDAY", "BYMONTH"})
    if frequency == "HOURLY":
        return interval == 1 and parts <= {"BYDAY", "BYMONTH", "BYHOUR"}
    if interval > 1 and "BYMONTH" in parts and frequency == "MONTHLY":
        return False
    near = all(len(day) == 2 or abs(int(day[:-2])) <= 4 for day in days)
    if parts <= {"BYDAY", "BYMONTH"}:
        return near
    if parts <= {"BYMONTHDAY", "BYMONTH"}:
        months = [int(month) for month in _all(rule, "BYMONTH")] or range(1, 13)
        longest = max(_MONTH_DAYS[month - 1] if 1 <= month <= 12 else 0 for month in months)
        return any(1 <= abs(int(day)) <= longest for day in _all(rule, "BYMONTHDAY"))
    if parts <= {"BYDAY", "BYMONTH", "BYSETPOS"} and plain:
        return any(abs(int(position)) <= 4 * len(days) for position in _all(rule, "BYSETPOS"))
    return False


def _one(rule: vRecur, name: str, default: Any) -> Any:
    found = _all(rule, name)
    return found[0] if found else default


def _all(rule: vRecur, name: str) -> list[Any]:
    found = rule.get(name)
    return list(found) if isinstance(found, list | tuple) else [] if found is None else [found]
