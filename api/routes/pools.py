"""Pools of people who share out the meetings of some leads, and the ledger that says how fairly."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from agents.booking.pool_keeping import MOST_MEMBERS, MOST_WEIGHT
from agents.booking.pool_needs import MOST_NEEDS, MOST_SKILLS, Need
from api import paging
from api.actions import pools as acts
from api.control_route import ControlRoute, IdempotencyKey, new_id
from api.dependencies import Caller, Deps
from api.views import pools as views
from api.views.pools import LedgerEntryOut, PoolList, PoolOut
from tools.calendar.rotation import Ownership

router = APIRouter(route_class=ControlRoute, tags=["pools"])

_SOMEBODY = "0197d2c4-7d1e-7b53-9a0e-1c9f6a4d2b11"


class MemberInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"weight": 1, "skills": ["german"]}]})

    weight: int = Field(default=1, ge=1, le=MOST_WEIGHT, description="Share of the meetings against the others'.")
    skills: list[str] = Field(default_factory=list, max_length=MOST_SKILLS)
    active: bool = Field(default=True, description="Off: paused, gets only what is theirs as an owner.")


class NamedMember(MemberInput):
    """By id, or by the address that they sign in with."""

    user_id: UUID | None = None
    email: str = Field(default="", max_length=254)

    @model_validator(mode="after")
    def _somebody(self) -> "NamedMember":
        if (self.user_id is None) == (not self.email):
            raise ValueError("say who by user_id or by email")
        return self


class PoolInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Introductions",
                    "everyone": True,
                    "ownership": "prefer",
                    "needs": [{"skill": "german", "countries": ["DE", "AT", "CH"]}],
                }
            ]
        },
    )

    name: str = Field(min_length=1, max_length=100)
    active: bool = True
    everyone: bool = Field(default=False, description="Takes the leads of every ICP that has no pool of its own.")
    icp_ids: list[UUID] = Field(default_factory=list, max_length=200)
    minutes: int | None = Field(default=None, ge=5, le=480, description="Of its meetings; null: as the policy says.")
    ownership: Ownership = Field(
        default=Ownership.PREFER,
        description="The lead's owner takes it where free (prefer), or nobody else (require), or does not count.",
    )
    owner_counts: bool = Field(default=True, description="What goes to an owner is paid from the owner's share.")
    no_show_counts: bool = Field(default=True, description="Off: a meeting to which they did not come is given back.")
    needs: list[Need] = Field(default_factory=list, max_length=MOST_NEEDS)
    members: list[NamedMember] | None = Field(
        default=None, max_length=MOST_MEMBERS, description="Left out: those there are stay. Else the pool is these."
    )


class HandOverInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"from_user_id": _SOMEBODY}]})

    from_user_id: UUID
    to_user_id: UUID | None = Field(default=None, description="Left out: whoever is free and next.")
    meeting_ids: list[UUID] | None = Field(default=None, max_length=500, description="Left out: all that are coming.")


class HandedOut(BaseModel):
    meeting_id: UUID
    to_user_id: UUID | None = Field(description="Null: it stays where it is.")
    reason: str


class HandedList(BaseModel):
    items: list[HandedOut]


@router.get("/pools", summary="Every pool: who shares out which leads, and what each was owed and paid")
def list_pools(deps: Deps, caller: Caller) -> PoolList:
    with deps.database.read(caller.workspace_id) as session:
        return PoolList(items=views.pools(session, deps.clock.now()))


@router.post("/pools", status_code=201, summary="Make a pool")
def create_pool(body: PoolInput, deps: Deps, caller: Caller, idempotency_key: IdempotencyKey = None) -> PoolOut:
    pool_id = new_id(deps.ids.new(), caller, "pool", idempotency_key)
    return acts.put(deps, caller, pool_id, **_given(body), new=True)


@router.get("/pools/{pool_id}", summary="One pool")
def get_pool(pool_id: UUID, deps: Deps, caller: Caller) -> PoolOut:
    with deps.database.read(caller.workspace_id) as session:
        return views.pool(session, pool_id, deps.clock.now())


@router.put("/pools/{pool_id}", summary="Change a pool, whole; its ledger stays")
def set_pool(pool_id: UUID, body: PoolInput, deps: Deps, caller: Caller) -> PoolOut:
    return acts.put(deps, caller, pool_id, **_given(body))


@router.delete("/pools/{pool_id}", status_code=204, summary="Delete a pool that never had a meeting")
def delete_pool(pool_id: UUID, deps: Deps, caller: Caller) -> None:
    acts.remove(deps, caller, pool_id)


@router.put("/pools/{pool_id}/members/{user_id}", summary="Add a person to a pool, or change what holds for them")
def set_pool_member(pool_id: UUID, user_id: UUID, body: MemberInput, deps: Deps, caller: Caller) -> PoolOut:
    return acts.put_member(deps, caller, pool_id, user_id, weight=body.weight, skills=body.skills, active=body.active)


@router.delete("/pools/{pool_id}/members/{user_id}", status_code=204, summary="Take a person out of a pool")
def remove_pool_member(pool_id: UUID, user_id: UUID, deps: Deps, caller: Caller) -> None:
    """Their coming meetings stay theirs until somebody hands them over."""
    acts.take_out(deps, caller, pool_id, user_id)


@router.get("/pools/{pool_id}/ledger", summary="What was owed and paid, meeting by meeting, the newest first")
def list_pool_ledger(
    pool_id: UUID,
    deps: Deps,
    caller: Caller,
    user_id: Annotated[UUID | None, Query(description="Of this member alone.")] = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[LedgerEntryOut]:
    with deps.database.read(caller.workspace_id) as session:
        return views.ledger(session, pool_id, user_id=user_id, limit=limit, cursor=cursor)


@router.post("/pools/{pool_id}/hand-over", summary="Give a member's coming meetings to others; each says to whom")
def hand_over_meetings(pool_id: UUID, body: HandOverInput, deps: Deps, caller: Caller) -> HandedList:
    """Booked ones move to the other's calendar at the same time, and the invitation says whom they meet. What nobody
    can take stays, with the reason. Again: what was given is theirs no more."""
    found = acts.hand_over(
        deps, caller, pool_id, body.from_user_id, to_user=body.to_user_id, meeting_ids=body.meeting_ids
    )
    return HandedList(
        items=[HandedOut(meeting_id=one.meeting_id, to_user_id=one.to, reason=one.reason) for one in found]
    )


def _given(body: PoolInput) -> dict[str, Any]:
    members = body.members
    places = None if members is None else [acts.Place(**one.model_dump()) for one in members]
    return {name: getattr(body, name) for name in PoolInput.model_fields if name != "members"} | {"members": places}
