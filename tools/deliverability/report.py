"""All checks of one sending domain together."""

from collections.abc import Sequence
from datetime import datetime

from tools.deliverability.blocklists import findings_of_blocklists
from tools.deliverability.dkim_key import findings_of_keys
from tools.deliverability.dmarc import findings_of_policy
from tools.deliverability.findings import DomainReport, Finding, Severity
from tools.deliverability.mail_hosts import findings_of_mx, findings_of_reverse
from tools.deliverability.spf_findings import findings_of_spf
from tools.deliverability.transport_security import findings_of_tls
from tools.ports.domain_records import DomainRecords

_WORST_FIRST = (Severity.WRONG, Severity.UNKNOWN, Severity.WEAK, Severity.GOOD)


def examine_domain(
    records: DomainRecords,
    domain: str,
    *,
    at: datetime,
    report_to: str = "",
    smtp_host: str = "",
    selectors: Sequence[str] = (),
    addresses: Sequence[str] = (),
    blocklists: Sequence[str] = (),
) -> DomainReport:
    """`domain`: of the From address, in A-labels. `report_to`: who gets reports in proposed records (else postmaster).

    `smtp_host`: where mail is handed over. `selectors`: of the DKIM keys that sign. `addresses`: the public addresses
    that mail leaves from, for SPF, reverse DNS and blocklists; without them those say nothing. Raises ValueError for
    what is no address.
    """
    domain = domain.rstrip(".").lower()
    report_to = report_to or f"postmaster@{domain}"
    findings: list[Finding] = [
        *findings_of_spf(records, domain, smtp_host=smtp_host, addresses=addresses, at=at),
        *findings_of_keys(records, domain, selectors),
        *findings_of_policy(records, domain, report_to=report_to),
        *findings_of_mx(records, domain),
        *findings_of_reverse(records, addresses),
        *findings_of_tls(records, domain, report_to=report_to),
        *findings_of_blocklists(records, addresses, blocklists),
    ]
    if not addresses:
        what = "Nobody said which addresses mail leaves from (--sends-from): they are not looked at."
        findings.append(Finding("ptr", Severity.UNKNOWN, what, "Gmail and Yahoo sender rules"))
    findings.sort(key=lambda finding: _WORST_FIRST.index(finding.severity))
    return DomainReport(domain, tuple(findings))
