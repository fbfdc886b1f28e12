"""Pages: Jinja2 with escaping always on, times in the viewer's zone, and the rail around what a page shows."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from sqlmodel import Session, col

from api.console.rail import rail_of
from api.dependencies import Dependencies, Principal
from core.errors import SalesOSError
from store.models import Approval, ApprovalState

_HERE = Path(__file__).parent
STATIC = _HERE / "static"


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page without the rail: signing in, public pages, parts of a page that htmx asked for."""
    return HTMLResponse(_environment().get_template(template).render(**values), status_code=status)


def console(
    deps: Dependencies,
    visitor: Principal,
    template: str,
    *,
    here: str,
    status: int = 200,
    said: str = "",
    error: SalesOSError | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page of the console. `here`: its place in the rail; `said`: a sentence of ours on what was just done."""
    with deps.database.read(visitor.workspace_id) as session:
        counts = {"approvals": waiting(session)}
    return page(
        template,
        status=status,
        visitor=visitor,
        here=here,
        rail=rail_of(visitor),
        counts=counts,
        now=deps.clock.now(),
        said=said,
        error=error,
        **values,
    )


def waiting(session: Session) -> int:
    """Drafts that wait for a person."""
    query = sa.select(sa.func.count()).select_from(Approval).where(col(Approval.state) == ApprovalState.PENDING)
    return int(session.execute(query).scalar_one())


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_inert,
    )
    environment.filters.update(
        words=_words,
        moment=_moment,
        day=_day,
        ago=_ago,
        value=_value,
        money=money,
        micros=_micros,
        local=local,
    )
    environment.globals["asset"] = _asset
    return environment


# Characters that turn text round or hide in it: overrides, embeddings, isolates, zero-width space and joiner, BOM. The
# marks that honest right-to-left text and emoji need (U+200C to U+200F) stay.
_TRICKS = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff]")


def _inert(value: Any) -> Any:
    """What every {{ }} goes through: a stranger's name must not read as another, in a form neither."""
    if type(value) is str and _TRICKS.search(value):
        return _TRICKS.sub("\N{REPLACEMENT CHARACTER}", value)
    return value


@cache
def _asset(name: str) -> str:
    """With a digest of its content in the address: it may be kept for a year, and a new version is seen at once."""
    return f"/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def _words(text: str) -> str:
    return str(text).replace("_", " ")


@pass_context
def _moment(context: Context, at: datetime | None) -> Markup:
    """ "3 Jun 2026, 16:00", in the viewer's zone; a <time> with the instant in UTC, and the zone on hovering."""
    if at is None:
        return Markup("–")
    zone = _zone(context)
    there = at.astimezone(ZoneInfo(zone))
    return _time(at, f"{there.day} {there:%b %Y, %H:%M}", zone)


@pass_context
def _day(context: Context, at: datetime | None) -> Markup:
    if at is None:
        return Markup("–")
    zone = _zone(context)
    there = at.astimezone(ZoneInfo(zone))
    return _time(at, f"{there:%a} {there.day} {there:%b}", zone)


def _zone(context: Context) -> str:
    visitor = context.get("visitor")
    return visitor.time_zone if isinstance(visitor, Principal) and visitor.time_zone else "UTC"


def _time(at: datetime, text: str, zone: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), f"{escape(zone)}", text
    )


def local(at: datetime, zone: str) -> str:
    """'Tuesday 24 November 2026, 10:00 (Europe/Berlin)'."""
    there = at.astimezone(ZoneInfo(zone or "UTC"))
    return f"{there:%A} {there.day} {there:%B %Y, %H:%M} ({zone or 'UTC'})"


def _ago(at: datetime, now: datetime) -> str:
    past = now - at
    if past < timedelta(minutes=1):
        return "just now"
    if past < timedelta(hours=1):
        return f"{past // timedelta(minutes=1)} min"
    if past < timedelta(days=2):
        return f"{past // timedelta(hours=1)} h"
    return f"{past.days} days"


def _value(value: float | None) -> str:
    """A score 0–1."""
    return "unknown" if value is None else f"{value:.2f}"


def money(minor: int | None, currency: str) -> str:
    """'1,250.00 USD'. Minor units of two digits, as all currencies here have."""
    return "unknown" if minor is None else f"{Decimal(minor) / 100:,.2f} {currency}".strip()


def _micros(micros: int | None, currency: str) -> str:
    """What was spent on providers, kept in millionths of a minor unit: '0.0125 USD'."""
    return "unknown" if micros is None else f"{Decimal(micros) / 100_000_000:,.4f} {currency}".strip()
