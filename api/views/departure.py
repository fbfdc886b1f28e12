"""When an approved mail leaves, and whether it can still be taken back: the instant that stands in the outbox, moved on
by the same rules that the dispatcher asks. Until then nothing has left, so an undo works."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.mailbox_limits import (
    COLD,
    IN_HOURS,
    Closed,
    Standing,
    brake_gates,
    standings,
    state_gate,
    workspace_gate,
)
from agents.policy import Policy, load_policy
from agents.recipient_clock import RecipientClock, clock_of
from store.models import (
    Approval,
    ApprovalState,
    Company,
    Contact,
    Draft,
    DraftState,
    Mailbox,
    OutboxItem,
    OutboxState,
    Workspace,
)
from store.session import workspace_of


class Departure(BaseModel):
    """`at`: at the earliest, if it were approved now or as it is queued; None: it does not leave, or nobody can say
    when (`held` says why)."""

    at: datetime | None = None
    because: list[str] = []
    held: str = ""
    undoable: bool = False  # it is approved, and nothing has left


def departures(session: Session, context: AgentContext, approval_ids: Sequence[UUID]) -> dict[UUID, Departure]:
    """Of those that the workspace has, in a constant number of statements."""
    now = context.clock.now()
    rows = session.execute(
        sa.select(Approval, Draft, Contact, Mailbox, Company)
        .join(Draft, col(Draft.id) == col(Approval.draft_id))
        .join(Contact, col(Contact.id) == col(Draft.contact_id))
        .join(Mailbox, col(Mailbox.id) == col(Draft.mailbox_id), isouter=True)
        .join(Company, col(Company.id) == col(Contact.company_id), isouter=True)
        .where(col(Approval.id).in_(approval_ids))
    ).all()
    workspace = session.get(Workspace, workspace_of(session))
    if not rows or workspace is None:
        return {}
    queued = select(OutboxItem).where(col(OutboxItem.draft_id).in_([row[1].id for row in rows]))
    items = {item.draft_id: item for item in session.exec(queued.order_by(col(OutboxItem.created_at)))}
    mailboxes = {row[3].id: row[3] for row in rows if row[3] is not None}
    senders = list(mailboxes.values())
    braked = brake_gates(session, senders, now)
    rules = _Rules(context, workspace, load_policy(session), standings(session, senders, now), braked, now)
    return {row[0].id: rules.of(row[0], row[1], row[2], row[3], row[4], items.get(row[1].id)) for row in rows}


class _Rules:
    def __init__(
        self,
        context: AgentContext,
        workspace: Workspace,
        policy: Policy,
        standing: Mapping[UUID, Standing],
        braked: Mapping[UUID, Closed],
        now: datetime,
    ) -> None:
        self.braked = braked
        self.context, self.workspace, self.policy, self.standing, self.now = context, workspace, policy, standing, now

    def of(
        self,
        approval: Approval,
        draft: Draft,
        contact: Contact,
        mailbox: Mailbox | None,
        company: Company | None,
        item: OutboxItem | None,
    ) -> Departure:
        approved = approval.state is ApprovalState.APPROVED
        if draft.state is DraftState.SENT or not (approved or approval.state is ApprovalState.PENDING):
            return Departure()
        if approved and item is not None:
            # Frozen bytes were handed to a transport once: whether they arrived is not known here.
            if item.state is not OutboxState.READY or item.mime_sha256:
                return Departure(held=item.state_reason)
            at, because = item.not_before, [item.state_reason] if item.state_reason else []
        else:
            by_policy = approval.decided_by.startswith("policy:")
            delay = 0 if by_policy else self.context.settings.send_delay_seconds
            at = (approval.decided_at or self.now) + timedelta(seconds=delay)
            because = [f"{delay} seconds remain to undo it"] if delay and not approved else []
        closed = workspace_gate(self.context, self.policy) or state_gate(mailbox, self.now)
        if closed := closed or (self.braked.get(mailbox.id) if mailbox is not None else None):
            return Departure(held=closed.reason, undoable=approved)
        later, more = self._later(at, draft, clock_of(contact, company), mailbox)
        # What would have been reason enough is none where another rule holds it for longer.
        return Departure(at=later, because=more if later > at else [*because, *more], undoable=approved)

    def _later(
        self, at: datetime, draft: Draft, clock: RecipientClock, mailbox: Mailbox | None
    ) -> tuple[datetime, list[str]]:
        """What caps and working hours make of the instant."""
        because = []
        if mailbox is not None and draft.kind in COLD:
            standing = self.standing[mailbox.id]
            said = f"the mailbox sent {standing.sent} of {standing.limit} mails today"
            if standing.full:
                at, said = max(at, standing.day_ends), f"{said}: it goes on tomorrow"
            because.append(said)
        if draft.kind in IN_HOURS:
            opening = clock.opening(max(at, self.now), self.workspace.time_zone, self.policy)
            if opening > max(at, self.now):
                at = opening
                because.append("it waits for the recipient's working hours")
        return at, because


def until(departure: Departure, now: datetime, zone: str) -> str:
    """The sentence beside “Undo”. "" where there is nothing to undo."""
    if not departure.undoable:
        return ""
    if departure.at is None:
        return f"{departure.held} Until then you can undo."
    if departure.at <= now:
        return "Due to leave now: undo works as long as it has not left."
    return f"Leaves not before {spoken(departure.at, now, zone)}: until then you can undo."


def spoken(at: datetime, now: datetime, zone: str) -> str:
    """ "today 16:01", "Monday 08:00", "8 June 08:00", each with whose clock it is."""
    clock = ZoneInfo(zone or "UTC")
    there, today = at.astimezone(clock), now.astimezone(clock).date()
    days = (there.date() - today).days
    day = (
        "today" if days == 0 else "tomorrow" if days == 1 else f"{there:%A}" if days < 7 else f"{there.day} {there:%B}"
    )
    place = zone.rpartition("/")[2].replace("_", " ")
    return f"{day} {there:%H:%M}, {f'{place} time' if '/' in zone else place or 'UTC'}"
