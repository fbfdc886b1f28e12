"""Domains that mail leaves from, brakes, warm-up, and what follows from each verdict of a server."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from api.actions import deliverability as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views import deliverability as views
from api.views.deliverability import BrakeOut, MailboxDeliverability, MailDomainOut, VerdictRule

router = APIRouter(route_class=ControlRoute, tags=["mailboxes"])

Domain = Annotated[str, Path(max_length=253, description="Of a mailbox's address.")]
Names = Annotated[list[Annotated[str, Field(max_length=253)]], Field(max_length=10)]


class MailDomainChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"selectors": ["s1"], "sends_from": ["192.0.2.25"]}]}
    )

    selectors: Names | None = Field(default=None, description="Of the DKIM keys that sign.")
    sends_from: Names | None = Field(default=None, description="Public IP addresses that mail leaves from.")
    blocklists: Names | None = Field(default=None, description="DNS lists to ask about these; no other is asked.")
    ramp: Literal["steps", "gradual"] | None = Field(default=None, description="How the domain is warmed up.")


class Lift(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "The list was cleaned of old addresses."}]}
    )

    reason: str = Field(min_length=1, max_length=500, description="What was found, and what was done about it.")


@router.get("/mail-domains", summary="The domains of the mailboxes, with what was found about each")
def list_mail_domains(deps: Deps, caller: Caller) -> list[MailDomainOut]:
    with deps.database.read(caller.workspace_id) as session:
        return views.mail_domains(session)


@router.get("/mail-domains/{domain}", summary="What was found about a domain, and the records to publish")
def get_mail_domain(domain: Domain, deps: Deps, caller: Caller) -> MailDomainOut:
    with deps.database.read(caller.workspace_id) as session:
        return views.mail_domain(session, domain)


@router.patch("/mail-domains/{domain}", summary="What to look at of a domain, and how it is warmed up")
def update_mail_domain(domain: Domain, body: MailDomainChange, deps: Deps, caller: Caller) -> MailDomainOut:
    return acts.change_domain(deps, caller, domain, **body.model_dump())


@router.post("/mail-domains/{domain}/check", summary="Ask the DNS about a domain now")
def check_mail_domain(domain: Domain, deps: Deps, caller: Caller) -> MailDomainOut:
    """Takes seconds; every day it is asked anyway."""
    return acts.check_domain(deps, caller, domain)


@router.get("/mailboxes/{mailbox_id}/deliverability", summary="Domain, brakes, what came back, and the warm-up")
def get_mailbox_deliverability(mailbox_id: UUID, deps: Deps, caller: Caller) -> MailboxDeliverability:
    with deps.database.read(caller.workspace_id) as session:
        return views.of_mailbox(session, mailbox_id, deps.clock.now())


@router.get("/brakes", summary="Mailboxes and domains that send nothing because of what came back")
def list_brakes(deps: Deps, caller: Caller, lifted: bool = False) -> list[BrakeOut]:
    """The newest first, at most 200."""
    with deps.database.read(caller.workspace_id) as session:
        return views.all_brakes(session, lifted=lifted)


@router.post("/brakes/{brake_id}/lift", summary="Let it send again; what was counted before counts no more")
def lift_brake(brake_id: UUID, body: Lift, deps: Deps, caller: Caller) -> BrakeOut:
    return acts.lift_brake(deps, caller, brake_id, body.reason)


@router.get("/delivery-policy", summary="What follows from each verdict of a server")
def get_delivery_policy(deps: Deps, caller: Caller) -> list[VerdictRule]:
    return views.policy()
