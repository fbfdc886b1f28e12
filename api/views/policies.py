"""The policy in force, the versions before it, and what changed between them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from agents.policy import ActionClass, Autonomy, Policy, load_policy
from agents.reply_policy import ReplyAction
from api import paging
from api.views.people import names_of_actors
from core.errors import NotFound
from store.models import PolicyRow
from tools.mail.intents import Intent


class PolicyOut(Policy):
    """The policy in force. `number` 0: nobody set one yet, and every field has its careful default."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [Policy(number=3).model_dump(mode="json")]},
    )


class PolicyChange(BaseModel):
    field: str
    before: str
    after: str


class PolicyVersion(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "number": 3,
                    "by": "Ann Miller",
                    "at": "2026-06-02T14:00:00Z",
                    "in_force": True,
                    "changes": [{"field": "window_end_hour", "before": "18", "after": "17"}],
                }
            ]
        }
    )

    number: int
    by: str
    at: datetime
    in_force: bool
    changes: list[PolicyChange]  # against the version before; of the first, against the defaults


def policy_out(session: Session) -> PolicyOut:
    return PolicyOut.model_validate(load_policy(session).model_dump())


def versions(session: Session, *, limit: int, cursor: str | None = None) -> paging.Page[PolicyVersion]:
    """The newest first."""
    query = select(PolicyRow).order_by(col(PolicyRow.number).desc()).limit(limit + 1)
    if key := paging.decode(cursor, 1):
        query = query.where(col(PolicyRow.number) < _number(key[0]))
    rows = session.exec(query).all()
    newest = load_policy(session).number
    names = names_of_actors(session)
    items = []
    for at, row in enumerate(rows[:limit]):
        earlier = _definition(rows[at + 1]) if at + 1 < len(rows) else Policy()
        items.append(
            PolicyVersion(
                number=row.number,
                by=names.get(row.created_by, row.created_by or "system"),
                at=row.created_at,
                in_force=row.number == newest,
                changes=changes(earlier, _definition(row)),
            )
        )
    return paging.Page(items=items, next=paging.encode(items[-1].number) if len(rows) > limit else None)


def version(session: Session, number: int) -> PolicyOut:
    """Raises NotFound."""
    row = session.exec(select(PolicyRow).where(PolicyRow.number == number)).first()
    if row is None:
        raise NotFound(f"There is no policy {number}.")
    return PolicyOut.model_validate(_definition(row).model_dump())


def changes(before: Policy, after: Policy) -> list[PolicyChange]:
    found = []
    for name in Policy.model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if name == "autonomy":
            for action in ActionClass:
                one, other = before.autonomy_of(action), after.autonomy_of(action)
                if one is not other:
                    found.append(PolicyChange(field=f"autonomy.{action.value}", before=one.value, after=other.value))
        elif name == "replies":
            for intent in Intent:
                former, later = (_listed(policy.on_reply(intent)) for policy in (before, after))
                if former != later:
                    found.append(PolicyChange(field=f"replies.{intent.value}", before=former, after=later))
        elif name == "blocking_notes":
            if old != new:
                former, later = (", ".join(rule.replace("_", " ") for rule in chosen) for chosen in (old, new))
                found.append(PolicyChange(field=name, before=_shown(former), after=_shown(later)))
        elif name != "number" and old != new:
            found.append(PolicyChange(field=name, before=_shown(old), after=_shown(new)))
    return found


def autonomy_of(policy: Policy) -> dict[ActionClass, Autonomy]:
    return {action: policy.autonomy_of(action) for action in ActionClass}


def _listed(actions: list[ReplyAction]) -> str:
    return ", ".join(action.value.replace("_", " ") for action in actions)


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _definition(row: PolicyRow) -> Policy:
    return Policy.model_validate({**row.definition, "number": row.number})


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
