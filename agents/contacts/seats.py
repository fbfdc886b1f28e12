"""The best few of each company made leads, and how much of its committee is known kept beside them, seat by seat."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, select

from agents.contacts.standing import Standing, candidate_of
from agents.context import AgentContext
from core.ids import stable_id
from scoring.committee import COMMITTEE_VERSION, FILLED, SeatReview, choose_contacts, review_seats, seats_held
from scoring.icp import IcpError, parse_icp
from scoring.icp_model import TargetRole
from store import bulk
from store.models import Company, Contact, IcpVersion, Lead, Run, ScoreRow
from store.queries import merges
from store.session import workspace_of

COMMITTEE: Final = "committee"  # the kind of the score; its subject is a company under one ICP


@dataclass(frozen=True, slots=True)
class Chosen:
    leads: int
    companies_without: int  # with nobody to write to
    open_seats: Counter[str]  # "champion: seat_empty" → companies


def make_leads(
    session: Session,
    context: AgentContext,
    run: Run,
    icp_id: UUID,
    roles: Sequence[TargetRole],
    standing: Standing,
    wanted: int,
) -> Chosen:
    now = context.clock.now()
    leads: list[dict[str, Any]] = []
    places: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    open_seats = Counter[str]()
    for company_id in standing.companies:
        candidates = standing.candidates(company_id)
        seats = {candidate.contact_id: candidate.role for candidate in candidates}
        for chosen in choose_contacts(candidates, roles, wanted).chosen:
            contact_id, role = UUID(chosen.contact_id), seats[chosen.contact_id]
            leads.append(
                {
                    "id": stable_id("lead", context.workspace_id, icp_id, contact_id),
                    "icp_id": icp_id,
                    "icp_version_id": run.icp_version_id,
                    "run_id": run.id,
                    "contact_id": contact_id,
                    "company_id": company_id,
                    "created_at": now,
                    "updated_at": now,
                }
            )
            places.append({"id": contact_id, "buying_role": role.value if role else ""})
        review = review_seats(candidates, roles)
        open_seats.update(reason.code for reason in review.reasons if reason.code != FILLED)
        subject = committee_id(context.workspace_id, icp_id, company_id)
        scores.append(
            {
                "id": stable_id("score", subject, COMMITTEE),
                "subject_kind": COMMITTEE,
                "subject_id": subject,
                "kind": COMMITTEE,
                "value": review.value,
                "reasons": [
                    {"code": r.code, "text": r.text, "points": r.points, "fact_ids": []} for r in review.reasons
                ],
                "model_version": COMMITTEE_VERSION,
                "as_of": now,
            }
        )
    bulk.insert_ignore(session, Lead, leads)
    bulk.update(session, Contact, places, columns=["buying_role"])
    bulk.upsert(session, ScoreRow, scores, key=["subject_id", "kind"])
    return Chosen(len(leads), len(standing.companies) - len({lead["company_id"] for lead in leads}), open_seats)


@dataclass(frozen=True, slots=True)
class Committee:
    """The seats of one company as its contacts stand now."""

    looked_at: datetime | None  # when people were last looked for; None: nobody looked
    seats: tuple[SeatReview, ...]  # the weightiest first; empty: the ICP names none
    people: Mapping[str, Contact]  # those who hold a seat, by id


def committee_of(session: Session, lead: Lead, now: datetime) -> Committee | None:
    """By the version that scored the lead. None where today's rules cannot read that version."""
    version = session.get(IcpVersion, (lead.workspace_id, lead.icp_version_id))
    company = session.get(Company, (lead.workspace_id, lead.company_id))
    if version is None or company is None:
        return None
    try:
        icp = parse_icp(version.definition)
    except IcpError:
        return None
    query = select(Contact).where(
        Contact.company_id == company.id, col(Contact.erased_at).is_(None), merges.not_absorbed(Contact)
    )
    contacts = {str(contact.id): contact for contact in session.exec(query.order_by(col(Contact.id)))}
    candidates = [candidate_of(contact, company.employees, icp, now) for contact in contacts.values()]
    seats = seats_held(candidates, icp.roles)
    looked = seats_of(session, lead.icp_id, company.id)
    held = {holder: contacts[holder] for seat in seats for holder in seat.holders}
    return Committee(looked.as_of if looked else None, seats, held)


def seats_of(session: Session, icp_id: UUID, company_id: UUID) -> ScoreRow | None:
    """How much of one company's committee is known under an ICP, with a reason a seat; None before anybody looked."""
    subject = committee_id(workspace_of(session), icp_id, company_id)
    query = select(ScoreRow).where(ScoreRow.subject_id == subject, ScoreRow.kind == COMMITTEE)
    return session.exec(query).one_or_none()


def committee_id(workspace_id: UUID, icp_id: UUID, company_id: UUID) -> UUID:
    return stable_id(COMMITTEE, workspace_id, icp_id, company_id)
