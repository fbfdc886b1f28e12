"""What is wrong with the SPF record of a domain, whoever sends; and what it says of the addresses that do."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from tools.deliverability import spf_record
from tools.deliverability.findings import Finding, Publish, Severity
from tools.deliverability.spf import MAX_TERMS, SpfResult, check_host
from tools.deliverability.spf_record import Qualifier, SpfRecord, SpfSyntaxError
from tools.ports import Unknown
from tools.ports.domain_records import DomainRecords

_CHECK = "spf"
_ASKING = frozenset({"include", "a", "mx", "ptr", "exists"})
_MOST_WALKED = 40  # records; what needs more is far over the limit
_LONGEST = 450  # octets: the answer should fit 512 (§3.4)

# By the end of the SMTP host's name: what the service's own set-up page tells customers to include.
SENDING_SERVICES = {
    "gmail.com": "_spf.google.com",
    "google.com": "_spf.google.com",
    "office365.com": "spf.protection.outlook.com",
    "outlook.com": "spf.protection.outlook.com",
    "sendgrid.net": "sendgrid.net",
    "amazonaws.com": "amazonses.com",
    "mailgun.org": "mailgun.org",
    "zoho.com": "zoho.com",
    "zoho.eu": "zoho.eu",
}


def findings_of_spf(
    records: DomainRecords, domain: str, *, smtp_host: str, addresses: Sequence[str], at: datetime
) -> Iterator[Finding]:
    """`smtp_host`: where mail is handed over, empty where not known; `addresses`: where it leaves from, if known."""
    wanted = Publish(domain, "TXT", _proposal(smtp_host, addresses))
    found = spf_record.published(records, domain)
    if isinstance(found, Unknown):
        yield Finding(_CHECK, Severity.UNKNOWN, f"The SPF record of {domain}: {found.reason}.", "RFC 7208 §4.4")
        return
    if not found:
        what = f"{domain} publishes no SPF record."
        yield Finding(_CHECK, Severity.WRONG, what, "Gmail, Yahoo and Microsoft sender rules", wanted)
        return
    if len(found) > 1:
        what = f"{domain} publishes {len(found)} SPF records, and receivers then use none. Make one of them."
        yield Finding(_CHECK, Severity.WRONG, what, "RFC 7208 §4.5", wanted)
        return
    try:
        record = spf_record.parse(found[0])
    except SpfSyntaxError as error:
        yield Finding(_CHECK, Severity.WRONG, f"The SPF record cannot be read: {error}.", "RFC 7208 §4.6", wanted)
        return
    problems = [*_of_record(record, domain), *_of_look_ups(records, record, domain), *_of_service(record, smtp_host)]
    yield from problems
    for address in addresses:
        yield _of_address(records, domain, address, at)
    if not problems:
        yield Finding(
            _CHECK, Severity.GOOD, f"The SPF record of {domain} can be read: {record.text[:200]}", "RFC 7208 §4.6"
        )


def _proposal(smtp_host: str, addresses: Sequence[str]) -> str:
    service = _service(smtp_host)
    parts = [f"include:{service}"] if service else []
    parts += [f"ip{6 if ':' in address else 4}:{address}" for address in addresses]
    return " ".join(["v=spf1", *(parts or ["mx"]), "~all"])


def _service(smtp_host: str) -> str:
    host = smtp_host.rstrip(".").lower()
    return next((spf for end, spf in SENDING_SERVICES.items() if host == end or host.endswith(f".{end}")), "")


def _of_record(record: SpfRecord, domain: str) -> Iterator[Finding]:
    if record.all is Qualifier.PASS:
        better = Publish(
            domain, "TXT", " ".join("~all" if part.lower() in ("all", "+all") else part for part in record.text.split())
        )
        what = "It ends in +all: everybody in the world may send in the domain's name."
        yield Finding(_CHECK, Severity.WRONG, what, "RFC 7208 §5.1", better)
    elif record.all is Qualifier.NEUTRAL or (record.all is None and not record.redirect):
        better = Publish(domain, "TXT", " ".join([*(part for part in record.text.split() if part != "?all"), "~all"]))
        what = "It says nothing of addresses that it does not name: end it in ~all or -all."
        yield Finding(_CHECK, Severity.WEAK, what, "RFC 7208 §4.7", better)
    if any(directive.mechanism == "ptr" for directive in record.directives):
        what = "It uses ptr, which is slow and which receivers may skip. Name the addresses or hosts."
        yield Finding(_CHECK, Severity.WEAK, what, "RFC 7208 §5.5")
    if len(record.text) > _LONGEST:
        what = f"It has {len(record.text)} octets; answers of more than {_LONGEST} get lost on some networks."
        yield Finding(_CHECK, Severity.WEAK, what, "RFC 7208 §3.4")


def _of_look_ups(records: DomainRecords, record: SpfRecord, domain: str) -> Iterator[Finding]:
    """Counts what the whole record can need: a receiver that finds no match early needs all of it."""
    waiting, asked, walked, gone = [record], 0, {domain.lower()}, []
    while waiting:
        each = waiting.pop()
        asked += sum(directive.mechanism in _ASKING for directive in each.directives) + bool(each.redirect)
        named = [directive.domain for directive in each.directives if directive.mechanism == "include"]
        for name in [*named, each.redirect]:
            if not name or "%" in name or name.lower() in walked or len(walked) > _MOST_WALKED:
                continue
            walked.add(name.lower())
            found = spf_record.published(records, name)
            if isinstance(found, Unknown):
                yield Finding(_CHECK, Severity.UNKNOWN, f"{name}, which it includes: {found.reason}.", "RFC 7208 §5.2")
                continue
            try:
                waiting.append(spf_record.parse(found[0]) if len(found) == 1 else _none_of(name, len(found)))
            except SpfSyntaxError as error:
                gone.append(f"{name}: {error}")
    for reason in gone:
        what = f"It includes what is no SPF record, so that receivers may use nothing of it: {reason}."
        yield Finding(_CHECK, Severity.WRONG, what, "RFC 7208 §5.2")
    if asked > MAX_TERMS:
        what = f"It needs {asked} DNS look-ups where {MAX_TERMS} are allowed. Take out services that no longer send."
        yield Finding(_CHECK, Severity.WRONG, what, "RFC 7208 §4.6.4")


def _none_of(name: str, number: int) -> SpfRecord:
    raise SpfSyntaxError("it publishes none" if not number else f"it publishes {number}")


def _of_service(record: SpfRecord, smtp_host: str) -> Iterator[Finding]:
    service = _service(smtp_host)
    if service and not record.redirect and not any(each.domain.lower() == service for each in record.directives):
        what = f"Mail leaves through {smtp_host}, and the record does not say include:{service} itself."
        yield Finding(_CHECK, Severity.WEAK, what, f"the set-up page of the service at {smtp_host}")


def _of_address(records: DomainRecords, domain: str, address: str, at: datetime) -> Finding:
    verdict = check_host(records, address, f"postmaster@{domain}", helo=domain, at=at)
    severity = {
        SpfResult.PASS: Severity.GOOD,
        SpfResult.TEMPERROR: Severity.UNKNOWN,
    }.get(verdict.result, Severity.WRONG)
    return Finding(_CHECK, severity, f"Mail from {address}: {verdict.result}. {verdict.reason}", "RFC 7208 §2.6")
