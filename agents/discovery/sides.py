"""Whose side a speaker is on, by the people who are known to take part. What cannot be told is asked, not guessed."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from agents.discovery.kinds import NO_SIDES, Side

_WORD = re.compile(r"[^\W\d_]{2,}")


def sides_of(
    speakers: Sequence[str],
    *,
    ours: Sequence[str],
    theirs: Sequence[str],
    our_company: str = "",
    their_company: str = "",
    said: Mapping[str, Side] = NO_SIDES,
) -> dict[str, Side]:
    """By name, and by a company or an address behind it ("Anna Berg (Acme)"). `said`: what a person told us stands.

    Of two speakers the one who is not ours is theirs: a meeting has two sides.
    """
    found = {one: said.get(one) or _side(one, ours, theirs, our_company, their_company) for one in speakers}
    open_ = [one for one, side in found.items() if side is Side.UNKNOWN]
    if len(found) == 2 and len(open_) == 1 and not _generic(open_[0]):
        other = next(side for side in found.values() if side is not Side.UNKNOWN)
        if other in (Side.US, Side.PROSPECT):
            found[open_[0]] = Side.PROSPECT if other is Side.US else Side.US
    return found


def _side(speaker: str, ours: Sequence[str], theirs: Sequence[str], our_company: str, their_company: str) -> Side:
    name, _, behind = speaker.partition("(") if "(" in speaker else speaker.partition("|")
    us, them = any(_same(name, one) for one in ours), any(_same(name, one) for one in theirs)
    if us != them:
        return Side.US if us else Side.PROSPECT
    us, them = _words(our_company) <= _words(behind), _words(their_company) <= _words(behind)
    us, them = us and bool(_words(our_company)), them and bool(_words(their_company))
    if us != them:
        return Side.US if us else Side.PROSPECT
    return Side.UNKNOWN


def _same(speaker: str, person: str) -> bool:
    """ "Anna", "Berg, Anna" and "A. Berg" are Anna Berg; "Anna Bergmann" is somebody else."""
    if "@" in speaker:
        speaker = speaker.partition("@")[0].replace(".", " ").replace("_", " ")
    said, known = _words(speaker), _words(person)
    return bool(said) and bool(known) and (said <= known or known <= said)


def _words(text: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return frozenset(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c))))


def _generic(speaker: str) -> bool:
    """ "Speaker 2" or "Unknown": a program did not know either; still one of two, so only a room is nobody."""
    return bool(re.search(r"\b(?:room|raum|salle|sala|all|alle)\b", speaker.casefold()))
