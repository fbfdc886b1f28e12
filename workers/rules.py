"""May this very item leave now? Everything is asked again in the transaction that claims it: law 3. What a person or
a recipient may say between the claim and the first byte is asked once more when it is started (store.queries.starting).

Go: these bytes may leave. Wait: not now, because of the rule named. Stop: never, because of the rule named.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from agents.content_notes import blocking, notes_on, said_of
from agents.context import AgentContext
from agents.jurisdiction import Ruling
from agents.lawful import may_track, ruling_with
from agents.mailbox_limits import COLD, IN_HOURS, LOOK_AGAIN
from agents.policy import ActionClass, Autonomy, Policy
from agents.recipient_clock import clock_of
from agents.sequences.budget import UNASKED
from core.crypto import Tampered
from core.errors import Rejected
from store.models import (
    ApprovalState,
    Contact,
    Draft,
    DraftState,
    EnrollmentState,
    LeadStage,
    Mailbox,
    OutboxItem,
    OutboxState,
    TouchState,
    Workspace,
)
from store.queries import legal_bases, suppression
from tools.mail.compose import OutboundMail
from tools.mail.tracking import TrackedLinks
from workers import placement, preparation
from workers.around import Around
from workers.letters import Track, UnsubscribeUrl, Words, hash_of, letter_of, message_id_for

_COUNTED_BY_ANOTHER = timedelta(seconds=5)  # longer than a claim takes
_SAME_PERSON = timedelta(minutes=2)  # after a mail to the same person that is still on its way


@dataclass(frozen=True, slots=True)
class Go:
    recipient: str
    message_id: str
    letter: OutboundMail | None  # None: its bytes were frozen before, and are still right
    policy_number: int
    suppression_keys: tuple[str, ...]  # what an opt-out of this recipient would be found by
    words: Words
    notice: str = ""  # the rule whose notice (GDPR Art. 14) the letter carries


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    state: OutboxState
    reason: str
    touch: TouchState | None = TouchState.BLOCKED


def examine(
    around: Around,
    context: AgentContext,
    item: OutboxItem,
    mailbox: Mailbox,
    unsubscribe_url: UnsubscribeUrl,
    track: Track | None = None,
) -> Go | Wait | Stop:
    """`item` is claimed in the very transaction that `around` was read in. Raises Tampered."""
    now = context.clock.now()
    if item.expires_at is not None and item.expires_at <= now:
        # Its facts have aged: it is drafted anew, and the sequence goes on with this step.
        return Stop(
            OutboxState.EXPIRED, "The approval is too old: it was not sent within its time.", TouchState.PLANNED
        )
    draft = around.drafts.get(item.draft_id) if item.draft_id else None
    if item.draft_id is not None and (draft is None or draft.state is not DraftState.APPROVED):
        was = draft.state.value if draft else "gone"
        return Stop(OutboxState.CANCELLED, f"The draft is {was}: what was approved is no longer what stands.", None)
    if preparation.is_one(item):
        return _to_a_colleague(around, context, item, mailbox)
    words = around.words[item.id]
    if isinstance(words, Tampered):
        raise words
    if words is None:
        return Stop(OutboxState.CANCELLED, "The words of this mail were erased.", None)
    if placement.is_of_a_test(item):
        return _to_a_seed(around, context, item, words, mailbox, unsubscribe_url)
    contact = around.contacts.get(item.contact_id) if item.contact_id else None
    if contact is None:
        return Stop(OutboxState.CANCELLED, "The person was erased.", None)
    ruling = _ruling(around, item, contact, words, now)
    refusal = (
        _not_approved(around, draft, words, mailbox)
        or _not_to_them(around, context, contact, words)
        or (None if ruling.allowed else Stop(OutboxState.CANCELLED, f"Blocked by {ruling.rule}: {ruling.reason}"))
        or _overtaken(around, item, draft, words)
        or _held_back(around, context, draft, words, mailbox)
    )
    if refusal is not None:
        return refusal
    if around.workspace is None:
        return Stop(OutboxState.CANCELLED, "The workspace is gone.", None)
    waiting = (
        _in_turn(around, item, draft, now)
        or _in_hours(around, contact, words, around.workspace, now)
        or _in_budget(around, contact, words, now)
    )
    if waiting is not None:
        return waiting
    message_id = message_id_for(item, draft, mailbox)
    company = suppression.company_key(context.sealer, contact.company_id)
    keys = (*(key for _, key in around.keyed[words.recipient]), company)
    go = Go(words.recipient, message_id, None, around.policy.number, keys, words)
    if item.mime_sha256:
        return go
    letter = letter_of(
        words=words,
        item=item,
        draft=draft,
        contact=contact,
        mailbox=mailbox,
        workspace=around.workspace,
        ruling=ruling,
        sealer=context.sealer,
        unsubscribe_url=unsubscribe_url,
        now=now,
        tracked=_tracked(track, around.policy, contact, draft),
    )
    return replace(go, letter=letter, notice=ruling.rule if letter.notice else "")


def unwritable(error: Rejected) -> Stop:
    """Of a letter that no mail can be made of."""
    return Stop(OutboxState.FAILED, f"It cannot be written as a mail. {error}")


def _to_a_seed(
    around: Around,
    context: AgentContext,
    item: OutboxItem,
    words: Words,
    mailbox: Mailbox,
    unsubscribe_url: UnsubscribeUrl,
) -> Go | Stop:
    """A mail to an address of our own, which a person asked for: nobody's hours or consent are to be asked about."""
    made = placement.letter(around, context, item, words, mailbox, unsubscribe_url)
    if isinstance(made, str):
        return Stop(OutboxState.CANCELLED, made, None)
    mail, keys = made
    frozen = bool(item.mime_sha256)
    return Go(words.recipient, item.message_id, None if frozen else mail, around.policy.number, keys, words)


