"""What the rules ask about, read for a whole batch of claimed mails at once: a constant number of statements.

Of each table the columns that the rules read, as rows of these names and not as objects of the ORM: to make those of a
batch takes longer than all of its rules together.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.policy import Policy, load_policy
from agents.sequences.budget import UNASKED, Spent, lock_companies, spent
from core.crypto import Sealer, Tampered
from store.models import (
    Approval,
    Company,
    Contact,
    Customer,
    Draft,
    Enrollment,
    Lead,
    Mailbox,
    OutboxItem,
    OutboxState,
    Touch,
    TouchState,
    Workspace,
)
from store.models.base import WorkspaceRow
from store.queries import legal_bases, outbox, suppression
from store.queries.legal_bases import Held
from store.session import kept
from tools.mail.dkim import DkimKey
from workers.letters import Words, words_of_draft, words_of_payload
from workers.signing import keys_for

Row = TypeVar("Row", bound=WorkspaceRow)
_READ: Final[Mapping[type[WorkspaceRow], str]] = {
    Draft: "workspace_id kind touch_id recipient_sealed subject_sealed body_sealed links in_reply_to references "
    "policy_number content_hash problems message_id version state",
    Approval: "draft_id state content_hash decided_by",
    Contact: "company_id name_sealed email_sealed email_status country time_zone source subscriber erased_at "
    "legal_basis legal_basis_evidence legal_basis_at legal_basis_until",
    Lead: "stage stop_reason",
    Enrollment: "lead_id state stop_reason",
    Company: "country region city",
}


@dataclass(slots=True)
class Around:
    """All of it as of the claiming transaction."""

    session: Session  # of the claiming transaction
    policy: Policy
    workspace: Workspace | None
    keys: Sequence[DkimKey]  # that sign the mails of this mailbox
    drafts: dict[UUID, Draft]
    approvals: dict[UUID, Approval]  # by draft
    contacts: dict[UUID, Contact]
    held: dict[UUID, Held]  # the legal bases of these, for mail
    leads: dict[UUID, Lead]
    enrollments: dict[UUID, Enrollment]  # by lead
    customers: set[UUID]
    words: dict[UUID, Words | Tampered | None]  # by item
    keyed: dict[str, list[tuple[str, str]]]  # address → what an opt-out of it would be found by
    suppressed: dict[str, str]  # address → why
    left_alone: dict[UUID, str]  # company → why nobody of it is written to
    on_its_way: set[UUID]  # people to whom a mail of an earlier batch is leaving, or may have left
    waiting_behind: set[UUID]  # touches with an earlier step that has not left
    companies: dict[UUID, Company]
    counted: set[UUID]  # companies whose budget of touches is this transaction's to count
    spent: Spent
    started: set[UUID] = field(default_factory=set)  # people to whom a mail of this very batch will leave


def look(session: Session, context: AgentContext, items: Sequence[OutboxItem], mailbox: Mailbox) -> Around:
    """Of items that were claimed in this transaction."""
    drafts = _by_id(session, Draft, (item.draft_id for item in items))
    subjects = {item.subject_id for item in items}
    leads = _by_id(session, Lead, (item.subject_id for item in items if item.subject_kind == "lead"))
    contacts = _by_id(session, Contact, (item.contact_id for item in items))
    words = {item.id: _words(context.sealer, item, drafts) for item in items}
    keyed = suppression.keyed(context.sealer, {said.recipient for said in words.values() if isinstance(said, Words)})
    touch_ids = {draft.touch_id for draft in drafts.values() if draft.touch_id}
    policy = load_policy(session)
    counted = lock_companies(session, _unasked(items, words, contacts), wait=False)
    return Around(
        session=session,
        policy=policy,
        workspace=session.get(Workspace, context.workspace_id),
        keys=keys_for(session, context.sealer, mailbox),
        drafts=drafts,
        approvals={row.draft_id: row for row in _all(session, Approval, "draft_id", drafts)},
        contacts=contacts,
        held=legal_bases.held_by(session, sorted(contacts), context.clock.now()),
        leads=leads,
        enrollments={row.lead_id: row for row in _all(session, Enrollment, "lead_id", leads)},
        customers=set(session.exec(select(Customer.id).where(col(Customer.id).in_(subjects - set(leads)))))
        if subjects - set(leads)
        else set(),
        words=words,
        keyed=keyed,
        suppressed=suppression.suppressed_by(session, keyed),
        left_alone=suppression.companies_among(session, context.sealer, {c.company_id for c in contacts.values()}),
        on_its_way=_on_its_way(session, items),
        waiting_behind=_waiting_behind(session, touch_ids),
        companies=_by_id(session, Company, (contact.company_id for contact in contacts.values())),
        counted=counted,
        spent=spent(session, policy, context.clock.now(), counted, without=[item.id for item in items]),
    )


def _unasked(
    items: Sequence[OutboxItem], words: Mapping[UUID, Words | Tampered | None], contacts: Mapping[UUID, Contact]
) -> set[UUID]:
    """Companies that one of these mails writes to without having been asked."""
    found = (
        contacts.get(item.contact_id)
        for item in items
        if item.contact_id and isinstance(said := words[item.id], Words) and said.action in UNASKED
    )
    return {contact.company_id for contact in found if contact is not None}


def _all(session: Session, model: type[Row], column: str, wanted: Iterable[UUID]) -> list[Row]:
    ids = list(wanted)
    rows: Any = session.execute(_query(model, column), {"wanted": ids}).all() if ids else []
    return list(rows)


@lru_cache(maxsize=16)
def _query(model: type[WorkspaceRow], column: str) -> Any:
    columns = [getattr(model, name) for name in ("id", *_READ[model].split())]
    return kept(sa.select(*columns).where(getattr(model, column).in_(sa.bindparam("wanted", expanding=True))))


def _by_id(session: Session, model: type[Row], ids: Iterable[UUID | None]) -> dict[UUID, Row]:
    return {row.id: row for row in _all(session, model, "id", {found for found in ids if found is not None})}


def _words(sealer: Sealer, item: OutboxItem, drafts: dict[UUID, Draft]) -> Words | Tampered | None:
    try:
        draft = drafts.get(item.draft_id) if item.draft_id else None
        return words_of_draft(sealer, draft) if draft else words_of_payload(sealer, item)
    except Tampered as error:
        return error


def _on_its_way(session: Session, items: Sequence[OutboxItem]) -> set[UUID]:
    query = select(OutboxItem.contact_id).where(
        col(OutboxItem.contact_id).in_({item.contact_id for item in items if item.contact_id}),
        col(OutboxItem.id).not_in([item.id for item in items]),
        OutboxItem.kind == outbox.MAIL,
        col(OutboxItem.state).in_([OutboxState.SENDING, OutboxState.UNKNOWN]),
    )
    return {found for found in session.exec(query) if found is not None}


def _waiting_behind(session: Session, touch_ids: Collection[UUID]) -> set[UUID]:
    if not touch_ids:
        return set()
    earlier, later = aliased(Touch), aliased(Touch)
    query = (
        sa.select(col(later.id))
        .join(
            earlier,
            sa.and_(col(earlier.enrollment_id) == col(later.enrollment_id), col(earlier.number) < col(later.number)),
        )
        .where(
            col(later.id).in_(touch_ids),
            col(earlier.channel) == "mail",
            col(earlier.state).in_([TouchState.DRAFTED, TouchState.QUEUED]),
        )
    )
    return set(session.scalars(query))
