"""What is to be sent, when it will be, and for each waiting touch the first rule that keeps it from leaving now.

One view of the store in a constant number of statements: rules that hold for a row are asked of columns, so that a
plan of a hundred thousand touches opens no address. What is projected is in scoring.send_plan.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from agents import jurisdiction
from agents.context import AgentContext
from agents.mailbox_limits import Closed, Standing, brake_gates, standings, state_gate, workspace_gate
from agents.policy import ActionClass, Autonomy, Policy, load_policy
from agents.ramps import RAMP_START
from agents.recipient_time import day_start, next_opening
from scoring.send_plan import Capacity, Projection, WaitingMail, mailboxes_needed, project
from store.models import Mailbox
from store.queries import planned_touches, workspaces
from store.queries.planned_touches import PlannedTouch

_DECIDED_WITHIN = timedelta(days=14)  # how fast people decide is read off these
_WEEKDAYS_WITHIN = 10


@dataclass(frozen=True, slots=True)
class Held:
    """The first rule that keeps a touch from leaving now. `final`: time alone does not lift it."""

    code: str
    text: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class PlannedSend:
    touch: PlannedTouch
    held: Held
    leaves_on: date | None  # in the mailbox's zone; None: held, or beyond the plan's horizon


@dataclass(frozen=True, slots=True)
class MailboxPlan:
    id: UUID
    address: str
    standing: Standing
    daily_cap: int
    waiting: int  # mails that will leave as things stand
    finish_on: date | None
    closed: str  # why nothing leaves from it now; empty: it does


@dataclass(frozen=True, slots=True)
class SendPlan:
    at: datetime
    today: date
    touches: list[PlannedSend]  # by the day on which they leave; those that are held come last
    mailboxes: list[MailboxPlan]
    by_day: Mapping[date, int]
    finish_on: date | None
    held: list[tuple[Held, int]]  # what a person must lift, the most mails first
    approvals_a_day: int | None  # as people decided lately; None: nobody did, so at once
    mailboxes_needed: int | None = None  # to finish by the day asked for; None: not asked, or no number does
    late: int = 0  # mails that leave after the day on which they are due


def send_plan(
    session: Session,
    context: AgentContext,
    *,
    mailbox_id: UUID | None = None,
    lead_id: UUID | None = None,
    by: date | None = None,
) -> SendPlan:
    """Of the workspace; the touches of one mailbox or lead where asked, still behind all others that they wait for."""
    now, policy = context.clock.now(), load_policy(session)
    home = workspaces.get(session, context.workspace_id).time_zone
    mailboxes = list(session.exec(select(Mailbox).order_by(col(Mailbox.address))))
    standing = standings(session, mailboxes, now)
    touches = planned_touches.of_workspace(session)
    asking = _Asking(context, policy, now, home, mailboxes, standing, brake_gates(session, mailboxes, now))
    held = {touch.id: asking.first_rule(touch) for touch in touches}
    going = [touch for touch in touches if not held[touch.id].final]
    approvals = _approvals_a_day(session, now)
    projection, mails = asking.projected(going, approvals)
    leaves = {going[key].id: day for key, day in projection.leaves.items()}
    shown = [
        PlannedSend(touch, held[touch.id], leaves.get(touch.id))
        for touch in touches
        if (mailbox_id is None or touch.mailbox_id == mailbox_id) and (lead_id is None or touch.lead_id == lead_id)
    ]
    shown.sort(key=lambda each: (each.leaves_on or date.max, each.touch.due_at, each.touch.id))
    final = Counter(each.held for each in shown if each.held.final)
    cap = max((mailbox.daily_cap for mailbox in mailboxes), default=0)
    return SendPlan(
        at=now,
        today=asking.today,
        touches=shown,
        mailboxes=[asking.of_mailbox(mailbox, shown) for mailbox in mailboxes if mailbox_id in (None, mailbox.id)],
        by_day=dict(sorted(Counter(each.leaves_on for each in shown if each.leaves_on).items())),
        finish_on=max((each.leaves_on for each in shown if each.leaves_on), default=None),
        held=final.most_common(),
        approvals_a_day=approvals,
        mailboxes_needed=mailboxes_needed(mails, cap, asking.opens, asking.today, by) if by and mails else None,
        late=sum(leaves[touch.id] > asking.ready(touch) for touch in going if touch.id in leaves),
    )


class _Asking:
    """The rules in the order in which the dispatcher, and before it the email agent, meets them."""

    def __init__(
        self,
        context: AgentContext,
        policy: Policy,
        now: datetime,
        home: str,
        mailboxes: Sequence[Mailbox],
        standing: Mapping[UUID, Standing],
        held: Mapping[UUID, Closed],
    ) -> None:
        self._policy, self._now, self._home = policy, now, home
        self._standing, self._mailboxes = standing, {mailbox.id: mailbox for mailbox in mailboxes}
        self._everything = workspace_gate(context, policy)
        self._states = {mailbox.id: state_gate(mailbox, now) or held.get(mailbox.id) for mailbox in mailboxes}
        self._opened: dict[tuple[str, date], bool] = {}
        self._ready: dict[UUID, date] = {}
        self.today = now.astimezone(ZoneInfo(home)).date()

    def first_rule(self, touch: PlannedTouch) -> Held:
        return self._never(touch) or self._by_person(touch) or self._by_time(touch)

    def _never(self, touch: PlannedTouch) -> Held | None:
        if touch.suppressed:
            return Held("suppressed", "The person is suppressed: never written to again.", True)
        if touch.excluded:
            return Held("company_excluded", "The company's domain is suppressed.", True)
        if not touch.has_address or touch.email_status == "invalid":
            return Held("no_address", "No address that works is known.", True)
        action = ActionClass.FIRST_MAIL if touch.first_mail else ActionClass.FOLLOW_UP
        ruling = _ruling(touch.country, touch.legal_basis, touch.proven, action.value)
        if not ruling.allowed:
            return Held("law", f"{touch.country or 'Unknown country'}: {ruling.reason} (rule {ruling.rule})", True)
        if touch.paused and touch.resume_at is None:
            return Held("sequence_paused", f"The sequence is paused: {touch.pause_reason or 'by a person'}", True)
        if self._autonomy(action) is Autonomy.PROPOSE:
            return Held("autonomy_propose", "The policy only proposes such mails: a person sends them.", True)
        return None

    def _by_person(self, touch: PlannedTouch) -> Held | None:
        if self._everything is not None:
            return Held("workspace", self._everything.reason, True)
        closed = self._states.get(touch.mailbox_id, state_gate(None, self._now))
        if closed is not None:
            return Held("mailbox", closed.reason, True)
        if touch.problems:
            return Held("gate_problems", "The gate holds the draft back: something in it has no fact behind it.", True)
        return None

    def _by_time(self, touch: PlannedTouch) -> Held:
        if touch.behind:
            return Held("in_turn", "An earlier mail of the sequence comes first.")
        if touch.paused:
            return Held("sequence_waits", "The sequence waits until a day that is set.")
        if touch.state == "drafted":
            return Held("approval", "A person decides on the draft.")
        if touch.state == "planned":
            due = touch.due_at > self._now
            return Held("not_due", "Its day has not come.") if due else Held("drafting", "It is due and drafted next.")
        if touch.not_before is not None and touch.not_before > self._now:
            return Held("put_off", touch.put_off_reason or "Approved; it can still be taken back.")
        if self._opening(touch, self._now) > self._now:
            return Held("hours", "Outside the recipient's working hours.")
        standing = self._standing[touch.mailbox_id]
        if standing.full:
            return Held("warm_up" if standing.warming_up else "cap", f"{standing.rule}: {standing.limit} mails today.")
        return Held("next", "Nothing: it leaves next.")

    def ready(self, touch: PlannedTouch) -> date:
        """The first day on which it is due and its recipient's window opens."""
        if touch.id not in self._ready:
            from_then = max(touch.due_at, touch.resume_at or touch.due_at, touch.not_before or touch.due_at, self._now)
            at = self._opening(touch, from_then)
            self._ready[touch.id] = max(self.today, at.astimezone(ZoneInfo(self._home)).date())
        return self._ready[touch.id]

    def projected(
        self, touches: Sequence[PlannedTouch], approvals_a_day: int | None
    ) -> tuple[Projection, list[WaitingMail]]:
        """Keys are places in `touches`."""
        boxes = {mailbox_id: number for number, mailbox_id in enumerate(self._mailboxes)}
        chains: dict[UUID, int] = {}
        mails = [
            WaitingMail(
                key,
                boxes[touch.mailbox_id],
                chains.setdefault(touch.enrollment_id, len(chains)),
                touch.number,
                self.ready(touch),
                f"{touch.country}|{touch.time_zone}",
                needs_approval=self._needs_approval(touch),
            )
            for key, touch in enumerate(touches)
        ]
        capacities = {boxes[mailbox_id]: self._capacity(mailbox) for mailbox_id, mailbox in self._mailboxes.items()}
        return project(mails, capacities, self.opens, self.today, approvals_a_day=approvals_a_day), mails

    def opens(self, place: str, day: date) -> bool:
        key = (place, day)
        if key not in self._opened:
            country, _, zone = place.partition("|")
            start = day_start(datetime.combine(day, time(12), UTC), self._home)
            at = self._next(zone, country, max(start, self._now) if day == self.today else start)
            self._opened[key] = at.astimezone(ZoneInfo(self._home)).date() == day
        return self._opened[key]

    def of_mailbox(self, mailbox: Mailbox, shown: Sequence[PlannedSend]) -> MailboxPlan:
        own = [each.leaves_on for each in shown if each.touch.mailbox_id == mailbox.id and each.leaves_on]
        closed = self._everything or self._states[mailbox.id]
        return MailboxPlan(
            mailbox.id,
            mailbox.address,
            self._standing[mailbox.id],
            mailbox.daily_cap,
            len(own),
            max(own, default=None),
            closed.reason if closed else "",
        )

    def _capacity(self, mailbox: Mailbox) -> Capacity:
        standing = self._standing[mailbox.id]
        warming = mailbox.ramp_started_at is not None
        return Capacity(
            mailbox.daily_cap,
            standing.sent,
            RAMP_START if warming else None,
            # Today's limit is at most twice the last day's: what it was is read off it.
            standing.limit // 2 if warming else 0,
        )

    def _needs_approval(self, touch: PlannedTouch) -> bool:
        action = ActionClass.FIRST_MAIL if touch.first_mail else ActionClass.FOLLOW_UP
        return touch.state != "queued" and self._autonomy(action) is Autonomy.APPROVE

    def _autonomy(self, action: ActionClass) -> Autonomy:
        return self._policy.autonomy_of(action)

    def _opening(self, touch: PlannedTouch, at: datetime) -> datetime:
        # To the hour: windows open on the hour, and a hundred thousand touches then ask a few hundred times.
        hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return max(at, self._next(touch.time_zone, touch.country, hour if at > self._now else at))

    def _next(self, zone: str, country: str, at: datetime) -> datetime:
        return _next_opening(at, zone, country, self._home, self._policy)


@lru_cache(maxsize=50_000)
def _opening_of(at: datetime, zone: str, country: str, home: str, start: int, end: int) -> datetime:
    policy = Policy(window_start_hour=start, window_end_hour=end)
    return next_opening(at, zone=zone, country=country, workspace_zone=home, policy=policy)


def _next_opening(at: datetime, zone: str, country: str, home: str, policy: Policy) -> datetime:
    return _opening_of(at, zone, country, home, policy.window_start_hour, policy.window_end_hour)


@lru_cache(maxsize=2_000)
def _ruling(country: str, basis: str, proven: bool, action: str) -> jurisdiction.Ruling:
    return jurisdiction.rule(country, basis, "on file" if proven else "", action=action)


def _approvals_a_day(session: Session, now: datetime) -> int | None:
    decided = planned_touches.decided_by_people_since(session, now - _DECIDED_WITHIN)
    return max(1, round(decided / _WEEKDAYS_WITHIN)) if decided else None
