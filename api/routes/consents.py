"""Why people may be written to: the table of laws, and each contact's legal bases with their evidence."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from agents import jurisdiction
from agents.consents import Told
from api.actions import consents as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views.legal_bases import BasesOfContact, bases_of

router = APIRouter(route_class=ControlRoute, tags=["law"])

BasisWord = Literal["consent", "implied_consent", "soft_opt_in", "existing_customer", "legitimate_interest"]
ChannelWord = Literal["mail", "phone", "sms", "linkedin"]


class LawRow(BaseModel):
    country: str = Field(description="`*`: every country that the table does not name; empty: not known.")
    channel: str
    subscriber: str = Field(description="company or individual, where the law tells them apart.")
    rule: str
    without: str = Field(description="What it is with no legal basis: allow, need_evidence or block.")
    bases: list[str] = Field(description="With one of these, and its evidence, it is allowed.")
    reason: str
    source: str
    duties: list[str]


class LawTable(BaseModel):
    items: list[LawRow]


class BasisInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"basis": "consent", "evidence": "Double opt-in, form 12.", "given_at": "2026-03-02T08:00:00Z"}
            ]
        },
    )

    basis: BasisWord
    evidence: str = Field(min_length=1, max_length=2_000, description="Where it can be shown. Kept sealed.")
    given_at: AwareDatetime
    channel: ChannelWord = "mail"
    ground: Literal["", "inquiry", "purchase", "published"] = Field(
        default="", description="Of an implied consent: its end follows from it."
    )
    expires_at: AwareDatetime | None = Field(default=None, description="Sooner than the law says; never later.")


class Withdrawal(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"channel": "mail"}]})

    channel: Literal["", "mail", "phone", "sms", "linkedin"] = ""
    basis_id: UUID | None = Field(default=None, description="One record; all that hold, if left out.")


class Withdrawn(BaseModel):
    records: int


class BasisRow(BasisInput):
    address: str = Field(max_length=254)


class BasisBatch(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "rows": [
                        {
                            "address": "pat@company.example",
                            "basis": "consent",
                            "evidence": "Card from the fair, box 3.",
                            "given_at": "2026-03-02T08:00:00Z",
                        }
                    ],
                    "source": "fair of 2 March",
                }
            ]
        },
    )

    rows: list[BasisRow] = Field(min_length=1, max_length=500)
    source: str = Field(default="", max_length=100)


class BasisProblem(BaseModel):
    row: int = Field(description="From 0.")
    message: str


class BasesImported(BaseModel):
    new: int = Field(description="Contacts of whom something new is on record.")
    problems: list[BasisProblem]


class BasisRecorded(BaseModel):
    new: bool


@router.get("/law", summary="The table of laws: what a first message asks for, by country and channel")
def show_law(
    caller: Caller,
    country: Annotated[str, Query(pattern=r"^([A-Za-z]{2})?$", description="All named ones, if left out.")] = "",
) -> LawTable:
    countries = [country.upper()] if country else [*jurisdiction.named_countries(), "*", ""]
    rows = [row for code in countries for row in jurisdiction.rows_of(code)]
    return LawTable(
        items=[
            LawRow(
                country=row.country,
                channel=row.channel.value,
                subscriber=row.subscriber.value,
                rule=row.rule,
                without=row.without.value,
                bases=[basis.value for basis in row.bases],
                reason=row.reason,
                source=row.source,
                duties=list(row.duties),
            )
            for row in rows
        ]
    )


@router.get("/contacts/{contact_id}/legal-bases", summary="Why a contact may be written to, with every record")
def list_legal_bases(contact_id: UUID, deps: Deps, caller: Caller) -> BasesOfContact:
    context = deps.context_for(caller.workspace_id)
    with deps.database.read(caller.workspace_id) as session:
        return bases_of(session, context.sealer, caller, contact_id, deps.clock.now())


@router.post("/contacts/{contact_id}/legal-bases", summary="Record a legal basis, with its evidence")
def record_legal_basis(contact_id: UUID, body: BasisInput, deps: Deps, caller: Caller) -> BasisRecorded:
    return BasisRecorded(new=acts.record(deps, caller, contact_id, Told(**body.model_dump())))


@router.post("/contacts/{contact_id}/legal-bases/withdrawal", summary="End what holds: they took it back")
def withdraw_legal_bases(contact_id: UUID, body: Withdrawal, deps: Deps, caller: Caller) -> Withdrawn:
    return Withdrawn(records=acts.withdraw(deps, caller, contact_id, channel=body.channel, basis_id=body.basis_id))


@router.post("/legal-bases/batch", summary="Record legal bases of many contacts, by address; again changes nothing")
def import_legal_bases(body: BasisBatch, deps: Deps, caller: Caller) -> BasesImported:
    rows = [(row.address, Told(**row.model_dump(exclude={"address"}))) for row in body.rows]
    new, bad = acts.take_in(deps, caller, rows, source=body.source)
    return BasesImported(new=new, problems=[BasisProblem(row=number, message=text) for number, text in bad])
