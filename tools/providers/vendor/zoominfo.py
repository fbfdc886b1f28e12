"""ZoomInfo: companies and people by search, and what it knows of those that we name; JSON:API behind OAuth 2.
https://docs.zoominfo.com

A session is an account's token and pace, shared by all providers that speak through one client. The flow is the one of
client credentials (https://docs.zoominfo.com/docs/client-credentials-flow): the flow with a person's consent hands out
refresh tokens that each work once, and one that is lost in a crash locks the account out.
"""

import base64
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from weakref import WeakKeyDictionary

import httpx2
from pydantic import BaseModel, ConfigDict

from core.errors import FixConfiguration, Rejected, SalesOSError
from tools.mapping.places import country_code
from tools.ports import CompanyRecord
from tools.providers.vendor.account import Account, Option, VendorSpec, Wire
from tools.providers.vendor.api import OutOfCredits, Repeat, Reply, VendorApi, retry_after, said_by
from tools.providers.vendor.pace import Limit, Pace
from tools.providers.vendor.paging import without_empty

SPEC: Final = VendorSpec(
    name="zoominfo",
    label="ZoomInfo",
    docs="https://docs.zoominfo.com/docs/client-credentials-flow",
    key_help="client secret",
    options=(Option("client_id", "The client id beside the secret, of an application for client credentials."),),
    credit="a credit a company or person enriched, free again for a year; searches are free",
)

BATCH: Final = 25  # companies or people an enrichment call, at most
PAGE: Final = 100  # records of a search a call, at most

# Published, https://docs.zoominfo.com/docs/rate-limits: 5, 25 or 35 a second by plan. The smallest; for all endpoints.
LIMITS: Final = (Limit(5, 1.0),)

_MEDIA = "application/vnd.api+json"
_TOKEN_PATH = "/oauth/v1/token"  # noqa: S105 - a place, not a token
_EARLY = timedelta(seconds=60)  # a token is replaced before it ends, so that none ends on its way
_RATE_LIMITED = "ZI0004"


class _Token(BaseModel):
    access_token: str
    expires_in: float  # seconds


