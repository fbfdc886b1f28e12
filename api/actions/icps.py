"""Making and changing ICPs. Versions never change: a change is the next number, and going back is one too."""

from typing import Any
from uuid import UUID

import orjson
from sqlmodel import Session, col, select

from agents.rescoring import start_rescoring
from api import etags
from api.control_route import new_id
from api.dependencies import Dependencies, Principal
from api.etags import PreconditionFailed
from api.permissions import Permission
from api.problems import Invalid
from api.views.icps import (
    IcpOut,
    IcpVersionOut,
    RestoredVersionOut,
    icp_of,
    icp_out,
    icp_view,
    newest,
    read_definition,
    version_of,
    version_out,
)
from core.errors import Conflict
from scoring.icp import IcpDefinition, IcpError, parse_icp
from store import audit, feed
from store.feed_kinds import Kind, VersionData
from store.models import Icp, IcpVersion, Run, RunState

LARGEST = 64_000  # bytes of a definition as JSON: thousands of names, and still scored in no time
_LONGEST_NAME = 200


def create(
    deps: Dependencies, principal: Principal, definition: dict[str, Any], *, idempotency_key: str | None = None
) -> tuple[IcpOut, bool]:
    """The ICP, and whether it is new. Raises Forbidden, Invalid (all that is wrong), Conflict (the name is taken)."""
    principal.require(Permission.ICPS)
    name = parsed(definition).name
    with deps.database.write(principal.workspace_id) as session:
        icp_id = new_id(deps.ids.new(), principal, "icp", idempotency_key)
        if session.get(Icp, (principal.workspace_id, icp_id)) is not None:
            return icp_view(session, icp_id), False
        _free(session, name, icp_id)
        icp = Icp(workspace_id=principal.workspace_id, id=icp_id, name=name, created_at=deps.clock.now())
        session.add(icp)
        session.flush()
        version = _append(session, deps, principal, icp_id, 1, definition)
        shown = icp_out(icp, version)
        _record(session, deps, principal, "icp.created", icp_id, {"version": 1})
        return shown, True


def add_version(
    deps: Dependencies,
    principal: Principal,
    icp_id: UUID,
    definition: dict[str, Any],
    *,
    if_match: str | None = None,
    based_on: int | None = None,
) -> tuple[IcpVersionOut, bool]:
    """The newest version, and whether it is new: what means the same as the newest makes none.

    Raises Forbidden, Invalid, NotFound, PreconditionFailed (another version came since), Conflict (archived, name).
    """
    principal.require(Permission.ICPS)
    wanted = parsed(definition)
    with deps.database.write(principal.workspace_id) as session:
        icp = icp_of(session, icp_id)
        last = newest(session, icp_id)
        if last is not None and read_definition(last.definition) == wanted:
            return version_out(last), False
        etags.check(if_match, icp_out(icp, last))
        _check_base(last, based_on)
        if icp.archived_at is not None:
            raise Conflict("This ICP is archived.", hint="Bring it back first.", code="archived")
        if wanted.name != icp.name:
            _free(session, wanted.name, icp_id)
            icp.name = wanted.name
            session.add(icp)
        number = last.number + 1 if last else 1
        shown = version_out(_append(session, deps, principal, icp_id, number, definition))
        _record(session, deps, principal, "icp.version_added", icp_id, {"version": number})
        return shown, True


def restore(
    deps: Dependencies, principal: Principal, icp_id: UUID, number: int, *, if_match: str | None = None
) -> tuple[RestoredVersionOut, bool]:
    """An old version in force again, in one step: its words are the newest version, and all leads are scored by it.

    No version is lost. Raises as `add_version`, and Conflict while a run of the ICP is under way: it would go on
    scoring by the version it began with, and leave the leads with tiers of both.
    """
    principal.require(Permission.ICPS)
    with deps.database.write(principal.workspace_id) as session:
        icp = icp_of(session, icp_id)
        old, last = version_of(session, icp_id, number), newest(session, icp_id)
        assert last is not None
        wanted = parsed(old.definition)
        if read_definition(last.definition) == wanted:
            return _restored(last, number, None), False
        etags.check(if_match, icp_out(icp, last))
        if icp.archived_at is not None:
            raise Conflict("This ICP is archived.", hint="Bring it back first.", code="archived")
        _no_run_under_way(session, icp_id)
        if wanted.name != icp.name:
            _free(session, wanted.name, icp_id)
            icp.name = wanted.name
            session.add(icp)
        version = _append(session, deps, principal, icp_id, last.number + 1, old.definition)
        size = deps.settings.cohort_size
        run = start_rescoring(session, deps.clock, deps.ids.new(), version, principal.actor, cohort_size=size)
        details = {"version": version.number, "restored": number, "instead_of": last.number}
        _record(session, deps, principal, "icp.rolled_back", icp_id, details)
        return _restored(version, number, run.id if run else None), True


