"""When a person can be met, as they set it: read from their row, checked before it is kept."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlmodel import Session

from core.errors import Rejected
from store.models import Availability, User, Workspace
from tools.calendar.availability import AvailabilityRules
from tools.calendar.slots import HORIZON_DAYS, MIN_NOTICE, zone_of
from tools.calendar.wall_clock import Span
from tools.calendar.working_hours import hours_or_none, read_hours, read_overrides


class Away(BaseModel):
    """Half-open, aware."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    starts_at: datetime
    ends_at: datetime


class Rules(BaseModel):
    """Beside the working hours, which stand on the user. Every default is what held before anybody set anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    buffer_before: int = Field(default=0, ge=0, le=240)  # minutes kept free before a meeting
    buffer_after: int = Field(default=0, ge=0, le=240)
    grid: int = Field(default=30, ge=5, le=240)  # minutes between two starts
    notice_hours: int = Field(default=int(MIN_NOTICE.total_seconds() // 3600), ge=0, le=720)
    horizon_days: int = Field(default=HORIZON_DAYS, ge=1, le=90)
    per_day: int | None = Field(default=None, ge=1, le=50)
    per_week: int | None = Field(default=None, ge=1, le=200)
    country: str = Field(default="", max_length=2)  # whose public holidays are free; "": none
    region: str = Field(default="", max_length=32)
    days_off: tuple[date, ...] = Field(default=(), max_length=400)
    overrides: dict[str, Any] = Field(default_factory=dict)  # {"2026-12-24": ["09:00", "12:00"]}
    out_of_office: tuple[Away, ...] = Field(default=(), max_length=100)


DEFAULT = Rules()


def rules_of(session: Session, user: User) -> Rules:
    """What cannot be read any more counts as not set."""
    row = session.get(Availability, (user.workspace_id, user.id))
    try:
        return Rules.model_validate(row.rules) if row is not None else DEFAULT
    except ValidationError:
        return DEFAULT


def availability_rules(session: Session, user: User, minutes: int) -> AvailabilityRules:
    workspace = session.get(Workspace, user.workspace_id)
    zone = user.time_zone or (workspace.time_zone if workspace else "UTC")
    return _built(rules_of(session, user), user.working_hours, zone if zone_of(zone) else "UTC", minutes)


def checked(rules: Mapping[str, Any], working_hours: Mapping[str, Any], zone: str) -> Rules:
    """Raises Rejected, in words for the person who wrote them."""
    try:
        found = Rules.model_validate(dict(rules))
        read_hours(working_hours)
        read_overrides(found.overrides)
        for away in found.out_of_office:
            if away.starts_at.utcoffset() is None or away.ends_at.utcoffset() is None:
                raise ValueError("Out of office needs instants with a zone.")
            if away.starts_at >= away.ends_at:
                raise ValueError("Out of office ends after it starts.")
        _built(found, working_hours, zone, 30)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Rejected(f"{place}: {first['msg']}.", hint="Change it and save again.") from None
    except ValueError as error:
        raise Rejected(str(error), hint="Change it and save again.") from None
    return found


def _built(rules: Rules, working_hours: Mapping[str, Any], zone: str, minutes: int) -> AvailabilityRules:
    return AvailabilityRules(
        zone=zone,
        hours=hours_or_none(working_hours),
        overrides=read_overrides(rules.overrides),
        days_off=frozenset(rules.days_off),
        out_of_office=tuple(Span(away.starts_at, away.ends_at) for away in rules.out_of_office),
        country=rules.country,
        region=rules.region,
        length=minutes,
        buffer_before=rules.buffer_before,
        buffer_after=rules.buffer_after,
        grid=rules.grid,
        notice=timedelta(hours=rules.notice_hours),
        horizon_days=rules.horizon_days,
        per_day=rules.per_day,
        per_week=rules.per_week,
    )
