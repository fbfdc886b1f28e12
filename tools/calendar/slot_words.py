"""A slot in words, on the reader's clock and in their language, by the Unicode locale data (Babel).

Zone and offset are always said: two people who mean the same instant should be able to see that they do. Where the
clock shows the hour twice, words say which of the two is meant.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_time, get_timezone_location

from tools.calendar.wall_clock import instants_of

MAIN_LANGUAGES = ("en", "de", "fr", "es", "it", "nl")
# English without a country is written as most of the world writes it: the day before the month, and 24 hours.
_DEFAULTS = {"en": "en_GB", "": "en_GB"}
_TWICE = {
    "en": ("the first of two such hours that night", "the second of two such hours that night"),
    "de": ("die erste der beiden Stunden in dieser Nacht", "die zweite der beiden Stunden in dieser Nacht"),
    "fr": ("la première de ces deux heures cette nuit-là", "la seconde de ces deux heures cette nuit-là"),
    "es": ("la primera de esas dos horas esa noche", "la segunda de esas dos horas esa noche"),
    "it": ("la prima di queste due ore quella notte", "la seconda di queste due ore quella notte"),
    "nl": ("het eerste van die twee uren in die nacht", "het tweede van die twee uren in die nacht"),
}


_DAYS = {
    "en": "EEEE d MMMM y", "de": "EEEE, d. MMMM y", "fr": "EEEE d MMMM y", "es": "EEEE, d 'de' MMMM 'de' y",
    "it": "EEEE d MMMM y", "nl": "EEEE d MMMM y",
}  # fmt: skip
_SHORT_DAYS = {
    "en": "EEEE d MMMM", "de": "EEEE, d. MMMM", "fr": "EEEE d MMMM", "es": "EEEE, d 'de' MMMM", "it": "EEEE d MMMM",
    "nl": "EEEE d MMMM",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SlotWords:
    """`day`: "Thursday, 4 June 2026"; `time`: "15:00–15:30"; `zone`: "Central European Summer Time, UTC+02:00";
    `which`: set where the hour comes twice. `whole`: all of it in one line."""

    day: str
    time: str
    zone: str
    which: str

    @property
    def whole(self) -> str:
        return f"{self.day}, {self.time} ({'; '.join(part for part in (self.zone, self.which) if part)})"


def slot_words(starts_at: datetime, ends_at: datetime, zone: ZoneInfo, language: str) -> SlotWords:
    """`language`: a tag like "de", "en-US" or "pt-BR"; one that the locale data does not know counts as English.

    `zone` is said at the start; where the clock changes during the meeting, the end is followed by its own offset, and
    an end on another day by that day. Raises ValueError for naive instants.
    """
    if starts_at.utcoffset() is None or ends_at.utcoffset() is None:
        raise ValueError("A slot in words needs aware instants.")
    locale = _locale(language)
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    until = format_time(end, "short", tzinfo=zone, locale=locale)
    if end.date() != start.date():
        until = f"{format_date(end.date(), 'full', locale=locale)}, {until}"
    if end.utcoffset() != start.utcoffset():
        until = f"{until} {_offset(end)}"
    from_time = format_time(start, "short", tzinfo=zone, locale=locale)
    name = _zone_name(start, zone, locale)
    offset = _offset(start)
    return SlotWords(
        day=format_date(start.date(), "full", locale=locale),
        time=f"{from_time} – {until}" if any(c.isspace() for c in from_time + until) else f"{from_time}–{until}",
        zone=f"{name}, {offset}" if name else offset,
        which=_which(start, zone, locale),
    )


def main_language(*tags: str) -> str:
    """The first of these tags ("de-AT", "it") that we have words for, as a plain language; else English."""
    spoken = (tag.strip().replace("_", "-").partition("-")[0].casefold() for tag in tags)
    return next((language for language in spoken if language in MAIN_LANGUAGES), "en")


def day_words(at: datetime, zone: ZoneInfo, language: str) -> str:
    """ "Thursday 4 June 2026": the day on that clock. `language`: one of ours, others count as English."""
    spoken = main_language(language)
    return str(format_date(at.astimezone(zone).date(), _DAYS[spoken], locale=spoken))


def short_day_words(at: datetime, zone: ZoneInfo, language: str) -> str:
    """ "Thursday 4 June": for a subject, where the year is clear."""
    spoken = main_language(language)
    return str(format_date(at.astimezone(zone).date(), _SHORT_DAYS[spoken], locale=spoken))


def clock_words(at: datetime, zone: ZoneInfo) -> str:
    """ "15:00": all our main languages write the hours of a timetable so."""
    return f"{at.astimezone(zone):%H:%M}"


def _offset(local: datetime) -> str:
    """UTC+05:30; the sign for zero is kept, as ISO 8601 has it."""
    text = local.strftime("%z")
    return f"UTC{text[:3]}:{text[3:5]}"


def _zone_name(local: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """ "" where the locale data has none, and the offset says it all."""
    seasons = (datetime(local.year, month, 1, tzinfo=UTC).astimezone(zone).utcoffset() for month in (1, 7))
    # Not by dst(): Ireland and Morocco are told there the other way round.
    variant = "daylight" if any(_less(offset, local) for offset in seasons) else "standard"
    names = [zone.key, *(old for old, new in get_global("zone_aliases").items() if new == zone.key)]
    for key in names:  # the data knows some zones by their old names only
        meta_zone = get_global("meta_zones").get(key, "")
        for known in (locale.time_zones.get(key, {}), locale.meta_zones.get(meta_zone, {})):
            name = known.get("long", {}).get(variant)
            if name:
                return str(name)
    return "" if zone.key.startswith("Etc/") or "/" not in zone.key else get_timezone_location(zone, locale=locale)


def _less(offset: timedelta | None, local: datetime) -> bool:
    return offset is not None and offset < (local.utcoffset() or timedelta(0))


def _which(local: datetime, zone: ZoneInfo, locale: Locale) -> str:
    both = instants_of(local.replace(tzinfo=None), zone)
    if len(both) < 2:
        return ""
    words = _TWICE.get(locale.language, _TWICE["en"])
    return words[both.index(local.astimezone(UTC))]


@lru_cache(maxsize=256)
def _locale(language: str) -> Locale:
    tag = language.strip().replace("-", "_")
    for wanted in (_DEFAULTS.get(tag.casefold(), tag), tag.partition("_")[0]):
        try:
            return Locale.parse(_DEFAULTS.get(wanted.casefold(), wanted))
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return Locale.parse("en_GB")
