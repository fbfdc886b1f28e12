"""Who of us writes to whom: one sender a lead, by policy one a company, and the work spread over the mailboxes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.mailbox_limits import standings
from agents.policy import Policy
from store.models import Enrollment, EnrollmentState, Lead, Mailbox, MailboxState

_LIVE = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)
_AT_ONCE = 5_000  # ids of one statement


class Senders:
    """Chooses and remembers: every lead given a sender counts as its load from then on."""

    def __init__(
        self, limits: Mapping[UUID, int], load: Mapping[UUID, int], of_company: Mapping[UUID, UUID], policy: Policy
    ) -> None:
        self._limits, self._load = limits, Counter(load)
        self._of_company, self._one = dict(of_company), policy.same_sender_per_company

    def __bool__(self) -> bool:
        return bool(self._limits)

    def choose(self, company_id: UUID) -> tuple[UUID, str]:
        """The mailbox and why."""
        known = self._of_company.get(company_id) if self._one else None
        if known is not None:
            self._load[known] += 1
            return known, "This mailbox writes to their colleagues already."
        # What it has open, of what it may send a day: a mailbox that warms up gets its share later.
        best = min(self._limits, key=lambda mailbox: ((self._load[mailbox] + 1) / self._limits[mailbox], mailbox.bytes))
        self._load[best] += 1
        self._of_company[company_id] = best
        return best, f"The least loaded: {self._load[best]} open of {self._limits[best]} mails a day."


def load_senders(session: Session, policy: Policy, company_ids: Sequence[UUID], now: datetime) -> Senders:
    """In a handful of statements, however many leads wait for a sender."""
    mailboxes = session.exec(
        select(Mailbox).where(Mailbox.state == MailboxState.ACTIVE).order_by(col(Mailbox.id))
    ).all()
    if not mailboxes:
        return Senders({}, {}, {}, policy)
    limits = {mailbox_id: max(1, found.limit) for mailbox_id, found in standings(session, mailboxes, now).items()}
    counts = (
        sa.select(col(Enrollment.mailbox_id), sa.func.count())
        .where(col(Enrollment.state).in_(_LIVE))
        .group_by(col(Enrollment.mailbox_id))
    )
    load = {mailbox_id: int(count) for mailbox_id, count in session.execute(counts)}
    return Senders(limits, load, _of_companies(session, company_ids, limits), policy)


def _of_companies(session: Session, company_ids: Sequence[UUID], active: Mapping[UUID, int]) -> dict[UUID, UUID]:
    """Who wrote to a company last, where that mailbox still sends."""
    found: dict[UUID, UUID] = {}
    ids = sorted(set(company_ids))
    for start in range(0, len(ids), _AT_ONCE):
        query = (
            sa.select(col(Lead.company_id), col(Enrollment.mailbox_id))
            .join(
                Enrollment,
                (col(Enrollment.workspace_id) == col(Lead.workspace_id)) & (col(Enrollment.lead_id) == col(Lead.id)),
            )
            .where(
                col(Lead.company_id).in_(ids[start : start + _AT_ONCE]), col(Enrollment.mailbox_id).in_(list(active))
            )
            .order_by(col(Enrollment.created_at), col(Enrollment.id))
        )
        found.update((row.company_id, row.mailbox_id) for row in session.execute(query))
    return found
