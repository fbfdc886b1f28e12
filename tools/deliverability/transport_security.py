"""Whether those who write to the domain are told to encrypt, and report when they cannot (RFC 8461, RFC 8460)."""

import re
from collections.abc import Iterator

from tools.deliverability.findings import Finding, Publish, Severity
from tools.deliverability.tag_list import tags
from tools.ports import Unknown
from tools.ports.domain_records import DomainRecords, RecordType

_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_REPORT = re.compile(r"(?:mailto:[^@\s,;]+@[^@\s,;]+|https://[^\s,;]+)")


def findings_of_tls(records: DomainRecords, domain: str, *, report_to: str) -> Iterator[Finding]:
    """Of the records alone: the policy of MTA-STS itself is a file on the web."""
    host, section = f"_mta-sts.{domain}", "RFC 8461 §3.1"
    found = _only(records, host, "v=STSv1")
    if isinstance(found, Unknown):
        yield Finding("mta-sts", Severity.UNKNOWN, f"{host}: {found.reason}.", section)
    elif found == "":
        what = f"{domain} has no MTA-STS: mail to it can be made to travel in clear. Serve a policy, then publish this."
        yield Finding("mta-sts", Severity.WEAK, what, section, Publish(host, "TXT", "v=STSv1; id=1"))
    elif found is None or not _ID.fullmatch((tags(found) or {}).get("id", "")):
        what = f"{host} cannot be read: one record, with an id of 1 to 32 letters and digits."
        yield Finding("mta-sts", Severity.WRONG, what, section, Publish(host, "TXT", "v=STSv1; id=1"))
    else:
        yield Finding("mta-sts", Severity.GOOD, f"{host} announces a policy.", section)
    host, section = f"_smtp._tls.{domain}", "RFC 8460 §3"
    wanted = Publish(host, "TXT", f"v=TLSRPTv1; rua=mailto:{report_to}")
    found = _only(records, host, "v=TLSRPTv1")
    if isinstance(found, Unknown):
        yield Finding("tls-rpt", Severity.UNKNOWN, f"{host}: {found.reason}.", section)
    elif found == "":
        what = f"{domain} asks for no reports on failed encryption."
        yield Finding("tls-rpt", Severity.WEAK, what, section, wanted)
    elif found is None or not _are_reports((tags(found) or {}).get("rua", "")):
        yield Finding("tls-rpt", Severity.WRONG, f"{host} cannot be read: one record, with rua=.", section, wanted)
    else:
        yield Finding("tls-rpt", Severity.GOOD, f"{host} asks for reports.", section)


def _are_reports(value: str) -> bool:
    return all(_REPORT.fullmatch(each.strip()) for each in value.split(","))


def _only(records: DomainRecords, host: str, version: str) -> str | Unknown | None:
    """The one record of a version; empty: there is none; None: there are several, which count as none."""
    answer = records.look_up(host, RecordType.TXT)
    if isinstance(answer, Unknown):
        return answer
    found = [text for text in answer if re.match(rf"{version}\s*(?:;|\Z)", text)]
    return found[0] if len(found) == 1 else None if found else ""
