"""May this very item leave now? Everything is asked again in the transaction that claims it: law 3.

Go: these bytes may leave. Wait: not now, because of the rule named. Stop: never, because of the rule named.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import jurisdiction
from agents.context import AgentContext
from agents.policy import ActionClass, Autonomy, Policy, load_policy
from core.errors import Rejected
from core.settings import DeliveryMode
from store.models import (
    Approval,
    ApprovalState,
    Contact,
    Customer,
    Draft,
    DraftState,
    Enrollment,
    EnrollmentState,
    Lead,
    LeadStage,
    Mailbox,
    MailboxState,
    OutboxItem,
    OutboxState,
    Touch,
    TouchState,
    User,
    Workspace,
)
from store.queries import outbox, suppression
from workers.letters import UnsubscribeUrl, Words, hash_of, message_id_for, mime_of, words_of_draft, words_of_payload
from workers.recipient_time import day_start, next_opening

# Unasked mail: it keeps to caps, ramps, working hours and the sequence. The others answer somebody.
COLD = frozenset({ActionClass.FIRST_MAIL.value, ActionClass.FOLLOW_UP.value})
_IN_HOURS = COLD | {ActionClass.INTERVENTION.value}
_RAMP_START = 10  # mails on the first day of a mailbox's warm-up, and after 30 idle days
_RAMP_IDLE_DAYS = 30
_LOOK_AGAIN = timedelta(minutes=5)  # after a block that a person lifts: kill switch, paused mailbox
_SAME_PERSON = timedelta(minutes=2)  # after a mail to the same person that is still on its way


@dataclass(frozen=True, slots=True)
class Go:
    recipient: str
    message_id: str
    mime: bytes | None  # None: frozen before, and still right


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    state: OutboxState
    reason: str
    touch: TouchState | None = TouchState.BLOCKED


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing of a mailbox leaves before `until`. `cold_only`: answers still do."""

    until: datetime
    reason: str
    cold_only: bool = False


def mailbox_gate(session: Session, context: AgentContext, mailbox: Mailbox | None) -> Closed | None:
    """What holds for all mails of a mailbox at once; None: it is open. The row is locked by the caller."""
    now = context.clock.now()
    if context.settings.delivery is DeliveryMode.HOLD:
        return Closed(now + _LOOK_AGAIN, "Delivery is on hold (SALESOS_DELIVERY=hold): nothing is written anywhere.")
    if load_policy(session).kill_switch:
        return Closed(now + _LOOK_AGAIN, "The kill switch is on: nothing is sent, whatever was approved.")
    if mailbox is None:
        return Closed(now + _LOOK_AGAIN, "The mailbox does not exist any more; choose another one.")
    if mailbox.state is not MailboxState.ACTIVE:
        return Closed(now + _LOOK_AGAIN, f"The mailbox is paused: {mailbox.pause_reason or 'by a person'}")
    zone = _zone_of(session, mailbox)
    today = day_start(now, zone)
    limit, rule = _limit(session, mailbox, today)
    # The day is longer than 24 hours twice a year at most; from noon to midnight is never ambiguous.
    tomorrow = day_start(today + timedelta(hours=36), zone)
    if outbox.count_sent(session, mailbox.id, today) >= limit:
        return Closed(tomorrow, f"{rule}: {limit} mails today in {zone}.", cold_only=True)
    return None


