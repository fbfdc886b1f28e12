"""Open roles on a careers page: lines that are a job's title, and those that sell."""

import re
from collections.abc import Sequence

from tools.site_reader.types import cleaned

MAX_TITLE = 90  # characters; longer lines are prose
_MAX_WORDS = 10

_SALES = re.compile(
    r"\b(account (?:executive|manager|director)s?|sales(?:force)? (?:development|executive|representative|rep|manager|"
    r"director|lead|engineer|associate|specialist|operations|enablement|consultant)s?|business development "
    r"(?:representative|rep|manager|executive|associate)s?|(?:vp|head|director) of sales|inside sales|"
    r"vp,? sales|revenue operations|chief revenue officer|SDRs?|BDRs?|AEs?|vertriebs\w+|"
    r"(?:commercial|attaché commercial|ingénieur commercial)\b.*\b(?:h/f|f/h|m/f)|ejecutiv[oa] de ventas)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(engineer|developer|designer|manager|executive|representative|analyst|director|specialist|scientist|recruiter|"
    r"consultant|architect|lead|accountant|counsel|administrator|coordinator|intern|officer|technician|nurse|associate|"
    r"assistant|strategist|researcher|editor|writer|controller|buyer|planner|operator|programmer|head of|vp|"
    r"chief of staff|sre|devops|praktikant|werkstudent\w*|entwickler\w*|ingenieur\w*|leiter\w*|"
    r"ingénieur|développeur\w*|responsable|SDR|BDR)s?\b",
    re.IGNORECASE,
)
# A title has no verb of ours in it: "meet our engineers", "talk to a manager", "we are not hiring".
_PROSE = re.compile(
    r"[.!?:]$|[.!?] |://|[<>{}=\\;]|\S@\S|"
    r"\b(we|our|you|your|us|is|are|was|not|meet|talk|contact|learn|read|join|why|how|what|my|says|"
    r"joined|apply|see|all|become|closed|filled|products?|policy|login|sign)\b",
    re.IGNORECASE,
)
_NO_ROLES = re.compile(
    r"\b(no (?:current |currently )?(?:open(?:ings| positions| roles| jobs)|vacancies|vacant positions)|"
    r"(?:currently|right now) not hiring|not (?:currently )?hiring|keine offenen stellen)\b",
    re.IGNORECASE,
)


def role_titles(lines: Sequence[str]) -> list[str]:
    """The lines that read as job titles, cleaned, each once, in the page's order."""
    found: dict[str, str] = {}
    for line in lines:
        if len(line) > 4 * MAX_TITLE:
            continue
        title = cleaned(line)
        if 2 < len(title) <= MAX_TITLE and len(title.split()) <= _MAX_WORDS and is_title(title):
            found.setdefault(title.casefold(), title)
    return list(found.values())


def is_title(text: str) -> bool:
    head = re.split(r"[,|(–—@]| - | at ", text, maxsplit=1)[0]  # "Jane Doe, Account Executive" is a person
    return not _PROSE.search(text) and bool(_ROLE.search(head) or _SALES.search(head))


def sells(title: str) -> bool:
    return bool(_SALES.search(title))


def says_no_roles(lines: Sequence[str]) -> str:
    """The line that says so, or ""."""
    return next((cleaned(line) for line in lines if len(line) < 600 and _NO_ROLES.search(line)), "")
