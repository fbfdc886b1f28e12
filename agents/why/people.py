"""Gates of who is to be written to: sequences, what is due, addresses, suppression, the law of their country."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from agents import jurisdiction
from agents.jurisdiction import Verdict
from agents.why.types import Gate, Level, Part, Scope
from store.models import Contact, Enrollment, EnrollmentState, Lead, LeadStage, Touch, TouchState
from store.queries import suppression

_MAIL = "mail"
_OPEN = (TouchState.PLANNED, TouchState.DRAFTED, TouchState.QUEUED)
_PARTS = 10
_ASKED = 500  # addresses opened to compare with the suppressed ones: the longest in a sequence
_UNDECIDED = "Nobody decided on a draft"  # how workers.housekeeping begins the reason of such a pause


def leads(count: int) -> str:
    return f"{count} lead{'s' if count != 1 else ''}"


def one_lead(scope: Scope) -> Iterator[Gate]:
    """What only makes sense of a single lead."""
    if scope.lead_id is None:
        return
    key = (scope.context.workspace_id, scope.lead_id)
    lead = scope.session.get(Lead, key)
    if lead is None:
        return
    if lead.stage is not LeadStage.IN_SEQUENCE:
        words = lead.stage.value.replace("_", " ")
        why = f": {lead.stop_reason}" if lead.stop_reason else ""
        text = f"The lead is {words}{why}. Only leads in a sequence are written to unasked."
        yield Gate("lead_not_in_sequence", Level.STOPS, text, place="leads")
    enrollment = scope.session.exec(select(Enrollment).where(Enrollment.lead_id == lead.id)).first()
    if enrollment is None:
        yield Gate("no_sequence", Level.STOPS, "No sequence was started for this lead.", "Start a run.", "runs")
    elif enrollment.state in (EnrollmentState.FINISHED, EnrollmentState.STOPPED):
        why = f": {enrollment.stop_reason}" if enrollment.stop_reason else ""
        yield Gate("sequence_over", Level.STOPS, f"Its sequence is {enrollment.state.value}{why}.", place="leads")


def sequences(scope: Scope) -> Iterator[Gate]:
    """Sequences that pause, by their reasons; among them those whose drafts nobody decided on."""
    query = (
        sa.select(col(Enrollment.stop_reason), sa.func.count(), sa.func.min(col(Enrollment.resume_at)))
        .where(col(Enrollment.state) == EnrollmentState.PAUSED, *_enrollments(scope))
        .group_by(col(Enrollment.stop_reason))
        .order_by(sa.func.count().desc(), col(Enrollment.stop_reason))
    )
    rows = scope.session.execute(query).all()
    undecided = [row for row in rows if row[0].startswith(_UNDECIDED)]
    others = [row for row in rows if not row[0].startswith(_UNDECIDED)]
    if undecided:
        count = sum(row[1] for row in undecided)
        yield Gate(
            "drafts_expired",
            Level.HOLDS,
            f"The sequences of {leads(count)} pause: nobody decided on a draft in time.",
            "Resume them; what is due is drafted from fresh facts.",
            "leads",
            count,
        )
    if others:
        count = sum(row[1] for row in others)
        yield Gate(
            "sequences_paused",
            Level.HOLDS,
            f"The sequences of {leads(count)} pause.",
            "Those with a date go on by themselves.",
            "leads",
            count,
            until=min((row[2] for row in others if row[2] is not None), default=None),
            parts=tuple(Part(reason or "no reason was given", number, at) for reason, number, at in others[:_PARTS]),
        )


def due(scope: Scope) -> Iterator[Gate]:
    """Nothing in a sequence, or nothing due yet; and what is due and not drafted."""
    way = scope.pipeline
    planned, ripe = way.planned + way.due, way.due
    if not planned:
        if scope.lead_id is None and not _any_written(scope):
            text = "Nobody is in a sequence with a mail to come."
            yield Gate("nothing_planned", Level.STOPS, text, "Start a run: it finds leads and plans touches.", "runs")
    elif not ripe:
        text = f"No draft is due yet: {planned} touch{'es by mail are' if planned != 1 else ' by mail is'} planned."
        yield Gate("nothing_due", Level.WAITS, text, count=planned, until=way.next_due_at)
    else:
        text = f"{ripe} touch{'es are' if ripe != 1 else ' is'} due and not drafted yet."
        fix = "The worker drafts them in their order; an earlier step of the same sequence comes first."
        yield Gate("due_not_drafted", Level.WAITS, text, fix, count=ripe, since=way.first_due_at)


def _any_written(scope: Scope) -> bool:
    query = _open_touches(sa.select(col(Touch.id)).select_from(Touch), scope)
    return scope.session.execute(query.limit(1)).first() is not None


def reachable(scope: Scope) -> Iterator[Gate]:
    """Addresses that work, and the ruling on each country and basis: one row a combination, not a lead."""
    proven = sa.func.trim(col(Contact.legal_basis_evidence)) != sa.literal_column("''")
    missing = col(Contact.email_sealed).is_(None)
    over = sa.func.coalesce(col(Contact.legal_basis_until) <= scope.context.clock.now(), sa.false())
    basis_now = sa.case((over, sa.literal_column("''")), else_=col(Contact.legal_basis))
    person, state = col(Contact.subscriber), col(Contact.email_status)
    columns = (col(Contact.country), basis_now, proven, missing, state, person, over)
    query = _people(sa.select(*columns, sa.func.count()).select_from(Enrollment), scope)
    found: dict[Verdict, dict[str, int]] = {}
    unreachable: dict[str, int] = {}
    for country, basis, evidence, none, status, subscriber, ended, count in scope.session.execute(
        query.group_by(*columns).order_by(*columns)
    ):
        if none or status == "invalid":
            label = "no address" if none else "an invalid address"
            unreachable[label] = unreachable.get(label, 0) + int(count)
        ruling = jurisdiction.rule(
            country,
            basis,
            "on file" if evidence else "",
            subscriber=subscriber,
            lapsed="What it rested on has run out." if ended else "",
        )
        if not ruling.allowed:
            label = f"{country or 'unknown country'} ({ruling.rule}): {ruling.reason}"
            rows = found.setdefault(ruling.verdict, {})
            rows[label] = rows.get(label, 0) + int(count)
    if unreachable:
        count = sum(unreachable.values())
        yield Gate(
            "no_address",
            Level.HOLDS,
            f"{leads(count)} cannot be written to: no address that works is known.",
            "Find another address.",
            "leads",
            count,
            parts=tuple(Part(label, number) for label, number in unreachable.items()),
        )
    yield from _law(found)


def _law(found: Mapping[Verdict, Mapping[str, int]]) -> Iterator[Gate]:
    for verdict, code, text, fix in (
        (
            Verdict.BLOCK,
            "law_blocks",
            "The law of their country forbids an unasked mail to {}.",
            "Record their consent, with its evidence, on the contact.",
        ),
        (
            Verdict.NEED_EVIDENCE,
            "no_legal_basis",
            "No legal basis with evidence is on file for {}.",
            "File a balancing test in the policy, or record the basis on the contact.",
        ),
    ):
        if rows := found.get(verdict):
            count = sum(rows.values())
            place = "policies" if verdict is Verdict.NEED_EVIDENCE else "leads"
            parts = tuple(Part(label, number) for label, number in list(rows.items())[:_PARTS])
            yield Gate(code, Level.HOLDS, text.format(leads(count)), fix, place, count, parts=parts)


def blocked(scope: Scope) -> Iterator[Gate]:
    """Touches that a rule has stopped already, by what it said."""
    query = (
        sa.select(col(Touch.block_reason), col(Contact.country), sa.func.count())
        .select_from(Touch)
        .join(Lead, col(Lead.id) == col(Touch.lead_id))
        .join(Contact, col(Contact.id) == col(Lead.contact_id))
        .where(col(Touch.state) == TouchState.BLOCKED, col(Touch.channel) == _MAIL)
        .group_by(col(Touch.block_reason), col(Contact.country))
        .order_by(sa.func.count().desc(), col(Touch.block_reason), col(Contact.country))
    )
    if scope.mailbox_id is not None:
        query = query.join(Enrollment, col(Enrollment.id) == col(Touch.enrollment_id))
        query = query.where(col(Enrollment.mailbox_id) == scope.mailbox_id)
    if scope.lead_id is not None:
        query = query.where(col(Touch.lead_id) == scope.lead_id)
    rows = scope.session.execute(query).all()
    if rows:
        count = sum(row[2] for row in rows)
        yield Gate(
            "touches_blocked",
            Level.HOLDS,
            f"A rule stopped {count} touch{'es' if count != 1 else ''} and the sequences behind.",
            "Settle what the rule names, then start the sequence again.",
            "leads",
            count,
            parts=tuple(Part(f"{country or '??'}: {reason}", number) for reason, country, number in rows[:_PARTS]),
        )


def suppressed(scope: Scope) -> Iterator[Gate]:
    """Asked of the addresses, as the dispatcher does: only keyed hashes are kept. So of a bounded number."""
    query = _people(sa.select(col(Contact.id), col(Contact.email_sealed)).select_from(Enrollment), scope)
    query = query.where(col(Contact.email_sealed).is_not(None))
    query = query.order_by(col(Enrollment.id)).limit(_ASKED)  # ids go up with time, and end the scan early
    sealer = scope.context.sealer
    opened = [
        sealer.open(sealed, context=f"contact|email|{contact_id}")
        for contact_id, sealed in scope.session.execute(query)
    ]
    reasons: dict[str, int] = {}
    for reason in suppression.suppressed_among(scope.session, sealer, opened).values():
        reasons[reason] = reasons.get(reason, 0) + 1
    if reasons:
        count = sum(reasons.values())
        bound = f" Only the {_ASKED} longest in a sequence were looked at." if len(opened) == _ASKED else ""
        yield Gate(
            "suppressed",
            Level.HOLDS,
            f"{count} {'people are' if count != 1 else 'person is'} suppressed and never written to again.{bound}",
            "This is as it should be: they asked for it, or their mail bounced.",
            count=count,
            parts=tuple(Part(reason.replace("_", " "), number) for reason, number in sorted(reasons.items())),
        )


def _enrollments(scope: Scope) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if scope.mailbox_id is not None:
        where.append(col(Enrollment.mailbox_id) == scope.mailbox_id)
    if scope.lead_id is not None:
        where.append(col(Enrollment.lead_id) == scope.lead_id)
    return where


def _open_touches(query: Any, scope: Scope) -> Any:
    """Mails to come of running sequences. `query` selects from Touch."""
    return query.join(Enrollment, col(Enrollment.id) == col(Touch.enrollment_id)).where(
        col(Touch.channel) == _MAIL,
        col(Touch.state).in_(_OPEN),
        col(Enrollment.state) == EnrollmentState.ACTIVE,
        *_enrollments(scope),
    )


def _people(query: Any, scope: Scope) -> Any:
    """Those with a mail to come: a row a lead, not one a touch. `query` selects from Enrollment."""
    to_come = (
        sa.select(sa.literal(1))
        .select_from(Touch)
        .where(
            col(Touch.workspace_id) == col(Enrollment.workspace_id),
            col(Touch.enrollment_id) == col(Enrollment.id),
            col(Touch.channel) == _MAIL,
            col(Touch.state).in_(_OPEN),
        )
        .exists()
    )
    return (
        query.join(Lead, col(Lead.id) == col(Enrollment.lead_id))
        .join(Contact, col(Contact.id) == col(Lead.contact_id))
        .where(col(Enrollment.state) == EnrollmentState.ACTIVE, to_come, *_enrollments(scope))
    )
