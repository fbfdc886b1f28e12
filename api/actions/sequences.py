"""Setting a sequence's next version, and moving running leads to one: the right, the transaction, the answer."""

from typing import Any

from agents.sequences import moving, versions
from agents.sequences.moving import Moved
from agents.sequences.versions import SequenceRefused
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.problems import Invalid
from api.views.sequence_versions import SequenceMove, SequenceVersionOut, move_out, readable, version_view
from core.errors import Rejected
from scoring.sequence import SequenceSpec
from scoring.sequence_reading import SequenceError, parse_sequence


def parsed(definition: object) -> SequenceSpec:
    """Raises Invalid with everything that is wrong."""
    try:
        return parse_sequence(definition)
    except SequenceError as error:
        raise _invalid(error.problems) from error


def set_version(
    deps: Dependencies,
    principal: Principal,
    name: str,
    definition: dict[str, Any],
    *,
    note: str = "",
    based_on: int | None = None,
) -> tuple[SequenceVersionOut, bool]:
    """The version in force, and whether it is new. Raises Forbidden, Invalid, Rejected (another name), Conflict."""
    principal.require(Permission.POLICIES)
    wanted = parsed(definition)
    if wanted.name != name:
        raise Rejected(
            f"The definition is of {wanted.name}, not of {name}.", hint="A sequence keeps its name: it is its tier's."
        )
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        try:
            spec, new = versions.set_version(
                session, context, definition, by=principal.actor, note=note, based_on=based_on
            )
        except SequenceRefused as error:
            raise _invalid(error.problems) from error
        return version_view(session, name, spec.number), new


def preview_move(
    deps: Dependencies, principal: Principal, name: str, *, to_version: int | None, from_version: int | None
) -> SequenceMove:
    """Writes nothing. Raises NotFound."""
    context = deps.context_for(principal.workspace_id)
    with deps.database.read(principal.workspace_id) as session:
        known = versions.load(session)
        spec = readable(known, name, to_version or known.in_force(name).number)
        return move_out(name, spec.number, moving.preview(session, context, spec, from_version=from_version))


def move(
    deps: Dependencies, principal: Principal, name: str, *, to_version: int | None, from_version: int | None
) -> SequenceMove:
    """In chunks, each a transaction: what a chunk moved stays moved. Raises Forbidden, NotFound."""
    principal.require(Permission.POLICIES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.read(principal.workspace_id) as session:
        known = versions.load(session)
        spec = readable(known, name, to_version or known.in_force(name).number)
    told, after_id = Moved(), None
    while True:
        with deps.database.write(principal.workspace_id) as session:
            chunk, after_id = moving.move_chunk(
                session, context, spec, by=principal.actor, from_version=from_version, after_id=after_id
            )
        for field in ("moved", "stayed", "finished", "drafts"):
            setattr(told, field, getattr(told, field) + getattr(chunk, field))
        if after_id is None:
            return move_out(name, spec.number, told)


def _invalid(problems: tuple[tuple[str, str], ...]) -> Invalid:
    listed = [{"path": path, "message": text} for path, text in problems]
    return Invalid("The sequence cannot be used like this.", listed, hint="Mend what it names; nothing was saved.")
