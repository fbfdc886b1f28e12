"""What a draft may be made of: the person, the offer and the facts of one lead or customer, read in one snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.attention import sender_of
from agents.context import AgentContext
from agents.drafting.types import FactRef, Offer, Recipient
from agents.drafts import Threading
from agents.offer import offer_of
from store.models import (
    ClaimRow,
    Company,
    Contact,
    Draft,
    DraftState,
    Fact,
    Lead,
    Mailbox,
    Message,
    SignalRow,
    Workspace,
)
from tools.names import split_person_name

_FACTS = 60  # the newest: more than a mail could ever use
_FLAGS = frozenset({"true", "yes", "y", "1", "x"})


@dataclass(frozen=True, slots=True)
class Material:
    contact: Contact
    company: Company
    mailbox: Mailbox
    recipient: Recipient
    offer: Offer
    facts: tuple[FactRef, ...]
    used_fact_ids: frozenset[str]  # said in earlier drafts of this lead
    thread_subject: str  # of the first mail; empty: nothing was sent yet
    threading: Threading


def material_for_lead(
    session: Session, context: AgentContext, lead: Lead, *, need_address: bool = True
) -> Material | None:
    """None where the contact, the mailbox or the address is gone: there is nobody to write to, or from."""
    mailbox = sender_of(session, lead)
    if mailbox is None:
        return None
    return material(session, context, lead.contact_id, mailbox, lead_id=lead.id, need_address=need_address)


def material(
    session: Session,
    context: AgentContext,
    contact_id: UUID,
    mailbox: Mailbox,
    *,
    lead_id: UUID | None = None,
    extra: Sequence[FactRef] = (),
    need_address: bool = True,
) -> Material | None:
    """`need_address`: False for what a rep does by hand; the recipient's address may then be empty."""
    contact = session.get(Contact, (context.workspace_id, contact_id))
    if contact is None or contact.erased_at is not None or (need_address and contact.email_sealed is None):
        return None
    company = session.get(Company, (context.workspace_id, contact.company_id))
    workspace = session.get(Workspace, context.workspace_id)
    if company is None or workspace is None:
        return None
    sealer = context.sealer
    name = sealer.open(contact.name_sealed, context=f"contact|name|{contact.id}") if contact.name_sealed else ""
    parts = split_person_name(name)
    recipient = Recipient(
        email=sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}") if contact.email_sealed else "",
        company=company.name,
        first_name=parts.first if parts else "",
        title=contact.title,
        company_domain=company.domain or "",
    )
    subject, threading, used = _thread(session, context, lead_id)
    return Material(
        contact=contact,
        company=company,
        mailbox=mailbox,
        recipient=recipient,
        offer=offer_of(workspace, mailbox, context.settings.public_url),
        facts=(*_facts(session, company.id), *extra),
        used_fact_ids=used,
        thread_subject=subject,
        threading=threading,
    )


def _facts(session: Session, company_id: UUID) -> tuple[FactRef, ...]:
    found: list[tuple[datetime, FactRef]] = []
    signals = select(SignalRow).where(SignalRow.company_id == company_id)
    for s in session.exec(signals.order_by(col(SignalRow.observed_at).desc(), col(SignalRow.id)).limit(_FACTS)):
        words = _words_of(s)
        ref = FactRef(str(s.id), s.kind, words, words, s.url, s.observed_at, s.source, tainted=True)
        found.append((s.observed_at, ref))
    facts = select(Fact).where(Fact.subject_id == company_id)
    for f in session.exec(facts.order_by(col(Fact.observed_at).desc(), col(Fact.id)).limit(_FACTS)):
        if isinstance(f.value, str | int | float) and not isinstance(f.value, bool):
            ref = FactRef(str(f.id), f.field, str(f.value), f.quote, f.url, f.observed_at, f.source, f.tainted)
            found.append((f.observed_at, ref))
    return tuple(ref for _, ref in found)


def _words_of(signal: SignalRow) -> str:
    """What a mail may say of it. A list's signal is kept as "column: cell": a cell may be said, the column's name is
    nobody's sentence, and a mere flag ("Hiring: TRUE") counts and says nothing."""
    _, colon, cell = signal.quote.partition(": ")
    if not signal.source.startswith("file:") or not colon:
        return signal.quote
    return "" if cell.strip().casefold() in _FLAGS else cell


def _thread(session: Session, context: AgentContext, lead_id: UUID | None) -> tuple[str, Threading, frozenset[str]]:
    """The subject and Message-IDs of what was really sent and received, and the facts already said."""
    if lead_id is None:
        return "", Threading(), frozenset()
    drafts = session.exec(
        select(Draft).where(Draft.lead_id == lead_id, Draft.state == DraftState.SENT).order_by(col(Draft.created_at))
    ).all()
    claims = select(ClaimRow).where(col(ClaimRow.draft_id).in_([draft.id for draft in drafts]))
    used = frozenset(fact_id for claim in session.exec(claims) for fact_id in claim.fact_ids)
    # As recipients know it, where the sending service wrote its own Message-ID over ours.
    known = sa.func.coalesce(sa.func.nullif(col(Message.wire_message_id), ""), col(Message.message_id))
    messages = session.exec(
        select(known)
        .where(
            Message.lead_id == lead_id,
            Message.message_id != "",
            # What a program sent back (a bounce, an absence) is not part of the conversation.
            sa.or_(col(Message.direction) == "out", col(Message.kind) == "reply"),
        )
        # Of one instant ours comes first: what they wrote answers it.
        .order_by(col(Message.at), col(Message.direction).desc(), col(Message.id))
    ).all()
    ids = tuple(dict.fromkeys(messages))
    first = drafts[0] if drafts else None
    subject = ""
    if first is not None and first.subject_sealed:
        subject = context.sealer.open(first.subject_sealed, context=f"draft|subject|{first.id}").removeprefix("Re: ")
    return subject, Threading(ids[-1] if ids else "", ids), used
