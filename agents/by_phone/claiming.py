"""May this very text or call leave now? Asked again, all of it, in the transaction that starts it: law 3."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from agents.by_phone.allowed import ACTION, opening, reached
from agents.by_phone.words import PhoneWords, words_of
from agents.context import AgentContext
from agents.mailbox_limits import LOOK_AGAIN, workspace_gate
from agents.policy import Autonomy, Policy, load_policy
from agents.sequences.budget import lock_companies, spent
from agents.stopping import FINAL
from core.crypto import Tampered
from core.errors import Rejected
from store.ledger import OverBudget, provider_scope, reserve
from store.models import (
    Budget,
    Company,
    Contact,
    Lead,
    Message,
    OutboxItem,
    OutboxState,
    Task,
    TaskState,
    TelephonyAccount,
    TelephonyState,
    Workspace,
)
from store.queries import outbox, telephony

_COUNTED_BY_ANOTHER: Final = timedelta(seconds=5)
_SAME_PERSON: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Go:
    words: PhoneWords
    contact: Contact
    account: TelephonyAccount
    spend: Sequence[UUID]  # what was set aside for it


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    state: OutboxState
    reason: str


def examine(session: Session, context: AgentContext, item: OutboxItem) -> Go | Wait | Stop:
    """`item` is claimed in this very transaction. The account's row is locked: its day's last place is given once."""
    now = context.clock.now()
    if item.expires_at is not None and item.expires_at <= now:
        return Stop(OutboxState.EXPIRED, "It did not leave within its time.")
    account = (
        telephony.account_row(session, item.telephony_account_id, lock=True) if item.telephony_account_id else None
    )
    policy = load_policy(session)
    judged = _judged(session, context, item, account, policy, now)
    if isinstance(judged, Stop):
        return judged
    words, contact = judged
    assert account is not None  # `_judged` has asked
    waiting = (
        _closed(context, policy, account, now)
        or _in_turn(session, item, contact, now)
        or _in_hours(session, context, contact, policy, now)
        or _in_day(session, item, account, now)
        or _in_budget(session, item, contact, policy, now)
    )
    if waiting is not None:
        return waiting
    try:
        spend = _set_aside(session, context, item, account, now)
    except OverBudget as error:
        return Wait(now + LOOK_AGAIN, str(error))
    return Go(words, contact, account, spend)


def still_allowed(session: Session, context: AgentContext, item: OutboxItem) -> Go | Stop:
    """The same without turns and money, of a call that rings already: who is called is asked for now."""
    now = context.clock.now()
    account = telephony.account_row(session, item.telephony_account_id) if item.telephony_account_id else None
    policy = load_policy(session)
    judged = _judged(session, context, item, account, policy, now)
    if isinstance(judged, Stop):
        return judged
    words, contact = judged
    assert account is not None
    closed = _closed(context, policy, account, now) or _in_hours(session, context, contact, policy, now)
    if closed is not None:
        return Stop(OutboxState.CANCELLED, closed.reason)
    return Go(words, contact, account, ())


def _judged(
    session: Session,
    context: AgentContext,
    item: OutboxItem,
    account: TelephonyAccount | None,
    policy: Policy,
    now: datetime,
) -> tuple[PhoneWords, Contact] | Stop:
    """What forbids it for good."""
    try:
        words = words_of(context.sealer, item)
    except Tampered as error:
        return Stop(OutboxState.FAILED, str(error))
    contact = session.get(Contact, (context.workspace_id, item.contact_id)) if item.contact_id else None
    if words is None or contact is None:
        return Stop(OutboxState.CANCELLED, "Its words, or the person, were erased.")
    agreed = item.payload.get("policy")
    if policy.number != agreed:
        return Stop(
            OutboxState.CANCELLED, f"The policy changed from {agreed} to {policy.number} since it was approved."
        )
    if words.digest(policy.number) != item.mime_sha256 or item.payload.get("digest") != item.mime_sha256:
        return Stop(OutboxState.CANCELLED, "The words, number or sender are not those that were approved.")
    by_policy = str(item.payload.get("by", "")).startswith("policy:")
    if by_policy and policy.autonomy_of(ACTION[item.kind]) is not Autonomy.AUTO:
        return Stop(OutboxState.CANCELLED, "The policy no longer sends this without a person.")
    if account is None or telephony.sender_of(account, item.kind) != words.sender:
        return Stop(OutboxState.CANCELLED, "The account, or its number, is another one than was approved.")
    task = session.get(Task, (context.workspace_id, UUID(str(item.payload["task_id"]))))
    if task is None or task.state is not TaskState.OPEN:
        return Stop(OutboxState.CANCELLED, f"Its task is {task.state.value if task else 'gone'}.")
    try:
        found = reached(session, context, contact, item.kind, policy, now)
    except Rejected as error:
        return Stop(OutboxState.CANCELLED, error.message)
    except Tampered as error:
        return Stop(OutboxState.FAILED, str(error))
    if found.number.e164 != words.recipient:
        return Stop(OutboxState.CANCELLED, "The person's number changed since this was approved.")
    overtaken = _overtaken(session, context, item, contact)
    return Stop(OutboxState.CANCELLED, overtaken) if overtaken else (words, contact)


def _overtaken(session: Session, context: AgentContext, item: OutboxItem, contact: Contact) -> str:
    if item.subject_kind == "lead":
        lead = session.get(Lead, (context.workspace_id, item.subject_id))
        if lead is None:
            return "The lead was erased."
        if lead.stage in FINAL:
            return f"The lead is {lead.stage.value}."
    wrote = select(Message.id).where(
        Message.contact_id == contact.id, Message.direction == "in", col(Message.at) > item.created_at
    )
    return "They wrote since this was approved." if session.exec(wrote.limit(1)).first() is not None else ""


def _closed(context: AgentContext, policy: Policy, account: TelephonyAccount, now: datetime) -> Wait | None:
    gate = workspace_gate(context, policy)
    if gate is not None:
        return Wait(gate.until, gate.reason)
    if account.state is not TelephonyState.ACTIVE:
        return Wait(now + LOOK_AGAIN, f"The telephony account is paused. {account.pause_reason}".strip())
    if account.not_before is not None and account.not_before > now:
        return Wait(account.not_before, "The vendor asked us to wait.")
    return None


def _in_turn(session: Session, item: OutboxItem, contact: Contact, now: datetime) -> Wait | None:
    if telephony.under_way(session, contact.id, item.id):
        return Wait(now + _SAME_PERSON, "Another one to this person is on its way, or its outcome is unknown.")
    return None


def _in_hours(session: Session, context: AgentContext, contact: Contact, policy: Policy, now: datetime) -> Wait | None:
    workspace = session.get(Workspace, context.workspace_id)
    company = session.get(Company, (context.workspace_id, contact.company_id))
    at = opening(contact, company, policy, workspace.time_zone if workspace is not None else "UTC", now)
    return None if at <= now else Wait(at, "Outside the recipient's working hours.")


def _in_day(session: Session, item: OutboxItem, account: TelephonyAccount, now: datetime) -> Wait | None:
    most = account.daily_texts if item.kind == outbox.TEXT else account.daily_calls
    left = telephony.started_since(session, account.id, item.kind, now - telephony.DAY)
    if len(left) < most:
        return None
    until = left[len(left) - most] + telephony.DAY if most else now + telephony.DAY
    return Wait(until, f"The account's cap of {most} within 24 hours is reached.")


def _in_budget(session: Session, item: OutboxItem, contact: Contact, policy: Policy, now: datetime) -> Wait | None:
    if item.payload.get("counted"):
        return None
    if contact.company_id not in lock_companies(session, [contact.company_id], wait=False):
        return Wait(now + _COUNTED_BY_ANOTHER, "Another touch of this company is being claimed.")
    over = spent(session, policy, now, [contact.company_id], without=[item.id]).over(contact.id, contact.company_id)
    return Wait(over.until, over.reason) if over is not None else None


def _set_aside(
    session: Session, context: AgentContext, item: OutboxItem, account: TelephonyAccount, now: datetime
) -> Sequence[UUID]:
    """Raises OverBudget. What costs nothing needs no ceiling."""
    cost = cost_of(item, account)
    if not cost:
        return ()
    month = f"{now:%Y-%m}"
    own = provider_scope(account.vendor, month)
    ceiling = session.exec(select(Budget.scope).where(Budget.scope == own)).first()
    return reserve(
        session,
        context.clock,
        context.ids,
        scopes=[f"workspace:{month}", *([own] if ceiling else [])],
        provider=account.vendor,
        purpose=item.kind,
        max_micros=cost,
    )


def cost_of(item: OutboxItem, account: TelephonyAccount) -> int:
    """As the account's prices say: the vendor tells its own only hours later."""
    if item.kind == outbox.CALL:
        return account.call_cost_micros
    return account.text_cost_micros * int(item.payload.get("parts", 1))
