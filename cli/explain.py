"""`salesos explain`: why anything did or did not happen, from the rows that decided it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import Session, col, select

from agents.contacts.seats import seats_of
from agents.policy import load_policy
from agents.scorer_next import outlook_of
from cli.opening import Opened, cli_of
from cli.output import AsJson, print_json, print_table, say
from core.errors import NotFound
from scoring.next_tier import sources_for
from store.models import (
    Approval,
    ApprovalState,
    Company,
    Contact,
    Customer,
    Decision,
    Enrollment,
    EnrollmentState,
    Icp,
    Lead,
    Mailbox,
    MailboxState,
    RunCompany,
    ScoreRow,
    ThreadTrigger,
    Touch,
    TouchState,
)
from store.queries import suppression, timeline, triggers
from tools.domains import registrable_domain

_OPEN = (TouchState.PLANNED, TouchState.DRAFTED, TouchState.QUEUED, TouchState.BLOCKED)


@dataclass(slots=True)
class Score:
    kind: str
    value: float | None
    reasons: list[str]


@dataclass(slots=True)
class Subject:
    kind: str  # lead, customer, company, run …
    id: UUID
    title: str
    decisions: list[dict[str, Any]] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)  # what stands between it and its next touch
    next_tier: list[str] = field(default_factory=list)  # what would have to change for it
    timeline: list[dict[str, Any]] = field(default_factory=list)


def explain(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(help="An id, an e-mail address or a domain.")],
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many lines of the timeline.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Say what was decided about somebody and why, and what blocks the next touch."""
    with cli_of(context).open() as opened, opened.application.database.read(opened.workspace.id) as session:
        found = [
            _told(session, opened, kind, row_id, title, limit)
            for kind, row_id, title in _find(session, opened, subject)
        ]
    if not found:
        raise NotFound(
            "Nothing here has this id, address or domain.",
            hint="It may never have been found, or not pass the ICP's filters: `salesos run show` counts those.",
        )
    if as_json:
        print_json(found)
        return
    for told in found:
        _print(told)


def _find(session: Session, opened: Opened, text: str) -> Iterator[tuple[str, UUID, str]]:
    """(kind, id, title) of what is meant."""
    text = text.strip()
    try:
        wanted = UUID(text)
    except ValueError:
        yield from _by_address(session, opened, text) if "@" in text else _by_domain(session, opened, text)
        return
    key = (opened.workspace.id, wanted)
    if lead := session.get(Lead, key):
        yield "lead", lead.id, _lead_title(session, opened, lead)
    elif contact := session.get(Contact, key):
        yield from _of_contact(session, opened, contact)
    elif company := session.get(Company, key):
        yield from _of_company(session, opened, company)
    elif customer := session.get(Customer, key):
        yield "customer", customer.id, _company_name(session, opened, customer.company_id)
    elif decided := session.exec(select(Decision).where(Decision.subject_id == wanted).limit(1)).first():
        yield decided.subject_kind, wanted, f"{decided.subject_kind} {wanted}"
    elif waiting := session.exec(select(ThreadTrigger).where(ThreadTrigger.subject_id == wanted).limit(1)).first():
        yield waiting.subject_kind, wanted, f"{waiting.subject_kind} {wanted}"


def _by_address(session: Session, opened: Opened, address: str) -> Iterator[tuple[str, UUID, str]]:
    keys = suppression.address_keys(opened.context.sealer, address)
    query = select(Contact).where(col(Contact.email_index).in_(keys)).order_by(col(Contact.id))
    for contact in session.exec(query):
        yield from _of_contact(session, opened, contact)


def _by_domain(session: Session, opened: Opened, text: str) -> Iterator[tuple[str, UUID, str]]:
    domain = registrable_domain(text) or text.lower()
    company = session.exec(select(Company).where(Company.domain == domain)).first()
    if company is not None:
        yield from _of_company(session, opened, company)


