"""Addresses by syntax, lists and mail domain; measured on the isemail cases where they are at hand."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.ports import EmailStatus, Unknown
from tools.providers.email_verifier import ChecksVerifier, normalise_address

ISEMAIL = Path(__file__).parents[3].parent / "shared" / "data" / "email_address" / "isemail_tests.xml"


class Domains:
    def __init__(self, answers=None):
        self.answers, self.asked = answers or {}, []

    def mx(self, domain):
        self.asked.append(domain)
        return self.answers.get(domain, ("mx.example",))


def verdict(address, answers=None, **options):
    return ChecksVerifier(Domains(answers), **options).verify([address])[0]


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        (" Ada.Lovelace@ACME.com\r\n", "ada.lovelace@acme.com"),
        ("ada+news@acme.com", "ada+news@acme.com"),
        ("ada@münchen.de", "ada@xn--mnchen-3ya.de"),
        ("ada@acme.example", "ada@acme.example"),
        ("ada@acme.test", "ada@acme.test"),
        ("a" * 64 + "@acme.com", "a" * 64 + "@acme.com"),
        ("a" * 65 + "@acme.com", None),
        ("ada@" + "a" * 64 + ".com", None),
        ("ada@acme", None),
        ("ada@[127.0.0.1]", None),
        ("Ada <ada@acme.com>", None),
        ('"ada lovelace"@acme.com', None),
        ("ada@acme.com\nBcc: eve@evil.com", None),
        ("ada@acme.com,eve@evil.com", None),
        ("ada..l@acme.com", None),
        (".ada@acme.com", None),
        ("ädä@acme.com", None),
        ("ada\u200b@acme.com", None),
        ("ada@@acme.com", None),
        ("@acme.com", None),
        ("", None),
        ("a@" + "b.com" * 100_000, None),
    ],
)
def test_one_spelling_or_none(text, normalised):
    assert normalise_address(text) == normalised


@given(st.text(max_size=80))
def test_no_text_raises_and_normalising_twice_is_once(text):
    for address in (text, f"{text}@acme.com", f"ada@{text}.com"):
        once = normalise_address(address)
        assert once is None or normalise_address(once) == once
        assert (verdict(address).status is EmailStatus.INVALID) or once


def test_a_person_at_a_company_that_takes_mail_is_valid():
    found = verdict("Ada@Acme.com")
    assert (found.address, found.status, found.mx_host) == ("ada@acme.com", EmailStatus.VALID, "mx.example")
    assert found.reasons


@pytest.mark.parametrize("local", ["info", "sales", "Support", "sales2", "info+eu", "jobs.berlin", "no-reply"])
def test_a_role_is_risky(local):
    found = verdict(f"{local}@acme.com")
    assert (found.status, found.is_role) == (EmailStatus.RISKY, True)


@pytest.mark.parametrize("local", ["ada", "infanta", "ads.lovelace", "support-ada", "hrant", "ar.jones", "salesman"])
def test_a_name_that_begins_like_a_role_is_none(local):
    assert not verdict(f"{local}@acme.com").is_role


def test_free_mail_is_risky_and_thrown_away_addresses_invalid():
    free = verdict("ada@gmail.com")
    assert (free.status, free.is_free_mail) == (EmailStatus.RISKY, True)
    for domain in ("mailinator.com", "x.mailinator.com", "more.example"):
        thrown = verdict(f"ada@{domain}", extra_disposable={"more.example"})
        assert (thrown.status, thrown.is_disposable) == (EmailStatus.INVALID, True)


def test_a_domain_without_mail_is_invalid_and_one_not_asked_unknown():
    answers = {"none.com": (), "late.com": Unknown("DNS was late")}
    assert verdict("ada@none.com", answers).status is EmailStatus.INVALID
    late = verdict("info@late.com", answers)
    assert (late.status, late.reasons[0]) == (EmailStatus.UNKNOWN, "DNS was late")


def test_verdicts_come_in_order_and_dns_is_asked_once_a_domain():
    domains = Domains()
    asked = ["a@acme.com", "broken", "b@ACME.com", "c@other.com", "a@acme.com", "d@mailinator.com"]
    found = ChecksVerifier(domains).verify(asked)
    assert [one.address for one in found] == ["a@acme.com", "broken", "b@acme.com", "c@other.com", *asked[4:]]
    assert domains.asked == ["acme.com", "other.com"]


def test_every_isemail_error_is_refused_and_what_is_plainly_valid_taken():
    if not ISEMAIL.exists():
        pytest.skip(f"The shared isemail cases are not at {ISEMAIL}.")
    wrongly_taken, wrongly_refused = [], []
    for case in ElementTree.parse(ISEMAIL).getroot().iter("test"):
        # U+2400 + n stands for the control character n in that file.
        text = "".join(chr(ord(c) - 0x2400) if 0x2400 <= ord(c) < 0x2420 else c for c in case.findtext("address") or "")
        category, diagnosis = case.findtext("category"), case.findtext("diagnosis")
        taken = normalise_address(text) is not None
        if category == "ISEMAIL_ERR" and taken and text == text.strip():
            wrongly_taken.append(text)
        if category == "ISEMAIL_VALID_CATEGORY" and diagnosis == "ISEMAIL_VALID" and not taken:
            wrongly_refused.append(text)
    assert wrongly_taken == []
    # Valid by the RFC, yet not as a company's mailbox: an address at a top-level domain.
    assert [text for text in wrongly_refused if "." in text.rpartition("@")[2]] == []
