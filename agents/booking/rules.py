"""When a person can be met, as they set it: read from their row, checked before it is kept."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlmodel import Session, col, select

from core.errors import Rejected
from store.models import Availability, User, Workspace
from tools.calendar.availability import AvailabilityRules
from tools.calendar.public_holidays import problem_of_holidays
from tools.calendar.slots import HORIZON_DAYS, MIN_NOTICE, zone_of
from tools.calendar.wall_clock import Span
from tools.calendar.working_hours import DAYS, hours_or_none, read_overrides, read_windows


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
    overrides: dict[str, Any] = Field(default_factory=dict, max_length=400)  # {"2026-12-24": ["09:00", "12:00"]}
    out_of_office: tuple[Away, ...] = Field(default=(), max_length=100)


DEFAULT = Rules()


def rules_of(session: Session, user: User) -> Rules:
    """What cannot be read any more counts as not set."""
    return _read(session.get(Availability, (user.workspace_id, user.id)))


def _read(row: Availability | None) -> Rules:
    try:
        return Rules.model_validate(row.rules) if row is not None else DEFAULT
    except ValidationError:
        return DEFAULT


def availability_rules(session: Session, user: User, minutes: int) -> AvailabilityRules:
    return _built(rules_of(session, user), user.working_hours, _zone(session, user), minutes)


def availability_rules_of(session: Session, user_ids: Collection[UUID], minutes: int) -> dict[UUID, AvailabilityRules]:
    """Of several people who are there, in as many statements as of one."""
    users = list(session.exec(select(User).where(col(User.id).in_(user_ids), col(User.active))))
    rows = list(session.exec(select(Availability).where(col(Availability.id).in_(user_ids))))
    kept = {row.id: row for row in rows}
    return {
        user.id: _built(_read(kept.get(user.id)), user.working_hours, _zone(session, user), minutes) for user in users
    }


def _zone(session: Session, user: User) -> str:
    workspace = session.get(Workspace, user.workspace_id)
    zone = user.time_zone or (workspace.time_zone if workspace else "UTC")
    return zone if zone_of(zone) else "UTC"


class RulesRefused(Rejected):
    """`problems`: (where, why), in words for whoever wrote them; the first of them is the message."""

    code = "invalid"

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        where, why = problems[0]
        more = f" {len(problems) - 1} more cannot be used either." if len(problems) > 1 else ""
        super().__init__(f"{where}: {why}{more}", hint="Change it and save again.")
        self.problems = list(problems)


def checked(rules: Mapping[str, Any], working_hours: Mapping[str, Any], zone: str) -> Rules:
    """Raises RulesRefused, naming everything that cannot be used."""
    found: Rules | None = None
    problems: list[tuple[str, str]] = []
    try:
        found = Rules.model_validate(dict(rules))
    except ValidationError as error:
        problems = [
            (".".join(map(str, each["loc"])) or "rules", f"{each['msg']}.")
            for each in error.errors(include_url=False, include_input=False)
        ]
    if zone_of(zone) is None:
        problems.append(("time_zone", f"There is no time zone {zone[:64]!r}: write a name like Europe/Berlin."))
    if unknown := sorted(set(working_hours) - set(DAYS)):
        problems.append(("working_hours", f"{unknown[0]!r} is no weekday: write {', '.join(DAYS)}."))
    problems += _unread("working_hours", working_hours, lambda name: read_windows(working_hours[name], name))
    if found is not None:
        overrides = found.overrides
        problems += _unread("overrides", overrides, lambda name: read_overrides({name: overrides[name]}))
        if said := problem_of_holidays(found.country, found.region):
            problems.append(("region" if found.region else "country", said))
        for number, away in enumerate(found.out_of_office):
            if away.starts_at.utcoffset() is None or away.ends_at.utcoffset() is None:
                problems.append((f"out_of_office.{number}", "Out of office needs instants with a zone."))
            elif away.starts_at >= away.ends_at:
                problems.append((f"out_of_office.{number}", "Out of office ends after it starts."))
    if problems or found is None:
        raise RulesRefused(problems)
    return found


def availability_if(
    rules: Mapping[str, Any], working_hours: Mapping[str, Any], zone: str, minutes: int
) -> AvailabilityRules:
    """What would hold, were this set. Raises RulesRefused."""
    return _built(checked(rules, working_hours, zone), working_hours, zone, minutes)


def _unread(group: str, names: Iterable[str], read: Callable[[str], object]) -> list[tuple[str, str]]:
    problems = []
    for name in names:
        try:
            read(name)
        except ValueError as error:
            problems.append((f"{group}.{name}", str(error).removeprefix(f"{name}: ")))
    return problems


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
