"""Who is never written to again, and the table of laws."""

import csv
import io
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from agents import jurisdiction
from agents.suppressing import Entry
from api.actions import suppressions as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import suppressions as views
from core.errors import Rejected, SalesOSError

router = APIRouter(include_in_schema=False)

_MOST = 5_000  # lines of the form; longer lists come by the command line
_SAID = {
    "added": "They are never written to again; what was queued is taken back.",
    "known": "All of them were on the list before.",
    "released": "It is off the list.",
}
_WHYS = ("mistake", "address_works_again", "new_consent", "test")


@router.get("/suppressions")
def suppressions_page(
    deps: Deps, visitor: Visitor, said: str = "", reason: str = "", cursor: str | None = None
) -> HTMLResponse:
    return _show(deps, visitor, said=_SAID.get(said, ""), reason=reason[:64], cursor=cursor)


@router.post("/suppressions")
def add(
    deps: Deps,
    visitor: ActingVisitor,
    entries: Annotated[str, Form(max_length=900_000)] = "",
    reason: Annotated[str, Form(max_length=32)] = "manual",
) -> Response:
    try:
        if reason not in ("manual", "opt_out", "objection", "complaint"):
            raise Rejected("Choose a reason.")
        lines = [line.strip() for line in entries.splitlines() if line.strip()]
        if not 0 < len(lines) <= _MOST:
            raise Rejected(
                "Give an address or a domain on each line.",
                hint=f"{_MOST} at most; longer lists come by `salesos suppression import`.",
            )
        new = acts.add(deps, visitor, [_entry(line, reason) for line in lines])
    except SalesOSError as error:
        return _show(deps, visitor, error=error, typed=entries, status=problem_of(error).status)
    return RedirectResponse(f"/suppressions?said={'added' if new else 'known'}", status_code=303)


@router.post("/suppressions/release")
def release(
    deps: Deps,
    visitor: ActingVisitor,
    what: Annotated[str, Form(max_length=254)] = "",
    why: Annotated[str, Form(max_length=32)] = "",
) -> Response:
    try:
        if why not in _WHYS:
            raise Rejected("Choose why.")
        acts.release(deps, visitor, _entry(what.strip(), "manual"), why=why)
    except SalesOSError as error:
        return _show(deps, visitor, error=error, status=problem_of(error).status)
    return RedirectResponse("/suppressions?said=released", status_code=303)


@router.get("/suppressions.csv")
def export(deps: Deps, visitor: Visitor) -> StreamingResponse:
    """Keyed hashes, good in this workspace: an import takes them back."""
    visitor.require(Permission.EXPORT)
    return StreamingResponse(
        _lines(deps, visitor),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="suppressions.csv"'},
    )


@router.get("/law")
def law_page(deps: Deps, visitor: Visitor, country: str = "") -> HTMLResponse:
    code = country.strip().upper()
    known = code if len(code) == 2 and code.isascii() and code.isalpha() else ""
    codes = [known] if known else [*jurisdiction.named_countries(), "*", ""]
    rows = [row for one in codes for row in jurisdiction.rows_of(one)]
    return console(deps, visitor, "law.html", here="suppressions", rows=rows, country=known)


def _lines(deps: Dependencies, visitor: Principal) -> Iterator[str]:
    yield "kind,value,reason,source,at\r\n"
    with deps.database.read(visitor.workspace_id) as session:
        for row in views.rows(session):
            out = io.StringIO()
            csv.writer(out).writerow(row)
            yield out.getvalue()


def _entry(text: str, reason: str) -> Entry:
    if "@" in text:
        return Entry("address", text, reason)
    return Entry("domain" if "." in text else "company", text, reason)


def _show(
    deps: Dependencies,
    visitor: Principal,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    reason: str = "",
    cursor: str | None = None,
    typed: str = "",
    status: int = 200,
) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        found = views.listed(session, reason=reason, limit=50, cursor=cursor)
        counts = views.counts(session)
    return console(
        deps,
        visitor,
        "suppressions.html",
        here="suppressions",
        status=status,
        said=said,
        error=error,
        found=found,
        by_reason=counts,
        total=sum(counts.values()),
        reason=reason if reason in counts else "",
        cursor=cursor,
        typed=typed,
        whys=_WHYS,
        may_add=visitor.may(Permission.SUPPRESS),
        may_release=visitor.may(Permission.UNSUPPRESS),
        may_export=visitor.may(Permission.EXPORT),
    )
