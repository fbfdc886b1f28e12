"""Whose clock a mail goes by: the most particular evidence, and what it was."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from agents.recipient_time import country_zones
from agents.region_zones import REGION_ZONES
from agents.zone_choice import Place, ZoneEvidence, choose_zone
from scoring.sequence import send_window

E = ZoneEvidence


@pytest.mark.parametrize(
    ("zone", "country", "company", "zones", "evidence"),
    [
        ("Asia/Kolkata", "US", Place("US", "Texas", "Chicago"), ("Asia/Kolkata",), E.CONTACT),
        ("Mars/Olympus", "DE", Place(), ("Europe/Berlin",), E.COUNTRY),
        ("", "US", Place("US", "California", "Los Angeles"), ("America/Los_Angeles",), E.CITY),
        ("", "US", Place("US", "oregon", "Nowhere"), ("America/Denver", "America/Los_Angeles"), E.REGION),
        ("", "", Place("US", "NY", ""), ("America/New_York",), E.REGION),
        ("", "CA", Place("CA", "Québec", ""), ("America/Toronto",), E.REGION),
        ("", "DE", Place("US", "California", "Los Angeles"), ("Europe/Berlin",), E.COUNTRY),
        ("", "", Place("FR", "", ""), ("Europe/Paris",), E.COMPANY_COUNTRY),
        ("", "", Place(), (), E.NONE),
        ("", "ZZ", Place(), (), E.NONE),
    ],
)
def test_the_most_particular_evidence_decides(
    zone: str, country: str, company: Place, zones: tuple[str, ...], evidence: ZoneEvidence
) -> None:
    found = choose_zone(zone, country, company)
    assert (found.zones, found.evidence) == (zones, evidence)
    assert found.reason.endswith(".")
    assert all(name in found.reason for name in zones)


def test_a_country_of_several_clocks_waits_until_all_are_open() -> None:
    found = choose_zone("", "US", Place("DE", "", "Los Angeles"))
    assert found.evidence is E.SEVERAL
    assert found.zone is None
    assert "common to all" in found.reason
    at = send_window(datetime(2026, 6, 2, 13, tzinfo=UTC), None, country_zones=("America/New_York", "Pacific/Honolulu"))
    assert at.astimezone(ZoneInfo("Pacific/Honolulu")).hour == 8


@pytest.mark.parametrize("country", sorted(REGION_ZONES))
def test_every_zone_of_a_region_is_one_of_its_country(country: str) -> None:
    listed = set(country_zones(country))
    assert {zone for zones in REGION_ZONES[country].values() for zone in zones} <= listed
    if country == "US":
        assert len({name for name in REGION_ZONES["US"] if len(name) == 2}) == 51
