"""BuiltWith: which technologies a site was seen with, and from when to when. https://api.builtwith.com/domain-api"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from core.errors import FixConfiguration, Rejected, SalesOSError
from tools.domains import registrable_domain
from tools.ports import Unknown
from tools.providers.vendor.account import Account, VendorSpec, Wire
from tools.providers.vendor.api import OutOfCredits, Repeat, Reply, VendorApi, retry_after
from tools.providers.vendor.loose import Loose, Moment, Whole
from tools.providers.vendor.pace import Limit, Pace

SPEC: Final = VendorSpec(
    name="builtwith",
    label="BuiltWith",
    docs="https://api.builtwith.com",
    key_help="API key",
    credit="a credit a domain",
)

# Published: ten a second, eight at once.
LIMITS: Final = (Limit(10, 1.0),)

BATCH: Final = 16  # root domains a call, by its documentation of multiple domains


@dataclass(frozen=True, slots=True)
class Technology:
    name: str
    category: str  # in BuiltWith's words; "" where it has none
    tag: str
    first: datetime | None  # when it was first and last seen, on whatever page of the domain
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Site:
    technologies: tuple[Technology, ...]
    first: datetime | None  # when BuiltWith first and last looked at the domain
    last: datetime | None


class _Detection(Loose):
    Name: str | None = None
    Tag: str | None = None
    Categories: list[str] | None = None
    FirstDetected: Moment = None
    LastDetected: Moment = None


class _Path(Loose):
    Domain: str | None = None
    FirstIndexed: Moment = None
    LastIndexed: Moment = None
    Technologies: list[_Detection] | None = None


class _Result(Loose):
    Paths: list[_Path] | None = None


class _Item(Loose):
    Result: _Result
    Lookup: str | None = None
    FirstIndexed: Moment = None
    LastIndexed: Moment = None


class _Error(Loose):
    Lookup: str | None = None
    Message: str | None = None


class _Answer(Loose):
    Results: list[_Item]
    Errors: list[_Error] | None = None


def connect(account: Account, wire: Wire) -> VendorApi:
    """The key goes in the query: its description names no other place for these calls."""
    pace = Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep)

    def classify(reply: Reply) -> SalesOSError | None:
        body = reply.body if isinstance(reply.body, Mapping) else {}
        if reply.status == 429:
            seconds = _seconds(body.get("retryAfterSeconds"))
            after = seconds if seconds is not None else retry_after(reply.headers, wire.clock)
            if after is not None:
                pace.hold(after)
            at = None if after is None else wire.clock.now() + timedelta(seconds=after)
            return Repeat(f"{SPEC.label} limits how often it is asked.", after=after, retry_at=at)
        return _fault(body) if reply.status == 200 else None

    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://api.builtwith.com",
        params={"KEY": account.key},
        clock=wire.clock,
        pace=pace,
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )


def look_up(api: VendorApi, domains: Sequence[str], *, live_only: bool) -> Mapping[str, Site | Unknown]:
    """What is known of each domain, `BATCH` at most; a domain that is not in the answer is not in the result.

    Telephones, addresses and names of people are not asked for. `live_only`: without what is gone, as it judges.
    """
    question = {
        "LOOKUP": ",".join(domains),
        "NOPII": "true",
        "NOMETA": "true",
        "NOATTR": "true",
        "LIVEONLY": "true" if live_only else "false",
    }
    answer = api.get("/v22/api.json", question).read(_Answer)
    found: dict[str, Site | Unknown] = {}
    for error in answer.Errors or ():
        if error.Lookup:
            found[error.Lookup.lower()] = Unknown("BuiltWith cannot look this domain up.")
    for item in answer.Results:
        paths = item.Result.Paths or []
        domain = registrable_domain(item.Lookup or next((p.Domain for p in paths if p.Domain), "")) or ""
        if domain in domains:
            found[domain] = _site(item, paths)
    return found


def _site(item: _Item, paths: Sequence[_Path]) -> Site:
    """A technology of several pages is one: first seen on the first of them, last on the last."""
    found: dict[str, Technology] = {}
    for each in (detection for path in paths for detection in path.Technologies or ()):
        if not each.Name:
            continue
        held = found.get(each.Name)
        first, last = each.FirstDetected, each.LastDetected
        if held is not None:
            first, last = _earlier(held.first, first), _later(held.last, last)
        category = held.category if held else next(iter(each.Categories or ()), each.Tag or "")
        found[each.Name] = Technology(each.Name, category, (each.Tag or "").lower(), first, last)
    first, last = item.FirstIndexed, item.LastIndexed
    for path in paths:
        first, last = _earlier(first, path.FirstIndexed), _later(last, path.LastIndexed)
    return Site(tuple(found.values()), first, last)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other


class _Seconds(Loose):
    value: Whole = None


def _seconds(value: Any) -> float | None:
    found = _Seconds(value=value).value
    return None if found is None else float(found)


def _fault(body: Mapping[str, Any]) -> SalesOSError | None:
    """Of an answer with status 200. Its sentences are not shown: they may repeat the key."""
    errors = [each for each in body.get("Errors") or () if isinstance(each, Mapping)]
    said = " ".join(str(each.get("Message") or "") for each in errors).lower()
    if "credit" in said:
        return OutOfCredits(f"{SPEC.label} has no credits left.", hint="Buy some, or switch it off.")
    if "key" in said or "authori" in said:
        return FixConfiguration(f"{SPEC.label} refuses the key.", hint="Set it again, or look at its plan.")
    if errors and not body.get("Results") and not all(each.get("Lookup") for each in errors):
        return Rejected(f"{SPEC.label} refuses the call.")
    return None
