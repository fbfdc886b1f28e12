"""Who of a pool takes the next meeting: fair over time, by a ledger that can be read back. Pure.

Each assignment is worth one meeting. It is owed in parts, by weight, to those who could have taken it, and paid by the
one who does: credits of a group sum to what they were before. Who is away is owed nothing: no flood on return.

The rule is that of proportionate progress (Baruah, Cohen, Plaxton, Varvel 1996) for one resource: among those who are
owed something, the one whose next whole meeting falls due first. While the same people are available nobody is ever one
whole meeting or more off what is due (tested). Where availability changes from slot to slot no rule that does not know
the future can promise that (Ajtai et al., "Fairness in scheduling", 1998): the tests hold it to what they say.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

UNIT = 1_000_000_000  # one meeting, in the integer parts that credits are kept in


class Ownership(StrEnum):
    """What it means that the lead has an owner already."""

    IGNORE = "ignore"
    PREFER = "prefer"  # the owner where free, else the rotation
    REQUIRE = "require"  # the owner or nobody


class Because(StrEnum):
    OWNER = "owner"
    ONLY_ONE = "only_one"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Member:
    """`weight`: share of meetings against the others', ≥ 0; 0 is paused: only as an owner. `credit`: what the pool owes
    this member, in `UNIT`s; negative: had more than was due."""

    member_id: UUID
    credit: int
    weight: int = 1
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Added to the credits, by member; sums to zero. To be kept with the meeting: it is what `give_back` needs."""

    changes: tuple[tuple[UUID, int], ...]

    def credit_of(self, member: Member) -> int:
        """The member's credit after this entry."""
        return member.credit + dict(self.changes).get(member.member_id, 0)


@dataclass(frozen=True, slots=True)
class Assignment:
    member_id: UUID
    because: Because
    reason: str  # for people
    entry: LedgerEntry


@dataclass(frozen=True, slots=True)
class Nobody:
    reason: str


def assign(
    members: Sequence[Member],
    available: Collection[UUID],
    *,
    skills: Collection[str] = (),
    owner: UUID | None = None,
    ownership: Ownership = Ownership.PREFER,
    owner_counts: bool = True,
) -> Assignment | Nobody:
    """Who takes one meeting. `available`: who is free at the slot (or has slots to propose). `skills`: all are needed;
    an owner is asked for none. `owner_counts`: whether what goes to an owner is paid from the owner's share.

    The same input gives the same answer: ties go to the smaller id. Raises ValueError for a negative weight or two
    members with one id.
    """
    _check(members)
    eligible = [m for m in members if m.member_id in available and m.weight > 0 and m.skills.issuperset(skills)]
    if owner is not None and ownership is not Ownership.IGNORE:
        mine = next((m for m in members if m.member_id == owner and owner in available), None)
        if mine is not None:
            among = eligible if mine in eligible else [*eligible, mine]
            entry = _entry(among, mine) if owner_counts else LedgerEntry(())
            return Assignment(owner, Because.OWNER, "Owns the lead and is free.", entry)
        if ownership is Ownership.REQUIRE:
            return Nobody("The lead's owner is not free, and nobody else may take it.")
    if not eligible:
        return Nobody(_why_nobody(members, skills))
    chosen = _next(eligible)
    if len(eligible) == 1:
        return Assignment(
            chosen.member_id, Because.ONLY_ONE, "The only one who is free and fits.", _entry(eligible, chosen)
        )
    owed = _dues(eligible)[chosen.member_id] / UNIT
    reason = f"Next in turn of {len(eligible)} who are free and fit: {owed:.2f} meetings are owed."
    return Assignment(chosen.member_id, Because.DUE, reason, _entry(eligible, chosen))


def give_back(entry: LedgerEntry) -> LedgerEntry:
    """What undoes an assignment, when its meeting goes to another member or falls through before it is held."""
    return LedgerEntry(tuple((member_id, -change) for member_id, change in entry.changes))


def settle(leaving: Member, others: Collection[UUID]) -> LedgerEntry:
    """What brings a member's credit to zero: the others take it on in equal parts, which changes nothing between them.
    So those who are in a pool always sum to zero, and a newcomer's mean is zero. Nobody else: nothing."""
    those = sorted(set(others) - {leaving.member_id})
    if not those or not leaving.credit:
        return LedgerEntry(())
    each, left = divmod(leaving.credit, len(those))
    parts = [(member_id, each + (number < left)) for number, member_id in enumerate(those)]
    return LedgerEntry(tuple((who, change) for who, change in [(leaving.member_id, -leaving.credit), *parts] if change))


def joining_credit(members: Sequence[Member]) -> int:
    """A newcomer's first credit: the mean of those who are there (0 in an empty pool), so that the newcomer neither
    catches up on years of meetings nor waits for the others to do so."""
    return sum(member.credit for member in members) // len(members) if members else 0


def _next(eligible: Sequence[Member]) -> Member:
    dues = _dues(eligible)
    owed = [m for m in eligible if dues[m.member_id] > 0]
    if not owed:  # all who are free had more than their due: the one who had the least more
        return min(eligible, key=lambda m: (-dues[m.member_id], m.member_id))
    # How many meetings until a whole one is due, if all stay available.
    return min(owed, key=lambda m: (Fraction(UNIT - dues[m.member_id], m.weight), m.member_id))


def _dues(among: Sequence[Member]) -> dict[UUID, int]:
    shares = _shares(among)
    return {member.member_id: member.credit + shares[member.member_id] for member in among}


def _shares(among: Sequence[Member]) -> dict[UUID, int]:
    """One meeting cut by weight; what does not divide goes to the first ids, one part each."""
    total = sum(member.weight for member in among)
    shares = {member.member_id: UNIT * member.weight // total for member in among}
    left = UNIT - sum(shares.values())
    for member_id in sorted(shares)[:left]:
        shares[member_id] += 1
    return shares


def _entry(among: Sequence[Member], chosen: Member) -> LedgerEntry:
    if not any(member.weight for member in among):
        return LedgerEntry(())  # a paused owner, alone: there is no share to pay from
    shares = _shares(among)
    shares[chosen.member_id] -= UNIT
    return LedgerEntry(tuple(sorted((member_id, change) for member_id, change in shares.items() if change)))


def _why_nobody(members: Sequence[Member], skills: Collection[str]) -> str:
    if not members:
        return "The pool has no members."
    if not any(member.weight > 0 for member in members):
        return "All members are paused."
    if not any(member.weight > 0 and member.skills.issuperset(skills) for member in members):
        return f"No active member can do: {', '.join(sorted(skills))}."
    return "No member who fits is free."


def _check(members: Sequence[Member]) -> None:
    if any(member.weight < 0 for member in members):
        raise ValueError("A weight is zero or more.")
    if len({member.member_id for member in members}) != len(members):
        raise ValueError("Two members have the same id.")
