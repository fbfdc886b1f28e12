"""What is said of a domain: each fault named with its record, nothing said where the DNS is silent."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.zone import FakeZone
from tools.deliverability.blocklists import Standing, standing
from tools.deliverability.dkim_key import key_finding
from tools.deliverability.dmarc import aligned, discover, names_to_walk, organizational_domain
from tools.deliverability.findings import DomainReport, Severity
from tools.deliverability.report import examine_domain
from tools.ports import Unknown

AT = datetime(2026, 11, 21, tzinfo=UTC)
KEYS = Path(__file__).parents[3].parent / "shared" / "data" / "email_auth" / "dkim"


def key_record(bits: int = 2048) -> str:
    public = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(octets).decode()}"


KEY, SMALL_KEY = key_record(), key_record(1024)
SOUND = {
    ("acme.example", "TXT"): ["v=spf1 ip4:192.0.2.25 -all", "some-other-service=1"],
    ("s1._domainkey.acme.example", "TXT"): [KEY],
    ("_dmarc.acme.example", "TXT"): ["v=DMARC1; p=reject; rua=mailto:dmarc@acme.example"],
    ("acme.example", "MX"): ["10 mail.acme.example"],
    ("mail.acme.example", "A"): ["192.0.2.25"],
    ("25.2.0.192.in-addr.arpa", "PTR"): ["mail.acme.example"],
    ("_mta-sts.acme.example", "TXT"): ["v=STSv1; id=20261121"],
    ("_smtp._tls.acme.example", "TXT"): ["v=TLSRPTv1; rua=mailto:tls@acme.example"],
    ("2.0.0.127.bl.example", "A"): ["127.0.0.2"],
}


def examine(changes: dict[tuple[str, str], list[str]] | None = None, silent: tuple[str, ...] = ()) -> DomainReport:
    return examine_domain(
        FakeZone(SOUND | (changes or {}), silent),
        "acme.example",
        at=AT,
        selectors=["s1"],
        addresses=["192.0.2.25"],
        blocklists=["bl.example"],
    )


def test_a_sound_domain_has_nothing_but_good() -> None:
    assert {finding.severity for finding in examine().findings} == {Severity.GOOD}
    checks = {finding.check for finding in examine().findings}
    assert checks == {"spf", "dkim", "dmarc", "mx", "ptr", "mta-sts", "tls-rpt", "blocklist"}


WATCH = "v=DMARC1; p=none; rua=mailto:postmaster@acme.example"
TWICE = ["v=spf1 ip4:192.0.2.25 -all", "v=spf1 -all"]
FAULTS = [
    ("acme.example", "TXT", [], "spf", "wrong", "v=spf1 ip4:192.0.2.25 ~all"),
    ("acme.example", "TXT", TWICE, "spf", "wrong", "v=spf1 ip4:192.0.2.25 ~all"),
    ("acme.example", "TXT", ["v=spf1 ipv4:192.0.2.25 -all"], "spf", "wrong", "v=spf1 ip4:192.0.2.25 ~all"),
    ("acme.example", "TXT", ["v=spf1 mx +all"], "spf", "wrong", "v=spf1 mx ~all"),
    ("acme.example", "TXT", ["v=spf1 ip4:192.0.2.25"], "spf", "weak", "v=spf1 ip4:192.0.2.25 ~all"),
    ("acme.example", "TXT", ["v=spf1 ip4:192.0.2.26 -all"], "spf", "wrong", None),
    ("acme.example", "TXT", ["v=spf1 ip4:192.0.2.25 include:gone.example -all"], "spf", "wrong", None),
    ("acme.example", "TXT", [f"v=spf1 ip4:192.0.2.25 {'a ' * 11}-all"], "spf", "wrong", None),
    ("acme.example", "TXT", ["v=spf1 ip4:192.0.2.25 ptr -all"], "spf", "weak", None),
    ("s1._domainkey.acme.example", "TXT", [], "dkim", "wrong", None),
    ("s1._domainkey.acme.example", "TXT", [KEY, KEY], "dkim", "wrong", None),
    ("s1._domainkey.acme.example", "TXT", ["v=DKIM1; p="], "dkim", "wrong", None),
    ("s1._domainkey.acme.example", "TXT", [SMALL_KEY], "dkim", "weak", None),
    ("s1._domainkey.acme.example", "TXT", [KEY.replace("k=rsa", "k=rsa; t=y:s")], "dkim", "weak", None),
    ("s1._domainkey.acme.example", "TXT", [KEY.replace("k=rsa", "k=rsa; h=sha1")], "dkim", "wrong", None),
    ("s1._domainkey.acme.example", "TXT", [KEY[:-60]], "dkim", "wrong", None),
    ("_dmarc.acme.example", "TXT", [], "dmarc", "wrong", WATCH),
    ("_dmarc.acme.example", "TXT", ["v=DMARC1; p=reject"] * 2, "dmarc", "wrong", WATCH),
    ("_dmarc.acme.example", "TXT", ["v=DMARC1; p=monitor"], "dmarc", "wrong", WATCH),
    ("_dmarc.acme.example", "TXT", [WATCH], "dmarc", "weak", WATCH.replace("none", "quarantine")),
    ("_dmarc.acme.example", "TXT", ["v=DMARC1; p=reject; rua=mailto:d@reports.test"], "dmarc", "weak", "v=DMARC1"),
    ("_dmarc.acme.example", "TXT", ["v=DMARC1; p=reject; pct=50; rua=mailto:d@acme.example"], "dmarc", "weak", None),
    ("acme.example", "MX", ["0 "], "mx", "wrong", None),
    ("acme.example", "MX", [], "mx", "wrong", None),
    ("acme.example", "MX", ["10 gone.acme.example"], "mx", "wrong", None),
    ("25.2.0.192.in-addr.arpa", "PTR", [], "ptr", "wrong", "the name that it says in EHLO"),
    ("25.2.0.192.in-addr.arpa", "PTR", ["host.isp.example"], "ptr", "wrong", "192.0.2.25"),
    ("mail.acme.example", "A", ["192.0.2.99"], "ptr", "wrong", "192.0.2.25"),
    ("_mta-sts.acme.example", "TXT", ["v=STSv1"], "mta-sts", "wrong", "v=STSv1; id=1"),
    ("_smtp._tls.acme.example", "TXT", [], "tls-rpt", "weak", "v=TLSRPTv1; rua=mailto:postmaster@acme.example"),
    ("25.2.0.192.bl.example", "A", ["127.0.0.4"], "blocklist", "wrong", None),
    ("25.2.0.192.bl.example", "A", ["127.255.255.254"], "blocklist", "unknown", None),
    ("25.2.0.192.bl.example", "A", ["203.0.113.9"], "blocklist", "unknown", None),
    ("2.0.0.127.bl.example", "A", [], "blocklist", "unknown", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "values", "check", "severity", "value"), FAULTS)
def test_each_fault_is_named_alone_with_its_record(
    name: str, kind: str, values: list[str], check: str, severity: str, value: str | None
) -> None:
    report = examine({(name, kind): values})
    faults = [finding for finding in report.findings if finding.severity is not Severity.GOOD]
    assert {finding.check for finding in faults} == {check}
    assert faults[0].severity == severity
    assert report.wrong == (severity == "wrong")
    assert all(finding.source and finding.what for finding in faults)
    assert (faults[0].publish.value if faults[0].publish else None) == value


def test_what_could_not_be_asked_is_neither_good_nor_bad() -> None:
    names = tuple({name for name, _ in SOUND})
    report = examine_domain(
        FakeZone({}, (*names, "25.2.0.192.bl.example")),
        "acme.example",
        at=AT,
        selectors=["s1"],
        addresses=["192.0.2.25"],
        blocklists=["bl.example"],
    )
    assert {finding.severity for finding in report.findings} == {Severity.UNKNOWN}
    assert len({finding.check for finding in report.findings}) == 8
    assert not report.wrong


def test_blocklists_are_not_asked_unless_named() -> None:
    zone = FakeZone(SOUND)
    examine_domain(zone, "acme.example", at=AT, addresses=["192.0.2.25"])
    assert not [name for name, _ in zone.asked if name.startswith("25.2.0.192.") and "arpa" not in name]


def test_an_ipv6_address_is_asked_by_its_nibbles() -> None:
    name = f"1.{'0.' * 23}8.b.d.0.1.0.0.2.bl.example"
    assert standing(FakeZone({(name, "A"): ["127.0.0.2"]}), "2001:db8::1", "bl.example") is Standing.LISTED
    assert standing(FakeZone({}, (name,)), "2001:db8::1", "bl.example") == Unknown(
        f"DNS did not answer for {name} within the time-out"
    )


class TestDmarc:
    def test_a_subdomain_takes_the_policy_of_the_name_above_it(self) -> None:
        zone = FakeZone({("_dmarc.acme.co.uk", "TXT"): ["v=DMARC1; p=reject; sp=none; adkim=s"]})
        found = discover(zone, "mail.eu.acme.co.uk")
        assert found is not None
        assert not isinstance(found, Unknown)
        assert (found.at, found.policy, found.strict_dkim, found.strict_spf) == ("acme.co.uk", "none", True, False)

    def test_a_long_name_is_walked_in_eight_questions(self) -> None:
        walked = names_to_walk("a.b.c.d.e.f.g.h.i.j.mail.example.com")
        assert len(walked) == 8
        assert walked[0] == "a.b.c.d.e.f.g.h.i.j.mail.example.com"
        assert walked[1] == "g.h.i.j.mail.example.com"
        assert walked[-1] == "com"

    @pytest.mark.parametrize(
        ("one", "other", "strict", "same"),
        [
            ("acme.co.uk", "acme.co.uk", True, True),
            ("acme.co.uk", "mail.acme.co.uk", False, True),
            ("acme.co.uk", "mail.acme.co.uk", True, False),
            ("acme.co.uk", "rival.co.uk", False, False),
            ("acme.com", "acme.net", False, False),
            ("a.github.io", "b.github.io", False, False),
        ],
    )
    def test_alignment(self, one: str, other: str, strict: bool, same: bool) -> None:
        assert aligned(one, other, strict=strict) is same

    def test_the_owner_of_a_name(self) -> None:
        assert organizational_domain("a.b.acme.co.uk") == "acme.co.uk"
        assert organizational_domain("co.uk") == "co.uk"


@pytest.mark.skipif(not KEYS.exists(), reason=f"needs the DKIM keys in {KEYS}")
@pytest.mark.parametrize(
    ("name", "severity", "words"),
    [
        ("test.txt", "weak", "1024 bits"),
        ("test2.txt", "weak", "1024 bits"),
        ("badversion.txt", "wrong", "v= must be DKIM1"),
        ("badk.txt", "wrong", "key type"),
        ("test_bad.txt", "wrong", "holds no rsa key"),
        ("eximtest.dns", "good", "Ed25519"),
        ("ed25519test.dns", "good", "Ed25519"),
    ],
)
def test_keys_of_others(name: str, severity: str, words: str) -> None:
    finding = key_finding(name, (KEYS / name).read_text(encoding="ascii").strip())
    assert (finding.severity, words in finding.what) == (severity, True), finding


ANY_TEXT = st.one_of(
    st.binary(max_size=80).map(lambda octets: octets.decode("latin-1")),
    st.tuples(
        st.sampled_from(
            ["v=spf1 ", "v=DMARC1; p=reject; rua=", "v=DKIM1; p=", "v=STSv1; id=", "v=TLSRPTv1;rua=", "v=DMARC1;"]
        ),
        st.binary(max_size=60),
    ).map(lambda pair: pair[0] + pair[1].decode("latin-1")),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY_TEXT, max_size=2), st.sampled_from([name for name, kind in SOUND if kind == "TXT"]))
def test_any_text_is_reported_on_within_bounds(texts: list[str], name: str) -> None:
    zone = FakeZone(SOUND | {(name, "TXT"): texts})
    report = examine_domain(zone, "acme.example", at=AT, selectors=["s1"], addresses=["192.0.2.25"])
    assert all(finding.what for finding in report.findings)
    assert len(zone.asked) < 250
