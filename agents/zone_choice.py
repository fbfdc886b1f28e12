"""Which clock somebody works by, with the evidence for it, the most particular first.

The contact's own zone, else the company's city or region, else the country where it has one clock, else all clocks of
the country at once, else nothing: then the workspace's zone stands in, and it says so. Where the company is counts for
a contact only while nothing says that the contact sits in another country.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from agents.recipient_time import country_zones, zone_exists
from agents.region_zones import REGION_ZONES
from scoring.types import tokens


class ZoneEvidence(StrEnum):
    CONTACT = "contact"
    CITY = "city"
    REGION = "region"
    COUNTRY = "country"
    COMPANY_COUNTRY = "company_country"
    SEVERAL = "several"  # the country has several clocks: only hours common to all of them serve
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Place:
    """Empty: not known."""

    country: str = ""  # ISO 3166-1 alpha-2
    region: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class ZoneChoice:
    zones: tuple[str, ...]  # IANA names; all must be open. Empty: nothing is known
    evidence: ZoneEvidence
    reason: str

    @property
    def zone(self) -> str | None:
        return self.zones[0] if len(self.zones) == 1 else None


def choose_zone(contact_zone: str, contact_country: str, company: Place) -> ZoneChoice:
    """A zone that does not exist counts as unknown."""
    if contact_zone and zone_exists(contact_zone):
        return ZoneChoice((contact_zone,), ZoneEvidence.CONTACT, f"The contact's own time zone is {contact_zone}.")
    theirs, there = contact_country.strip().upper(), company.country.strip().upper()
    country = theirs or there
    zones = _clocks(country)
    if len(zones) > 1 and (not theirs or theirs == there):
        if found := _city_zone(country, company.city):
            return ZoneChoice((found,), ZoneEvidence.CITY, f"The company is in {company.city}, which keeps {found}.")
        region = REGION_ZONES.get(country, {}).get(company.region.strip().casefold())
        if region:
            reason = f"The company is in {company.region}, which keeps {' and '.join(region)}."
            return ZoneChoice(region, ZoneEvidence.REGION, reason)
    if len(zones) == 1:
        evidence = ZoneEvidence.COUNTRY if theirs else ZoneEvidence.COMPANY_COUNTRY
        whose = "The contact" if theirs else "The company"
        return ZoneChoice(zones, evidence, f"{whose} is in {country}, which has one clock: {zones[0]}.")
    if zones:
        reason = f"{country} has {len(zones)} clocks and nothing says which: only hours common to all of them serve."
        return ZoneChoice(zones, ZoneEvidence.SEVERAL, reason)
    return ZoneChoice(
        (), ZoneEvidence.NONE, "Neither time zone nor country is known: the workspace's own clock serves."
    )


@lru_cache(maxsize=512)
def _clocks(country: str) -> tuple[str, ...]:
    """The zones of a country, one for each clock: Germany's two are always alike."""
    seen: dict[tuple[object, ...], str] = {}
    for name in country_zones(country):
        seen.setdefault(_year(name), name)
    return tuple(seen.values())


def _year(zone: str) -> tuple[object, ...]:
    """Its offsets on the first of each month of a year after today's rules."""
    clock = ZoneInfo(zone)
    return tuple(datetime(2026, month, 1, 12, tzinfo=UTC).astimezone(clock).utcoffset() for month in range(1, 13))


def _city_zone(country: str, city: str) -> str:
    """The zone that is named after the city: "Los Angeles" is America/Los_Angeles."""
    wanted = tokens(city)
    for zone in country_zones(country) if wanted else ():
        if tokens(zone.rsplit("/", 1)[-1].replace("_", " ")) == wanted:
            return zone
    return ""
