"""Real replies of real servers, read as the verdict that a person would give; and never a person lost for our fault."""

import csv
from collections import Counter
from email import message_from_bytes
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.delivery_policy import POLICY, Closes
from tools.mail.bounces import read_report
from tools.mail.verdicts import PHRASES, Verdict, about_us, phrase_of, put_off, rejected, reported

# As servers say it; each stands in the bounces of data/email or in the provider's own page (Phrase.source).
REPLIES = [
    ("550-5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to "
     "authenticate with either SPF or DKIM.", "unproven", "Gmail"),
    ("550-5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy.", "unproven",
     "Gmail"),
    ("550-5.7.25 [192.0.2.202] The IP address sending this message does not have a PTR record setup, or the "
     "corresponding forward DNS entry does not point to the sending IP.", "unproven", "Gmail"),
    ("421-4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address.",
     "quota", "Gmail"),
    ("450-4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages "
     "from being delivered.", "quota", "Gmail"),
    ("550-5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to", "quota",
     "Gmail"),
    ("550-5.7.1 [192.0.2.1] Our system has detected that this message is likely unsolicited mail.", "blocked", "Gmail"),
    ("421-4.7.0 [192.0.2.1] Our system has detected that this message is suspicious due to the very low reputation "
     "of the sending IP address.", "blocked", "Gmail"),
    ("451 4.7.650 The mail server [192.0.2.25] has been temporarily rate limited due to IP reputation.", "blocked",
     "Outlook.com"),
    ("550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider "
     "since part of their network is on our block list (S3140).", "blocked", "Outlook.com"),
    ("550 5.7.606 Access denied, banned sending IP [192.0.2.1].", "blocked", "Microsoft 365"),
    ("550 5.7.515 Access denied, sending domain EXAMPLE.COM does not meet the required authentication level.",
     "unproven", "Microsoft 365"),
    ("550 5.7.509 Access denied, sending domain example.com does not pass DMARC verification", "unproven",
     "Microsoft 365"),
    ("550 5.7.501 Service unavailable. Spam abuse detected.", "blocked", "Microsoft 365"),
    ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", "auth",
     "Microsoft 365"),
    ("554 5.2.2 mailbox submission quota exceeded: SubmissionQuotaExceededException", "quota", "Microsoft 365"),
    ("421 4.7.0 [TSS04] Messages from 192.0.2.25 temporarily deferred due to user complaints - 4.16.55.1", "quota",
     "Yahoo"),
    ("553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list",
     "blocked", "Yahoo"),
    ("421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred", "blocked", "Yahoo"),
    ("554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes", "unproven",
     "Yahoo"),
    ("554 5.7.1 [HM08] Message rejected due to local policy.", "blocked", "iCloud"),
    ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "blocked", "blocklists"),
    ("450 4.7.1 Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/", "deferred", "any"),
    ("454 Throttling failure: Maximum sending rate exceeded.", "quota", "any"),
    ("550 5.1.1 <p@example.com> - 203.0.113.222 has sent too many messages this hour", "quota", "any"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "verdict", "provider"), REPLIES, ids=[reply[0][:40] for reply in REPLIES])
def test_a_reply_of_a_large_provider_has_its_verdict(words: str, verdict: str, provider: str) -> None:
    found = phrase_of(words)
    assert found is not None
    assert (found.verdict.value, found.provider) == (verdict, provider)
    assert found.source
    assert found.means


def test_every_phrase_is_shown_by_a_reply() -> None:
    shown = {id(phrase_of(words)) for words, _, _ in REPLIES}
    unshown = [phrase.means for phrase in PHRASES if id(phrase) not in shown]
    assert len(unshown) <= 5, unshown


