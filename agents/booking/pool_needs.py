"""Which skills a lead asks of whoever meets it: a short list of sentences that sales ops writes and reads. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from core.errors import Rejected

MOST_NEEDS: Final = 50
MOST_SKILLS: Final = 20  # of a member
Skill = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[^\W_][\w .+-]{0,39}$")]
Country = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{2}$")]


class Need(BaseModel):
    """The skill is needed where all that is said here is so. What is not known of a lead is not so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    skill: Skill
    countries: tuple[Country, ...] = Field(default=(), max_length=300, description="Of the person, else their company.")
    icps: tuple[UUID, ...] = Field(default=(), max_length=100)
    tiers: tuple[Annotated[int, Field(ge=1, le=4)], ...] = Field(default=(), max_length=4)
    industries: tuple[str, ...] = Field(default=(), max_length=100)
    employees_from: int | None = Field(default=None, ge=0, le=1_000_000_000)
    employees_to: int | None = Field(default=None, ge=0, le=1_000_000_000)

    @field_validator("industries")
    @classmethod
    def _plain(cls, named: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(" ".join(one.split()).lower()[:200] for one in named if one.strip())

    @model_validator(mode="after")
    def _says_something(self) -> "Need":
        if not (self.countries or self.icps or self.tiers or self.industries) and (
            self.employees_from is None and self.employees_to is None
        ):
            raise ValueError("say of which leads: a need without a condition would be one of all of them")
        return self


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """What a need may ask for. "" and None: not known."""

    icp_id: UUID
    tier: int
    country: str = ""
    industry: str = ""
    employees: int | None = None


def skills_for(needs: Sequence[Need], lead: LeadFacts) -> tuple[str, ...]:
    """In order, each once."""
    return tuple(sorted({need.skill for need in needs if _is_so(need, lead)}))


def needs_of(rows: Sequence[Mapping[str, Any]]) -> list[Need]:
    """As they stand in a pool's row. One that cannot be read any more is left out: it asks for nothing."""
    found = []
    for row in rows:
        try:
            found.append(Need.model_validate(dict(row)))
        except ValidationError:
            continue
    return found


def checked_skills(skills: Sequence[str]) -> list[str]:
    """Raises Rejected, in words for whoever wrote them."""
    if len(skills) > MOST_SKILLS:
        raise Rejected(f"A member has at most {MOST_SKILLS} skills.")
    try:
        found = _Skills.model_validate({"skills": list(skills)}).skills
    except ValidationError:
        raise Rejected("A skill is a short word, like “german” or “enterprise”.") from None
    return sorted(set(found))


class _Skills(BaseModel):
    skills: list[Skill]


def _is_so(need: Need, lead: LeadFacts) -> bool:
    if need.countries and lead.country.upper() not in need.countries:
        return False
    if need.icps and lead.icp_id not in need.icps:
        return False
    if need.tiers and lead.tier not in need.tiers:
        return False
    if need.industries and lead.industry.lower() not in need.industries:
        return False
    if need.employees_from is not None and (lead.employees is None or lead.employees < need.employees_from):
        return False
    return need.employees_to is None or (lead.employees is not None and lead.employees <= need.employees_to)