class Session:
    """A token, asked for when the clock says that the last one ends, by one caller while the others wait for it."""

    def __init__(self, account: Account, wire: Wire) -> None:
        client_id = account.options.get("client_id", "")
        # RFC 6749 §2.3.1: both are form-encoded before they are joined.
        pair = f"{quote(client_id, safe='')}:{quote(account.key, safe='')}"
        self.pace = Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep)
        self._api = _api(wire, self.pace, {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"})
        self._complete = bool(client_id and account.key)
        self._clock = wire.clock
        self._lock = threading.Lock()
        self._token = ""
        self._ends: datetime | None = None

    def token(self) -> str:
        """One that is good for a minute at least. Raises what the token's address answers."""
        with self._lock:
            if self._ends is None or self._clock.now() >= self._ends - _EARLY:
                self._renew()
            return self._token

    def forget(self, token: str) -> None:
        """ZoomInfo refused it before its time: the next caller asks for another."""
        with self._lock:
            if token == self._token:
                self._ends = None

    def _renew(self) -> None:
        if not self._complete:
            raise FixConfiguration(
                "ZoomInfo needs a client id beside its secret.", hint="Set the option client_id of its account."
            )
        asked = self._clock.now()  # the token's time runs from before the call, not from its answer
        try:
            found = self._api.post(_TOKEN_PATH, form={"grant_type": "client_credentials"}).read(_Token)
        except Rejected as error:  # RFC 6749 §5.2 says a wrong client with 400 too
            raise FixConfiguration(
                f"ZoomInfo gives no token. {error.message}", hint="Look at the client id and its secret."
            ) from None
        self._token, self._ends = found.access_token, asked + timedelta(seconds=found.expires_in)


_sessions: WeakKeyDictionary[httpx2.Client, dict[tuple[str, str], Session]] = WeakKeyDictionary()
_sessions_lock = threading.Lock()


def session_of(account: Account, wire: Wire) -> Session:
    with _sessions_lock:
        mine = _sessions.setdefault(wire.http, {})
        key = (account.options.get("client_id", ""), account.key)
        if key not in mine:
            mine[key] = Session(account, wire)
        return mine[key]


class ZoomInfoApi:
    def __init__(self, account: Account, wire: Wire) -> None:
        self._session = session_of(account, wire)
        self._api = _api(wire, self._session.pace, {"accept": _MEDIA, "content-type": _MEDIA})

    def ask(
        self, path: str, type_: str, attributes: Mapping[str, Any], params: Iterable[tuple[str, str]] = ()
    ) -> Reply:
        """A JSON:API document of one resource, by POST."""
        token = self._session.token()
        body = {"data": {"type": type_, "attributes": dict(attributes)}}
        try:
            return self._api.post(path, json=body, params=list(params), headers={"authorization": f"Bearer {token}"})
        except FixConfiguration:
            self._session.forget(token)
            raise


def _api(wire: Wire, pace: Pace, headers: Mapping[str, str]) -> VendorApi:
    def classify(reply: Reply) -> SalesOSError | None:
        if reply.status in (400, 403) and _RATE_LIMITED in _codes(reply.body):
            after = retry_after(reply.headers, wire.clock)
            if after is not None:
                pace.hold(after)
            return Repeat(f"{SPEC.label} limits how often it is asked.", after=after)
        if reply.status in (400, 402, 403) and "credit" in said_by(reply.body).lower():
            return OutOfCredits(
                f"{SPEC.label} has no credits left{said_by(reply.body)}.", hint="Buy some, or switch it off."
            )
        return None

    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://api.zoominfo.com/gtm",
        headers=headers,
        clock=wire.clock,
        pace=pace,
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )


def _codes(body: Any) -> set[str]:
    errors = body.get("errors") if isinstance(body, Mapping) else None
    return (
        {str(each.get("code")) for each in errors if isinstance(each, Mapping)} if isinstance(errors, list) else set()
    )


class Company(BaseModel):
    """Attributes of a company. Searches give numbers as strings, and few of the fields."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    name: str | None = None
    website: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    description: str | None = None
    primaryIndustry: list[str] | None = None  # noqa: N815 - the vendor's name
    industries: list[str] | None = None
    employeeCount: int | None = None  # noqa: N815
    revenue: int | None = None  # thousands of US dollars a year
    foundedYear: str | None = None  # noqa: N815
    companyStatus: str | None = None  # noqa: N815
    ticker: str | None = None

    def record(self, source_id: str, cost_micros: int) -> CompanyRecord:
        year = self.foundedYear or ""
        return CompanyRecord(
            name=self.name or self.website or "",
            source=SPEC.name,
            source_id=source_id,
            website=self.website or "",
            industry=next(iter(self.primaryIndustry or self.industries or ()), "").lower(),
            tags=tuple(self.industries or ()),
            employees=self.employeeCount or None,
            revenue_minor=self.revenue * 1_000 * 100 if self.revenue else None,
            currency="USD" if self.revenue else "",
            country=country_code(self.country or ""),
            region=self.state or "",
            city=self.city or "",
            description=self.description or "",
            founded_year=int(year) if year.isascii() and year.isdigit() else None,
            status="public" if self.ticker else _STATUS.get((self.companyStatus or "").upper(), ""),
            cost_micros=cost_micros,
            raw=without_empty(self.model_dump(mode="json")),
        )


_STATUS: Final = {"ALIVE": "active", "DEFUNCT": "inactive", "ACQUIRED": "acquired"}


class Match(BaseModel):
    """What an enrichment says of how it found a resource: the question it answers, and how well."""

    input: dict[str, Any] = {}
    matchStatus: str = ""  # noqa: N815

    @property
    def is_match(self) -> bool:
        """Of whom was asked for: COMPANY_ONLY_MATCH knows where somebody works and not who it is."""
        return self.matchStatus.upper() in ("", "FULL_MATCH", "CONTACT_ONLY_MATCH")