def _restored(version: IcpVersion, number: int, run_id: UUID | None) -> RestoredVersionOut:
    return RestoredVersionOut(**version_out(version).model_dump(), restored=number, run_id=run_id)


def _no_run_under_way(session: Session, icp_id: UUID) -> None:
    under_way = (
        select(Run)
        .join(
            IcpVersion,
            (col(IcpVersion.workspace_id) == col(Run.workspace_id)) & (col(IcpVersion.id) == col(Run.icp_version_id)),
        )
        .where(IcpVersion.icp_id == icp_id, col(Run.state).in_([RunState.PENDING, RunState.RUNNING, RunState.PAUSED]))
    )
    run = session.exec(under_way.limit(1)).first()
    if run is not None:
        raise Conflict(
            f"A run of this ICP is {run.state.value}: it would go on scoring by another version.",
            hint="Wait until it is done, or cancel it; then go back.",
            code="run_under_way",
        )


def set_archived(deps: Dependencies, principal: Principal, icp_id: UUID, *, archived: bool) -> IcpOut:
    """No run starts from an archived one; its leads go on. Twice changes nothing. Raises Forbidden, NotFound."""
    principal.require(Permission.ICPS)
    with deps.database.write(principal.workspace_id) as session:
        icp = icp_of(session, icp_id)
        changed = (icp.archived_at is not None) != archived
        if changed:
            icp.archived_at = deps.clock.now() if archived else None
            session.add(icp)
            session.flush()
        shown = icp_out(icp, newest(session, icp_id))
        if changed:
            _record(session, deps, principal, "icp.archived" if archived else "icp.brought_back", icp_id, {})
        return shown


def parsed(definition: dict[str, Any]) -> IcpDefinition:
    """Raises Invalid with everything that is wrong, each with its path."""
    problems = _unstorable(definition)
    try:
        found = parse_icp(definition)
    except IcpError as error:
        problems += [{"path": problem.path, "message": problem.message} for problem in error.problems]
    else:
        if len(found.name) > _LONGEST_NAME:
            problems.append({"path": "name", "message": f"is longer than {_LONGEST_NAME} characters"})
        if not problems:
            return found
    count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    raise Invalid(f"The ICP has {count}.", problems, hint="Mend what is named, then send it again.")


def _unstorable(definition: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        text = orjson.dumps(definition)
    except (TypeError, ValueError, RecursionError):
        return [{"path": "(the ICP)", "message": "holds a number or a text that cannot be kept"}]
    if len(text) > LARGEST:
        return [{"path": "(the ICP)", "message": f"is too long: {len(text):,} bytes, at most {LARGEST:,}"}]
    if b"\\u0000" in text:
        return [{"path": "(the ICP)", "message": "holds a character that cannot be kept"}]
    return []


def _check_base(last: IcpVersion | None, based_on: int | None) -> None:
    if based_on is not None and last is not None and last.number != based_on:
        raise PreconditionFailed(
            f"Version {last.number} was saved since you began from version {based_on}; nothing was written.",
            hint="Compare with what stands there now, then save again: it becomes the next version.",
        )


def _free(session: Session, name: str, icp_id: UUID) -> None:
    if session.exec(select(Icp.id).where(Icp.name == name, col(Icp.id) != icp_id)).first() is not None:
        raise Conflict(f"There is an ICP “{name}” already.", hint="Add a version to it, or choose another name.")


def _append(
    session: Session, deps: Dependencies, principal: Principal, icp_id: UUID, number: int, definition: dict[str, Any]
) -> IcpVersion:
    version = IcpVersion(
        workspace_id=principal.workspace_id,
        id=deps.ids.new(),
        icp_id=icp_id,
        number=number,
        definition=definition,
        created_by=principal.actor,
        created_at=deps.clock.now(),
    )
    session.add(version)
    session.flush()
    told = feed.Event(Kind.ICP_VERSION_MADE, icp_id, VersionData(number=number), principal.actor)
    feed.publish(session, deps.clock, [told])
    return version


def _record(
    session: Session, deps: Dependencies, principal: Principal, action: str, icp_id: UUID, details: dict[str, int]
) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=action,
        subject_kind="icp",
        subject_id=icp_id,
        details=details,
    )
