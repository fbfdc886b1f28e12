"""Who to write to at a company: the best few, spread over the seats of the buying committee; and which seats are empty.

A blocker (purchasing, legal, IT security) is somebody to know, not to open with: they are chosen only after everybody
else who can be reached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scoring.icp_model import TargetRole
from scoring.types import BuyingRole, Reason, Scored

COMMITTEE_VERSION = "committee-rules-2"
FILLED = "seat_filled"  # by somebody who can be reached

# How likely a mail arrives, by what the verifier says of the address.
REACHABILITY = {
    "valid": 1.0,  # the domain takes mail and the address is a person's
    "risky": 0.5,  # catch-all, role or free-mail: perhaps
    "unknown": 0.6,  # not checked: most guesses that pass syntax arrive, many do not
    "invalid": 0.0,  # never write to it
}
# No address, but a phone or profile: a rep's task can still reach the person.
NO_MAIL_OTHER_WAY = 0.3
# Somebody outside every seat may know who holds one.
OUTSIDE_FIT = 0.5
# Authority unknown: neither trusted nor thrown away.
UNKNOWN_AUTHORITY = 0.3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A contact as the other rules scored it. `authority` 0–1 or None; `role`: the seat from scoring.authority."""

    contact_id: str
    authority: float | None
    role: BuyingRole | None = None
    email_status: str | None = None  # valid, risky, invalid, unknown; None: no address
    has_other_channel: bool = False


class Chosen(NamedTuple):
    contact_id: str
    role: BuyingRole | None
    value: float  # role fit × authority × reachability, 0–1
    reasons: tuple[Reason, ...]


class SeatReview(NamedTuple):
    """One seat of a company's committee: who is known for it, and what it says."""

    role: BuyingRole
    code: str  # seat_filled, seat_unreachable, seat_empty
    text: str
    share: float  # of the whole committee, by weight
    holders: tuple[str, ...]  # contact ids: who can be reached first, then by authority


class Committee(NamedTuple):
    chosen: tuple[Chosen, ...]  # best seat first
    gaps: tuple[Reason, ...]  # seats nobody fills


def choose_contacts(candidates: Sequence[Candidate], roles: Sequence[TargetRole], n: int = 3) -> Committee:
    """Up to `n` reachable contacts: the best of each seat in the order of `roles`, then the best of the rest.

    Nobody without a way to be reached is chosen. Seats that stay empty are named in `gaps`. Ties go by contact id.
    Raises ValueError for a negative `n`.
    """
    if n < 0:
        raise ValueError(f"Contacts to choose must be 0 or more; got {n}.")
    weights = {role.role: role.weight for role in reversed(roles)}
    ranked = sorted((_value(c, weights) for c in candidates), key=lambda c: (-c.value, c.contact_id))
    reachable = [chosen for chosen in ranked if chosen.value > 0.0]
    seats = tuple(dict.fromkeys(role.role for role in sorted(roles, key=lambda r: -r.weight)))
    picked: list[Chosen] = []
    gaps: list[Reason] = []
    for seat in seats:
        best = next((c for c in reachable if c.role is seat), None)
        name = seat.replace("_", " ")
        if best is None:
            known = any(c.role is seat for c in ranked)
            why = "nobody known for it can be reached" if known else "nobody known fills it"
            gaps.append(Reason("committee_gap", f"No {name}: {why}."))
        elif len(picked) < n and seat is not BuyingRole.BLOCKER:
            picked.append(best._replace(reasons=(*best.reasons, Reason("seat", f"The best {name} found."))))
    taken = {c.contact_id for c in picked}
    for spare in sorted(reachable, key=lambda c: c.role is BuyingRole.BLOCKER):
        if len(picked) >= n:
            break
        if spare.contact_id not in taken:
            text = "Fills up: every seat that can be filled has somebody."
            picked.append(spare._replace(reasons=(*spare.reasons, Reason("spare", text))))
    return Committee(tuple(picked), tuple(gaps))