def examine(
    session: Session, context: AgentContext, item: OutboxItem, mailbox: Mailbox, unsubscribe_url: UnsubscribeUrl
) -> Go | Wait | Stop:
    """`item` is claimed in this very transaction."""
    now = context.clock.now()
    if item.expires_at is not None and item.expires_at <= now:
        return Stop(OutboxState.EXPIRED, "The approval is too old: it was not sent within its time.")
    policy = load_policy(session)
    draft = session.get(Draft, (item.workspace_id, item.draft_id)) if item.draft_id else None
    if item.draft_id is not None and (draft is None or draft.state is not DraftState.APPROVED):
        was = draft.state.value if draft else "gone"
        return Stop(OutboxState.CANCELLED, f"The draft is {was}: what was approved is no longer what stands.", None)
    words = words_of_draft(context.sealer, draft) if draft else words_of_payload(context.sealer, item)
    if words is None:
        return Stop(OutboxState.CANCELLED, "The words of this mail were erased.", None)
    contact = session.get(Contact, (item.workspace_id, item.contact_id)) if item.contact_id else None
    if contact is None:
        return Stop(OutboxState.CANCELLED, "The person was erased.", None)
    ruling = _ruling(session, item, contact, words)
    refusal = (
        _not_approved(session, item, draft, words, mailbox, policy)
        or _not_to_them(session, context, contact, words)
        or (None if ruling.allowed else Stop(OutboxState.CANCELLED, f"Blocked by {ruling.rule}: {ruling.reason}"))
        or _overtaken(session, item, draft, words)
    )
    if refusal is not None:
        return refusal
    workspace = session.get(Workspace, item.workspace_id)
    if workspace is None:
        return Stop(OutboxState.CANCELLED, "The workspace is gone.", None)
    waiting = _in_turn(session, item, draft, now) or _in_hours(contact, words, workspace, policy, now)
    if waiting is not None:
        return waiting
    message_id = message_id_for(item, draft, mailbox)
    if item.mime_sha256:
        return Go(words.recipient, message_id, None)
    try:
        mime = mime_of(
            words=words,
            item=item,
            draft=draft,
            contact=contact,
            mailbox=mailbox,
            workspace=workspace,
            ruling=ruling,
            sealer=context.sealer,
            unsubscribe_url=unsubscribe_url,
            now=now,
        )
    except Rejected as error:
        return Stop(OutboxState.FAILED, f"It cannot be written as a mail. {error}")
    return Go(words.recipient, message_id, mime)


def sha256_of(mime: bytes) -> str:
    return sha256(mime).hexdigest()


def _not_approved(
    session: Session, item: OutboxItem, draft: Draft | None, words: Words, mailbox: Mailbox, policy: Policy
) -> Stop | None:
    autonomy = policy.autonomy_of(ActionClass(words.action))
    if draft is None:  # no words of a person's to approve: an invitation to a time that they picked
        if autonomy is Autonomy.AUTO:
            return None
        return Stop(OutboxState.CANCELLED, f"The policy does not allow {words.action} without a person's approval.")
    approval = session.exec(select(Approval).where(Approval.draft_id == draft.id)).first()
    if approval is None or approval.state is not ApprovalState.APPROVED:
        return Stop(OutboxState.CANCELLED, f"The approval is {approval.state.value if approval else 'missing'}.", None)
    actual = hash_of(words, mailbox.address, draft.policy_number)
    if not approval.content_hash == draft.content_hash == actual:
        return Stop(OutboxState.CANCELLED, "The words, links, sender or recipient are not those that were approved.")
    if draft.problems:
        return Stop(OutboxState.CANCELLED, "The gate holds this draft back.")
    if policy.number != draft.policy_number:
        reason = f"The policy changed from {draft.policy_number} to {policy.number} since this was approved."
        return Stop(OutboxState.CANCELLED, reason, TouchState.PLANNED)
    if autonomy is Autonomy.PROPOSE:
        return Stop(OutboxState.CANCELLED, f"The policy only proposes {words.action}: a person sends it themselves.")
    if approval.decided_by.startswith("policy:") and autonomy is not Autonomy.AUTO:
        return Stop(OutboxState.CANCELLED, f"The policy no longer sends {words.action} without a person.")
    return None


def _not_to_them(session: Session, context: AgentContext, contact: Contact, words: Words) -> Stop | None:
    if contact.erased_at is not None or contact.email_sealed is None:
        return Stop(OutboxState.CANCELLED, "The person was erased, or has no address any more.")
    address = context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
    if address.strip().lower() != words.recipient.strip().lower():
        return Stop(OutboxState.CANCELLED, "The person's address changed since this was approved.")
    reason = suppression.suppressed_among(session, context.sealer, [words.recipient]).get(words.recipient)
    if reason is not None:
        return Stop(OutboxState.CANCELLED, f"Suppressed ({reason}): never written to again.")
    if contact.email_status == "invalid":
        return Stop(OutboxState.CANCELLED, "The address is invalid.")
    return None


