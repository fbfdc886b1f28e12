"""A day on which offices work, whenever a test runs."""

from datetime import datetime, timedelta

from tools.calendar.public_holidays import public_holidays

_COUNTRIES = ("US", "CA", "GB", "IE", "DE", "FR", "NL", "SE")


def working_tuesday(now: datetime, *, hour: int, minute: int = 0) -> datetime:
    """The first Tuesday after today that is, as its Wednesday, a public holiday nowhere that tests write to; UTC.

    After today: what a command made by the machine's clock is not of the future then.
    """
    return _open(now + timedelta(days=(1 - now.weekday()) % 7 or 7), 7).replace(
        hour=hour, minute=minute, second=0, microsecond=0
    )


def working_tuesday_before(now: datetime, *, hour: int) -> datetime:
    """The same, some weeks ago: an IMAP server takes no mail from the future, and counts from its own today."""
    day = now - timedelta(days=(now.weekday() - 1) % 7 + 28)
    return _open(day, -7).replace(hour=hour, minute=0, second=0, microsecond=0)


def _open(day: datetime, step: int) -> datetime:
    while any(
        each.date() in public_holidays(country, each.year)
        for country in _COUNTRIES
        for each in (day, day + timedelta(days=1))
    ):
        day += timedelta(days=step)
    return day
