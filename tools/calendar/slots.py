"""What the calendar's parts share: quarter hours as keys, defaults, and zones by name. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

BUCKET = timedelta(minutes=15)
MIN_NOTICE = timedelta(hours=20)  # nobody finds a proposal for this afternoon in time
HORIZON_DAYS = 14  # later than two weeks, interest has cooled


def buckets(starts_at: datetime, ends_at: datetime) -> list[datetime]:
    """The quarter hours (UTC) that a time touches."""
    start = starts_at.astimezone(UTC)
    bucket = start.replace(minute=start.minute - start.minute % 15, second=0, microsecond=0)
    found = []
    while bucket < ends_at:
        found.append(bucket)
        bucket += BUCKET
    return found


def zone_of(name: str) -> ZoneInfo | None:
    """None where there is no such zone."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None
