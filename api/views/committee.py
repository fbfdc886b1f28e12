"""The buying committee of a lead's company: who holds which seat, and what would fill the empty ones."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import Session

from agents.contacts.seats import committee_of
from api.dependencies import Principal
from api.views.people import Person, person_of
from core.crypto import Sealer
from scoring.committee import FILLED
from store.models import Lead

_SHOWN = 5  # of one seat: who can be reached and decides most


class SeatHolder(BaseModel):
    contact_id: UUID
    person: Person


class Seat(BaseModel):
    role: str = Field(description="economic_buyer, champion, user or blocker.")
    state: str = Field(description="filled, unreachable or empty.")
    share: float = Field(description="Of the whole committee, by the ICP's weights, 0–1.")
    text: str = Field(description="How many are known, or what would fill the seat.")
    known: int
    people: list[SeatHolder] = Field(description="The first few: who can be reached, then who decides most.")


class CommitteeView(BaseModel):
    known: float = Field(description="The share of seats, by weight, that hold somebody who can be reached, 0–1.")
    looked_at: datetime | None = Field(description="When people were last looked for; null: nobody looked yet.")
    seats: list[Seat] = Field(description="The weightiest first.")


def committee_view(
    session: Session, sealer: Sealer, principal: Principal, lead: Lead, now: datetime
) -> CommitteeView | None:
    """None where the ICP names no seats, or today's rules cannot read the version that scored the lead."""
    found = committee_of(session, lead, now)
    if found is None or not found.seats:
        return None
    return CommitteeView(
        known=min(1.0, sum(seat.share for seat in found.seats if seat.code == FILLED)),
        looked_at=found.looked_at,
        seats=[
            Seat(
                role=seat.role.value,
                state=seat.code.removeprefix("seat_"),
                share=seat.share,
                text=seat.text,
                known=len(seat.holders),
                people=[
                    SeatHolder(contact_id=UUID(one), person=person_of(found.people[one], sealer, principal))
                    for one in seat.holders[:_SHOWN]
                ],
            )
            for seat in found.seats
        ],
    )
