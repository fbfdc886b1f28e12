"""ICPs and their versions. A definition that cannot be used is refused with everything that is wrong with it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from api.dependencies import Caller, Deps, Principal
from api.permissions import Permission
from api.problems import Invalid
from core.errors import Conflict, NotFound
from core.ids import stable_id
from scoring.icp import IcpError, parse_icp
from store.models import Icp, IcpVersion
from store.session import workspace_of

router = APIRouter(tags=["icps"])

IdempotencyKey = Annotated[
    str | None,
    Header(max_length=200, description="The same key again answers with what was made the first time (200, not 201)."),
]


class IcpInput(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "definition": {
                        "name": "Freight forwarders, DACH",
                        "industries": ["freight forwarding"],
                        "employees": {"min": 50, "max": 500},
                        "countries": ["DE", "AT", "CH"],
                    }
                }
            ]
        }
    )

    definition: dict[str, Any] = Field(description="The same words as in the YAML files; `name` is in it.")


class IcpVersionOut(BaseModel):
    id: UUID
    icp_id: UUID
    number: int
    definition: dict[str, Any]
    created_by: str
    created_at: datetime


class IcpOut(BaseModel):
    id: UUID
    name: str
    archived: bool
    created_at: datetime
    version: IcpVersionOut | None  # the newest


class IcpList(BaseModel):
    items: list[IcpOut]


@router.get("/icps", summary="Every ICP with its newest version")
def list_icps(deps: Deps, caller: Caller) -> IcpList:
    with deps.database.read(caller.workspace_id) as session:
        rows = session.exec(select(Icp).order_by(col(Icp.name), col(Icp.id))).all()
        newest = sa.select(col(IcpVersion.icp_id), sa.func.max(col(IcpVersion.number))).group_by(IcpVersion.icp_id)  # type: ignore[arg-type]
        numbers = dict(session.execute(newest).tuples().all())
        versions = {
            version.icp_id: version
            for version in session.exec(select(IcpVersion))
            if version.number == numbers[version.icp_id]
        }
    return IcpList(items=[_out(row, versions.get(row.id)) for row in rows])


@router.get("/icps/{icp_id}", summary="One ICP with its newest version")
def get_icp(icp_id: UUID, deps: Deps, caller: Caller) -> IcpOut:
    with deps.database.read(caller.workspace_id) as session:
        return _out(_icp(session, icp_id), _newest(session, icp_id))


@router.post("/icps", status_code=201, summary="Make an ICP with its first version")
def create_icp(
    body: IcpInput, deps: Deps, caller: Caller, response: Response, idempotency_key: IdempotencyKey = None
) -> IcpOut:
    caller.require(Permission.ICPS)
    name = _parsed(body.definition)
    with deps.database.write(caller.workspace_id) as session:
        icp_id = new_id(deps.ids.new(), caller, "icp", idempotency_key)
        if (known := session.get(Icp, (caller.workspace_id, icp_id))) is not None:
            response.status_code = 200
            return _out(known, _newest(session, icp_id))
        if session.exec(select(Icp.id).where(Icp.name == name)).first() is not None:
            raise Conflict(f"There is an ICP “{name}” already.", hint="Add a version to it, or choose another name.")
        icp = Icp(workspace_id=caller.workspace_id, id=icp_id, name=name, created_at=deps.clock.now())
        session.add(icp)
        session.flush()
        return _out(icp, _add_version(session, deps, caller, icp_id, 1, body.definition))


@router.post("/icps/{icp_id}/versions", status_code=201, summary="Change an ICP: the next version")
def create_icp_version(icp_id: UUID, body: IcpInput, deps: Deps, caller: Caller) -> IcpVersionOut:
    """What stands in the newest version already makes no new one."""
    caller.require(Permission.ICPS)
    _parsed(body.definition)
    with deps.database.write(caller.workspace_id) as session:
        _icp(session, icp_id)
        newest = _newest(session, icp_id)
        if newest is not None and newest.definition == body.definition:
            return _version(newest)
        number = newest.number + 1 if newest else 1
        return _version(_add_version(session, deps, caller, icp_id, number, body.definition))


def new_id(fresh: UUID, caller: Principal, kind: str, idempotency_key: str | None) -> UUID:
    """With an Idempotency-Key the id is of its content: the second request finds the row of the first."""
    return stable_id("api", caller.workspace_id, caller.actor, kind, idempotency_key) if idempotency_key else fresh


def _parsed(definition: dict[str, Any]) -> str:
    try:
        return parse_icp(definition).name
    except IcpError as error:
        problems = [{"path": problem.path, "message": problem.message} for problem in error.problems]
        raise Invalid(
            f"The ICP has {len(problems)} problem(s).", problems, hint="Mend them all, then send it again."
        ) from error


def _icp(session: Session, icp_id: UUID) -> Icp:
    found = session.get(Icp, (workspace_of(session), icp_id), with_for_update=session.info["writes"])
    if found is None:
        raise NotFound("There is no such ICP.")
    return found


def _newest(session: Session, icp_id: UUID) -> IcpVersion | None:
    query = select(IcpVersion).where(IcpVersion.icp_id == icp_id).order_by(col(IcpVersion.number).desc()).limit(1)
    return session.exec(query).first()


def _add_version(
    session: Session, deps: Deps, caller: Principal, icp_id: UUID, number: int, definition: dict[str, Any]
) -> IcpVersion:
    version = IcpVersion(
        workspace_id=caller.workspace_id,
        id=deps.ids.new(),
        icp_id=icp_id,
        number=number,
        definition=definition,
        created_by=caller.actor,
        created_at=deps.clock.now(),
    )
    session.add(version)
    session.flush()
    return version


def _version(row: IcpVersion) -> IcpVersionOut:
    return IcpVersionOut.model_validate(row, from_attributes=True)


def _out(row: Icp, version: IcpVersion | None) -> IcpOut:
    return IcpOut(
        id=row.id,
        name=row.name,
        archived=row.archived_at is not None,
        created_at=row.created_at,
        version=_version(version) if version else None,
    )
