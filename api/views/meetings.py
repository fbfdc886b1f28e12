"""Meetings: a list by time, and one with all that its rep should know beforehand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlmodel import Session, col

from agents import preparation
from api import paging
from api.dependencies import Principal
from api.permissions import Permission
from api.views.committee import CommitteeView
from api.views.drafts import Score, ThreadMail, threads_of
from api.views.evidence import Evidence
from api.views.leads import lead_view
from api.views.people import Person, person_of
from api.views.why_now import WhyNow, hooks_of, whys_of
from core.crypto import Sealer
from core.errors import NotFound
from store.models import Company, Contact, Fact, Lead, Meeting, MeetingState, User
from store.session import workspace_of

When = Literal["coming", "past", "open"]


class MeetingItem(BaseModel):
    id: UUID
    lead_id: UUID
    company_id: UUID
    company: str
    contact_id: UUID
    person: Person
    user_id: UUID
    rep: str
    state: MeetingState
    starts_at: datetime | None
    ends_at: datetime | None
    time_zone: str = Field(description="The prospect's.")
    outcome: str


class Said(BaseModel):
    """A sentence of theirs; text of strangers."""

    kind: str = Field(description="question or objection.")
    text: str
    at: datetime


class MeetingView(MeetingItem):
    """What is hidden from the caller is left out, and `person.hidden` says so."""

    notes: str | None = Field(description="Null: none, or not for the caller.")
    industry: str
    employees: int | None
    country: str
    why_now: list[WhyNow]
    facts: list[Evidence]
    asked: list[Said] = Field(description="What they asked or objected, the newest first: the likely talk.")
    scores: list[Score]
    committee: CommitteeView | None
    thread: list[ThreadMail]


def meetings(
    session: Session,
    sealer: Sealer,
    principal: Principal,
    now: datetime,
    *,
    when: When = "coming",
    owner: UUID | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> paging.Page[MeetingItem]:
    """Coming: booked and not over, soonest first. Past: over, newest first. Open: proposed and not yet picked."""
    past = when == "past"
    # Proposed meetings have no time yet; the day they were proposed orders them.
    at = col(Meeting.created_at) if when == "open" else col(Meeting.starts_at)
    query = _LISTED.limit(limit + 1)
    if when == "open":
        query = query.where(col(Meeting.state) == MeetingState.PROPOSED)
    elif past:
        query = query.where(col(Meeting.starts_at).is_not(None), col(Meeting.ends_at) <= now)
    else:
        query = query.where(col(Meeting.state) == MeetingState.BOOKED, col(Meeting.ends_at) > now)
    if owner is not None:
        query = query.where(col(Meeting.user_id) == owner)
    if key := paging.decode(cursor, 2):
        after, last = datetime.fromisoformat(key[0]), UUID(key[1])
        ahead, tie = (at < after, col(Meeting.id) < last) if past else (at > after, col(Meeting.id) > last)
        query = query.where(sa.or_(ahead, sa.and_(at == after, tie)))
    query = query.order_by(*((at.desc(), col(Meeting.id).desc()) if past else (at, col(Meeting.id))))
    rows = session.execute(query).all()
    items = [_item(row, sealer, principal) for row in rows[:limit]]
    if len(rows) <= limit:
        return paging.Page(items=items, next=None)
    last_row = rows[limit - 1][0]
    stands_at = last_row.created_at if when == "open" else last_row.starts_at
    return paging.Page(items=items, next=paging.encode(stands_at.isoformat(), str(last_row.id)))


def meeting_view(
    session: Session, sealer: Sealer, principal: Principal, meeting_id: UUID, now: datetime
) -> MeetingView:
    """Raises NotFound."""
    row = session.execute(_LISTED.where(col(Meeting.id) == meeting_id)).first()
    if row is None:
        raise NotFound("There is no such meeting.")
    meeting, company = row[0], row[2]
    shown = principal.may(Permission.PEOPLE)
    lead = session.get(Lead, (workspace_of(session), meeting.lead_id))
    known = lead_view(session, sealer, principal, meeting.lead_id, now)
    hooked = [UUID(one) for one in hooks_of(lead)] if lead is not None else []
    facts = {str(fact.id): fact for fact in _facts_of(session, hooked)}
    return MeetingView(
        **_item(row, sealer, principal).model_dump(),
        notes=_notes(sealer, meeting) if shown else None,
        industry=company.industry,
        employees=company.employees,
        country=company.country,
        why_now=whys_of(session, {meeting.lead_id: lead}, facts)[meeting.lead_id] if lead is not None else [],
        facts=_company_facts(session, company.id),
        asked=_asked(session, sealer, meeting.contact_id) if shown else [],
        scores=known.scores,
        committee=known.committee,
        thread=threads_of(session, sealer, [meeting.contact_id], principal).get(meeting.contact_id, []),
    )


_LISTED: Final = (
    sa.select(Meeting, Contact, Company, sa.func.coalesce(col(User.name), "").label("rep"))
    .join(Contact, col(Contact.id) == col(Meeting.contact_id))
    .join(Company, col(Company.id) == col(Meeting.company_id))
    .outerjoin(User, col(User.id) == col(Meeting.user_id))
)


def _item(row: Any, sealer: Sealer, principal: Principal) -> MeetingItem:
    meeting, contact, company, rep = row
    fields = ("id", "lead_id", "company_id", "contact_id", "user_id", "state", "starts_at", "ends_at")
    return MeetingItem(
        **{name: getattr(meeting, name) for name in fields},
        time_zone=meeting.time_zone,
        outcome=meeting.outcome,
        company=company.name,
        person=person_of(contact, sealer, principal),
        rep=rep,
    )


def _notes(sealer: Sealer, meeting: Meeting) -> str | None:
    token = meeting.notes_sealed
    return sealer.open(token, context=f"meeting|notes|{meeting.id}") if token else None


def _facts_of(session: Session, ids: Sequence[UUID]) -> list[Fact]:
    return list(session.execute(sa.select(Fact).where(col(Fact.id).in_(ids))).scalars()) if ids else []


def _company_facts(session: Session, company_id: UUID) -> list[Evidence]:
    return [
        Evidence(
            number=number,
            id=str(fact.id),
            field=fact.field,
            value=", ".join(map(str, fact.value)) if isinstance(fact.value, list) else str(fact.value),
            quote=fact.quote,
            source=fact.source,
            url=fact.url,
            observed_at=fact.observed_at,
        )
        for number, fact in enumerate(preparation.newest_facts(session, company_id), start=1)
    ]


def _asked(session: Session, sealer: Sealer, contact_id: UUID) -> list[Said]:
    found = preparation.asked(session, sealer, contact_id)
    return [Said(kind=one.kind, text=one.text, at=one.at) for one in found]
