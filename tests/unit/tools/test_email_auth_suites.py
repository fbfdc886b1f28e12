"""DKIM, ARC and DMARC over the published cases: by dkimpy, which nobody here wrote, and by our own reading of policies.

The table in docs/deliverability.md says the same in words; SPF has its own file.
"""

import gzip
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import dkim
import pytest
import yaml

from tools.deliverability.dkim_key import key_finding
from tools.deliverability.dmarc import aligned

SUITES = Path(__file__).parents[3].parent / "shared" / "data" / "email_auth"
pytestmark = pytest.mark.skipif(not SUITES.exists(), reason=f"needs the cases at {SUITES}")

# RFC 8463, appendix A.2: the key of its example, which the folder does not hold.
BRISBANE = b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def text(name: str) -> bytes:
    return (SUITES / "dkim" / name).read_bytes().strip()


def keys() -> dict[str, bytes]:
    return {
        "test._domainkey.football.example.com": text("test.txt"),
        "brisbane._domainkey.football.example.com": BRISBANE,
        "20120113._domainkey.gmail.com": text("test2.txt"),
        "sed._domainkey.test.ex": text("eximtest.dns"),
    }


def verdicts(name: str, published: dict[str, bytes]) -> list[bool | str]:
    """Of each signature; a word where the verifier refuses to look further."""
    raw = (SUITES / "dkim" / name).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    found: list[bool | str] = []
    for index in range(max(1, (b"\r\n" + raw).lower().count(b"\r\ndkim-signature:"))):
        try:
            answer = dkim.DKIM(raw).verify(index, dnsfunc=lambda host, timeout=5: published.get(host.decode()[:-1]))
            found.append(bool(answer))
        except dkim.DKIMException as error:
            found.append(str(error))
    return found


DKIM_CASES = [
    ("rfc6376.signed.msg", [True, True], "RSA and Ed25519 over one mail (RFC 8463 A)"),
    ("rfc6376.signed.rsa.msg", [True], "RSA alone"),
    ("ed25519test2.msg", [True], "Exim's Ed25519"),
    ("rfc6376.signed.no_t.msg", [False], "t= was taken out after signing: the header is no longer what b= covers"),
    ("test2.message", [False], "Gmail's key of 2012 is not in the set: the record beside it holds the test key"),
    ("message.mbox", [False], "a stored mailbox, not a mail: its first line and its key are not of the signature"),
    ("rfc6376.msg", [False], "not signed"),
    ("rfc6376.w1258.msg", [False], "not signed"),
    ("test.message", [False], "not signed"),
    ("test_extra.message", [False], "not signed"),
    ("test_nofrom.message", [False], "not signed, and without From"),
    ("ed25519test.msg", [False], "not signed"),
]


@pytest.mark.parametrize(("name", "expected", "why"), DKIM_CASES, ids=[case[0] for case in DKIM_CASES])
def test_a_dkim_mail_has_its_verdict(name: str, expected: list[bool], why: str) -> None:
    assert verdicts(name, keys()) == expected, why


def test_a_domain_that_hides_another_one_is_refused() -> None:
    (said,) = verdicts("test.message.baddomain", keys())
    assert "d= value is not valid" in str(said)


@pytest.mark.parametrize(
    ("record", "ours"),
    [
        ("badk.txt", "the key type"),
        ("badversion.txt", "v= must be DKIM1"),
        ("test_bad.txt", "p= holds no rsa key"),
        ("test_tlsrpt.txt", "s= does not allow the key for mail"),
    ],
)
def test_a_bad_key_record_verifies_nothing_and_our_report_names_why(record: str, ours: str) -> None:
    published = {**keys(), "test._domainkey.football.example.com": text(record)}
    assert verdicts("rfc6376.signed.rsa.msg", published)[0] is not True
    finding = key_finding("test._domainkey.football.example.com", text(record).decode())
    assert (finding.severity.value, ours in finding.what) == ("wrong", True)


@pytest.mark.parametrize("name", ["test.txt", "test2.txt", "1024_testkey_wo_markers.pub.txt", "eximtest.dns"])
def test_a_good_key_record_is_not_called_wrong(name: str) -> None:
    assert key_finding("s._domainkey.x.example", text(name).decode()).severity.value != "wrong"


def test_the_arc_suite_passes_whole() -> None:
    """Keys below 1,024 bits are refused (RFC 8301 §3.2), as the suite asks; dkimpy does so unless it is told not to."""
    wrong, count = [], 0
    for scenario in yaml.safe_load_all((SUITES / "arc" / "arc-draft-validation-tests.yml").read_text(encoding="utf-8")):
        published = {name.rstrip("."): value.encode() for name, value in (scenario.get("txt-records") or {}).items()}
        for name, case in scenario["tests"].items():
            count += 1
            raw = case["message"].replace("\r\n", "\n").replace("\n", "\r\n").encode()

            def txt(host: bytes, timeout: int = 5, known: dict[str, bytes] = published) -> bytes | None:
                return known.get(host.decode().rstrip("."))

            verdict, _, reason = dkim.arc_verify(raw, dnsfunc=txt)
            if (verdict or b"").decode().lower() != (case["cv"] or "").lower():
                wrong.append((name, case["cv"], verdict, reason))
    assert wrong == []
    assert count == 171


# What is no report at all, and why; everything else in the folder is read.
UNREADABLE = {
    "invalid_utf_8.xml": "octets that are no UTF-8",
    "invalid_xml.xml": "broken XML",
    "mimecast-weird-gzip.eml": "a mail around a report",
    "nice-input.xml.zip": "an archive around a report",
}


def test_alignment_is_what_the_receivers_said_in_their_reports() -> None:
    """Of each record: the receiver's verdict, against ours from the domains that authenticated and the policy."""
    wrong, count = [], 0
    folders = [SUITES / "dmarc_reports" / name for name in ("aggregate", "extract_report")]
    for path in sorted(found for folder in folders for found in folder.iterdir() if found.name not in UNREADABLE):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        tree = ElementTree.fromstring(raw)
        for element in tree.iter():
            element.tag = element.tag.rpartition("}")[2]
        for record in tree.iter("record"):
            author = record.findtext("identifiers/header_from") or ""
            for kind in ("dkim", "spf"):
                strict = tree.findtext(f"policy_published/a{kind}") == "s"
                passed = [
                    each.findtext("domain") or ""
                    for each in record.findall(f"auth_results/{kind}")
                    if each.findtext("result") == "pass"
                ]
                ours = "pass" if any(aligned(author, domain, strict=strict) for domain in passed) else "fail"
                count += 1
                if ours != record.findtext(f"row/policy_evaluated/{kind}"):
                    wrong.append((path.name, kind, author, passed))
    assert wrong == []
    assert count == 4_662
