"""Whether two records speak of the same person: by address, by profile, by name at a company. And why.

An address or a profile names one person; a name does not, not even at one company. So names alone never reach AUTO:
a person decides. Names are compared by their parts in any order, with nicknames, initials, diacritics and other
scripts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from anyascii import anyascii
from rapidfuzz.distance import JaroWinkler

from tools.identity.nicknames import canonical
from tools.names import plain

AUTO = 0.97  # the same address or profile; everything else is for a person to say
GREY = 0.3

_MAX_NAME = 200
_TITLES = frozenset(
    ["mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "mme", "jr", "sr", "ii", "iii", "phd", "mba", "md"]
)
_TOKEN = re.compile(r"[^\W\d_]+")
_DOTS_DO_NOT_COUNT = frozenset(["gmail.com", "googlemail.com"])
# Profile hosts on which the path names a person, and how much of it.
_PROFILE = re.compile(
    r"(?i)^(?:https?:)?/*(?:[a-z]{2,3}\.|www\.|mobile\.|m\.)*"
    r"(linkedin\.com/(?:in|pub)|xing\.com/profile|github\.com|twitter\.com|x\.com|crunchbase\.com/person)/"
    r"@?([^/?#\s]+)"
)


@dataclass(frozen=True, slots=True)
class Person:
    """What one source says of a person. `company` is an identity of the company that both sides share, e.g. its id."""

    name: str
    email: str = ""
    profile_url: str = ""
    company: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class PersonJudgement:
    probability: float
    reasons: tuple[str, ...]


def mailbox(email: str) -> str:
    """An address as its provider reads it: lower case, without the tag; "" for no address."""
    local, at, domain = email.strip().lower().rpartition("@")
    local = local.partition("+")[0] or local
    if not at or not local or "." not in domain:
        return ""
    if domain in _DOTS_DO_NOT_COUNT:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def profile(url: str) -> str:
    """ "https://de.linkedin.com/in/Jane-Doe/?trk=x" → "linkedin.com/in/jane-doe"; "" where no person is named."""
    found = _PROFILE.match(url.strip()[:2_000])
    if not found:
        return ""
    host = found.group(1).lower().replace("twitter.com", "x.com").replace("linkedin.com/pub", "linkedin.com/in")
    return f"{host}/{unquote(found.group(2)).lower()}"


def name_parts(name: str) -> tuple[str, ...]:
    """The words of a name, folded to ASCII, without titles; "Müller, Jörg (he/him)" → ("jorg", "muller")."""
    text = re.sub(r"\([^)]*\)|\"[^\"]*\"", " ", name[:_MAX_NAME])
    head, comma, tail = text.partition(",")
    if comma and len(tail.split()) <= 3 and not set(_TOKEN.findall(plain(tail))) <= _TITLES:
        text = f"{tail} {head}"
    folded = plain(text)
    folded = folded if folded.isascii() else anyascii(folded).lower()
    return tuple(word for word in _TOKEN.findall(folded.replace("'", "")) if word not in _TITLES)


def name_likeness(first: str, second: str) -> float:
    """0–1, symmetric: 1 for the same words in any order, less for nicknames, initials and typing errors, 0 for another
    name. Both names need a first and a last word."""
    a, b = name_parts(first), name_parts(second)
    if len(a) < 2 or len(b) < 2:
        return 1.0 if a and a == b else 0.0
    if sorted(a) == sorted(b):
        return 1.0
    ends = [(a[0], a[-1], b[0], b[-1]), (a[0], a[-1], b[-1], b[0])]
    straight, turned = (min(_part(f, g, given=True), _part(x, y, given=False)) for f, x, g, y in ends)
    # Which word is the given name is not told in a turned pair: it must fit as family names do.
    strict = min(_part(a[0], b[-1], given=False), _part(a[-1], b[0], given=False))
    return max(straight, min(turned, strict) * 0.95)


def _part(first: str, second: str, *, given: bool) -> float:
    if first == second:
        return 1.0
    if given and canonical(first) == canonical(second):
        return 0.9
    if given and 1 in (len(first), len(second)) and first[0] == second[0]:
        return 0.7
    close = JaroWinkler.similarity(first, second) if min(len(first), len(second)) >= 4 else 0.0
    return close * 0.9 if close >= 0.92 else 0.0


def judge(first: Person, second: Person) -> PersonJudgement:
    """How likely two records are one person. Symmetric. The steps are chosen, not measured, save their order."""
    same_mail = bool(mailbox(first.email)) and mailbox(first.email) == mailbox(second.email)
    ours, theirs = profile(first.profile_url), profile(second.profile_url)
    same_profile = bool(ours) and ours == theirs
    likeness = name_likeness(first.name, second.name)
    named = bool(first.name.strip()) and bool(second.name.strip())
    reasons = []
    if same_mail:
        reasons.append("they have the same address")
    if same_profile:
        reasons.append("they have the same profile")
    if likeness:
        reasons.append("the names are equal" if likeness == 1 else "the names are alike")
    elif named:
        reasons.append("the names differ")
    if same_mail or same_profile:
        # One mailbox for two people ("office@"), a profile pasted into the wrong row: then the names differ.
        return PersonJudgement(0.99 if likeness or not named else 0.6, tuple(reasons))
    if not likeness:
        return PersonJudgement(0.0, tuple(reasons))
    if not first.company or first.company != second.company:
        return PersonJudgement(0.1 * likeness, (*reasons, "nothing says that they work at the same company"))
    probability = 0.9 * likeness
    reasons.append("they work at the same company")
    if ours and theirs:
        probability, reasons = probability * 0.3, [*reasons, "their profiles differ"]
    if mailbox(first.email) and mailbox(second.email):
        probability, reasons = probability * 0.6, [*reasons, "their addresses differ"]
    return PersonJudgement(probability, tuple(reasons))


def duplicates(people: Sequence[Person], *, threshold: float = GREY) -> list[tuple[int, int, PersonJudgement]]:
    """Pairs of positions that are likely one person, the likeliest first. Looks only at people who share an address, a
    profile, or a company and the first two letters of a name: linear in people outside of large companies."""
    near: dict[str, list[int]] = {}
    for position, person in enumerate(people):
        keys = {f"mail {m}" for m in [mailbox(person.email)] if m} | {
            f"profile {p}" for p in [profile(person.profile_url)] if p
        }
        if person.company:
            keys |= {f"at {person.company} {part[:2]}" for part in name_parts(person.name)}
        for key in keys:
            near.setdefault(key, []).append(position)
    pairs = {(a, b) for held in near.values() for i, a in enumerate(held) for b in held[i + 1 :]}
    judged = [(a, b, judge(people[a], people[b])) for a, b in sorted(pairs)]
    return sorted((j for j in judged if j[2].probability >= threshold), key=lambda j: (-j[2].probability, j[0], j[1]))
