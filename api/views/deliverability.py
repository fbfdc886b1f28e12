"""Whether mail is believed and welcome: what a domain publishes, what came back, what is braked, how warm it is."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from agents import brakes, ramps
from agents.brake_measures import LEAST_SENT, LIMITS, WINDOW, Cause, Measure, measures
from agents.delivery_policy import POLICY, Closes
from agents.mailbox_limits import standings
from core.errors import NotFound
from store.models import Brake, Mailbox, MailDomain
from store.queries import deliverability
from store.session import workspace_of
from tools.deliverability.findings import Severity

_LIFTED_SHOWN = 20


class PublishOut(BaseModel):
    host: str
    type: str
    value: str


class FindingOut(BaseModel):
    check: str
    severity: Severity
    what: str
    source: str
    publish: PublishOut | None  # the record that mends it


class MailDomainOut(BaseModel):
    """`made_at` None: it was never looked at."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "domain": "company.example",
                    "made_at": "2026-06-02T05:00:00Z",
                    "wrong": 1,
                    "selectors": ["s1"],
                    "sends_from": ["192.0.2.25"],
                    "blocklists": [],
                    "ramp": "steps",
                    "findings": [
                        {
                            "check": "dmarc",
                            "severity": "wrong",
                            "what": "_dmarc.company.example publishes no policy.",
                            "source": "RFC 9989",
                            "publish": {"host": "_dmarc.company.example", "type": "TXT", "value": "v=DMARC1; p=none"},
                        }
                    ],
                }
            ]
        }
    )

    domain: str
    made_at: datetime | None
    wrong: int
    selectors: list[str]
    sends_from: list[str]
    blocklists: list[str]
    ramp: str
    findings: list[FindingOut]


class BrakeOut(BaseModel):
    id: UUID
    domain: str
    mailbox_id: UUID | None  # null: all mailboxes of the domain
    cause: str
    reason: str
    hits: int
    sent: int
    since: datetime | None
    made_at: datetime
    until: datetime | None  # null: until a person lifts it
    lifted_at: datetime | None
    lifted_by: str
    lift_reason: str


class MeasureOut(BaseModel):
    """`share` null: too few were sent to say."""

    cause: Cause
    hits: int
    sent: int
    share: float | None
    stops_at: float
    warns_at: float
    least_sent: int
    since: datetime


class RampOut(BaseModel):
    """`days`: today and those that follow, if each is used whole."""

    may_send_today: int
    sent_today: int
    days: list[int]
    domain_schedule: str
    domain_source: str
    domain_sent_today: int
    domain_may_send_today: int | None  # null: the domain is warm
    domain_days: list[int]


class MailboxDeliverability(BaseModel):
    domain: MailDomainOut
    brakes: list[BrakeOut]  # those that hold it, then those that were lifted, the newest first
    measures: list[MeasureOut]
    domain_measures: list[MeasureOut]
    ramp: RampOut | None  # null: it does not warm up


class VerdictRule(BaseModel):
    verdict: str
    means: str
    does: str
    tried_again_after_seconds: int | None
    longest_wait_seconds: int | None
    counts_as_attempt: bool
    closes: Closes
    closed_for_seconds: int | None
    alert: str
    counts_towards_brake: bool
    suppresses_the_address: bool


def mail_domains(session: Session) -> list[MailDomainOut]:
    """Of every domain that a mailbox stands in, by name."""
    names = sorted({brakes.domain_of(address) for address in session.exec(select(Mailbox.address))})
    rows = session.exec(select(MailDomain).where(col(MailDomain.domain).in_(names))).all()
    known = {row.domain: row for row in rows}
    return [_domain(name, known.get(name)) for name in names]


def mail_domain(session: Session, domain: str) -> MailDomainOut:
    """Raises NotFound."""
    name = domain.strip().strip(".").lower()
    if not deliverability.mailboxes_of(session, [name]):
        raise NotFound("No mailbox of yours is of this domain.")
    return _domain(name, deliverability.mail_domain(session, name))