def _of_contact(session: Session, opened: Opened, contact: Contact) -> Iterator[tuple[str, UUID, str]]:
    leads = session.exec(select(Lead).where(Lead.contact_id == contact.id).order_by(col(Lead.id))).all()
    for lead in leads:
        yield "lead", lead.id, _lead_title(session, opened, lead)
    if not leads:
        yield "contact", contact.id, f"A contact at {_company_name(session, opened, contact.company_id)}; no lead"


def _of_company(session: Session, opened: Opened, company: Company) -> Iterator[tuple[str, UUID, str]]:
    yield "company", company.id, company.name
    for lead in session.exec(select(Lead).where(Lead.company_id == company.id).order_by(col(Lead.id))):
        yield "lead", lead.id, _lead_title(session, opened, lead)


def _company_name(session: Session, opened: Opened, company_id: UUID) -> str:
    company = session.get(Company, (opened.workspace.id, company_id))
    return company.name if company else "an unknown company"


def _lead_title(session: Session, opened: Opened, lead: Lead) -> str:
    company = _company_name(session, opened, lead.company_id)
    return f"{company}: tier {lead.tier} ({lead.tier_reason or 'not scored'}), {lead.stage.value}"


def _told(session: Session, opened: Opened, kind: str, row_id: UUID, title: str, limit: int) -> Subject:
    told = Subject(kind, row_id, title)
    about = col(Decision.subject_id) == row_id
    if kind == "lead":  # what made it a lead was decided of its run and cohort
        run_id = session.get_one(Lead, (opened.workspace.id, row_id)).run_id
        about = about | ((col(Decision.run_id) == run_id) & col(Decision.subject_kind).in_(["run", "cohort"]))
    decisions = select(Decision).where(about).order_by(col(Decision.at).desc(), col(Decision.id))
    told.decisions = [
        {"at": d.at, "actor": d.actor, "trigger": d.trigger, "choice": d.choice, "reason": d.reason}
        for d in session.exec(decisions.limit(limit))
    ]
    scores = select(ScoreRow).where(ScoreRow.subject_id == row_id).order_by(col(ScoreRow.kind))
    told.scores = [
        Score(row.kind, row.value, [str(r.get("text", r)) for r in row.reasons]) for row in session.exec(scores)
    ]
    if kind == "lead":
        lead = session.get_one(Lead, (opened.workspace.id, row_id))
        told.blocks = list(_blocks(session, opened, lead))
        told.next_tier = list(_next_tier(session, opened, lead)) if told.scores else []
        page = timeline.of_lead(session, opened.context.sealer, row_id, limit=limit)
    elif kind == "company":
        verdicts = session.exec(select(RunCompany).where(RunCompany.id == row_id).order_by(col(RunCompany.run_id)))
        told.blocks = [f"Run {v.run_id} left it out: {v.reason}" for v in verdicts if not v.kept]
        page = timeline.of_company(session, opened.context.sealer, row_id, limit=limit)
    else:
        page = timeline.Page([], None)
    told.scores += _committees(session, opened, kind, row_id)
    told.blocks += [f"A step rests: {t.kind}: {t.last_error}" for t in _waiting(session, row_id)]
    told.timeline = [{"at": i.at, "kind": i.kind, "title": i.title} for i in page.items if i.kind != "decision"]
    return told


def _committees(session: Session, opened: Opened, kind: str, row_id: UUID) -> Iterator[Score]:
    """Which seats of the buying committee hold somebody who can be reached, and what would fill the others."""
    if kind == "lead":
        lead = session.get_one(Lead, (opened.workspace.id, row_id))
        asked = [(lead.icp_id, lead.company_id)]
    elif kind == "company":
        asked = [(icp_id, row_id) for icp_id in session.exec(select(Icp.id).order_by(col(Icp.name)))]
    else:
        return
    for icp_id, company_id in asked:
        if row := seats_of(session, icp_id, company_id):
            yield Score(row.kind, row.value, [str(reason["text"]) for reason in row.reasons])


