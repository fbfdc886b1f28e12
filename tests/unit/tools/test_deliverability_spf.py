"""SPF verdicts: the suite of the RFC's authors, the limits, and any record at all."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.zone import FakeZone
from tools.deliverability.spf import MAX_NAMES, MAX_TERMS, SpfResult, check_host

SUITE = Path(__file__).parents[3].parent / "shared" / "data" / "email_auth" / "spf" / "rfc7208-tests.yml"
AT = datetime(2026, 11, 21, tzinfo=UTC)


def zone_of(data: dict[str, list[Any]]) -> FakeZone:
    """Of the suite: an SPF entry is a TXT record too, unless the name has TXT entries of its own."""
    records: dict[tuple[str, str], list[str]] = {}
    silent = [name for name, entries in data.items() if "TIMEOUT" in entries]
    for name, entries in data.items():
        pairs = [next(iter(entry.items())) for entry in entries if isinstance(entry, dict)]
        own_text = any(kind == "TXT" for kind, _ in pairs)
        for kind, value in pairs:
            if value == "NONE" or (kind == "SPF" and own_text):
                continue
            text = f"{value[0]} {value[1]}" if kind == "MX" else value if isinstance(value, str) else "".join(value)
            records.setdefault((name, "TXT" if kind == "SPF" else kind), []).append(text)
    return FakeZone(records, silent)


@pytest.mark.skipif(not SUITE.exists(), reason=f"needs the suite of RFC 7208 at {SUITE}")
def test_the_suite_of_rfc_7208_passes_whole() -> None:
    wrong, count = [], 0
    for scenario in yaml.safe_load_all(SUITE.read_text(encoding="utf-8")):
        zone = zone_of(scenario["zonedata"])
        for name, case in scenario["tests"].items():
            count += 1
            verdict = check_host(zone, case["host"], case.get("mailfrom") or "", helo=case["helo"], at=AT)
            wanted = case["result"] if isinstance(case["result"], list) else [case["result"]]
            said = case.get("explanation")
            if verdict.result not in wanted or (said and verdict.explanation != said.replace("DEFAULT", "")):
                wrong.append((name, case, verdict))
            assert verdict.reason
    assert wrong == []
    assert count == 203


def check(records: dict[tuple[str, str], list[str]], address: str = "192.0.2.1", silent: tuple[str, ...] = ()) -> Any:
    return check_host(FakeZone(records, silent), address, "a@example.com", helo="mail.example.com", at=AT)


def test_a_name_server_that_is_silent_is_no_verdict() -> None:
    assert check({}, silent=("example.com",)).result is SpfResult.TEMPERROR


@pytest.mark.parametrize(("number", "result"), [(10, SpfResult.PASS), (11, SpfResult.PERMERROR)])
def test_ten_look_ups_and_not_one_more(number: int, result: SpfResult) -> None:
    records = {(f"h{index}.example.com", "A"): ["198.51.100.1"] for index in range(number)}
    terms = " ".join(f"a:h{index}.example.com" for index in range(number))
    assert check({**records, ("example.com", "TXT"): [f"v=spf1 {terms} +all"]}).result is result


@pytest.mark.parametrize(("number", "result"), [(2, SpfResult.PASS), (3, SpfResult.PERMERROR)])
def test_two_void_look_ups_and_not_one_more(number: int, result: SpfResult) -> None:
    terms = " ".join(f"a:h{index}.example.com" for index in range(number))
    assert check({("example.com", "TXT"): [f"v=spf1 {terms} +all"]}).result is result


def test_an_ipv4_address_in_ipv6_form_is_an_ipv4_address() -> None:
    assert check({("example.com", "TXT"): ["v=spf1 ip4:192.0.2.1 -all"]}, "::ffff:192.0.2.1").result is SpfResult.PASS


TERMS = st.sampled_from(
    [
        "a",
        "mx",
        "ptr",
        "all",
        "+all",
        "-all",
        "a:%{d}",
        "mx:%{d}",
        "include:example.com",
        "include:%{i}.example.com",
        "exists:%{ir}.%{p}.example.com",
        "ptr:example.com",
        "redirect=example.com",
        "redirect=b.example.com",
        "include:b.example.com",
        "exp=b.example.com",
        "a/0//0",
        "ip4:0.0.0.0/0",
        "ip6:::/0",
        "%{p}",
        "a:%{d0}",
        "ip4:1",
        "a:.",
        "mx:b.example.com/99",
        "%{D99999999999999999999r-}=x",
    ]
)
RECORD = st.one_of(
    st.lists(TERMS, max_size=14).map(lambda terms: " ".join(["v=spf1", *terms])),
    st.binary(max_size=60).map(lambda octets: octets.decode("latin-1")),
    st.binary(max_size=60).map(lambda octets: "v=spf1 " + octets.decode("latin-1")),
)
HOSTS = [f"{index} h{index}.example.com" for index in range(MAX_NAMES)]


@settings(max_examples=300, deadline=None)
@given(RECORD, RECORD, st.sampled_from(["192.0.2.1", "2001:db8::1"]))
def test_any_records_give_a_verdict_within_the_limits(first: str, second: str, address: str) -> None:
    names = [host.partition(" ")[2] for host in HOSTS]
    records = {("example.com", "TXT"): [first], ("b.example.com", "TXT"): [second], ("example.com", "MX"): HOSTS}
    records |= {("1.2.0.192.in-addr.arpa", "PTR"): names} | {(name, "A"): ["198.51.100.1"] for name in names}
    zone = FakeZone(records)
    verdict = check_host(zone, address, "a@example.com", helo="mail.example.com", at=AT)
    assert verdict.reason
    # The record, ten terms with the names that each may have, an explanation, and %{p} of the domains that ask for it.
    assert len(zone.asked) <= 2 + MAX_TERMS * (2 + MAX_NAMES) + 3 * (1 + MAX_NAMES)


@pytest.mark.parametrize("piece", [".a", "a", "%{d0", "%{d1}", "-", "a:.", "/1", "%"])
def test_a_record_made_to_cost_time_costs_none(piece: str) -> None:
    started = time.perf_counter()
    check({("example.com", "TXT"): ["v=spf1 a:" + piece * (60_000 // len(piece)) + "!"]})
    assert time.perf_counter() - started < 2