def open_seats(candidates: Sequence[Candidate], roles: Sequence[TargetRole]) -> tuple[TargetRole, ...]:
    """The seats that nobody known holds, reachable or not; the weightiest first."""
    held = {candidate.role for candidate in candidates}
    return tuple(role for role in sorted(roles, key=lambda r: -r.weight) if role.role not in held)


def review_seats(candidates: Sequence[Candidate], roles: Sequence[TargetRole]) -> Scored:
    """How well the committee of one company is known: the share of its seats, by weight, that hold somebody who can be
    reached, 0–1; None without seats. A reason a seat: who holds it, or what would fill it. Nothing personal in it."""
    seats = seats_held(candidates, roles)
    if not seats:
        return Scored(None, (Reason("no_seats", "The ICP names no seats of a buying committee."),), COMMITTEE_VERSION)
    reasons = tuple(Reason(s.code, s.text, s.share) if s.code == FILLED else Reason(s.code, s.text) for s in seats)
    return Scored(min(1.0, sum(reason.points for reason in reasons)), reasons, COMMITTEE_VERSION)


def seats_held(candidates: Sequence[Candidate], roles: Sequence[TargetRole]) -> tuple[SeatReview, ...]:
    """The seats that the ICP names, the weightiest first; empty where it names none that weighs anything."""
    wanted: dict[BuyingRole, list[TargetRole]] = {}
    for role in sorted(roles, key=lambda r: -r.weight):
        wanted.setdefault(role.role, []).append(role)
    total = sum(max(role.weight for role in seats) for seats in wanted.values())
    if not total:
        return ()
    found = []
    for seat, seats in wanted.items():
        name = seat.replace("_", " ")
        holders = sorted(
            (c for c in candidates if c.role is seat), key=lambda c: (-_reach(c), -(c.authority or 0.0), c.contact_id)
        )
        reached = sum(_reach(c) > 0.0 for c in holders)
        if reached:
            code, text = FILLED, f"{name.capitalize()}: {len(holders)} known, {reached} can be reached."
        elif holders:
            code = "seat_unreachable"
            text = f"No {name} can be reached: {len(holders)} known. An address, a phone or a profile would do."
        else:
            wants = "; or ".join(_wanted(role) for role in seats)
            code, text = "seat_empty", f"No {name}: nobody known fills it. It takes {wants}."
        share = max(role.weight for role in seats) / total
        found.append(SeatReview(seat, code, text, share, tuple(c.contact_id for c in holders)))
    return tuple(found)


def _wanted(role: TargetRole) -> str:
    rank = role.min_seniority.replace("_", " ")
    where = " or ".join(department.replace("_", " ") for department in role.departments)
    return f"{rank} or above in {where}" if where else f"{rank} or above"


def _reach(candidate: Candidate) -> float:
    status = candidate.email_status
    reach = REACHABILITY.get(status, REACHABILITY["unknown"]) if status else 0.0
    return NO_MAIL_OTHER_WAY if reach == 0.0 and candidate.has_other_channel else reach


def _value(candidate: Candidate, weights: dict[BuyingRole, float]) -> Chosen:
    seat = candidate.role if candidate.role in weights else None
    fit = weights[seat] if seat else OUTSIDE_FIT
    authority = UNKNOWN_AUTHORITY if candidate.authority is None else candidate.authority
    status, reach = candidate.email_status, _reach(candidate)
    value = fit * authority * reach
    said = "is unknown" if candidate.authority is None else f"is {authority:.2f}"
    reasons = (
        Reason("role_fit", f"{seat.replace('_', ' ').capitalize() if seat else 'No seat of the committee'}.", fit),
        Reason("authority", f"Authority {said}.", fit * authority - fit),
        Reason("reachability", f"Address: {status or 'none'}.", value - fit * authority),
    )
    return Chosen(candidate.contact_id, seat, value, reasons)
