"""Why a lead is written to now: what was chosen to open with, and the newest signals, each in words with its date; and
the touches that follow."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from agents.sequences import versions
from scoring.intent import SIGNAL_KINDS
from store.models import Enrollment, Fact, Lead, SignalRow, Touch
from store.session import kept

_SIGNALS: Final = 5  # the newest: older ones are on the company's page


class WhyNow(BaseModel):
    """Text of strangers: shown, never linked or run."""

    text: str
    quote: str = ""
    source: str = ""
    url: str = ""
    at: datetime
    chosen: str = Field(default="", description="Why a mail may open with it. Empty: a signal that was not chosen.")


class Step(BaseModel):
    number: int
    channel: str
    due_at: datetime
    state: str
    text: str = Field(default="", description="What the sequence says of this step.")


def hooks_of(lead: Lead) -> list[str]:
    """The ids behind what a lead may be written to about: of signals or of facts."""
    return [str(fact_id) for hook in lead.hooks for fact_id in hook.get("fact_ids", [])]


def whys_of(session: Session, leads: Mapping[UUID, Lead], facts: Mapping[str, Fact]) -> dict[UUID, list[WhyNow]]:
    """For each key of `leads`: what was chosen first, then the newest signals. One statement for all."""
    if not leads:
        return {}
    companies = {lead.company_id for lead in leads.values()}
    hooked = {fact_id for lead in leads.values() for fact_id in hooks_of(lead)}
    values = {"companies": list(companies), "hooked": [UUID(i) for i in hooked if _is_id(i)]}
    signals: dict[UUID, list[SignalRow]] = {}
    for row in session.execute(_NEWEST_AND_HOOKED, values).scalars():
        signals.setdefault(row.company_id, []).append(row)
    return {key: _whys(lead, signals.get(lead.company_id, []), facts) for key, lead in leads.items()}


_RANKED: Final = (
    sa.select(
        col(SignalRow.id).label("id"),
        sa.func.row_number()
        .over(
            partition_by=col(SignalRow.company_id),
            order_by=(col(SignalRow.observed_at).desc(), col(SignalRow.id).desc()),
        )
        .label("newest"),
    )
    .where(col(SignalRow.company_id).in_(sa.bindparam("companies", expanding=True)))
    .subquery()
)
_NEWEST_AND_HOOKED: Final = kept(
    sa.select(SignalRow)
    .join(_RANKED, _RANKED.c.id == col(SignalRow.id))
    .where(sa.or_(_RANKED.c.newest <= _SIGNALS, col(SignalRow.id).in_(sa.bindparam("hooked", expanding=True))))
    .order_by(col(SignalRow.observed_at).desc(), col(SignalRow.id).desc())
)


def _whys(lead: Lead, signals: Sequence[SignalRow], facts: Mapping[str, Fact]) -> list[WhyNow]:
    by_id = {str(row.id): row for row in signals}
    found, named = [], set()
    for hook in lead.hooks:
        reason = str(hook.get("reason", "")) or "Chosen to open with."
        for fact_id in map(str, hook.get("fact_ids", [])):
            if fact_id in by_id:
                found.append(_of_signal(by_id[fact_id], reason))
                named.add(fact_id)
            elif fact_id in facts:
                found.append(_of_fact(facts[fact_id], reason))
    found.extend(_of_signal(row, "") for row in signals[:_SIGNALS] if str(row.id) not in named)
    return found


def _of_signal(row: SignalRow, chosen: str) -> WhyNow:
    known = SIGNAL_KINDS.get(row.kind)
    text = f"The company {known.label}" if known else row.kind.replace("_", " ").capitalize()
    return WhyNow(text=text, quote=row.quote, source=row.source, url=row.url, at=row.observed_at, chosen=chosen)


def _of_fact(fact: Fact, chosen: str) -> WhyNow:
    value = ", ".join(map(str, fact.value)) if isinstance(fact.value, list) else str(fact.value or "")
    text = f"{fact.field.replace('_', ' ').capitalize()}: {value}"
    return WhyNow(text=text, quote=fact.quote, source=fact.source, url=fact.url, at=fact.observed_at, chosen=chosen)


def upcoming_of(session: Session, touch_ids: Sequence[UUID]) -> dict[UUID, list[Step]]:
    """Of each touch, those behind it in its enrollment, in order. Two statements for all."""
    if not touch_ids:
        return {}
    # What the columns of an alias are is known to SQLAlchemy only.
    this: Any = aliased(Touch)
    query: Any = (
        sa.select(this.id.label("of"), Touch, Enrollment)
        .join(this, sa.and_(this.enrollment_id == col(Touch.enrollment_id), this.number < col(Touch.number)))
        .join(Enrollment, col(Enrollment.id) == col(Touch.enrollment_id))
        .where(this.id.in_(touch_ids))
        .order_by(col(Touch.number))
    )
    found: dict[UUID, list[Step]] = {}
    known = versions.load(session)
    for row in session.execute(query):
        touch, enrollment = row.Touch, row.Enrollment
        spec = known.version(enrollment.sequence.partition("@")[0], enrollment.version)
        said = spec.touch(touch.number - enrollment.steps_before) if spec is not None else None
        step = Step(
            number=touch.number,
            channel=touch.channel,
            due_at=touch.due_at,
            state=touch.state.value,
            text=said.reason if said is not None else "",
        )
        found.setdefault(row.of, []).append(step)
    return found


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