def _to_a_colleague(around: Around, context: AgentContext, item: OutboxItem, mailbox: Mailbox) -> Go | Stop:
    """What its rep should know before a meeting: written as it leaves."""
    made = preparation.letter(around.session, context, item, mailbox)
    if isinstance(made, str):
        return Stop(OutboxState.CANCELLED, made, None)
    mail, words = made
    frozen = bool(item.mime_sha256)
    return Go(words.recipient, mail.message_id, None if frozen else mail, around.policy.number, (), words)


def _tracked(track: Track | None, policy: Policy, contact: Contact, draft: Draft | None) -> TrackedLinks | None:
    """Only where a policy asks for it and the person's country allows it; unknown countries do not."""
    if track is None or draft is None or not may_track(contact):
        return None
    return track(draft.workspace_id, draft.id, draft.links, policy.track_clicks, policy.track_opens)


def sha256_of(mime: bytes) -> str:
    return sha256(mime).hexdigest()


def _not_approved(around: Around, draft: Draft | None, words: Words, mailbox: Mailbox) -> Stop | None:
    policy = around.policy
    autonomy = policy.autonomy_of(ActionClass(words.action))
    if draft is None:  # no words of a person's to approve: an invitation to a time that they picked
        if autonomy is Autonomy.AUTO:
            return None
        return Stop(OutboxState.CANCELLED, f"The policy does not allow {words.action} without a person's approval.")
    approval = around.approvals.get(draft.id)
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


def _not_to_them(around: Around, context: AgentContext, contact: Contact, words: Words) -> Stop | None:
    if contact.erased_at is not None or contact.email_sealed is None:
        return Stop(OutboxState.CANCELLED, "The person was erased, or has no address any more.")
    address = context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
    if address.strip().lower() != words.recipient.strip().lower():
        return Stop(OutboxState.CANCELLED, "The person's address changed since this was approved.")
    reason = around.suppressed.get(words.recipient) or around.left_alone.get(contact.company_id)
    if reason is not None:
        return Stop(OutboxState.CANCELLED, f"Suppressed ({reason}): never written to again.")
    if contact.email_status == "invalid":
        return Stop(OutboxState.CANCELLED, "The address is invalid.")
    return None


