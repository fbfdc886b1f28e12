"""Whether an event there is the version that we want: asked after a lost answer, and before anything is written again.

Each event of ours carries the hash of the draft it was made from, in a place that people do not see. That alone would
not do: whoever moves an event in a calendar changes its times and leaves our mark, so both are compared.
"""

import hashlib
import json
from datetime import UTC, datetime

from tools.ports.calendar import CalendarEvent, EventDraft, EventOutcome, EventResult

CHANGED = "The event was changed there since it was read."
GONE = "The event is no longer there."
OTHER = "An event with this key is there in another shape."


def instant(moment: datetime) -> datetime:
    """In UTC and whole seconds, as calendars keep it."""
    return moment.astimezone(UTC).replace(microsecond=0)


def version_of(draft: EventDraft) -> str:
    """16 hex digits of all that is written there."""
    parts = [
        draft.uid, draft.sequence, instant(draft.starts_at).isoformat(), instant(draft.ends_at).isoformat(),
        draft.time_zone, draft.title, draft.description, draft.location, draft.video,
        [[guest.address, guest.name] for guest in draft.guests],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def stands_as(draft: EventDraft, event: CalendarEvent, version: str) -> bool:
    """`version`: the hash that the event bears."""
    return (
        not event.cancelled
        and version == version_of(draft)
        and (event.starts_at, event.ends_at) == (instant(draft.starts_at), instant(draft.ends_at))
        and event.title.split() == draft.title.split()
    )


def settled(draft: EventDraft, event: CalendarEvent | None, version: str, *, otherwise: str) -> EventResult:
    """What a creation or change comes to that the service would not take, by what stands there now."""
    if event is None:
        return EventResult(EventOutcome.CLASH, GONE)
    if stands_as(draft, event, version):
        return EventResult(EventOutcome.DONE, event=event)
    return EventResult(EventOutcome.CLASH, otherwise)
