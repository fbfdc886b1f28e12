"""A job title to seniority, department and snapADDY's labels, by keyword rules in four languages, with reasons.

The rules read a title as a person skims it: which of its parts name a job of this person and which name somebody they
work for, then the word of rank of each ("Head of", "Geschäftsführer"), then the function. The highest rank counts.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from scoring.title_departments import DEPARTMENT_RULES
from scoring.title_rules import (
    AND,
    ASSISTANT,
    DEPUTY,
    NO_LONGER,
    NOT_A_RANK,
    NOT_YET,
    SECOND_JOB,
    SENIORITY_RULES,
    WORKS_FOR,
    SeniorityRule,
)
from scoring.title_text import MAX_TITLE_CHARS, fold
from scoring.types import Department, Reason, Seniority

TITLES_VERSION = "titles-rules-2"

# Titles repeat: a cohort of thousands of contacts holds some hundred. Bounded, so memory stays flat.
_REMEMBERED_TITLES = 65_536


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


# Between the jobs of one person; what follows "at" is the employer.
_BETWEEN_JOBS = re.compile(r"\s?[/|;,•·]\s?|\s-\s")
_EMPLOYER = re.compile(r"\s(?:bei|at|chez|@)\s[^/|;,]*")
_CUT_COMPOUND = re.compile(r"(?<=\w)-\s?[/,]\s?")  # "Vertriebs- / Geschäftsleitung" is one phrase


def read_title(title: str) -> TitleReading:
    """Seniority and department of a title. A title without a rank word is staff; an empty one is unknown."""
    return _read(title[:MAX_TITLE_CHARS])


@lru_cache(maxsize=_REMEMBERED_TITLES)
def _read(title: str) -> TitleReading:
    text = fold(title)
    if not any(c.isalpha() for c in text):
        return TitleReading(None, None, (Reason("title_unknown", "The job title is unknown."),))
    if NO_LONGER.search(text):
        return TitleReading(None, None, (Reason("title_past", "The title speaks of a former job."),))
    if NOT_YET.search(text):
        return TitleReading(None, None, (Reason("title_future", "The title speaks of a job that is looked for."),))
    seniority, why = _seniority(text)
    department, where = _department(text, seniority)
    return TitleReading(seniority, department, (why, where))


def _seniority(text: str) -> tuple[Seniority, Reason]:
    found = [match for job in _jobs(text) if (match := _rank(job))]
    if not found:
        return Seniority.STAFF, Reason("seniority", "No word of rank in the title: taken as staff.")
    rule, said = max(found, key=lambda one: one[0].seniority.rank)  # of equals, the first named
    return rule.seniority, Reason("seniority", f"'{said}' in the title: {rule.text}.")


def _jobs(text: str) -> Iterator[str]:
    """The parts of a title that each name a job of this person; what only names somebody else is left out."""
    own = _EMPLOYER.sub(" ", _CUT_COMPOUND.sub("- ", text))
    position = 0
    kept: list[str] = []
    for works_for in WORKS_FOR.finditer(own):
        second = SECOND_JOB.search(own, works_for.start("whom"), works_for.end("whom"))
        kept.append(own[position : works_for.start("whom")])
        position = second.start() if second else works_for.end("whom")
    for part in _BETWEEN_JOBS.split("".join((*kept, own[position:]))):
        job = DEPUTY.sub("", part)
        if not ASSISTANT.search(job):
            yield job
            continue
        # Who assists bears no rank of the others named beside it, unless that is said to be another job.
        for piece in AND.split(job):
            if ASSISTANT.search(piece):
                yield "assistant"
                yield from SECOND_JOB.split(job)[1:]
                break
            yield piece


def _rank(job: str) -> tuple[SeniorityRule, str] | None:
    own = NOT_A_RANK.sub(" ", job).strip(" .:()")
    for rule in SENIORITY_RULES:
        match = rule.pattern.search(own)
        if match:
            return rule, match.group().strip()
    return None


def _department(text: str, seniority: Seniority) -> tuple[Department, Reason]:
    text = DEPUTY.sub("", text)
    works_for = WORKS_FOR.search(text)
    if works_for and ASSISTANT.search(works_for.group()[: works_for.start("whom") - works_for.start()]):
        if seniority.rank <= Seniority.SENIOR.rank:
            return Department.ADMINISTRATIVE, Reason("department", "Assists somebody else: administrative.")
        second = SECOND_JOB.search(text, works_for.start("whom"), works_for.end("whom"))
        text = text[: works_for.start()] + " " + text[second.start() if second else works_for.end() :]
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
