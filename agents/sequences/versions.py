"""The versions of each sequence: the built-in first ones, and what people set since. One sequence a tier."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from agents.context import AgentContext
from core.errors import Conflict, NotFound, Rejected
from core.ids import stable_id
from scoring.sequence import SEQUENCES, SequenceSpec, choose_sequence
from scoring.sequence_reading import SequenceError, as_document, parse_sequence
from store import audit
from store.models import SequenceVersion


class SequenceRefused(Rejected):
    """`problems`: all of them, each with the place it is at."""

    code = "sequence_wrong"

    def __init__(self, error: SequenceError) -> None:
        self.problems = error.problems
        super().__init__(str(error), hint="Mend what it names; nothing was saved.")


class Sequences:
    """Every version of a workspace's sequences, read once."""

    def __init__(self, rows: Mapping[tuple[str, int], SequenceVersion]) -> None:
        self._rows = rows
        self._read: dict[tuple[str, int], SequenceSpec | None] = {}

    def version(self, name: str, number: int) -> SequenceSpec | None:
        """None where there is none, or today's rules cannot read it: its touches go on as they were planned."""
        key = (name, number)
        if key not in self._read:
            self._read[key] = self._parse(key)
        return self._read[key]

    def in_force(self, name: str) -> SequenceSpec:
        """What a lead that enters now gets. Raises NotFound."""
        numbers = [number for known, number in self._rows if known == name]
        found = self.version(name, max(numbers, default=1))
        if found is None:
            raise _unknown()
        return found

    def of_tier(self, tier: int | None) -> SequenceSpec:
        built_in = choose_sequence(tier)
        return self.in_force(built_in.name) if tier is not None else built_in

    def row(self, name: str, number: int) -> SequenceVersion | None:
        return self._rows.get((name, number))

    def numbers(self, name: str) -> list[int]:
        """The newest first."""
        return sorted({1, *(number for known, number in self._rows if known == name)}, reverse=True)

    def _parse(self, key: tuple[str, int]) -> SequenceSpec | None:
        row = self._rows.get(key)
        if row is None:
            return next((spec for spec in SEQUENCES.values() if (spec.name, spec.number) == key), None)
        try:
            return parse_sequence(row.definition, number=key[1])
        except SequenceError:
            return None


def load(session: Session) -> Sequences:
    """One statement: a workspace changes its sequences some times a year."""
    return Sequences({(row.name, row.number): row for row in session.exec(select(SequenceVersion))})


def version_of(session: Session, name: str, number: int) -> SequenceSpec | None:
    """One version, by its key."""
    query = select(SequenceVersion).where(SequenceVersion.name == name, SequenceVersion.number == number)
    rows = {(row.name, row.number): row for row in session.exec(query)} if number > 1 else {}
    return Sequences(rows).version(name, number)


def set_version(
    session: Session,
    context: AgentContext,
    document: object,
    *,
    by: str,
    note: str = "",
    based_on: int | None = None,
) -> tuple[SequenceSpec, bool]:
    """The sequence in force from now on for leads that enter, and whether it is new: what says the same makes none.

    Those that are in it stay on their version until they are moved. `based_on`: the version that the writer saw.
    Raises SequenceRefused, Conflict (another version came since).
    """
    try:
        wanted = parse_sequence(document)
    except SequenceError as error:
        raise SequenceRefused(error) from error
    last = session.exec(
        select(SequenceVersion)
        .where(SequenceVersion.name == wanted.name)
        .order_by(col(SequenceVersion.number).desc())
        .limit(1)
        .with_for_update()
    ).first()
    number = last.number if last is not None else 1
    current = version_of(session, wanted.name, number)
    if current is not None and as_document(current) == as_document(wanted):
        return current, False
    if based_on is not None and based_on != number:
        raise Conflict(
            f"Version {number} came since you began with {based_on}.",
            hint="Look at what changed, and make your change on the newest version.",
            code="sequence_changed",
        )
    row = SequenceVersion(
        workspace_id=context.workspace_id,
        # The same number twice, by two people at once, is one id: the second write fails instead of forking.
        id=stable_id("sequence_version", context.workspace_id, wanted.name, number + 1),
        name=wanted.name,
        number=number + 1,
        definition=as_document(wanted),
        note=note.strip()[:300],
        created_by=by,
        created_at=context.clock.now(),
    )
    session.add(row)
    session.flush()
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action="sequence.set",
        subject_kind="sequence",
        subject_id=row.id,
        details={"sequence": row.name, "version": row.number},
    )
    return parse_sequence(row.definition, number=row.number), True


def described(found: Sequences, name: str, number: int) -> dict[str, Any]:
    """Who wrote a version, when and why; the first ones are ours."""
    row = found.row(name, number)
    at: datetime | None = row.created_at if row is not None else None
    return {
        "created_by": row.created_by if row is not None else "SalesOS",
        "created_at": at,
        "note": row.note if row is not None else "Built in.",
    }


def _unknown() -> NotFound:
    return NotFound("There is no such sequence.", hint=f"There are: {', '.join(s.name for s in SEQUENCES.values())}.")
