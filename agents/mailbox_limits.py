"""What holds for all mails of a mailbox at once: asked by the dispatcher before each mail, and by people who wonder."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from agents import brakes, mail_domains, ramps
from agents.context import AgentContext
from agents.policy import ActionClass, Policy, load_policy
from agents.recipient_time import day_start
from core.settings import DeliveryMode
from store.models import Brake, Mailbox, MailboxState, User
from store.queries import deliverability, sending

# Unasked mail: it keeps to caps, ramps, working hours and the sequence. The others answer somebody.
COLD = frozenset({ActionClass.FIRST_MAIL.value, ActionClass.FOLLOW_UP.value})
IN_HOURS = COLD | {
    ActionClass.INTERVENTION.value,
    ActionClass.MISSED_MEETING.value,
    ActionClass.MEETING_RECAP.value,
}
LOOK_AGAIN = timedelta(minutes=5)  # after a block that a person lifts: kill switch, paused mailbox


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing of a mailbox leaves before `until`. `cold_only`: answers still do."""

    until: datetime
    reason: str
    cold_only: bool = False


@dataclass(frozen=True, slots=True)
class DomainStanding:
    """How much all mailboxes of a domain that warms up sent today together, of how much they may."""

    name: str
    schedule: ramps.Schedule
    sent: int
    limit: int

    @property
    def full(self) -> bool:
        return self.sent >= self.limit


@dataclass(frozen=True, slots=True)
class Standing:
    """How much a mailbox has sent today, of how much it may. Days are those of its owner's zone."""

    sent: int
    limit: int
    warming_up: bool
    zone: str
    day_ends: datetime
    domain: DomainStanding | None = None  # while the mailbox warms up

    @property
    def full(self) -> bool:
        return self.sent >= self.limit

    @property
    def rule(self) -> str:
        if self.domain is not None and self.domain.full:
            return "The domain is warming up"
        return "The mailbox is warming up" if self.warming_up else "The mailbox's daily cap is reached"


def mailbox_gate(session: Session, context: AgentContext, mailbox: Mailbox | None) -> Closed | None:
    """What holds for all mails of a mailbox at once; None: it is open. The row is locked by the caller."""
    now = context.clock.now()
    closed = workspace_gate(context, load_policy(session)) or state_gate(mailbox, now)
    if closed is not None or mailbox is None:
        return closed
    if (brake := brakes.hold(session, context, mailbox)) is not None:
        return braked(brake, now)
    if mailbox.ramp_started_at is not None:
        # One claim a domain at a time while it warms up: its mailboxes must not all see its last place as free.
        mail_domains.known(session, context, brakes.domain_of(mailbox.address), lock=True)
    standing = standings(session, [mailbox], now)[mailbox.id]
    if standing.full:
        reason = f"{standing.rule}: {standing.limit} mails today in {standing.zone}."
        return Closed(standing.day_ends, reason, cold_only=True)
    return None


def workspace_gate(context: AgentContext, policy: Policy) -> Closed | None:
    until = context.clock.now() + LOOK_AGAIN
    if context.settings.delivery is DeliveryMode.HOLD:
        return Closed(until, "Delivery is on hold (SALESOS_DELIVERY=hold): nothing is written anywhere.")
    if policy.kill_switch:
        return Closed(until, "The kill switch is on: nothing is sent, whatever was approved.")
    return None


def braked(brake: Brake, now: datetime) -> Closed:
    who = "The mailbox is braked" if brake.mailbox_id is not None else f"All mailboxes of {brake.domain} are braked"
    return Closed(brake.until or now + LOOK_AGAIN, f"{who}: {brake.reason}")


def brake_gates(session: Session, mailboxes: Sequence[Mailbox], now: datetime) -> dict[UUID, Closed]:
    """Of the mailboxes whose brake a person has to lift, for those who look ahead; a rest is over in an hour. One
    statement."""
    found = brakes.standing_on(session, mailboxes, now)
    return {key: braked(brake, now) for key, brake in found.items() if brake.until is None}


def state_gate(mailbox: Mailbox | None, now: datetime) -> Closed | None:
    if mailbox is None:
        return Closed(now + LOOK_AGAIN, "The mailbox does not exist any more; choose another one.")
    if mailbox.state is not MailboxState.ACTIVE:
        return Closed(now + LOOK_AGAIN, f"The mailbox is paused: {mailbox.pause_reason or 'by a person'}")
    return None


