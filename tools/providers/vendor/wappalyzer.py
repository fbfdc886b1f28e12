"""Wappalyzer: which technologies a site has, and when each was last confirmed. https://www.wappalyzer.com/docs/api/v2"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import RootModel

from core.errors import FixConfiguration, SalesOSError
from tools.domains import host_of
from tools.ports import Gap, Unknown
from tools.providers.vendor.account import Account, VendorSpec, Wire
from tools.providers.vendor.api import Reply, VendorApi
from tools.providers.vendor.loose import Flag, Loose, Moment
from tools.providers.vendor.pace import Limit, Pace

SPEC: Final = VendorSpec(
    name="wappalyzer",
    label="Wappalyzer",
    docs="https://www.wappalyzer.com/apikey",
    key_help="API key",
    credit="a credit a website; what a call spent, it says itself",
)

# None is published; ours is a courtesy.
LIMITS: Final = (Limit(5, 1.0),)

BATCH: Final = 10  # websites a call


@dataclass(frozen=True, slots=True)
class Technology:
    name: str
    category: str  # "" where it has none
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Look:
    """What one call answered: by domain, and the credits it took."""

    sites: Mapping[str, Sequence[Technology] | Unknown]
    credits: int | None  # None: it does not say


class _Category(Loose):
    name: str | None = None


class _Technology(Loose):
    name: str
    categories: list[_Category] | None = None
    confirmedAt: Moment = None  # noqa: N815 - Wappalyzer's name


class _Site(Loose):
    url: str
    technologies: list[_Technology] | None = None
    crawl: Flag = None
    errors: list[str] | None = None


class _Answer(RootModel[list[_Site]]):
    pass


def connect(account: Account, wire: Wire) -> VendorApi:
    def classify(reply: Reply) -> SalesOSError | None:
        if reply.status == 403:
            return FixConfiguration(
                f"{SPEC.label} refuses the key, or has no credits left (403); it does not say which.",
                hint="Set the key again, or look at the credits.",
            )
        return None

    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://api.wappalyzer.com/v2",
        headers={"x-api-key": account.key},
        clock=wire.clock,
        pace=Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep),
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )


def look_up(api: VendorApi, domains: Sequence[str], *, months: int) -> Look:
    """The technologies of each domain that were confirmed within so many months, 1–12; `BATCH` domains at most."""
    question = {"urls": ",".join(f"https://{domain}" for domain in domains), "max_age": str(months)}
    reply = api.get("/lookup", question)
    found: dict[str, Sequence[Technology] | Unknown] = {}
    for site in reply.read(_Answer).root:
        domain = (host_of(site.url) or "").removeprefix("www.")
        if domain in domains and domain not in found:
            found[domain] = _read(site)
    spent = reply.headers.get("wappalyzer-credits-spent", "").strip()
    return Look(found, int(spent) if spent.isascii() and spent.isdigit() and len(spent) < 9 else None)


def costs(look: Look, credit_micros: int) -> Mapping[str, int]:
    """What each domain that was answered cost; their sum is what the call took."""
    answered = [domain for domain, site in look.sites.items() if not isinstance(site, Unknown)]
    spent = (len(answered) if look.credits is None else look.credits) * credit_micros
    if not answered:
        return dict.fromkeys(list(look.sites)[:1], spent)
    share, rest = divmod(spent, len(answered))
    return {domain: share + (rest if number == 0 else 0) for number, domain in enumerate(answered)}


def _read(site: _Site) -> Sequence[Technology] | Unknown:
    if site.crawl:
        return Unknown("Wappalyzer is looking at this site for the first time: ask again later.", Gap.DOWN)
    if site.errors or site.technologies is None:
        return Unknown("Wappalyzer could not read this site.")
    return [
        Technology(each.name, next((c.name for c in each.categories or () if c.name), ""), each.confirmedAt)
        for each in site.technologies
    ]
