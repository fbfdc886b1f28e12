"""When a pause without a date of its own ends: by policy after some business days of ours, else by a person's word."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlmodel import Session

from agents.context import AgentContext
from agents.recipient_time import zone_exists
from scoring.sequence import add_business_days
from store.models import Workspace
from tools.calendar.public_holidays import public_holidays

_MORNING = time(8)


def resume_after(session: Session, context: AgentContext, business_days: int | None) -> datetime | None:
    """The morning of that day where the workspace is. None: a person says when."""
    workspace = session.get(Workspace, context.workspace_id)
    if business_days is None or workspace is None:
        return None
    zone = ZoneInfo(workspace.time_zone if zone_exists(workspace.time_zone) else "UTC")
    today = context.clock.now().astimezone(zone).date()
    day = add_business_days(today, business_days, public_holidays(workspace.country, today.year))
    return datetime.combine(day, _MORNING, zone).astimezone(UTC)