def _next_tier(session: Session, opened: Opened, lead: Lead) -> Iterator[str]:
    found = outlook_of(session, lead, opened.context.clock.now())
    if found is None or found.next.target is None:
        return
    for change in found.next.changes:
        where = f"can be bought: {sources_for(change)}" if change.buyable else "known, and it does not match"
        yield f"Tier {found.next.target} needs {change.criterion} of {change.needed:.2f} ({where}). Now: {change.text}."
    yield from (reason.text for reason in found.next.blocked)
    if found.settled:
        yield "More data cannot change the tier."


def _waiting(session: Session, subject_id: UUID) -> list[ThreadTrigger]:
    return [trigger for trigger in triggers.resting(session, limit=10_000) if trigger.subject_id == subject_id]


def _blocks(session: Session, opened: Opened, lead: Lead) -> Iterator[str]:
    if lead.stop_reason:
        yield f"The lead was stopped: {lead.stop_reason}."
    if load_policy(session).kill_switch:
        yield "The kill switch is on: nothing is sent."
    contact = session.get_one(Contact, (opened.workspace.id, lead.contact_id))
    if contact.erased_at is not None:
        yield "The person was erased."
    elif not contact.email_sealed:
        yield "No e-mail address is known."
    else:
        address = opened.context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
        for reason in suppression.suppressed_among(session, opened.context.sealer, [address]).values():
            yield f"The address is suppressed: {reason}."
        if contact.email_status == "invalid":
            yield f"The address is invalid: {'; '.join(contact.email_reasons)}."
    enrollment = session.exec(select(Enrollment).where(Enrollment.lead_id == lead.id)).first()
    if enrollment is None:
        yield "No sequence was started."
        return
    if enrollment.state is not EnrollmentState.ACTIVE:
        until = f" until {enrollment.resume_at:%Y-%m-%d %H:%M} UTC" if enrollment.resume_at else ""
        yield f"Its sequence is {enrollment.state.value}{until}: {enrollment.stop_reason or 'no reason was given'}."
    mailbox = session.get(Mailbox, (opened.workspace.id, enrollment.mailbox_id))
    if mailbox is not None and mailbox.state is MailboxState.PAUSED:
        yield f"The mailbox {mailbox.address} is paused: {mailbox.pause_reason}."
    waiting = select(Approval.id).where(Approval.lead_id == lead.id, Approval.state == ApprovalState.PENDING)
    for approval_id in session.exec(waiting):
        yield f"A draft waits for a person: salesos approvals show {approval_id}"
    touches = select(Touch).where(Touch.lead_id == lead.id, col(Touch.state).in_(_OPEN)).order_by(col(Touch.number))
    for touch in session.exec(touches):
        why = f": {touch.block_reason}" if touch.block_reason else ""
        due = _due(touch, opened.context.clock.now())
        yield f"Touch {touch.number} ({touch.channel}) is {touch.state.value}, {due}{why}"


def _due(touch: Touch, now: datetime) -> str:
    return f"{'was' if touch.due_at <= now else 'is'} due {touch.due_at:%Y-%m-%d %H:%M} UTC"


def _print(told: Subject) -> None:
    say(f"{told.kind} {told.id}", style="dim")
    say(told.title, style="bold")
    for line in told.blocks:
        say(f"  ✗ {line}", style="yellow")
    rows = [(score.kind, score.value, "\n".join(score.reasons)) for score in told.scores]
    if rows:
        print_table("Scores", ["kind", "value", "because"], rows, empty="")
    for line in told.next_tier:
        say(f"  → {line}")
    decided = [(d["at"], d["actor"], d["trigger"], d["choice"], d["reason"]) for d in told.decisions]
    print_table(
        "Decisions", ["at", "who", "on", "chose", "because"], decided, empty="Nothing was decided about it yet."
    )
    happened = [(item["at"], item["kind"], item["title"]) for item in told.timeline]
    if happened:
        print_table("What happened", ["at", "kind", "what"], happened, empty="")
