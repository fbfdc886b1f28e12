"""From a rep's task to one text or one call: what would leave, and the person's word for exactly that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from agents.attention import sender_of
from agents.by_phone.allowed import ACTION, Reached, account_for, opening, reached
from agents.by_phone.words import PhoneWords, finished, parts
from agents.context import AgentContext
from agents.policy import Autonomy, Policy, load_policy
from core.errors import Conflict, Rejected
from store import audit
from store.models import (
    Company,
    Contact,
    Customer,
    Lead,
    OutboxItem,
    OutboxState,
    RepPhone,
    Task,
    TaskState,
    Workspace,
)
from store.queries import outbox, telephony
from tools.phone_numbers import normalise

TEXT_TASKS: Final = ("sms",)
CALL_TASKS: Final = ("phone", "call")
_TEXT_KEPT: Final = timedelta(hours=72)  # over a weekend; then what it says has aged
_CALL_KEPT: Final = timedelta(minutes=2)  # the rep waits beside their phone
_OPEN: Final = (OutboxState.READY, OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.SENT)
_TASKS: Final = {outbox.TEXT: TEXT_TASKS, outbox.CALL: CALL_TASKS}
TOUCH: Final = "touch:"


@dataclass(frozen=True, slots=True)
class Planned:
    """What would leave now, word by word. `digest`: what a person's word is given for."""

    kind: str
    words: PhoneWords
    shown: str  # the number as people read it
    parts: int  # texts it is charged as
    digest: str
    leaves_at: datetime  # not before: their hours
    rule: str
    basis: str


def contact_of(session: Session, task: Task) -> Contact | None:
    key = (task.workspace_id, task.subject_id)
    subject = session.get(Lead, key) if task.subject_kind == "lead" else session.get(Customer, key)
    if subject is None or subject.contact_id is None:
        return None
    return session.get(Contact, (task.workspace_id, subject.contact_id))


def plan(
    session: Session, context: AgentContext, task: Task, kind: str, *, user_id: UUID | None, body: str | None = None
) -> Planned:
    """`body`: a person's words; None: the task's script. `user_id`: whose phone rings first in a call.

    Raises Rejected with the first rule that forbids it, Conflict (the task is over).
    """
    if task.kind not in _TASKS[kind]:
        raise Rejected(f"A task of the kind {task.kind} is not done by a {kind}.", code="wrong_task")
    if task.state is not TaskState.OPEN:
        raise Conflict(f"The task is {task.state.value} already.", hint="Reload the page.")
    contact, workspace = contact_of(session, task), session.get(Workspace, context.workspace_id)
    if contact is None or workspace is None:
        raise Rejected("The person is no longer known.", code="no_contact")
    now, policy = context.clock.now(), load_policy(session)
    found: Reached = reached(session, context, contact, kind, policy, now)
    account = account_for(session, kind)
    sender = telephony.sender_of(account, kind)
    if kind == outbox.TEXT:
        script = _script(context, task) if body is None else body
        words = PhoneWords(found.number.e164, sender, finished(script, _writer(session, task), workspace.name))
    else:
        words = PhoneWords(found.number.e164, sender, rep=_own_phone(session, context, user_id))
    company = session.get(Company, (context.workspace_id, contact.company_id))
    return Planned(
        kind,
        words,
        found.number.shown,
        parts(words.body),
        words.digest(policy.number),
        opening(contact, company, policy, workspace.time_zone, now),
        found.rule,
        found.basis,
    )


