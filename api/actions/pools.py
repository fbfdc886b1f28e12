"""Pools made, changed and manned; coming meetings handed over by a person's word."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, select

from agents.booking import handing_over, pool_keeping
from agents.booking.handing_over import Handed
from agents.booking.pool_needs import Need
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views import pools as views
from api.views.pools import PoolOut
from core.errors import NotFound, Rejected
from store.models import Pool, User
from store.queries import pools as ledger
from tools.calendar.rotation import Ownership


@dataclass(frozen=True, slots=True)
class Place:
    """One member as they are to be. By id, or by the address that they sign in with."""

    user_id: UUID | None
    email: str
    weight: int
    skills: Sequence[str]
    active: bool


def put(
    deps: Dependencies,
    principal: Principal,
    pool_id: UUID,
    *,
    name: str,
    active: bool,
    everyone: bool,
    icp_ids: Collection[UUID],
    minutes: int | None,
    ownership: Ownership,
    owner_counts: bool,
    no_show_counts: bool,
    needs: Sequence[Need],
    members: Sequence[Place] | None,
    new: bool = False,
) -> PoolOut:
    """`members`: None leaves them; else whom it does not name leaves the pool. Raises Forbidden, NotFound, Rejected,
    Conflict."""
    principal.require(Permission.POLICIES)
    context, by = deps.context_for(principal.workspace_id), principal.actor
    with deps.database.write(principal.workspace_id) as session:
        if not new and session.get(Pool, (principal.workspace_id, pool_id)) is None:
            raise NotFound("There is no such pool.")
        pool_keeping.put(
            session,
            context,
            pool_id,
            name=name,
            active=active,
            everyone=everyone,
            icp_ids=icp_ids,
            minutes=minutes,
            ownership=ownership,
            owner_counts=owner_counts,
            no_show_counts=no_show_counts,
            needs=needs,
            by=by,
        )
        if members is not None:
            wanted = {_user_of(session, one): one for one in members}
            if len(wanted) != len(members):
                raise Rejected("The same person is named twice.")
            for _, user in ledger.people_of(session, pool_id):
                if user.id not in wanted:
                    pool_keeping.take_out(session, context, pool_id, user.id, by=by)
            for user_id, one in wanted.items():
                pool_keeping.put_member(
                    session,
                    context,
                    pool_id,
                    user_id,
                    weight=one.weight,
                    skills=one.skills,
                    active=one.active,
                    by=by,
                )
        return views.pool(session, pool_id, deps.clock.now())


def remove(deps: Dependencies, principal: Principal, pool_id: UUID) -> None:
    """Raises Forbidden, NotFound, Conflict."""
    principal.require(Permission.POLICIES)
    with deps.database.write(principal.workspace_id) as session:
        pool_keeping.remove(session, deps.context_for(principal.workspace_id), pool_id, by=principal.actor)


def put_member(
    deps: Dependencies,
    principal: Principal,
    pool_id: UUID,
    user_id: UUID,
    *,
    weight: int,
    skills: Sequence[str],
    active: bool,
) -> PoolOut:
    """Raises Forbidden, NotFound, Rejected, Conflict."""
    principal.require(Permission.POLICIES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        pool_keeping.put_member(
            session, context, pool_id, user_id, weight=weight, skills=skills, active=active, by=principal.actor
        )
        return views.pool(session, pool_id, deps.clock.now())


def take_out(deps: Dependencies, principal: Principal, pool_id: UUID, user_id: UUID) -> int:
    """How many meetings they still have ahead. Raises Forbidden, NotFound."""
    principal.require(Permission.POLICIES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        return pool_keeping.take_out(session, context, pool_id, user_id, by=principal.actor)


def hand_over(
    deps: Dependencies,
    principal: Principal,
    pool_id: UUID,
    from_user: UUID,
    *,
    to_user: UUID | None = None,
    meeting_ids: Collection[UUID] | None = None,
) -> list[Handed]:
    """Asks the others' calendars. Raises Forbidden, NotFound, Rejected."""
    principal.require(Permission.POLICIES)
    context = deps.context_for(principal.workspace_id)
    return handing_over.reassign(
        context, pool_id, from_user, to_user=to_user, meeting_ids=meeting_ids, by=principal.actor
    )


def _user_of(session: Session, place: Place) -> UUID:
    if place.user_id is not None:
        return place.user_id
    found = session.exec(select(User.id).where(User.email == place.email.strip().lower())).first()
    if found is None:
        raise NotFound(f"Nobody signs in as {place.email[:100]}.")
    return found