def all_brakes(session: Session, *, lifted: bool) -> list[BrakeOut]:
    """The open ones; or the last that were lifted."""
    query = select(Brake).order_by(col(Brake.made_at).desc(), col(Brake.id)).limit(200)
    query = query.where(col(Brake.lifted_at).is_not(None) if lifted else col(Brake.lifted_at).is_(None))
    return [brake_out(row) for row in session.exec(query)]


def of_mailbox(session: Session, mailbox_id: UUID, now: datetime) -> MailboxDeliverability:
    """In a constant number of statements. Raises NotFound."""
    mailbox = session.get(Mailbox, (workspace_of(session), mailbox_id))
    if mailbox is None:
        raise NotFound("There is no such mailbox.")
    name = brakes.domain_of(mailbox.address)
    row = deliverability.mail_domain(session, name)
    known = deliverability.brakes_of(session, [name], now - WINDOW)
    mine = [brake for brake in known if brake.mailbox_id in (None, mailbox_id)]
    standing = [brake for brake in mine if brake.lifted_at is None and (brake.until is None or brake.until > now)]
    lifted = [brake for brake in mine if brake.lifted_at is not None]
    found = measures(session, name, known, now)
    return MailboxDeliverability(
        domain=_domain(name, row),
        brakes=[brake_out(brake) for brake in [*standing, *lifted[:_LIFTED_SHOWN]]],
        measures=_measured(found.get(mailbox_id, {}).values()),
        domain_measures=_measured(found.get(None, {}).values()),
        ramp=_ramp(session, mailbox, now),
    )


def policy() -> list[VerdictRule]:
    def seconds(of: timedelta | None) -> int | None:
        return None if of is None else int(of.total_seconds())

    return [
        VerdictRule(
            verdict=rule.verdict.value,
            means=rule.means,
            does=rule.does,
            tried_again_after_seconds=seconds(rule.first_wait),
            longest_wait_seconds=seconds(rule.longest_wait) if rule.first_wait is not None else None,
            counts_as_attempt=rule.counts,
            closes=rule.closes,
            closed_for_seconds=seconds(rule.closed_for),
            alert=rule.alert,
            counts_towards_brake=rule.brakes,
            suppresses_the_address=rule.suppresses,
        )
        for rule in POLICY.values()
    ]


def brake_out(row: Brake) -> BrakeOut:
    return BrakeOut.model_validate(row, from_attributes=True)


def _domain(name: str, row: MailDomain | None) -> MailDomainOut:
    findings = [FindingOut.model_validate(each) for each in (row.findings if row else [])]
    return MailDomainOut(
        domain=name,
        made_at=row.made_at if row else None,
        wrong=sum(finding.severity is Severity.WRONG for finding in findings),
        selectors=row.selectors if row else [],
        sends_from=row.sends_from if row else [],
        blocklists=row.blocklists if row else [],
        ramp=row.ramp if row else "steps",
        findings=findings,
    )


def _measured(found: Iterable[Measure]) -> list[MeasureOut]:
    return [
        MeasureOut(
            cause=each.cause,
            hits=each.hits,
            sent=each.sent,
            share=each.share,
            stops_at=LIMITS[each.cause].stop,
            warns_at=LIMITS[each.cause].warn,
            least_sent=LEAST_SENT,
            since=each.since,
        )
        for each in found
    ]


def _ramp(session: Session, mailbox: Mailbox, now: datetime) -> RampOut | None:
    if mailbox.ramp_started_at is None:
        return None
    standing = standings(session, [mailbox], now)[mailbox.id]
    domain = standing.domain
    days = ramps.days_ahead(standing.limit, mailbox.daily_cap)
    schedule = domain.schedule if domain else ramps.SCHEDULES["steps"]
    return RampOut(
        may_send_today=standing.limit,
        sent_today=standing.sent,
        days=list(days),
        domain_schedule=schedule.name,
        domain_source=schedule.source,
        domain_sent_today=domain.sent if domain else 0,
        domain_may_send_today=domain.limit if domain else None,
        domain_days=list(ramps.domain_days_ahead(schedule, domain.limit)) if domain else [],
    )
