"""Authority: how far a contact can decide this purchase.

Seniority × relevance to the buying committee × company size.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from scoring.icp_model import IcpDefinition, TargetRole
from scoring.titles import TitleReading, read_title
from scoring.types import BuyingRole, Department, PersonTraits, Reason, Scored, Seniority

AUTHORITY_VERSION = "authority-rules-2"

# Share of a purchase that a person of this rank can decide in their own field.
SENIORITY_AUTHORITY: Mapping[Seniority, float] = {
    Seniority.INTERN: 0.05,  # nobody in training signs
    Seniority.JUNIOR: 0.10,  # can forward a mail
    Seniority.STAFF: 0.25,  # can recommend
    Seniority.SENIOR: 0.40,  # is asked for an opinion
    Seniority.MANAGER: 0.55,  # often holds a small budget
    Seniority.LEAD: 0.70,  # holds the team's budget
    Seniority.DIRECTOR: 0.85,  # holds the department's budget
    Seniority.VP: 0.90,  # holds several
    Seniority.C_LEVEL: 1.00,  # signs
    Seniority.OWNER: 1.00,  # signs
}
# The right department below the wanted rank can champion, not buy.
BELOW_RANK = 0.7
# A department that no seat of the committee names.
OUTSIDE_COMMITTEE = 0.35
# Unknown department: between outside and inside, since it may be either.
UNKNOWN_DEPARTMENT = 0.6
# Up to here the chief decides every purchase, whatever the field; staff below decide little.
TINY_COMPANY = 10
TINY_STAFF = 0.6
# Up to here the chief still sees every purchase of weight.
SMALL_COMPANY = 50
# Above this general management delegates purchases to departments …
LARGE_COMPANY = 200
LARGE_CHIEF = 0.75
# … and above this hardly ever sees one.
HUGE_COMPANY = 1_000
HUGE_CHIEF = 0.5

# Upper ends, included, of the size classes that decide (the last is open).
SIZE_EDGES = (TINY_COMPANY, SMALL_COMPANY, LARGE_COMPANY, HUGE_COMPANY)


class Authority(NamedTuple):
    scored: Scored
    role: BuyingRole | None  # the seat of the committee that the person fills; None: none
    seniority: Seniority | None
    department: Department | None


def size_class(employees: int | None) -> int | None:
    """0 tiny … 4 huge; None: unknown."""
    if employees is None:
        return None
    for index, edge in enumerate(SIZE_EDGES):
        if employees <= edge:
            return index
    return len(SIZE_EDGES)


def score_authority(person: PersonTraits, employees: int | None, icp: IcpDefinition) -> Authority:
    """Authority 0–1 of a contact at a company of this size under an ICP's target roles.

    None where neither a rank is given nor a title tells one.
    """
    seniority, department = person.seniority, person.department
    title_reasons: tuple[Reason, ...] = ()
    if seniority is None or department is None:
        reading = read_title(person.title) if person.title else _NO_TITLE
        title_reasons = reading.reasons
        seniority = seniority or reading.seniority
        department = department or reading.department
    if seniority is None:
        return Authority(Scored(None, title_reasons, AUTHORITY_VERSION), None, None, department)
    value, role, reasons = authority_parts(seniority, department, size_class(employees), icp.roles)
    if person.fact_ids:
        first = reasons[0]
        reasons = (Reason(first.code, first.text, first.points, person.fact_ids), *reasons[1:])
    scored = Scored(value, (*reasons, *title_reasons), AUTHORITY_VERSION)
    return Authority(scored, role, seniority, department)


_NO_TITLE = TitleReading(None, None, (Reason("title_unknown", "The job title is unknown."),))


# Ranks × departments × sizes are about a thousand for each ICP, and contacts millions: read once, reuse.
@lru_cache(maxsize=16_384)
def authority_parts(
    seniority: Seniority, department: Department | None, size: int | None, roles: tuple[TargetRole, ...]
) -> tuple[float, BuyingRole | None, tuple[Reason, ...]]:
    """The value, the seat and the reasons for a rank, department and size class. Points sum to the value."""
    base = SENIORITY_AUTHORITY[seniority]
    reasons = [Reason("seniority_authority", f"{_said(seniority)} can decide {base:.0%} in their own field.", base)]
    relevance, role, why = _relevance(seniority, department, size, roles)
    value = base * relevance
    reasons.append(Reason("role_relevance", why, value - base))
    factor, why = _size_factor(seniority, department, size)
    if factor != 1.0 or size is None:
        reasons.append(
            Reason("company_size" if size is not None else "company_size_unknown", why, value * factor - value)
        )
        value *= factor
    return value, role, tuple(reasons)


def is_chief(seniority: Seniority, department: Department | None) -> bool:
    """Runs the company as a whole rather than a function of it."""
    return seniority.rank >= Seniority.C_LEVEL.rank and department in (Department.GENERAL_MANAGEMENT, None)


def _relevance(
    seniority: Seniority, department: Department | None, size: int | None, roles: tuple[TargetRole, ...]
) -> tuple[float, BuyingRole | None, str]:
    small = 1 if size is None else size  # unknown: as if small, where most companies are
    if seniority.rank >= Seniority.C_LEVEL.rank and small <= 1:
        seat = BuyingRole.ECONOMIC_BUYER
        if any(role.role is seat for role in roles) and (is_chief(seniority, department) or small == 0):
            return 1.0, seat, "At a company of this size the chief buys."
    fits = [
        (role.weight * (1.0 if seniority.rank >= role.min_seniority.rank else BELOW_RANK), role)
        for role in roles
        if not role.departments or department in role.departments
    ]
    if fits:
        relevance = max(fit for fit, _ in fits)
        # They sit where their rank is enough, even where a seat above them would count for more: staff are users.
        held = [(fit, role) for fit, role in fits if seniority.rank >= role.min_seniority.rank] or fits
        _, role = max(held, key=lambda one: one[0])  # the first named of equals
        name = role.role.replace("_", " ")
        if seniority.rank >= role.min_seniority.rank:
            return relevance, role.role, f"Fits the seat of {name}."
        return relevance, role.role, f"The right field for {name}, below the wanted rank."
    if department is None:
        return UNKNOWN_DEPARTMENT, None, "The department is unknown."
    return (
        OUTSIDE_COMMITTEE,
        None,
        f"{department.replace('_', ' ').capitalize()} holds no seat in your buying committee.",
    )


def _size_factor(seniority: Seniority, department: Department | None, size: int | None) -> tuple[float, str]:
    if size is None:
        return 1.0, "The company's size is unknown, so it changes nothing."
    if is_chief(seniority, department):
        if size == 3:
            return LARGE_CHIEF, f"Above {LARGE_COMPANY} people the chief delegates purchases."
        if size == 4:
            return HUGE_CHIEF, f"Above {HUGE_COMPANY:,} people the chief hardly sees a purchase."
    elif size == 0 and seniority.rank < Seniority.C_LEVEL.rank:
        return TINY_STAFF, f"Up to {TINY_COMPANY} people the chief decides, not the staff."
    return 1.0, ""


def _said(seniority: Seniority) -> str:
    words = {Seniority.C_LEVEL: "A chief officer", Seniority.OWNER: "An owner", Seniority.VP: "A vice president"}
    return words.get(
        seniority, f"{'An' if seniority is Seniority.INTERN else 'A'} {_PERSON.get(seniority, seniority.value)}"
    )


_PERSON = {
    Seniority.JUNIOR: "junior",
    Seniority.STAFF: "member of staff",
    Seniority.SENIOR: "senior",
    Seniority.LEAD: "team or department lead",
}
