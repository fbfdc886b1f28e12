"""A person's word on a company: a fact that wins until it is released, and a row by which it can be undone."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from agents.by_hand import Done
from api.dependencies import Dependencies, Principal
from core.errors import Rejected
from store import bulk
from store.models import Company, Fact, FieldEdit
from store.queries import facts, merges
from store.queries.facts import FactInput
from tools.domains import registrable_domain
from tools.names import company_name_key

PERSON: Final = "person"  # facts.HUMAN_METHODS
EDITABLE: Final = ("name", *facts.COMPANY_FIELDS)
_MOST_TAGS: Final = 50


def apply(
    deps: Dependencies, principal: Principal, session: Session, company: Company, values: Mapping[str, Any]
) -> list[str]:
    """Sets what differs, in the caller's transaction; returns the names of the fields that changed."""
    changed = [name for name, value in values.items() if getattr(company, name) != value]
    if not changed:
        return []
    if "name" in changed and not str(values["name"]).strip():
        raise Rejected("A company needs a name.", code="invalid")
    say(deps, principal, session, [(company, {name: values[name] for name in changed})])
    return changed


def say(
    deps: Dependencies, principal: Principal, session: Session, said: Sequence[tuple[Company, Mapping[str, Any]]]
) -> None:
    """What a person says of companies: facts, edits, and the columns. One batch."""
    now = deps.clock.now()
    facts.add_facts(
        session,
        [
            FactInput(
                subject_kind="company",
                subject_id=company.id,
                field=name,
                value=value,
                source=principal.actor,
                method=PERSON,
                observed_at=now,
                tainted=False,
            )
            for company, values in said
            for name, value in values.items()
        ],
    )
    bulk.insert(
        session,
        FieldEdit,
        [
            {
                "id": deps.ids.new(),
                "subject_kind": "company",
                "subject_id": company.id,
                "company_id": company.id,
                "field": name,
                "before": getattr(company, name),
                "after": value,
                "by": principal.actor,
                "at": now,
            }
            for company, values in said
            for name, value in values.items()
        ],
    )
    for company, values in said:
        for name, value in values.items():
            setattr(company, name, value)
        if "name" in values:
            company.name_key = company_name_key(company.name)[:300]
        company.updated_at = now
        session.add(company)
    session.flush()


def release(deps: Dependencies, session: Session, company: Company, fields: Sequence[str]) -> None:
    """What people said of these fields no longer counts: what sources say decides again."""
    session.execute(
        sa.delete(Fact)
        .where(
            col(Fact.subject_id) == company.id,
            col(Fact.field).in_(fields),
            col(Fact.method).in_(sorted(facts.HUMAN_METHODS)),
        )
        .execution_options(synchronize_session=False)
    )
    facts.apply_winners(session, deps.clock, [company.id])
    session.refresh(company)


def retag(
    deps: Dependencies, principal: Principal, session: Session, companies: Sequence[Company], tag: str, *, add: bool
) -> Done:
    """Add a tag to companies, or take it from them, whatever its case; not where they were merged into others."""
    done, said = Done(), []
    wanted = tag.strip()
    merged = merges.kept_of(session, [company.id for company in companies])
    for company in companies:
        has = any(own.casefold() == wanted.casefold() for own in company.tags)
        if company.id in merged:
            done.skipped[company.id] = "merged"
        elif has == add:
            done.skipped[company.id] = "has_it_already" if add else "has_it_not"
        elif add and len(company.tags) >= _MOST_TAGS:
            done.skipped[company.id] = "too_many_tags"
        else:
            kept = [own for own in company.tags if own.casefold() != wanted.casefold()]
            said.append((company, {"tags": [*kept, wanted] if add else kept}))
            done.changed.append(company.id)
    if said:
        say(deps, principal, session, said)
    return done


def tidy(values: Mapping[str, Any]) -> dict[str, Any]:
    """As the columns want them. Raises Rejected."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, str):
            value = " ".join(value.split()) if name != "description" else value.strip()
        if isinstance(value, list):
            words = [" ".join(str(item).split()) for item in value]
            value = list({text.casefold(): text for text in reversed(words) if text}.values())[::-1]
        if name in ("country", "currency") and value:
            value = value.upper()
        if name == "website" and value and registrable_domain(value) is None:
            raise Rejected(
                "The website is not an address of a company.", hint="As in https://www.acme.com.", code="invalid"
            )
        if value is None and name not in ("employees", "revenue_minor", "founded_year"):
            value = [] if name in ("tags", "technologies") else ""
        found[name] = value
    return found


def fields_said(session: Session, company_id: UUID) -> list[str]:
    """Fields whose value is a person's word, until it is released."""
    query = (
        sa.select(col(Fact.field))
        .where(col(Fact.subject_id) == company_id, col(Fact.method).in_(sorted(facts.HUMAN_METHODS)))
        .distinct()
    )
    return sorted(session.execute(query).scalars())
