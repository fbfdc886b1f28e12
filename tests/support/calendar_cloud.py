"""Google and Microsoft for pages that connect calendars: tokens by code and refresh, and the calendars behind them."""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs

import httpx2

from tests.support.api_office import ApiOffice
from tests.support.crash.office import sealer_of
from tests.support.fake_google_calendar import FakeGoogle
from tests.support.fake_graph_calendar import FakeGraph
from tests.support.vendors import SECRET, Answer, FakeVendor, answer
from tools.providers.calendar_accounts import CalendarAccounts

GOOGLE_SCOPES = (
    "https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.calendarlist.readonly "
    "https://www.googleapis.com/auth/calendar.freebusy"
)
MICROSOFT_SCOPES = "https://graph.microsoft.com/Calendars.ReadWrite https://graph.microsoft.com/User.Read"


@dataclass
class CalendarCloud:
    """`spent`: a code is taken once. `dead`: refresh tokens are taken no more."""

    google: FakeGoogle = field(default_factory=FakeGoogle)
    graph: FakeGraph = field(default_factory=FakeGraph)
    microsoft_account: str = "ada@corp.example"
    codes: list[dict[str, str]] = field(default_factory=list)
    scope: str = ""  # "": all that was asked for
    dead: bool = False

    def __call__(self, request: httpx2.Request) -> Answer:
        if request.url.host in ("oauth2.googleapis.com", "login.microsoftonline.com"):
            return self._token(request)
        if request.url.host == "graph.microsoft.com":
            if request.url.path.endswith("/me"):
                return answer({"mail": self.microsoft_account, "userPrincipalName": self.microsoft_account})
            return self.graph(request)
        return self.google(request)

    def _token(self, request: httpx2.Request) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        given: dict[str, Any] = {"access_token": SECRET, "token_type": "Bearer", "expires_in": 3600}
        if form["grant_type"] == "refresh_token":
            return answer({"error": "invalid_grant"}, 400) if self.dead else answer(given)
        if any(form["code"] == known["code"] for known in self.codes):
            return answer({"error": "invalid_grant"}, 400)
        self.codes.append(form)
        known = GOOGLE_SCOPES if request.url.host.startswith("oauth2") else MICROSOFT_SCOPES
        return answer(given | {"refresh_token": "kept-and-never-shown", "scope": self.scope or known})


def connected_to(office: ApiOffice, cloud: CalendarCloud, **settings: Any) -> ApiOffice:
    """The office reaches `cloud`, and CalDAV servers of this machine. Both applications are registered unless
    `settings` says otherwise."""
    deps, context = office.deps, office.office.context
    given = {"google_client_id": "app-g", "microsoft_client_id": "app-m", "calendar_private_hosts": True, **settings}
    own = deps.settings.model_copy(update=given)
    wire = FakeVendor(cloud, clock=deps.clock).wire()  # type: ignore[arg-type]
    accounts = CalendarAccounts(own, deps.database, deps.clock, deps.ids, sealer_of, wire)
    tools = replace(context.tools, calendar_account=accounts.account, calendar_connections=accounts)
    known, before = replace(context, tools=tools), deps.context_for
    of = {office.workspace_id: known}
    office.deps = replace(
        deps, settings=own, context_for=lambda workspace_id: of.get(workspace_id) or before(workspace_id)
    )  # fmt: skip
    office.office = replace(office.office, context=known)
    return office
