"""A draft as it will leave: footer, headers that matter, and when. The token of the unsubscribe link is left out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlmodel import Session, col

from agents.content_notes import notes_on
from agents.context import AgentContext
from agents.lawful import ruling_with
from agents.notice import notice
from agents.policy import Policy, load_policy
from api.dependencies import Principal
from api.permissions import Permission
from api.views.departure import Departure, departures
from api.views.drafts import opened
from core.errors import NotFound
from store.models import Approval, Contact, Draft, Mailbox, Workspace
from store.queries import legal_bases
from store.queries.legal_bases import Held
from tools.deliverability.content import NoteRule
from tools.deliverability.findings import Severity
from tools.mail.body import Footer, text_body
from tools.mail.unsubscribe import unsubscribe_url

HIDDEN_TOKEN = "…"  # noqa: S105 (stands for the token, and is none)


class Header(BaseModel):
    name: str
    value: str


class ContentNoteOut(BaseModel):
    """What makes filters wary, and why. Advice, unless the policy in force holds a draft back for it."""

    rule: NoteRule
    severity: Severity
    what: str
    where: str
    mend: str = Field(description="What to do about it.")
    blocks: bool = Field(description="The policy in force holds the draft back until it is mended.")


class Outgoing(BaseModel):
    headers: list[Header]
    text: str  # the body with its footer, as the text part says it
    footer: str
    blocked: str  # the law that forbids it, in words; empty: none does
    held: str  # what keeps every mail back for now, in words; empty: nothing does
    leaves_at: datetime | None  # at the earliest, if it were approved now; or as it is queued. None: it does not
    leaves_because: list[str]
    notes: list[ContentNoteOut]  # on its words and links; what holds it back first, then the most serious
    undoable: bool  # it is approved, and nothing has left
    undo_until: datetime | None = Field(
        description="Until when it surely can be undone. Null: not, or no end is known."
    )


def outgoing(session: Session, context: AgentContext, principal: Principal, approval_id: UUID) -> Outgoing | None:
    """None where the caller may not read it, or its words or its mailbox are gone. Raises NotFound."""
    if session.get(Approval, (context.workspace_id, approval_id)) is None:
        raise NotFound("There is no such approval.")
    return outgoings(session, context, principal, [approval_id]).get(approval_id)


def outgoings(
    session: Session, context: AgentContext, principal: Principal, approval_ids: Sequence[UUID]
) -> dict[UUID, Outgoing]:
    """Of those that the caller may read and whose words are there, in a constant number of statements."""
    workspace = session.get(Workspace, context.workspace_id)
    if not principal.may(Permission.PEOPLE) or workspace is None:
        return {}
    query = (
        sa.select(Approval, Draft, Contact, Mailbox)
        .join(Draft, col(Draft.id) == col(Approval.draft_id))
        .join(Contact, col(Contact.id) == col(Draft.contact_id))
        .join(Mailbox, col(Mailbox.id) == col(Draft.mailbox_id))
        .where(
            col(Approval.id).in_(approval_ids),
            col(Draft.recipient_sealed).is_not(None),
            col(Draft.body_sealed).is_not(None),
        )
    )
    leaving = departures(session, context, approval_ids)
    policy = load_policy(session)
    rows, now = session.execute(query).all(), context.clock.now()
    bases = legal_bases.held_by(session, [row.Contact.id for row in rows], now)
    return {
        row.Approval.id: _outgoing(
            row,
            context,
            policy,
            principal,
            workspace,
            leaving[row.Approval.id],
            legal_bases.held_of(row.Contact, bases, now),
        )
        for row in rows
    }


def _outgoing(
    row: Any,
    context: AgentContext,
    policy: Policy,
    principal: Principal,
    workspace: Workspace,
    leaving: Departure,
    held: Held,
) -> Outgoing:
    draft, contact, mailbox, sealer = row.Draft, row.Contact, row.Mailbox, context.sealer
    recipient = opened(sealer, draft, "recipient", principal) or ""
    name = sealer.open(contact.name_sealed, context=f"contact|name|{contact.id}") if contact.name_sealed else ""
    customer = draft.customer_id is not None
    ruling = ruling_with(held, contact, action=draft.kind, customer=customer, address=recipient)
    url = unsubscribe_url(context.settings.public_url, HIDDEN_TOKEN)
    footer = Footer(
        name=mailbox.display_name,
        organisation=workspace.name,
        postal_address=workspace.postal_address.strip(),
        unsubscribe_url=url,
        notice=notice(contact, ruling),
        language="en",
    )
    body, subject = (opened(sealer, draft, part, principal) or "" for part in ("body", "subject"))
    text = text_body(body, footer)
    headers = [
        Header(name="From", value=f"{mailbox.display_name} <{mailbox.address}>"),
        Header(name="To", value=f"{name} <{recipient}>".strip()),
        Header(name="Subject", value=subject),
        Header(name="Message-ID", value=draft.message_id),
    ]
    if draft.in_reply_to:
        headers.append(Header(name="In-Reply-To", value=draft.in_reply_to))
    headers.append(Header(name="List-Unsubscribe", value=f"<{url}>"))
    headers.append(Header(name="List-Unsubscribe-Post", value="List-Unsubscribe=One-Click"))
    return Outgoing(
        headers=headers,
        text=text,
        footer=text[text.rindex("\n-- \n") + 1 :],
        blocked="" if ruling.allowed else ruling.reason,
        held=leaving.held,
        leaves_at=leaving.at if ruling.allowed else None,
        leaves_because=leaving.because,
        notes=_notes(context, policy, draft, mailbox, workspace, subject, body),
        undoable=leaving.undoable,
        undo_until=leaving.at if leaving.undoable else None,
    )


def notes_on_words(
    session: Session, context: AgentContext, approval_id: UUID, subject: str, body: str
) -> list[ContentNoteOut]:
    """On other words of this draft, before they are its own; what holds it back first. [] where its mailbox is gone."""
    approval = session.get(Approval, (context.workspace_id, approval_id))
    draft = session.get(Draft, (context.workspace_id, approval.draft_id)) if approval is not None else None
    mailbox = session.get(Mailbox, (context.workspace_id, draft.mailbox_id)) if draft is not None else None
    workspace = session.get(Workspace, context.workspace_id)
    if draft is None or mailbox is None or workspace is None:
        return []
    return _notes(context, load_policy(session), draft, mailbox, workspace, subject, body)


def _notes(
    context: AgentContext, policy: Policy, draft: Draft, mailbox: Mailbox, workspace: Workspace, subject: str, body: str
) -> list[ContentNoteOut]:
    found = notes_on(
        context,
        workspace,
        mailbox.address,
        subject=subject,
        body=body,
        links=draft.links,
        answers=bool(draft.in_reply_to),
    )
    held = set(policy.blocking_notes)
    notes = [
        ContentNoteOut(
            rule=note.rule,
            severity=note.severity,
            what=note.what,
            where=note.where,
            mend=note.mend,
            blocks=note.rule in held,
        )
        for note in found
    ]
    return sorted(notes, key=lambda note: not note.blocks)
