"""The workspace's own settings, and how the server under it is set up."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from agents.offer import OfferSettings
from agents.workspace_settings import Address, Country, Currency, DealValue, Hour, HoursBefore, Name, Zone
from api import etags
from api.actions import settings as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views import settings as views
from api.views.settings import OFFER_EXAMPLE, ServerOut, WorkspaceOut

router = APIRouter(route_class=ControlRoute, tags=["settings"])


class WorkspaceChange(BaseModel):
    """What is left out stays. The offer is given whole: a field of it that is left out has its default."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"deal_value_minor": 1_200_000, "offer": OFFER_EXAMPLE}]},
    )

    name: Name | None = Field(default=None, description="The company that sells; it stands in every mail.")
    postal_address: Address | None = Field(default=None, description="Printed in every mail, as the law asks.")
    country: Country | None = Field(default=None, description="Two letters of ISO 3166-1, or empty.")
    time_zone: Zone | None = Field(default=None, description="An IANA name.")
    currency: Currency | None = Field(default=None, description="Refused once money was counted in another.")
    deal_value_minor: DealValue | None = Field(default=None, description="What waits is ranked anew by it.")
    preparation_hour: Hour | None = Field(default=None, description="When reps are mailed what to know of a meeting.")
    preparation_hours_before: HoursBefore | None = Field(default=None, description="Or so many hours before it.")
    offer: OfferSettings | None = Field(default=None, description="All that drafts may say of what you sell.")


@router.get("/workspace", summary="The workspace: name, address, money and offer")
def get_workspace(deps: Deps, caller: Caller) -> WorkspaceOut:
    with deps.database.read(caller.workspace_id) as session:
        return views.workspace_out(session, caller.workspace_id)


@router.patch("/workspace", summary="Change the workspace's settings")
def change_workspace(body: WorkspaceChange, deps: Deps, caller: Caller, if_match: etags.IfMatch = None) -> WorkspaceOut:
    """Mails that are drafted from now on go by it. Drafts that wait stay as they are written."""
    wanted = {name: getattr(body, name) for name in body.model_fields_set if getattr(body, name) is not None}
    return acts.change(deps, caller, wanted, if_match=if_match)[0]


@router.get("/server", summary="How this server is set up: what leaves, what writes, where rows lie")
def get_server(deps: Deps, caller: Caller) -> ServerOut:
    return views.server_out(deps.settings)
