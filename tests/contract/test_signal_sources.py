"""What the list of vendors promises of every source of signals."""

import httpx2
import pytest

from scoring.intent import HALF_LIFE_DAYS
from tests.support.vendors import FakeVendor
from tools.providers.vendor.account import Account
from tools.providers.vendor.catalog import VENDORS, Vendor

SOURCES = [vendor for vendor in VENDORS if vendor.signal_source]


@pytest.mark.parametrize("vendor", SOURCES, ids=[vendor.spec.name for vendor in SOURCES])
def test_a_source_goes_by_its_vendors_name_and_every_kind_fades(vendor: Vendor) -> None:
    assert vendor.signal_source is not None
    fake = FakeVendor(lambda _: httpx2.ConnectError("nobody is asked"))
    source = vendor.signal_source(Account(vendor.spec.name), fake.wire())
    assert source.name == vendor.spec.name
    assert source.kinds
    assert source.kinds <= set(HALF_LIFE_DAYS)
    assert source.price_micros >= 0
    assert not fake.requests


def test_a_newcomer_has_sources_without_any_account() -> None:
    keyless = {vendor.spec.name for vendor in SOURCES if not vendor.spec.key_help}
    assert {"github", "greenhouse", "lever", "sec", "wayback"} <= keyless


def test_a_vendor_is_listed_once() -> None:
    names = [vendor.spec.name for vendor in VENDORS]
    assert len(names) == len(set(names))