def _ruling(around: Around, item: OutboxItem, contact: Contact, words: Words, now: datetime) -> Ruling:
    """By what holds at this instant: a consent that ran out or was withdrawn since the approval stops the mail."""
    held = legal_bases.held_of(contact, around.held, now)
    customer = item.subject_kind == "customer" and item.subject_id in around.customers
    return ruling_with(held, contact, action=words.action, customer=customer, address=words.recipient)


def _overtaken(around: Around, item: OutboxItem, draft: Draft | None, words: Words) -> Stop | None:
    """The lead moved on since: what was right to send then is not now."""
    if item.subject_kind != "lead":
        return None
    lead = around.leads.get(item.subject_id)
    if lead is None:
        return Stop(OutboxState.CANCELLED, "The lead was erased.", None)
    if words.action in COLD:
        if lead.stage is not LeadStage.IN_SEQUENCE:
            return Stop(OutboxState.CANCELLED, f"The lead is {lead.stage.value}: its sequence is over.")
        enrollment = around.enrollments.get(lead.id)
        if enrollment is not None and enrollment.state in (EnrollmentState.STOPPED, EnrollmentState.PAUSED):
            return Stop(OutboxState.CANCELLED, f"The sequence is {enrollment.state.value}: {enrollment.stop_reason}")
    elif lead.stage is LeadStage.STOPPED and draft is not None:
        return Stop(OutboxState.CANCELLED, f"The lead is stopped: {lead.stop_reason}")
    return None


def _held_back(
    around: Around, context: AgentContext, draft: Draft | None, words: Words, mailbox: Mailbox
) -> Stop | None:
    """By what the policy makes of notes on words and links: it is drafted anew, and a person mends it."""
    if not around.policy.blocking_notes or draft is None or around.workspace is None:
        return None
    notes = notes_on(
        context,
        around.workspace,
        mailbox.address,
        subject=words.subject,
        body=words.text,
        links=words.links,
        answers=bool(words.in_reply_to),
    )
    found = blocking(around.policy, notes)
    if not found:
        return None
    return Stop(OutboxState.CANCELLED, f"The policy holds it back. {said_of(found)}", TouchState.PLANNED)


def _in_turn(around: Around, item: OutboxItem, draft: Draft | None, now: datetime) -> Wait | None:
    """One mail to a person at a time; step n+1 after step n."""
    if item.contact_id in around.started:
        return Wait(now, "An earlier mail to this person leaves first.")  # asked again right after this batch
    if item.contact_id in around.on_its_way:
        return Wait(now + _SAME_PERSON, "An earlier mail to this person is on its way, or its outcome is unknown.")
    if draft is not None and draft.touch_id in around.waiting_behind:
        return Wait(now + LOOK_AGAIN, "An earlier step of the sequence has not left yet.")
    return None


def _in_hours(around: Around, contact: Contact, words: Words, workspace: Workspace, now: datetime) -> Wait | None:
    if words.action not in IN_HOURS:
        return None
    clock = clock_of(contact, around.companies.get(contact.company_id))
    at = clock.opening(now, workspace.time_zone, around.policy)
    return None if at <= now else Wait(at, "Outside the recipient's working hours.")


def _in_budget(around: Around, contact: Contact, words: Words, now: datetime) -> Wait | None:
    """The last rule to be asked: what it lets pass counts for the rest of the batch."""
    if words.action not in UNASKED:
        return None
    if contact.company_id not in around.counted:
        return Wait(now + _COUNTED_BY_ANOTHER, "Another mail to this company is being claimed.")
    over = around.spent.over(contact.id, contact.company_id)
    if over is not None:
        return Wait(over.until, over.reason)
    around.spent.add(contact.id, contact.company_id, now)
    return None


def cold_drafts() -> Any:
    """The ids of unasked drafts, as a subquery."""
    return sa.select(col(Draft.id)).where(col(Draft.kind).in_(sorted(COLD)))