@pytest.mark.parametrize(
    ("read", "code", "words", "verdict"),
    [
        (put_off, "timeout at connect", "no answer at connect; nothing was accepted.", "transport"),
        (put_off, "eof at RCPT TO", "the connection ended at RCPT TO", "transport"),
        (put_off, "4.3.0", "RCPT TO: 451 4.3.0 busy", "deferred"),
        (put_off, "5.2.2", "RCPT TO: 552 5.2.2 mailbox is full", "full"),
        (put_off, "4.7.0", "421 4.7.0 [TSS04] deferred due to user complaints", "quota"),
        (rejected, "5.1.1", "RCPT TO: 550 5.1.1 no such user", "no_such_person"),
        (rejected, "5.1.10", "RCPT TO: 556 5.1.10 null MX", "no_such_person"),
        (rejected, "5.1.1", "550 5.1.1 has sent too many messages this hour", "quota"),
        (rejected, "5.3.4", "552 5.3.4 too big", "refused"),
        (rejected, "tampered", "The frozen bytes are not those of their hash.", "refused"),
        (about_us, "5.7.8", "AUTH: 535 5.7.8 bad password", "auth"),
        (about_us, "530", "MAIL FROM: 530 authentication required", "auth"),
        (about_us, "no_starttls", "The server offers no STARTTLS", "auth"),
        (about_us, "5.7.1", "RCPT TO: 550 5.7.1 sender refused by policy", "blocked"),
        (about_us, "5.7.26", "550 5.7.26 SPF and DKIM did not pass, unauthenticated", "unproven"),
    ],
)
def test_what_the_words_leave_open_the_status_decides(read, code: str, words: str, verdict: str) -> None:  # type: ignore[no-untyped-def]
    assert read(code, words).value == verdict


@given(st.sampled_from([put_off, rejected, about_us]), st.text(max_size=12), st.text(max_size=300))
def test_nobody_is_lost_but_by_a_status_about_the_address(read, code: str, words: str) -> None:  # type: ignore[no-untyped-def]
    verdict = read(code, words)
    assert verdict is not Verdict.NO_SUCH_PERSON or (read is rejected and code.startswith("5.1."))


def test_only_the_verdicts_about_a_person_suppress_and_every_verdict_has_its_rule() -> None:
    assert set(POLICY) == set(Verdict)
    assert {v for v, rule in POLICY.items() if rule.suppresses} == {Verdict.NO_SUCH_PERSON, Verdict.COMPLAINT}
    for rule in POLICY.values():
        assert rule.counts or rule.closes is not Closes.NOTHING, "what is tried for ever must be held"
        assert (rule.closes is Closes.NOTHING) or rule.alert


def test_real_bounces_of_our_fault_are_not_called_the_persons(shared_dir: Path) -> None:
    """The reasons are those of the corpus' own labels."""
    root = shared_dir / "data" / "email" / "bounces_sisimai"
    labels: dict[str, list[str]] = {}
    for row in csv.DictReader((root / "labels.csv").open(encoding="utf-8")):
        labels.setdefault(Path(row["file"]).name, []).append(row["reason"])
    found: Counter[tuple[str, str]] = Counter()
    for path in sorted((root / "eml").rglob("*.eml")):
        report = read_report(message_from_bytes(path.read_bytes()))
        reasons = labels.get(path.name, [])
        if report is None or len(report.recipients) != len(reasons):
            continue
        for recipient, reason in zip(report.recipients, reasons, strict=True):
            verdict = reported(recipient.severity.value, recipient.status, recipient.diagnostic)
            found[reason, verdict.value] += 1
    ours = ("authfailure", "badreputation", "blocked", "requireptr", "ratelimited", "speeding", "toomanyconn")
    assert sum(count for (reason, verdict), count in found.items() if reason in ours) >= 30
    lost = sum(count for (reason, verdict), count in found.items() if reason in ours and verdict == "no_such_person")
    assert lost == 0
    proof = {verdict for reason, verdict in found if reason == "authfailure"}
    assert proof <= {"unproven", "blocked"}
    assert found["authfailure", "unproven"] >= 10


def test_the_docs_hold_the_same_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "deliverability.md").read_text(encoding="utf-8")
    for rule in POLICY.values():
        assert f"| `{rule.verdict.value}` | {rule.means} | {rule.does} | {rule.closes.value} |" in page
