"""What a list can be narrowed to. The same models read a URL, a saved view and the selection of a bulk action."""

from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlmodel import AutoString, col

from api.dependencies import Principal
from api.permissions import Permission
from api.problems import Invalid
from core.crypto import Sealer
from store.models import Company, Contact, LeadStage, SignalRow, Suppression
from store.queries import suppression
from tools.names import person_key, plain

EmailState = Literal["valid", "risky", "invalid", "unknown"]
Tier = Annotated[int, Field(ge=1, le=4)]
_Short = Annotated[str, Field(max_length=100)]

_Q = "Companies: a part of the name or domain. People: an exact e-mail address (needs people:read) or an exact name."


class Filters(BaseModel):
    """Empty: no limit. Lists mean any of."""

    model_config = ConfigDict(extra="forbid")

    def query(self) -> str:
        """For a URL: what differs from the default, in a fixed order."""
        return urlencode(self.model_dump(mode="json", exclude_defaults=True), doseq=True)

    def is_empty(self) -> bool:
        return not self.model_dump(exclude_defaults=True, exclude={"sort"})

    @classmethod
    def of(cls, query: str) -> Self:
        """From a URL's query, as a form sends it: empty fields mean nothing. Raises Invalid."""
        values: dict[str, Any] = {}
        for name, value in parse_qsl(query, max_num_fields=200):
            field = cls.model_fields.get(name)
            if field is None or not value.strip():
                continue
            if "list" in str(field.annotation):
                values.setdefault(name, []).append(value.strip())
            else:
                values[name] = value.strip()
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = [
                {"path": ".".join(str(part) for part in item["loc"]) or "filters", "message": item["msg"]}
                for item in error.errors()
            ]
            raise Invalid("These filters do not fit together.", problems, hint="Change or clear them.") from error


class _OfCompany(Filters):
    q: str = Field(default="", max_length=200, description=_Q)
    industry: _Short = Field(default="", description="A part of its name.")
    country: str = Field(default="", max_length=2, description="Of the company, ISO 3166-1: DE.")
    min_employees: int | None = Field(default=None, ge=0, le=100_000_000)
    max_employees: int | None = Field(default=None, ge=0, le=100_000_000)
    technology: _Short = Field(default="", description="Its name, as it is stored; case does not matter.")
    tag: _Short = ""
    signal: str = Field(default="", max_length=64, description="Has a signal of this kind.")
    icp_id: UUID | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if None not in (self.min_employees, self.max_employees) and self.min_employees > self.max_employees:  # type: ignore[operator]
            raise ValueError("min_employees is greater than max_employees.")
        return self


class CompanyFilters(_OfCompany):
    sort: Literal["name", "added", "updated", "size"] = "added"
    excluded: bool | None = Field(default=None, description="Nobody at its domain is written to.")
    unknown: list[Literal["domain", "industry", "country", "employees", "city", "technologies"]] = Field(
        default=[], max_length=6, description="Nothing is known of these."
    )


class LeadFilters(_OfCompany):
    sort: Literal["best", "due", "updated", "added"] = "best"
    title: _Short = Field(default="", description="A part of the person's title.")
    company_id: UUID | None = None
    contact_id: UUID | None = None
    tier: list[Tier] = Field(default=[], max_length=4)
    stage: list[LeadStage] = Field(default=[], max_length=20)
    mailbox_id: UUID | None = Field(default=None, description="The mailbox whose owner writes to them.")
    paused: bool | None = None
    email_status: list[EmailState] = Field(default=[], max_length=4)
    seniority: _Short = ""
    department: _Short = ""
    role: _Short = Field(default="", description="In a purchase: decision_maker, …")
    suppressed: bool | None = None
    unknown: list[
        Literal["priority", "fit", "intent", "email", "title", "employees", "industry", "country", "legal_basis"]
    ] = Field(default=[], max_length=9)


class ContactFilters(Filters):
    sort: Literal["added", "updated"] = "added"
    q: str = Field(default="", max_length=200, description=_Q)
    title: _Short = Field(default="", description="A part of it.")
    company_id: UUID | None = None
    country: str = Field(default="", max_length=2, description="Of the person, ISO 3166-1.")
    seniority: _Short = ""
    department: _Short = ""
    role: _Short = ""
    email_status: list[EmailState] = Field(default=[], max_length=4)
    legal_basis: Literal[
        "", "consent", "implied_consent", "soft_opt_in", "existing_customer", "legitimate_interest"
    ] = ""
    suppressed: bool | None = None
    erased: bool = Field(default=False, description="True: only people who were erased.")
    unknown: list[Literal["email", "name", "title", "country", "time_zone", "seniority", "legal_basis"]] = Field(
        default=[], max_length=7
    )


# ------------------------------------------------------------------------------------------------ as SQL


def company_matches(text: str) -> Any:
    """By a part of its name, accents and case folded, or of its domain."""
    folded = plain(text)
    return sa.or_(
        col(Company.name_key).contains(folded, autoescape=True),
        sa.func.lower(col(Company.name)).contains(folded, autoescape=True),
        col(Company.domain).contains(text.lower(), autoescape=True),
    )


def person_matches(text: str, sealer: Sealer, principal: Principal) -> list[Any]:
    """Names and addresses are sealed: a person is found by a keyed hash, so only by all of it. Raises Forbidden for an
    address, where the caller may not know whose it is."""
    if "@" in text:
        principal.require(Permission.PEOPLE)
        return [col(Contact.email_index).in_(suppression.address_keys(sealer, text))]
    key = person_key(text) if principal.may(Permission.PEOPLE) else ""
    return [col(Contact.person_index) == sealer.blind_index("person", key)] if " " in key else []


def of_company(filters: _OfCompany, dialect: str) -> list[Any]:
    found: list[Any] = []
    if filters.industry:
        found.append(sa.func.lower(col(Company.industry)).contains(filters.industry.lower(), autoescape=True))
    if filters.country:
        found.append(col(Company.country) == filters.country.upper())
    if filters.min_employees is not None:
        found.append(col(Company.employees) >= filters.min_employees)
    if filters.max_employees is not None:
        found.append(col(Company.employees) <= filters.max_employees)
    if filters.technology:
        found.append(_has(col(Company.technologies), filters.technology, dialect))
    if filters.tag:
        found.append(_has(col(Company.tags), filters.tag, dialect))
    if filters.signal:
        found.append(
            sa.exists().where(col(SignalRow.company_id) == col(Company.id), col(SignalRow.kind) == filters.signal)
        )
    return found


def contact_suppressed() -> Any:
    """As far as the database can say: the address, or the company's domain. Each row's own answer is exact."""
    by_address = sa.exists().where(
        col(Suppression.kind) == suppression.ADDRESS, col(Suppression.key_index) == col(Contact.email_index)
    )
    return sa.or_(by_address, col(Company.excluded_at).is_not(None))


def is_unknown(column: Any) -> Any:
    """NULL, empty text or an empty list."""
    if isinstance(column.type, sa.String | AutoString):
        return sa.or_(column.is_(None), column == "")
    if isinstance(column.type, sa.JSON):
        return sa.cast(column, sa.Text) == "[]"
    return column.is_(None)


def _has(column: Any, text: str, dialect: str) -> Any:
    """The JSON list has this element, whatever its case."""
    each = sa.func.jsonb_array_elements_text if dialect == "postgresql" else sa.func.json_each
    elements = each(column).table_valued("value")
    return sa.exists(
        sa.select(sa.literal(1)).select_from(elements).where(sa.func.lower(elements.c.value) == text.lower())
    )
