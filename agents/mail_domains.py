"""The domains that our mailboxes send from: what is found out about each, kept, asked again daily, told once when it
breaks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

from sqlmodel import Session, col, select

from agents.brakes import domain_of
from agents.context import AgentContext
from agents.ramps import SCHEDULES, Schedule
from core.errors import Conflict, NotFound, Rejected
from core.ids import stable_id
from store import audit, bulk
from store.models import Alert, Mailbox, MailDomain
from store.queries import deliverability, sending_domains
from tools.deliverability.findings import DomainReport, Severity
from tools.deliverability.report import examine_domain

ASKED_AGAIN = timedelta(hours=24)
_AT_ONCE = 3  # domains of one round: each asks the DNS some forty times
_MOST = 10  # selectors, addresses or lists of one domain
_KNOWN = (Severity.WRONG, Severity.WEAK, Severity.GOOD)  # the worst first


def known(session: Session, context: AgentContext, domain: str, *, lock: bool = False) -> MailDomain:
    """Its row, made where it is missing."""
    if (row := deliverability.mail_domain(session, domain, lock=lock)) is not None:
        return row
    made = {
        "id": stable_id("mail_domain", context.workspace_id, domain),
        "domain": domain,
        "created_at": context.clock.now(),
    }
    bulk.insert_ignore(session, MailDomain, [made])
    row = deliverability.mail_domain(session, domain, lock=lock)
    if row is None:  # a constraint that we do not know: nothing that goes on by itself
        raise RuntimeError(f"The domain {domain} could not be kept.")
    return row


def schedules(session: Session, domains: Collection[str]) -> Mapping[str, Schedule]:
    """The warm-up schedule of each."""
    query = select(MailDomain.domain, MailDomain.ramp).where(col(MailDomain.domain).in_(domains))
    chosen = dict(session.exec(query).all())
    return {domain: SCHEDULES.get(chosen.get(domain, ""), SCHEDULES["steps"]) for domain in domains}


def change(
    session: Session,
    context: AgentContext,
    domain: str,
    *,
    selectors: Sequence[str] | None = None,
    sends_from: Sequence[str] | None = None,
    blocklists: Sequence[str] | None = None,
    ramp: str | None = None,
    by: str,
) -> MailDomain:
    """What is looked at from now on; None: it stays. Raises NotFound (no mailbox of ours is there), Rejected."""
    _check_ours(session, domain)
    row = known(session, context, domain)
    if ramp is not None and ramp not in SCHEDULES:
        raise Rejected(f"There is no schedule “{ramp[:20]}”.", hint=f"Choose {' or '.join(SCHEDULES)}.")
    wanted: dict[str, Any] = {"ramp": ramp}
    for name, values in (("selectors", selectors), ("sends_from", sends_from), ("blocklists", blocklists)):
        wanted[name] = None if values is None else _tidy(name, values)
    changed = [name for name, value in wanted.items() if value is not None and value != getattr(row, name)]
    for name in changed:
        setattr(row, name, wanted[name])
    if changed:
        session.add(row)
        session.flush()
        audit.append(
            session,
            context.clock,
            context.ids,
            actor=by,
            action="mail_domain.changed",
            subject_kind="mail_domain",
            subject_id=row.id,
            details={"domain": domain, "changed": changed},
        )
    return row


def look(context: AgentContext, domain: str) -> None:
    """Asks the DNS, outside of any transaction, and keeps what was found. Takes seconds. Raises Conflict (no
    look-ups), NotFound."""
    with context.database.read(context.workspace_id) as session:
        _check_ours(session, domain)
        row = deliverability.mail_domain(session, domain)
        query = select(Mailbox).where(Mailbox.transport == "smtp").order_by(col(Mailbox.address))
        hosts = [mailbox.host for mailbox in session.exec(query) if domain_of(mailbox.address) == domain]
        signing = [key.selector for key in sending_domains.signing(session, domain)]
    if not context.settings.web_fetch:
        raise Conflict(
            "DNS look-ups are off: nothing can be looked at.", hint="Set SALESOS_WEB_FETCH=true.", code="look_ups_off"
        )
    report = examine_domain(
        context.tools.domain_records,
        domain,
        at=context.clock.now(),
        smtp_host=hosts[0] if hosts else "",
        selectors=list(dict.fromkeys([*signing, *(row.selectors if row else ())])),
        addresses=row.sends_from if row else (),
        blocklists=row.blocklists if row else (),
    )
    with context.database.write(context.workspace_id) as session:
        keep(session, context, report)


def look_again(context: AgentContext) -> int:
    """Domains that really send, and were not looked at for a day. Returns how many."""
    if not context.settings.web_fetch:
        return 0
    with context.database.read(context.workspace_id) as session:
        query = select(Mailbox.address).where(Mailbox.transport != "folder")
        sending_ones = sorted({domain_of(address) for address in session.exec(query)})
        rows = select(MailDomain.domain, MailDomain.made_at).where(col(MailDomain.domain).in_(sending_ones))
        made: dict[str, datetime | None] = dict(session.exec(rows).all())
    before = context.clock.now() - ASKED_AGAIN
    due = [domain for domain in sending_ones if (at := made.get(domain)) is None or at <= before]
    for domain in due[:_AT_ONCE]:
        look(context, domain)
    return len(due[:_AT_ONCE])


def keep(session: Session, context: AgentContext, report: DomainReport) -> None:
    """With an alert, once, for each check that was better when it was last known."""
    row = known(session, context, report.domain, lock=True)
    now = context.clock.now()
    standing = dict(row.standing)
    alerts = []
    for check, severity in _by_check(report).items():
        before = standing.get(check)
        if before is not None and _KNOWN.index(severity) < _KNOWN.index(Severity(before["severity"])):
            alerts.append(_broken(context, row, report, check, severity, now))
        if before is None or before["severity"] != severity:
            standing[check] = {"severity": severity.value, "since": now.isoformat()}
    row.findings = [asdict(finding) for finding in report.findings]
    row.standing, row.made_at = standing, now
    session.add(row)
    session.flush()
    bulk.insert_ignore(session, Alert, alerts)


def _by_check(report: DomainReport) -> dict[str, Severity]:
    """The worst that is known of each check. What could not be looked up is neither better nor worse than before."""
    found: dict[str, Severity] = {}
    for finding in report.findings:
        if finding.severity in _KNOWN:
            worst = min(_KNOWN.index(found.get(finding.check, Severity.GOOD)), _KNOWN.index(finding.severity))
            found[finding.check] = _KNOWN[worst]
    return found


def _broken(
    context: AgentContext, row: MailDomain, report: DomainReport, check: str, severity: Severity, now: datetime
) -> dict[str, Any]:
    finding = next(each for each in report.findings if each.check == check and each.severity is severity)
    key = f"mail_domain:{row.id}:{check}:{now.isoformat()}"
    mend = f" Publish {finding.publish.type} {finding.publish.host}: {finding.publish.value}" if finding.publish else ""
    return {
        "id": stable_id("alert", context.workspace_id, key),
        "source_key": key,
        "subject_kind": "mail_domain",
        "subject_id": row.id,
        "level": "critical" if severity is Severity.WRONG else "warning",
        "text": f"{check.upper()} of {row.domain} was better before: {finding.what}{mend}"[:1_000],
        "created_at": now,
    }


def _check_ours(session: Session, domain: str) -> None:
    if not deliverability.mailboxes_of(session, [domain]):
        raise NotFound("No mailbox of yours is of this domain.", hint="Add the mailbox first.")


def _tidy(name: str, values: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(value.strip().strip(".").lower() for value in values if value.strip()))
    if len(found) > _MOST:
        raise Rejected(f"More than {_MOST} of {name.replace('_', ' ')} are too many to ask about each day.")
    if name == "sends_from":
        try:
            return [str(ip_address(text)) for text in found]
        except ValueError:
            raise Rejected("An address that mail leaves from is no IP address.", hint="It reads 192.0.2.25.") from None
    if any(not text.isascii() or len(text) > 253 or set(text) & set(" /@:") for text in found):
        raise Rejected(f"One of the {name} is no name that the DNS could hold.", hint="It reads s1, or bl.example.org.")
    return found
