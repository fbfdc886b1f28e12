"""What an ICP's definition does to tiers: before it is saved, after it was used, and for one lead."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api.actions import icps as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.permissions import Permission
from api.routes.icps import IcpInput
from api.routes.lists import csv_file
from api.views import icp_tiers as views
from api.views.icp_tiers import IcpOutcomes, TierPreviewOut
from api.views.lead_outlook import LeadOutlook, lead_outlook
from store.queries.exports import cell

router = APIRouter(route_class=ControlRoute)

_CHUNK = 500
_BOM = b"\xef\xbb\xbf"  # spreadsheets read UTF-8 as such only with it
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}}, "description": "A CSV file in UTF-8, with a header."}
}
Number = Annotated[int | None, Query(ge=1, le=1_000_000)]


@router.post("/icps/{icp_id}/tier-preview", tags=["icps"], summary="Which leads a changed definition would move")
def preview_icp_tiers(icp_id: UUID, body: IcpInput, deps: Deps, caller: Caller) -> TierPreviewOut:
    """Every lead of the ICP, by the version in force and by this definition, as of now. Writes nothing."""
    return views.tier_preview(deps, caller, icp_id, acts.parsed(body.definition))


@router.post(
    "/icps/{icp_id}/tier-preview.csv", tags=["icps"], summary="All leads that would move, as a file", responses=_CSV
)
def export_icp_tiers(icp_id: UUID, body: IcpInput, deps: Deps, caller: Caller) -> StreamingResponse:
    caller.require(Permission.EXPORT)
    return csv_file(
        "tier-changes", moves_as_csv(views.tier_move_rows(deps, caller, icp_id, acts.parsed(body.definition)))
    )


@router.get("/icps/{icp_id}/outcomes", tags=["icps"], summary="A version's tiers against what happened")
def get_icp_outcomes(
    icp_id: UUID, deps: Deps, caller: Caller, version: Number = None, against: Number = None
) -> IcpOutcomes:
    """Replies, positive replies, meetings and won deals of the leads that were written to, by the tier that the version
    gives them as of their first mail. `against`: another version, over the same leads."""
    return views.icp_outcomes(deps, caller, icp_id, version, against)


@router.get("/leads/{lead_id}/outlook", tags=["leads"], summary="What would lift a lead's tier, and what can be bought")
def get_lead_outlook(lead_id: UUID, deps: Deps, caller: Caller) -> LeadOutlook:
    with deps.database.read(caller.workspace_id) as session:
        return lead_outlook(session, lead_id, deps.clock.now())


def moves_as_csv(rows: Iterable[tuple[Any, ...]]) -> Iterator[bytes]:
    """In pieces, so that a slow download holds no memory."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(views.MOVE_COLUMNS)
    yield _BOM
    for count, row in enumerate(rows, start=1):
        writer.writerow([cell(value) for value in row])
        if count % _CHUNK == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
