"""The workspace as people set it, and how the server under it is set up. Never a secret, nor where one is kept."""

from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from agents.offer import OfferSettings, check_offer
from core.errors import FixConfiguration
from core.settings import DeliveryMode, Settings
from store.queries import workspaces

OFFER_EXAMPLE: dict[str, Any] = {
    "product": "Ledgerline",
    "value_line": "finds invoice errors before the invoice leaves the building",
    "proof_points": ["Finance teams see each month how many errors were stopped."],
    "prices": [],
    "allowed_hosts": ["www.ledgerline.example"],
    "related_technologies": ["NetSuite"],
    "sender_title": "Account Executive",
    "meeting_minutes": 30,
}


class WorkspaceOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0192c1a0-0000-7000-8000-000000000001",
                    "slug": "ledgerline",
                    "name": "Ledgerline Ltd",
                    "postal_address": "1 Main Street, Dublin 2, Ireland",
                    "country": "IE",
                    "time_zone": "Europe/Dublin",
                    "currency": "EUR",
                    "deal_value_minor": 1_200_000,
                    "preparation_hour": 7,
                    "preparation_hours_before": 2,
                    "offer": OFFER_EXAMPLE,
                    "offer_problem": "",
                }
            ]
        }
    )

    id: UUID
    slug: str = Field(description="What is typed when signing in; it never changes.")
    name: str
    postal_address: str = Field(description="Printed in every mail. Empty: nothing is sent.")
    country: str
    time_zone: str
    currency: str
    deal_value_minor: int = Field(description="What a won deal is usually worth in a year; 0: nobody said.")
    preparation_hour: int = Field(description="Of a rep's day: then they are mailed what to know before a meeting.")
    preparation_hours_before: int = Field(description="Or so many hours before it, where that is earlier.")
    offer: OfferSettings | None = Field(description="null: drafts have nothing to speak of.")
    offer_problem: str = Field(
        description="Why the offer that is kept cannot be used; empty: it can, or there is none."
    )


class Database(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class ServerOut(BaseModel):
    """Set by whoever runs the server, in its environment; the same for every workspace on it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "version": "0.1.0",
                    "delivery": "folder",
                    "send_delay_seconds": 60,
                    "approval_ttl_hours": 72,
                    "language_model": False,
                    "web_fetch": False,
                    "database": "sqlite",
                    "https": False,
                }
            ]
        }
    )

    version: str
    delivery: DeliveryMode = Field(description="What happens to an approved mail.")
    send_delay_seconds: int = Field(description="How long an approval can be undone before its mail leaves.")
    approval_ttl_hours: int = Field(description="After which an approval that was not used is asked for again.")
    language_model: bool = Field(description="False: templates and rules write.")
    web_fetch: bool = Field(description="False: no page is read to learn about a company.")
    database: Database
    https: bool = Field(description="Whether links in mails, and the console's own, are https.")


def workspace_out(session: Session, workspace_id: UUID) -> WorkspaceOut:
    row = workspaces.get(session, workspace_id)
    offer, problem = None, ""
    if row.offer:
        try:
            offer = check_offer(row.offer)
        except FixConfiguration as error:
            problem = error.message
    return WorkspaceOut(
        id=row.id,
        slug=row.slug,
        name=row.name,
        postal_address=row.postal_address,
        country=row.country,
        time_zone=row.time_zone,
        currency=row.currency,
        deal_value_minor=row.deal_value_minor,
        preparation_hour=row.preparation_hour,
        preparation_hours_before=row.preparation_hours_before,
        offer=offer,
        offer_problem=problem,
    )


def server_out(settings: Settings) -> ServerOut:
    return ServerOut(
        version=_version(),
        delivery=settings.delivery,
        send_delay_seconds=settings.send_delay_seconds,
        approval_ttl_hours=settings.approval_ttl_hours,
        language_model=bool(settings.llm_base_url and settings.llm_model),
        web_fetch=settings.web_fetch,
        database=Database.POSTGRESQL if settings.is_postgres else Database.SQLITE,
        https=settings.public_url.startswith("https://"),
    )


def _version() -> str:
    try:
        return version("salesos")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"