def standings(session: Session, mailboxes: Sequence[Mailbox], now: datetime) -> dict[UUID, Standing]:
    """Of each mailbox, in a constant number of statements. While one warms up: at most twice what it really sent on
    its last day, and within what its domain may send."""
    zones = _zones(session, mailboxes)
    today = {mailbox.id: day_start(now, zones[mailbox.id]) for mailbox in mailboxes}
    sent = sending.sent_within(session, {mailbox_id: (start, None) for mailbox_id, start in today.items()})
    warming = [mailbox for mailbox in mailboxes if mailbox.ramp_started_at is not None]
    last_day = _last_days(session, {mailbox.id: (today[mailbox.id], zones[mailbox.id]) for mailbox in warming})
    domains = _domains(session, {brakes.domain_of(mailbox.address) for mailbox in warming}, now)
    found = {}
    for mailbox in mailboxes:
        limit, warm, domain, used = mailbox.daily_cap, False, None, sent.get(mailbox.id, 0)
        if mailbox.ramp_started_at is not None:
            own = ramps.mailbox_limit(last_day.get(mailbox.id, 0))
            domain = domains.get(brakes.domain_of(mailbox.address))
            room = own if domain is None else used + max(0, domain.limit - domain.sent)
            limit = min(own, room, mailbox.daily_cap)
            warm = limit < mailbox.daily_cap
        zone = zones[mailbox.id]
        found[mailbox.id] = Standing(
            sent=used,
            limit=limit,
            warming_up=warm,
            zone=zone,
            # The day is longer than 24 hours twice a year at most; from noon to midnight is never ambiguous.
            day_ends=day_start(today[mailbox.id] + timedelta(hours=36), zone),
            domain=domain,
        )
    return found


def _last_days(session: Session, days_of: Mapping[UUID, tuple[datetime, str]]) -> dict[UUID, int]:
    """What each mailbox sent on its last day of sending before today; not named where that is too long ago."""
    last = sending.last_sent_before(session, {mailbox_id: start for mailbox_id, (start, _) in days_of.items()})
    days: dict[UUID, sending.Window] = {}
    for mailbox_id, at in last.items():
        today, zone = days_of[mailbox_id]
        if today - at <= timedelta(days=ramps.RAMP_IDLE_DAYS):
            start = day_start(at, zone)
            days[mailbox_id] = (start, min(start + timedelta(days=1), today))
    return sending.sent_within(session, days)


def _domains(session: Session, names: Collection[str], now: datetime) -> dict[str, DomainStanding]:
    """Of domains whose mailboxes warm up; one that is warm is not named. Their days are those of UTC: their mailboxes
    may stand in several zones."""
    if not names:
        return {}
    chosen = mail_domains.schedules(session, names)
    members = deliverability.mailboxes_of(session, names)
    ids = [mailbox_id for found in members.values() for mailbox_id in found]
    today = day_start(now, "UTC")
    sent = sending.sent_within(session, dict.fromkeys(ids, (today, None)))
    last = sending.last_sent_before(session, dict.fromkeys(ids, today))
    days: dict[UUID, sending.Window] = {}
    for found in members.values():
        moments = [last[mailbox_id] for mailbox_id in found if mailbox_id in last]
        if moments and today - max(moments) <= timedelta(days=ramps.RAMP_IDLE_DAYS):
            start = day_start(max(moments), "UTC")
            days.update(dict.fromkeys(found, (start, start + timedelta(days=1))))
    then = sending.sent_within(session, days)
    result = {}
    for name in names:
        found = members.get(name, [])
        limit = ramps.domain_limit(chosen[name], sum(then.get(mailbox_id, 0) for mailbox_id in found))
        if limit is not None:
            used = sum(sent.get(mailbox_id, 0) for mailbox_id in found)
            result[name] = DomainStanding(name, chosen[name], used, limit)
    return result


def _zones(session: Session, mailboxes: Sequence[Mailbox]) -> dict[UUID, str]:
    users = {mailbox.user_id for mailbox in mailboxes}
    query = select(User.id, User.time_zone).where(col(User.id).in_(users))
    zones = dict(session.exec(query).all())
    return {mailbox.id: zones.get(mailbox.user_id, "UTC") for mailbox in mailboxes}
