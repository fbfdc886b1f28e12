"""How much came back of what a mailbox and its domain sent, and how much of it is too much. Set-based.

Counted are addresses that do not exist and refusals of us (agents.delivery_policy), and complaints; never a soft
bounce, an absence note or what a machine opened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session

from agents.delivery_policy import POLICY
from store.models import Brake
from store.queries import deliverability, sending
from tools.mail.verdicts import Verdict

WINDOW = timedelta(days=7)  # a week: one bad list shows in it, and last month's is forgiven
# Below 200 sends one bounce is half a percent: the share says more about chance. The same floor that others suspend at.
LEAST_SENT = 200
# Amazon SES reviews an account at 5 % bounces and pauses it at 10 %: at 3 % there is still time.
MOST_BOUNCES = 0.03
# Gmail's sender rules: keep complaints below 0.1 %, never reach 0.3 %. SES reviews at 0.1 %.
MOST_COMPLAINTS = 0.001
# Half of the sample and about half of the share: early enough to clean a list before it stops.
WARN_SENT, WARN_BOUNCES, WARN_COMPLAINTS = 100, 0.015, 0.0005
SEVERAL = 2  # mailboxes: with that many the fault is not one mailbox's


class Cause(StrEnum):
    BOUNCES = "bounces"
    COMPLAINTS = "complaints"
    QUOTA = "quota"
    BLOCKED = "blocked"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Measure:
    """Of a mailbox or of a domain, since the last brake of the same kind was lifted, a week at most."""

    cause: Cause
    hits: int
    sent: int
    since: datetime

    @property
    def share(self) -> float | None:
        """None: too few were sent to say."""
        return self.hits / self.sent if self.sent >= LEAST_SENT else None

    @property
    def brakes(self) -> bool:
        return self.share is not None and self.share >= LIMITS[self.cause].stop

    @property
    def warns(self) -> bool:
        return self.sent >= WARN_SENT and self.hits / self.sent >= LIMITS[self.cause].warn


@dataclass(frozen=True, slots=True)
class Limit:
    verdicts: tuple[str, ...]
    stop: float
    warn: float
    says: str


_BOUNCED = tuple(rule.verdict.value for rule in POLICY.values() if rule.brakes and rule.verdict != Verdict.COMPLAINT)
LIMITS = {
    Cause.BOUNCES: Limit(_BOUNCED, MOST_BOUNCES, WARN_BOUNCES, "bounced"),
    Cause.COMPLAINTS: Limit((Verdict.COMPLAINT.value,), MOST_COMPLAINTS, WARN_COMPLAINTS, "were called spam"),
}


def measures(
    session: Session, domain: str, known: Sequence[Brake], now: datetime
) -> dict[UUID | None, dict[Cause, Measure]]:
    """Of each mailbox that something came back to, and under None of the whole domain. Empty: nothing came back."""
    found: dict[UUID | None, dict[Cause, Measure]] = {}
    start = now - WINDOW
    ids: list[UUID] = []
    for cause, limit in LIMITS.items():
        since = _since(known, cause, start)
        own = {key: at for key, at in since.items() if key is not None}
        hits = deliverability.hits_since(session, domain, limit.verdicts, own, start)
        if not hits:
            continue
        ids = ids or deliverability.mailboxes_of(session, [domain]).get(domain, [])
        sent = sending.sent_within(session, {key: (own.get(key, start), None) for key in ids})
        for key, (count, at_the_door) in hits.items():
            all_sent = sent.get(key, 0) + at_the_door
            found.setdefault(key, {})[cause] = Measure(cause, count, all_sent, own.get(key, start))
        if len(hits) >= SEVERAL:
            whole = since.get(None, start)
            if whole > start or own:
                hits = deliverability.hits_since(session, domain, limit.verdicts, {}, whole)
                sent = sending.sent_within(session, dict.fromkeys(ids, (whole, None)))
            if len(hits) >= SEVERAL:
                total = sum(sent.values()) + sum(at_the_door for _, at_the_door in hits.values())
                count = sum(number for number, _ in hits.values())
                found.setdefault(None, {})[cause] = Measure(cause, count, total, whole)
    return found


def in_words(measure: Measure, whole: bool) -> str:
    limit = LIMITS[measure.cause]
    share = f"{100 * measure.hits / measure.sent:.2f} %"
    of = "of its mailboxes' mails" if whole else "of its mails"
    return (
        f"{measure.hits} of {measure.sent} {of} since {measure.since:%d %b %H:%M} UTC {limit.says} ({share}; "
        f"at {100 * limit.stop:g} % it stops)."
    )


def _since(known: Sequence[Brake], cause: Cause, start: datetime) -> Mapping[UUID | None, datetime]:
    """From when on events count: what a person lifted a brake of is settled."""
    found: dict[UUID | None, datetime] = {}
    for brake in known:
        if brake.cause == cause and brake.lifted_at is not None and brake.lifted_at > start:
            found[brake.mailbox_id] = max(found.get(brake.mailbox_id, start), brake.lifted_at)
    return found
