"""/availability: when one can be met, with the next free times as prospects would see them."""

from dataclasses import dataclass
from itertools import groupby
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from agents.booking.free_times import FreeTimes
from agents.booking.rules import RulesRefused
from api import etags
from api.actions import calendars as acts
from api.console.availability_form import NAMES, AvailabilityForm, form_of, name_of, read
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import Invalid, problem_of
from api.views import calendars as views
from api.views.booking_words import speech_of
from core.errors import SalesOSError
from tools.calendar.public_holidays import countries, regions
from tools.calendar.working_hours import DAYS

router = APIRouter(include_in_schema=False)

_SAID = {"saved": "Saved. What is offered from now on stands beside it."}
_DAYS_SHOWN = 5
_PREVIEW = "preview"
_ENGLISH = Locale.parse("en_GB")


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    times: tuple[str, ...]


@router.get("/availability")
def availability_page(deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    visitor.require(Permission.WORK)
    return _page(deps, visitor, acts.free_times(deps, visitor, None), said=_SAID.get(said, ""))


@router.post("/availability")
def set_availability(deps: Deps, visitor: ActingVisitor, typed: Annotated[AvailabilityForm, Form()]) -> Response:
    """With `act` preview nothing is kept: the page shows what would be offered."""
    visitor.require(Permission.WORK)
    try:
        wanted = read(typed)
        if typed.act == _PREVIEW:
            found = acts.free_times(deps, visitor, None, wanted=wanted)
            return _page(deps, visitor, found, typed=typed, tried=True)
        acts.set_availability(
            deps, visitor, None, wanted.rules, hours=wanted.hours, zone=wanted.zone, if_match=typed.etag or None
        )  # fmt: skip
    except RulesRefused as error:
        return _page(deps, visitor, None, typed=typed, error=_worded(error.problems))
    except Invalid as error:
        places = [(str(each["path"]), str(each["message"])) for each in error.problems]
        return _page(deps, visitor, None, typed=typed, error=_worded(places))
    except SalesOSError as error:
        return _page(deps, visitor, None, typed=typed, error=error)
    return RedirectResponse("/availability?said=saved", status_code=303)


def _worded(problems: list[tuple[str, str]]) -> Invalid:
    """With the names of the page. The list says what is wrong; the message how much."""
    count = "One line cannot be used" if len(problems) == 1 else f"{len(problems)} lines cannot be used"
    listed = [{"path": name_of(where), "message": why} for where, why in problems]
    return Invalid(f"{count}, so nothing was changed.", listed)


def _page(
    deps: Dependencies,
    visitor: Principal,
    found: FreeTimes | None,
    *,
    typed: AvailabilityForm | None = None,
    tried: bool = False,
    said: str = "",
    error: SalesOSError | None = None,
) -> HTMLResponse:
    if typed is None:
        with deps.database.read(visitor.workspace_id) as session:
            shown = views.availability(session, acts.user_of(session, visitor, None))
        typed = form_of(shown, etags.version_of(shown))
    days = _days(found) if found else []
    return console(
        deps,
        visitor,
        "availability.html",
        here="calendars",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        typed=typed,
        week=list(zip(DAYS, NAMES, strict=True)),
        faulty={p["path"].partition(",")[0] for p in error.problems} if isinstance(error, Invalid) else set(),
        zones=sorted(available_timezones()),
        countries=sorted((str(_ENGLISH.territories.get(code, code)), code) for code in countries()),
        regions=regions(typed.country),
        tried=tried,
        found=found,
        days=days[:_DAYS_SHOWN],
        more=sum(len(day.times) for day in days[_DAYS_SHOWN:]),
    )


def _days(found: FreeTimes) -> list[Day]:
    """In the words of the page that prospects see, on the person's own clock."""
    speech, zone, days = speech_of("en"), ZoneInfo(found.zone), []
    for _, of_day in groupby(found.slots, key=lambda slot: slot.starts_at.astimezone(zone).date()):
        those = list(of_day)
        times = tuple(speech.time(slot.starts_at, zone) for slot in those)
        days.append(Day(speech.day(those[0].starts_at, zone), times))
    return days
