"""Vendors of data as a workspace sees them: accounts, whether they are asked, and what they brought for their money."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, select

from store.models import VendorAccount
from store.queries import purchases, workspaces
from store.session import workspace_of
from tools.ports import VendorSpec

WORTH_OF = timedelta(days=90)  # what a vendor's worth is reckoned over
MOST_COMPANIES = 100


class VendorOptionOut(BaseModel):
    name: str
    help: str
    needed: bool
    value: str


class ProviderWorthOut(BaseModel):
    provider: str
    capability: str  # enrich, signals, people, email, verify
    asked: int  # companies, people or addresses
    filled: int  # of them it said something new about
    fill_rate: float | None  # 0–1 of those it answered; null: it never did
    cost_micros: int
    cost_of_an_answer_micros: float | None
    moved: int  # companies whose likeliest tier was another after its answer


class VendorOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "hunter",
                    "label": "Hunter",
                    "gives": ["people", "addresses"],
                    "docs": "https://hunter.io/api-keys",
                    "key_help": "API key",
                    "credit": "a credit for each ten addresses of a domain",
                    "options": [],
                    "has_key": True,
                    "enabled": True,
                    "asked": True,
                    "why_not": "",
                    "credit_micros": 5_000_000,
                    "refused_at": None,
                    "refusal": "",
                    "worth": [],
                }
            ]
        }
    )

    name: str
    label: str
    gives: list[str]
    docs: str
    key_help: str  # what its key is called there; "": it needs none
    credit: str  # what it charges, in its words; "": nothing
    options: list[VendorOptionOut]
    has_key: bool
    enabled: bool
    asked: bool  # whether agents ask it now
    why_not: str
    credit_micros: int  # what one of its credits costs, in millionths of the currency's minor unit
    refused_at: datetime | None
    refusal: str
    worth: list[ProviderWorthOut]  # of the last 90 days


class CompanyCostOut(BaseModel):
    company_id: UUID
    name: str
    cost_micros: int
    leads: int
    per_lead_micros: float | None


class DataSpend(BaseModel):
    currency: str
    since: datetime | None
    providers: list[ProviderWorthOut]  # the dearest first
    companies: list[CompanyCostOut]  # the dearest first


def vendors(session: Session, specs: Sequence[VendorSpec], now: datetime, *, online: bool) -> list[VendorOut]:
    """Every vendor there is, with the workspace's account at it. Two queries."""
    accounts = {row.vendor: row for row in session.exec(select(VendorAccount))}
    worth: dict[str, list[ProviderWorthOut]] = {}
    for one in purchases.worth(session, now - WORTH_OF):
        worth.setdefault(one.provider, []).append(worth_out(one))
    return [vendor_out(spec, accounts.get(spec.name), worth.get(spec.name, []), online=online) for spec in specs]


def vendor_out(
    spec: VendorSpec, account: VendorAccount | None, worth: Sequence[ProviderWorthOut], *, online: bool
) -> VendorOut:
    given = account.options if account else {}
    options = [
        VendorOptionOut(name=o.name, help=o.help, needed=o.needed, value=given.get(o.name, "")) for o in spec.options
    ]
    has_key = account is not None and bool(account.key_sealed)
    enabled = account.enabled if account is not None else not spec.key_help
    why_not = _why_not(spec, account, options, has_key=has_key, enabled=enabled, online=online)
    return VendorOut(
        name=spec.name,
        label=spec.label,
        gives=list(spec.gives),
        docs=spec.docs,
        key_help=spec.key_help,
        credit=spec.credit,
        options=options,
        has_key=has_key,
        enabled=enabled,
        asked=not why_not,
        why_not=why_not,
        credit_micros=account.credit_micros if account else 0,
        refused_at=account.refused_at if account else None,
        refusal=account.refusal if account else "",
        worth=list(worth),
    )


def _why_not(
    spec: VendorSpec,
    account: VendorAccount | None,
    options: Sequence[VendorOptionOut],
    *,
    has_key: bool,
    enabled: bool,
    online: bool,
) -> str:
    """The first thing that keeps agents from asking it; "" where nothing does."""
    if not online:
        return "Reading the web is switched off here (SALESOS_WEB_FETCH)."
    if spec.key_help and not has_key:
        return f"It needs its {spec.key_help}."
    if not enabled:
        return "It is switched off."
    missing = [option.name for option in options if option.needed and not option.value]
    if missing and account is not None:
        return f"It needs {', '.join(missing)}."
    return ""


def worth_out(one: purchases.ProviderWorth) -> ProviderWorthOut:
    return ProviderWorthOut(
        provider=one.provider,
        capability=one.capability,
        asked=one.asked,
        filled=one.filled,
        fill_rate=one.fill_rate,
        cost_micros=one.cost_micros,
        cost_of_an_answer_micros=one.cost_of_an_answer,
        moved=one.moved,
    )


def data_spend(session: Session, since: datetime | None, run_id: UUID | None) -> DataSpend:
    """What providers brought and which companies cost most: of a run, or of everything since then. Three queries."""
    workspace = workspaces.get(session, workspace_of(session))
    return DataSpend(
        currency=workspace.currency,
        since=since,
        providers=[worth_out(one) for one in purchases.worth(session, since, run_id)],
        companies=[
            CompanyCostOut(
                company_id=one.company_id,
                name=one.name,
                cost_micros=one.cost_micros,
                leads=one.leads,
                per_lead_micros=one.per_lead_micros,
            )
            for one in purchases.costs(session, run_id=run_id, since=since, limit=MOST_COMPANIES)
        ],
    )