def queue(
    session: Session,
    context: AgentContext,
    task: Task,
    kind: str,
    *,
    expected: str,
    actor: str,
    user_id: UUID | None,
    body: str | None = None,
) -> UUID:
    """The outbox item's id. `task` is locked by the caller; `expected`: the digest that the person saw.

    The same again gives the same item: one task is one text, or one call at a time. Raises Rejected, Conflict (what
    would leave is no longer what was shown).
    """
    before = telephony.of_task(session, kind, task.id)
    standing = next((one for one in before if one.state in _OPEN), None)
    if standing is not None and (kind == outbox.TEXT or standing.state is not OutboxState.SENT):
        if standing.payload.get("digest") == expected:
            return standing.id
        raise Conflict(f"From this task one was sent, or is on its way ({standing.state.value}).")
    planned = plan(session, context, task, kind, user_id=user_id, body=body)
    if planned.digest != expected:
        raise Conflict(
            "What would leave is no longer what you saw: the number, the sender, the words or the policy changed.",
            hint="Look at it again, then say so again.",
            code="changed",
        )
    now = context.clock.now()
    if kind == outbox.CALL and planned.leaves_at > now:
        raise Rejected("It is outside of their working hours.", hint=f"From {planned.leaves_at:%Y-%m-%d %H:%M} UTC.")
    contact, policy = contact_of(session, task), load_policy(session)
    assert contact is not None  # `plan` has asked
    item_id = _insert(session, context, task, contact, planned, policy, len(before) + 1, actor)
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=actor,
        action=f"{kind}.approved",
        subject_kind="task",
        subject_id=task.id,
        details={"outbox_item_id": str(item_id), "digest": planned.digest, "rule": planned.rule},
    )
    return item_id


def let_out_by_policy(session: Session, context: AgentContext, task_id: UUID) -> str:
    """A text that a policy lets go without a person's word, where all that a person's would need holds too. Returns
    what came of it; "": the policy asks for a person."""
    policy = load_policy(session)
    if policy.autonomy_of(ACTION[outbox.TEXT]) is not Autonomy.AUTO:
        return ""
    task = session.get_one(Task, (context.workspace_id, task_id))
    try:
        planned = plan(session, context, task, outbox.TEXT, user_id=None)
        by = f"policy:{policy.number}"
        queue(session, context, task, outbox.TEXT, expected=planned.digest, actor=by, user_id=None)
    except Rejected as refused:
        return f"It stays a task: {refused.message}"
    return "The policy lets it go by itself."


def _insert(
    session: Session,
    context: AgentContext,
    task: Task,
    contact: Contact,
    planned: Planned,
    policy: Policy,
    number: int,
    actor: str,
) -> UUID:
    key = f"{planned.kind}:{task.id}:{number}"
    payload: Mapping[str, Any] = {
        "action": ACTION[planned.kind].value,
        "task_id": str(task.id),
        "policy": policy.number,
        "by": actor,
        "digest": planned.digest,
        "parts": planned.parts,
        # A step of a sequence was counted against the budget of touches when its task was made.
        "counted": task.source_key.startswith(TOUCH),
    }
    kept = _TEXT_KEPT if planned.kind == outbox.TEXT else _CALL_KEPT
    item_id = outbox.item_id(session, key)
    return telephony.insert(
        session,
        context.clock,
        key=key,
        kind=planned.kind,
        subject_kind=task.subject_kind,
        subject_id=task.subject_id,
        account_id=account_for(session, planned.kind).id,
        contact_id=contact.id,
        expires_at=context.clock.now() + kept,
        payload=payload,
        payload_sealed=planned.words.seal(context.sealer, item_id),
        digest=planned.digest,
    )


def _script(context: AgentContext, task: Task) -> str:
    if not task.script_sealed:
        raise Rejected("The task has no words to send.", hint="Write them.", code="empty_text")
    return context.sealer.open(task.script_sealed, context=f"task|script|{task.id}")


def _writer(session: Session, task: Task) -> str:
    lead = session.get(Lead, (task.workspace_id, task.subject_id)) if task.subject_kind == "lead" else None
    mailbox = sender_of(session, lead) if lead is not None else None
    return mailbox.display_name if mailbox is not None else ""


def _own_phone(session: Session, context: AgentContext, user_id: UUID | None) -> str:
    row = session.get(RepPhone, (context.workspace_id, user_id)) if user_id is not None else None
    if row is None:
        raise Rejected(
            "Your own phone is not known: it rings first.", hint="Save its number under Telephony.", code="no_own_phone"
        )
    return normalise(context.sealer.open(row.number_sealed, context=telephony.phone_under(row.id))).e164


def last_of(session: Session, task: Task) -> OutboxItem | None:
    """The newest text or call from a task."""
    kind = outbox.TEXT if task.kind in TEXT_TASKS else outbox.CALL
    found = telephony.of_task(session, kind, task.id)
    return found[-1] if found else None


__all__ = ["CALL_TASKS", "TEXT_TASKS", "Planned", "contact_of", "last_of", "let_out_by_policy", "plan", "queue"]