def _ruling(session: Session, item: OutboxItem, contact: Contact, words: Words) -> jurisdiction.Ruling:
    basis, evidence = contact.legal_basis, contact.legal_basis_evidence
    if item.subject_kind == "customer" and session.get(Customer, (item.workspace_id, item.subject_id)) is not None:
        basis, evidence = jurisdiction.Basis.EXISTING_CUSTOMER.value, evidence or "a customer with a contract"
    return jurisdiction.rule(contact.country, basis, evidence, action=words.action)


def _overtaken(session: Session, item: OutboxItem, draft: Draft | None, words: Words) -> Stop | None:
    """The lead moved on since: what was right to send then is not now."""
    if item.subject_kind != "lead":
        return None
    lead = session.get(Lead, (item.workspace_id, item.subject_id))
    if lead is None:
        return Stop(OutboxState.CANCELLED, "The lead was erased.", None)
    if words.action in COLD:
        if lead.stage is not LeadStage.IN_SEQUENCE:
            return Stop(OutboxState.CANCELLED, f"The lead is {lead.stage.value}: its sequence is over.")
        enrollment = session.exec(select(Enrollment).where(Enrollment.lead_id == lead.id)).first()
        if enrollment is not None and enrollment.state in (EnrollmentState.STOPPED, EnrollmentState.PAUSED):
            return Stop(OutboxState.CANCELLED, f"The sequence is {enrollment.state.value}: {enrollment.stop_reason}")
    elif lead.stage is LeadStage.STOPPED and draft is not None:
        return Stop(OutboxState.CANCELLED, f"The lead is stopped: {lead.stop_reason}")
    return None


def _in_turn(session: Session, item: OutboxItem, draft: Draft | None, now: datetime) -> Wait | None:
    """One mail to a person at a time; step n+1 after step n."""
    other = select(OutboxItem.id, OutboxItem.state).where(
        OutboxItem.contact_id == item.contact_id,
        OutboxItem.id != item.id,
        OutboxItem.kind == outbox.MAIL,
        col(OutboxItem.state).in_([OutboxState.SENDING, OutboxState.UNKNOWN]),
    )
    if session.exec(other).first() is not None:
        return Wait(now + _SAME_PERSON, "An earlier mail to this person is on its way, or its outcome is unknown.")
    touch = session.get(Touch, (item.workspace_id, draft.touch_id)) if draft and draft.touch_id else None
    if touch is None:
        return None
    earlier = select(Touch.id).where(
        Touch.enrollment_id == touch.enrollment_id,
        col(Touch.number) < touch.number,
        Touch.channel == "mail",
        col(Touch.state).in_([TouchState.DRAFTED, TouchState.QUEUED]),
    )
    if session.exec(earlier).first() is not None:
        return Wait(now + _LOOK_AGAIN, "An earlier step of the sequence has not left yet.")
    return None


def _in_hours(contact: Contact, words: Words, workspace: Workspace, policy: Policy, now: datetime) -> Wait | None:
    if words.action not in _IN_HOURS:
        return None
    at = next_opening(
        now,
        zone=contact.time_zone,
        country=contact.country,
        workspace_zone=workspace.time_zone,
        policy=policy,
    )
    return None if at <= now else Wait(at, "Outside the recipient's working hours.")


def _zone_of(session: Session, mailbox: Mailbox) -> str:
    user = session.get(User, (mailbox.workspace_id, mailbox.user_id))
    return user.time_zone if user is not None else "UTC"


def _limit(session: Session, mailbox: Mailbox, today: datetime) -> tuple[int, str]:
    """The mailbox's own cap; while it warms up, at most twice of what it really sent on its last day."""
    if mailbox.ramp_started_at is None:
        return mailbox.daily_cap, "The mailbox's daily cap is reached"
    last = outbox.last_sent_at(session, mailbox.id, today)
    warm = _RAMP_START
    if last is not None and today - last <= timedelta(days=_RAMP_IDLE_DAYS):
        start = day_start(last, str(today.tzinfo))
        sent = outbox.count_sent(session, mailbox.id, start, min(start + timedelta(days=1), today))
        warm = max(_RAMP_START, 2 * sent)
    if warm < mailbox.daily_cap:
        return warm, "The mailbox is warming up"
    return mailbox.daily_cap, "The mailbox's daily cap is reached"


def cold_drafts() -> Any:
    """The ids of unasked drafts, as a subquery."""
    return sa.select(col(Draft.id)).where(col(Draft.kind).in_(sorted(COLD)))
