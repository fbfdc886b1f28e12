"""The two servers that `bench.api` compares: python -m bench.api_servers KIND URL WORKSPACE PORT"""

import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sqlmodel import Session, col, select

from agents.context import AgentContext
from api.app import create_app
from api.dependencies import Dependencies
from core.clock import SystemClock
from core.crypto import MasterKeys, Sealer
from core.ids import SystemIds
from core.settings import Settings
from store.models import Company, Contact, Lead
from store.session import Database
from store.vault import sealer_for
from tools.calendar.booking import BookingTokens
from tools.mail.unsubscribe import UnsubscribeTokens

_KEYS = MasterKeys({"bench": b"0" * 32})


class PersonOut(BaseModel):
    name: str | None
    email: str | None
    title: str
    country: str
    time_zone: str
    email_status: str


class LeadOut(BaseModel):
    id: UUID
    company_id: UUID
    company: str
    person: PersonOut
    stage: str
    tier: int
    priority: float | None
    fit: float | None
    intent: float | None
    updated_at: Any


class LeadsOut(BaseModel):
    items: list[LeadOut]


def textbook(database: Database, workspace_id: UUID, sealer: Sealer) -> FastAPI:
    """As the tutorials have it, with the session inside the handler (through Depends it deadlocks at this load)."""
    app = FastAPI()
    engine = database.engine.execution_options(writes=False)

    def opened(contact: Contact, column: str) -> str | None:
        token = getattr(contact, f"{column}_sealed")
        return sealer.open(token, context=f"contact|{column}|{contact.id}") if token else None

    @app.get("/leads", response_model=LeadsOut)
    def list_leads(limit: int = 50, stage: str | None = None, tier: int | None = None) -> Any:
        with Session(engine) as session:
            query = (
                select(Lead, Contact, Company)
                .join(Contact, (col(Contact.id) == Lead.contact_id) & (col(Contact.workspace_id) == Lead.workspace_id))
                .join(Company, (col(Company.id) == Lead.company_id) & (col(Company.workspace_id) == Lead.workspace_id))
                .where(Lead.workspace_id == workspace_id)
                .order_by(
                    col(Lead.tier), sa.text("coalesce(lead.priority, -1) DESC"), col(Lead.id)
                )  # as the index has it
                .limit(limit)
            )
            if stage:
                query = query.where(Lead.stage == stage)
            if tier:
                query = query.where(Lead.tier == tier)
            rows = session.exec(query).all()
            return {
                "items": [
                    {
                        **lead.model_dump(),
                        "company": company.name,
                        "person": {
                            **contact.model_dump(),
                            "name": opened(contact, "name"),
                            "email": opened(contact, "email"),
                        },
                    }
                    for lead, contact, company in rows
                ]
            }

    return app


def ours(database: Database) -> FastAPI:
    clock, ids, contexts = SystemClock(), SystemIds(), {}
    settings = Settings(  # type: ignore[call-arg]
        data_dir=Path(mkdtemp()), database_url=database.url, rate_limit_factor=0, _env_file=None
    )

    def context_for(workspace_id: UUID) -> AgentContext:
        if workspace_id not in contexts:
            sealer = sealer_for(database, workspace_id, _KEYS, clock)
            tools: Any = None  # nothing here reaches outside
            contexts[workspace_id] = AgentContext(database, workspace_id, clock, ids, sealer, tools, settings)
        return contexts[workspace_id]

    return create_app(
        Dependencies(
            settings=settings,
            database=database,
            clock=clock,
            ids=ids,
            context_for=context_for,
            unsubscribe=UnsubscribeTokens([b"only for the bench, and long enough"]),
            booking=BookingTokens([b"only for the bench, and long enough"]),
        )
    )


def main(kind: str, url: str, workspace: str, port: str) -> None:
    # A connection for each of the thread pool's forty threads: the textbook stops dead with fewer.
    database, workspace_id = Database(url, pool_size=40), UUID(workspace)
    sealer = sealer_for(database, workspace_id, _KEYS, SystemClock())
    app = ours(database) if kind == "ours" else textbook(database, workspace_id, sealer)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", access_log=False, backlog=2048)


if __name__ == "__main__":
    main(*sys.argv[1:])
