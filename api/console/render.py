"""Pages: Jinja2 with escaping always on, and the few words that templates share."""

from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).parent
STATIC = _HERE / "static"


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    return HTMLResponse(_environment().get_template(template).render(**values), status_code=status)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(words=_words, moment=_moment, ago=_ago, value=_value, local=local)
    environment.globals["asset"] = _asset
    return environment


@cache
def _asset(name: str) -> str:
    """With a digest of its content in the address: it may be kept for a year, and a new version is seen at once."""
    return f"/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def _words(text: str) -> str:
    return str(text).replace("_", " ")


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def local(at: datetime, zone: str) -> str:
    """'Tuesday 24 November 2026, 10:00 (Europe/Berlin)'."""
    there = at.astimezone(ZoneInfo(zone or "UTC"))
    return f"{there:%A} {there.day} {there:%B %Y, %H:%M} ({zone or 'UTC'})"


def _ago(at: datetime, now: datetime) -> str:
    past = now - at
    if past < timedelta(minutes=1):
        return "just now"
    if past < timedelta(hours=1):
        return f"{past // timedelta(minutes=1)} min"
    if past < timedelta(days=2):
        return f"{past // timedelta(hours=1)} h"
    return f"{past.days} days"


def _value(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"
