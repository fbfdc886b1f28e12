"""A job title to seniority, department and snapADDY's labels, by keyword rules in four languages, with reasons.

The rules read a title as a person skims it: rank words first ("Head of", "Geschäftsführer"), then the function.
"""

import re
from functools import lru_cache
from typing import NamedTuple
from unicodedata import combining, normalize

from scoring.title_rules import (
    ASSISTANT,
    DEPARTMENT_RULES,
    NO_LONGER,
    NOT_A_RANK,
    SENIORITY_RULES,
    WORKS_FOR,
)
from scoring.types import Department, Reason, Seniority

TITLES_VERSION = "titles-rules-1"

# Titles repeat: a cohort of thousands of contacts holds some hundred. Bounded, so memory stays flat.
_REMEMBERED_TITLES = 65_536
# A longer "title" is a paragraph; its first words are what names the job.
MAX_TITLE_CHARS = 200


class TitleReading(NamedTuple):
    """None where the title does not say; the reasons say why."""

    seniority: Seniority | None
    department: Department | None
    reasons: tuple[Reason, ...]


# snapADDY's public labels (six of seniority, eleven of department).
SNAPADDY_SENIORITY: dict[Seniority, str] = {
    Seniority.INTERN: "Junior",
    Seniority.JUNIOR: "Junior",
    Seniority.STAFF: "Professional",
    Seniority.SENIOR: "Senior",
    Seniority.MANAGER: "Senior",
    Seniority.LEAD: "Lead",
    Seniority.DIRECTOR: "Director",
    Seniority.VP: "Management",
    Seniority.C_LEVEL: "Management",
    Seniority.OWNER: "Management",
}
SNAPADDY_DEPARTMENT: dict[Department, str] = {
    Department.GENERAL_MANAGEMENT: "Other",
    Department.SALES: "Sales",
    Department.MARKETING: "Marketing",
    Department.BUSINESS_DEVELOPMENT: "Business Development",
    Department.CUSTOMER_SUPPORT: "Customer Support",
    Department.INFORMATION_TECHNOLOGY: "Information Technology",
    Department.ENGINEERING: "Other",
    Department.PRODUCT: "Other",
    Department.PROJECT_MANAGEMENT: "Project Management",
    Department.CONSULTING: "Consulting",
    Department.OPERATIONS: "Other",
    Department.PURCHASING: "Purchasing",
    Department.FINANCE: "Other",
    Department.HUMAN_RESOURCES: "Human Resources",
    Department.LEGAL: "Other",
    Department.ADMINISTRATIVE: "Administrative",
    Department.OTHER: "Other",
}


def snapaddy_labels(reading: TitleReading) -> tuple[str, str]:
    """(department, seniority) in snapADDY's words, which have no label for unknown: the plainest stands in."""
    department = SNAPADDY_DEPARTMENT[reading.department or Department.OTHER]
    return department, SNAPADDY_SENIORITY[reading.seniority or Seniority.STAFF]


_GENDER = re.compile(
    r"\((?:m|w|f|d|x|h|all genders?|gn)(?:\s?[/|,]\s?\w+)*\)|[*:_](?=in(?:nen)?\b)|\(in(?:nen)?\)|/-?(?=in\b)"
)
_SPACES = re.compile(r"\s+")


def fold(title: str) -> str:
    """Lower case, no accents, no gender marks, single spaces: "Geschäftsführer*in" reads "geschaftsfuhrerin"."""
    text = "".join(c for c in normalize("NFKD", title[:MAX_TITLE_CHARS].casefold()) if not combining(c))
    return _SPACES.sub(" ", _GENDER.sub("", text)).strip()


@lru_cache(maxsize=_REMEMBERED_TITLES)
def read_title(title: str) -> TitleReading:
    """Seniority and department of a title. A title without a rank word is staff; an empty one is unknown."""
    text = fold(title)
    if not any(c.isalpha() for c in text):
        return TitleReading(None, None, (Reason("title_unknown", "The job title is unknown."),))
    if NO_LONGER.search(text):
        return TitleReading(None, None, (Reason("title_past", "The title speaks of a former job."),))
    seniority, why = _seniority(text)
    department, where = _department(text, seniority)
    return TitleReading(seniority, department, (why, where))


def _seniority(text: str) -> tuple[Seniority, Reason]:
    own = text
    works_for = WORKS_FOR.search(text)
    if works_for:
        own = text[: works_for.start("whom")] + " " + text[works_for.end("whom") :]
    own = NOT_A_RANK.sub(" ", own)
    for rule in SENIORITY_RULES:
        match = rule.pattern.search(own)
        if match:
            said = match.group().strip()
            return rule.seniority, Reason("seniority", f"'{said}' in the title: {rule.text}.")
    return Seniority.STAFF, Reason("seniority", "No word of rank in the title: taken as staff.")


def _department(text: str, seniority: Seniority) -> tuple[Department, Reason]:
    works_for = WORKS_FOR.search(text)
    if works_for and ASSISTANT.search(works_for.group()[: works_for.start("whom") - works_for.start()]):
        return Department.ADMINISTRATIVE, Reason("department", "Assists somebody else: administrative.")
    found = [
        (rule.rank, match.start(), match.group().strip(), rule.department)
        for rule in DEPARTMENT_RULES
        if (match := rule.pattern.search(text))
    ]
    if found:
        _, _, said, department = min(found)
        if department is Department.ADMINISTRATIVE and seniority.rank >= Seniority.C_LEVEL.rank:
            department = Department.GENERAL_MANAGEMENT  # a secretary general runs the house
        return department, Reason("department", f"'{said}' in the title: {department.replace('_', ' ')}.")
    if seniority.rank >= Seniority.VP.rank:
        return Department.GENERAL_MANAGEMENT, Reason("department", "Runs the company without naming a function.")
    return Department.OTHER, Reason("department", "The title names no function we know.")
