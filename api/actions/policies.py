"""Changing the policy: limits by whoever sets policies, what leaves without a person's word by whoever may say so."""

from agents.policy import Policy, load_policy, policy_version, set_policy
from api import etags
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views.policies import PolicyOut, autonomy_of, policy_out


def put(deps: Dependencies, principal: Principal, policy: Policy, *, if_match: str | None = None) -> PolicyOut:
    """Puts it in force as a new version; the same again changes nothing. Raises Forbidden, PreconditionFailed."""
    principal.require(Permission.POLICIES)
    with deps.database.write(principal.workspace_id) as session:
        current = load_policy(session)
        etags.check(if_match, policy_out(session))
        _may(principal, current, policy)
        set_policy(session, deps.clock, deps.ids, policy, by=principal.actor)
        return policy_out(session)


def go_back(deps: Dependencies, principal: Principal, number: int) -> PolicyOut:
    """What version `number` said is in force again, as a new version. The kill switch stays as it is: it is moved on
    purpose, never along the way. Raises Forbidden, NotFound."""
    principal.require(Permission.POLICIES)
    with deps.database.write(principal.workspace_id) as session:
        current = load_policy(session)
        wanted = policy_version(session, number).model_copy(update={"kill_switch": current.kill_switch})
        _may(principal, current, wanted)
        set_policy(session, deps.clock, deps.ids, wanted, by=principal.actor, action="policy.gone_back")
        return policy_out(session)


def kill_switch(deps: Dependencies, principal: Principal, *, on: bool) -> PolicyOut:
    """Turned on, nothing more is sent from the next mail on. The same again changes nothing. Raises Forbidden."""
    principal.require(Permission.POLICIES)
    with deps.database.write(principal.workspace_id) as session:
        current = load_policy(session)
        if current.kill_switch is not on:
            wanted = current.model_copy(update={"kill_switch": on})
            action = "policy.kill_switch_on" if on else "policy.kill_switch_off"
            set_policy(session, deps.clock, deps.ids, wanted, by=principal.actor, action=action)
        return policy_out(session)


def _may(principal: Principal, current: Policy, wanted: Policy) -> None:
    if autonomy_of(current) != autonomy_of(wanted):
        principal.require(Permission.AUTONOMY)
