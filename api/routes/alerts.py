"""Alerts: what people should know of now, and which of them somebody has seen."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select

from api import paging
from api.actions import alerts as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from store.models import Alert

router = APIRouter(route_class=ControlRoute, tags=["alerts"])


class AlertOut(BaseModel):
    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "id": "4f9e0a52-6a01-5c6f-8d18-1f0e3c7a9a10",
                    "level": "critical",
                    "text": "An inbox cannot be read, so replies and opt-outs in it are not seen.",
                    "subject_kind": "mailbox",
                    "subject_id": "0b9f7a52-1111-5c6f-8d18-1f0e3c7a9a11",
                    "created_at": "2026-06-02T14:00:00Z",
                    "seen_at": None,
                }
            ]
        },
    )

    id: UUID
    level: str  # info, warning, critical
    text: str
    subject_kind: str
    subject_id: UUID
    created_at: datetime
    seen_at: datetime | None


@router.get("/alerts", summary="Alerts, the newest first")
def list_alerts(
    deps: Deps,
    caller: Caller,
    seen: bool | None = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[AlertOut]:
    query = select(Alert).order_by(col(Alert.created_at).desc(), col(Alert.id).desc()).limit(limit + 1)
    if seen is not None:
        query = query.where(col(Alert.seen_at).is_not(None) if seen else col(Alert.seen_at).is_(None))
    if key := paging.decode(cursor, 2):
        at, last = paging.moment_and_id(key)
        query = query.where(
            sa.or_(col(Alert.created_at) < at, sa.and_(col(Alert.created_at) == at, col(Alert.id) < last))
        )
    with deps.database.read(caller.workspace_id) as session:
        rows = session.exec(query).all()
    items = [AlertOut.model_validate(row) for row in rows[:limit]]
    more = len(rows) > limit
    return paging.Page(
        items=items, next=paging.encode(items[-1].created_at.isoformat(), str(items[-1].id)) if more else None
    )


@router.post("/alerts/{alert_id}/seen", summary="Somebody has seen this alert")
def see_alert(alert_id: UUID, deps: Deps, caller: Caller) -> AlertOut:
    return AlertOut.model_validate(acts.see(deps, caller, alert_id))
