"""The first page of the day: one list, the reason for each place in it, and what can be done at once."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from agents.task_outcomes import FINAL_RESULTS, TaskResult
from api.actions import alerts, meetings
from api.actions import work as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views.setup import is_empty
from api.views.today import today
from core.errors import Rejected, SalesOSError
from store.queries import outbox, telephony

router = APIRouter(include_in_schema=False)

_UNDONE = ("done", TaskResult.VOICEMAIL.value, TaskResult.NO_ANSWER.value)
_KEYS = {  # what is offered on a row: the word, its label, its key; those that end something ask once more
    TaskResult.REACHED: ("Reached", "r"),
    TaskResult.VOICEMAIL: ("Voicemail", "v"),
    TaskResult.NO_ANSWER: ("No answer", "a"),
    TaskResult.CALL_BACK: ("Call back", "b"),
    TaskResult.WRONG_NUMBER: ("Wrong number", "w"),
    TaskResult.NOT_INTERESTED: ("Not interested", "x"),
}
_ASKED_TWICE = (TaskResult.WRONG_NUMBER, TaskResult.NOT_INTERESTED)

Whose = Annotated[str, Form(max_length=8)]

_SAID = {
    "reached": "Logged. The sequence waits, and a task asks what comes next.",
    "voicemail": "Logged: voicemail. The next step is taken as planned.",
    "no_answer": "Logged: no answer. It is tried again in their business hours, three times in all.",
    "wrong_number": "Logged. The number is forgotten.",
    "not_interested": "Logged. The lead is lost: nothing more is sent in its sequence.",
    "call_back": "Logged. A task waits for that hour.",
    "done": "The task is done.",
    "reopened": "The task waits again.",
    "held": "Kept: the meeting took place.",
    "no_show": "Kept: they did not come.",
    "seen": "The alert is put away.",
}


@router.get("/")
def home() -> Response:
    return RedirectResponse("/today", status_code=303)


@router.get("/today")
def today_page(deps: Deps, visitor: Visitor, whose: str = "", said: str = "", undo: UUID | None = None) -> Response:
    if not whose and not said and visitor.may(Permission.SETTINGS):
        with deps.database.read(visitor.workspace_id) as session:
            empty = is_empty(session)
        if empty:  # there is no day to show yet: the guide makes one
            return RedirectResponse("/setup", status_code=303)
    return _show(deps, visitor, whose=whose, said=_SAID.get(said, ""), undo=undo if said in _UNDONE else None)


@router.post("/today/tasks/{task_id}/done")
def finish_task(
    task_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    outcome: Annotated[str, Form(max_length=1_000)] = "",
    whose: Whose = "",
) -> Response:
    try:
        acts.finish_task(deps, visitor, task_id, outcome=outcome)
    except SalesOSError as error:
        return _show(deps, visitor, whose=whose, error=error)
    return _back("done", whose, undo=task_id)


@router.post("/today/tasks/{task_id}/log")
def log_task(
    task_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    result: Annotated[TaskResult, Form()],
    note: Annotated[str, Form(max_length=1_000)] = "",
    at: Annotated[str, Form(max_length=40)] = "",
    whose: Whose = "",
) -> Response:
    try:
        call_back_at = _instant(visitor, at) if result is TaskResult.CALL_BACK else None
        acts.log_task(deps, visitor, task_id, result=result, note=note, call_back_at=call_back_at)
    except SalesOSError as error:
        return _show(deps, visitor, whose=whose, error=error)
    return _back(result.value, whose, **({} if result in FINAL_RESULTS else {"undo": task_id}))


@router.post("/today/tasks/{task_id}/reopen")
def reopen_task(task_id: UUID, deps: Deps, visitor: ActingVisitor, whose: Whose = "") -> Response:
    try:
        acts.reopen_task(deps, visitor, task_id)
    except SalesOSError as error:
        return _show(deps, visitor, whose=whose, error=error)
    return _back("reopened", whose)


@router.post("/today/meetings/{meeting_id}/outcome")
def record_meeting(
    meeting_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    held: Annotated[bool, Form()] = False,
    outcome: Annotated[str, Form(max_length=32)] = "",
    whose: Whose = "",
) -> Response:
    try:
        meetings.record(deps, visitor, meeting_id, held=held, outcome=outcome)
    except SalesOSError as error:
        return _show(deps, visitor, whose=whose, error=error)
    return _back("held" if held else "no_show", whose)


@router.post("/today/alerts/{alert_id}/seen")
def put_away(alert_id: UUID, deps: Deps, visitor: ActingVisitor, whose: Whose = "") -> Response:
    try:
        alerts.see(deps, visitor, alert_id)
    except SalesOSError as error:
        return _show(deps, visitor, whose=whose, error=error)
    return _back("seen", whose)


def _instant(visitor: Principal, text: str) -> datetime:
    """What a date field sends, in the visitor's zone. Raises Rejected."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Rejected("Say when to call back: a date and a time.", hint="As in 2026-06-03T10:30.") from error
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(visitor.time_zone or "UTC"))).astimezone(UTC)


def _back(said: str, whose: str, **more: object) -> Response:
    query = {"said": said, **({"whose": whose} if whose in ("mine", "all") else {}), **more}
    return RedirectResponse(f"/today?{urlencode(query)}", status_code=303)


def _show(
    deps: Dependencies,
    visitor: Principal,
    *,
    whose: str = "",
    said: str = "",
    undo: UUID | None = None,
    error: SalesOSError | None = None,
) -> HTMLResponse:
    # A rep's day is their own; whoever leads others looks at everybody's first.
    mine = whose == "mine" or (whose != "all" and visitor.role in ("rep", "csm"))
    now, sealer = deps.clock.now(), deps.context_for(visitor.workspace_id).sealer
    with deps.database.read(visitor.workspace_id) as session:
        found = today(session, sealer, visitor, now, mine=mine)
        by_phone = {kind: telephony.in_use(session, kind) is not None for kind in outbox.BY_PHONE}
    return console(
        deps,
        visitor,
        "today.html",
        here="today",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        day=found.items,
        mine=mine,
        undo=undo,
        outcome_keys={one.value: (*_KEYS[one], one in _ASKED_TWICE) for one in _KEYS},
        may_work=visitor.may(Permission.WORK),
        by_phone=by_phone,
    )
