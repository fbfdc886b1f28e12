"""Gates of what is written already: drafts that wait for a person, and what is in the outbox."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from agents.mailbox_limits import IN_HOURS
from agents.policy import ActionClass, Autonomy
from agents.recipient_clock import clock_at
from agents.why.types import Gate, Level, Part, Scope
from agents.zone_choice import Place
from store.models import Approval, ApprovalState, Company, Contact, Draft, OutboxItem, OutboxState
from store.queries import outbox, workspaces

_LATELY = timedelta(days=14)  # what failed before that is history, not a reason of today
_PARTS = 10
_NAMES = {
    ActionClass.FIRST_MAIL.value: "first mails",
    ActionClass.FOLLOW_UP.value: "follow-ups",
    ActionClass.REPLY.value: "replies",
    ActionClass.MEETING_PROPOSAL.value: "meeting proposals",
    ActionClass.MEETING_INVITATION.value: "meeting invitations",
    ActionClass.INTERVENTION.value: "mails to customers",
    ActionClass.MISSED_MEETING.value: "mails after missed meetings",
    ActionClass.MEETING_RECAP.value: "mails of what was agreed",
}


def mails(count: int, what: str = "mail") -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def approvals(scope: Scope) -> Iterator[Gate]:
    held = sa.cast(col(Draft.problems), sa.Text) != sa.literal_column("'[]'")
    query = (
        sa.select(held, col(Draft.kind), sa.func.count(), sa.func.min(col(Approval.created_at)))
        .join(Draft, col(Draft.id) == col(Approval.draft_id))
        .where(col(Approval.state) == ApprovalState.PENDING)
        .group_by(held, col(Draft.kind))
        .order_by(col(Draft.kind))
    )
    if scope.mailbox_id is not None:
        query = query.where(col(Draft.mailbox_id) == scope.mailbox_id)
    if scope.lead_id is not None:
        query = query.where(col(Approval.lead_id) == scope.lead_id)
    rows = scope.session.execute(query).all()
    clean = [row for row in rows if not row[0]]
    proposed = [row for row in clean if _autonomy(scope, row[1]) is Autonomy.PROPOSE]
    waiting = [row for row in clean if _autonomy(scope, row[1]) is not Autonomy.PROPOSE]
    if proposed:
        count = _sum(proposed)
        yield Gate(
            "autonomy_propose",
            Level.HOLDS,
            f"{mails(count, 'draft')} {_is(count)} of a kind that the policy only proposes: a person sends them.",
            "Let the policy send them after an approval, or send them by hand.",
            "policies",
            count,
            parts=_by_kind(proposed),
        )
    if waiting:
        count = _sum(waiting)
        yield Gate(
            "approvals_waiting",
            Level.HOLDS,
            f"{mails(count, 'draft')} wait{'' if count != 1 else 's'} for a person's approval.",
            "Approve or reject them.",
            "approvals",
            count,
            since=min(row[3] for row in waiting),
            parts=_by_kind(waiting),
        )
    problems = [row for row in rows if row[0]]
    if problems:
        count = _sum(problems)
        yield Gate(
            "gate_problems",
            Level.HOLDS,
            f"The gate holds {mails(count, 'draft')} back: something in them has no fact behind it.",
            "Edit them until the gate passes, or reject them.",
            "approvals",
            count,
            since=min(row[3] for row in problems),
            parts=_by_kind(problems),
        )


def policy_changed(scope: Scope) -> Iterator[Gate]:
    """Approved under another policy: the dispatcher takes these back, and they are drafted anew."""
    query = sa.select(sa.func.count()).select_from(OutboxItem).join(Draft, col(Draft.id) == col(OutboxItem.draft_id))
    query = query.where(*_ready(scope), col(Draft.policy_number) != scope.policy.number)
    if count := int(scope.session.execute(query).scalar_one()):
        yield Gate(
            "policy_changed",
            Level.HOLDS,
            f"{mails(count)} {'was' if count == 1 else 'were'} approved under a policy that is not in force any more.",
            "They are drafted again, and wait for an approval then.",
            "approvals",
            count,
        )


def windows(scope: Scope) -> Iterator[Gate]:
    """Queued mails whose recipients' working hours are over, or have not begun: by their zones."""
    where_they_are = (
        col(Contact.time_zone),
        col(Contact.country),
        col(Company.country),
        col(Company.region),
        col(Company.city),
    )
    query = (
        sa.select(*where_they_are, sa.func.count())
        .select_from(OutboxItem)
        .join(Contact, col(Contact.id) == col(OutboxItem.contact_id))
        .join(Company, col(Company.id) == col(Contact.company_id))
        .join(Draft, col(Draft.id) == col(OutboxItem.draft_id))
        .where(*_ready(scope), col(Draft.kind).in_(sorted(IN_HOURS)))
        .group_by(*where_they_are)
        .order_by(*where_they_are)
    )
    home = workspaces.get(scope.session, scope.context.workspace_id).time_zone
    closed: dict[tuple[datetime, str], int] = {}
    for zone, country, *place, count in scope.session.execute(query):
        clock = clock_at(zone, country, Place(*place))
        at = clock.opening(scope.now, home, scope.policy)
        if at > scope.now:
            where = clock.choice.zone or clock.country or f"{home} (where they are is not known)"
            closed[at, where] = closed.get((at, where), 0) + count
    if closed:
        count = sum(closed.values())
        yield Gate(
            "window_closed",
            Level.WAITS,
            f"{mails(count)} wait{'' if count != 1 else 's'} for the recipients' working hours.",
            count=count,
            until=min(at for at, _ in closed),
            parts=tuple(Part(where, number, at) for (at, where), number in sorted(closed.items())[:_PARTS]),
        )


def send_delay(scope: Scope) -> Iterator[Gate]:
    """Approved a moment ago: the time in which a person may take it back."""
    query = sa.select(sa.func.count(), sa.func.min(col(OutboxItem.not_before))).where(
        *_ready(scope), col(OutboxItem.not_before) > scope.now, col(OutboxItem.state_reason) == ""
    )
    count, until = scope.session.execute(query).one()
    if count:
        text = f"{mails(count)} {_is(count)} approved and can still be taken back."
        yield Gate("send_delay", Level.WAITS, text, count=count, until=until)


def put_off(scope: Scope) -> Iterator[Gate]:
    """What the dispatcher itself said when it last looked at the mails that it put off."""
    query = (
        sa.select(col(OutboxItem.state_reason), sa.func.count(), sa.func.min(col(OutboxItem.not_before)))
        .where(*_ready(scope), col(OutboxItem.state_reason) != "", col(OutboxItem.not_before) > scope.now)
        .group_by(col(OutboxItem.state_reason))
        .order_by(sa.func.count().desc(), col(OutboxItem.state_reason))
    )
    rows = scope.session.execute(query).all()
    if rows:
        count = sum(row[1] for row in rows)
        yield Gate(
            "put_off",
            Level.WAITS,
            f"{mails(count)} {'was' if count == 1 else 'were'} put off when the dispatcher last looked.",
            place="outbox",
            count=count,
            until=min(row[2] for row in rows),
            parts=tuple(Part(reason, number, at) for reason, number, at in rows[:_PARTS]),
        )


def outcomes(scope: Scope) -> Iterator[Gate]:
    """Unknown at any time; failed, expired and cancelled of the last two weeks."""
    states = (OutboxState.UNKNOWN, OutboxState.FAILED, OutboxState.EXPIRED, OutboxState.CANCELLED)
    query = (
        sa.select(col(OutboxItem.state), col(OutboxItem.state_reason), sa.func.count())
        .where(
            *_mails_of(scope),
            col(OutboxItem.state).in_(states),
            sa.or_(col(OutboxItem.state) == OutboxState.UNKNOWN, col(OutboxItem.created_at) > scope.now - _LATELY),
        )
        .group_by(col(OutboxItem.state), col(OutboxItem.state_reason))
        .order_by(sa.func.count().desc(), col(OutboxItem.state_reason))
    )
    found: dict[OutboxState, list[Any]] = {}
    for row in scope.session.execute(query):
        found.setdefault(OutboxState(row[0]), []).append(row)
    said = {
        OutboxState.UNKNOWN: (
            "outbox_unknown",
            Level.HOLDS,
            "{} may have left or not. Further mails to the same people wait.",
            "Look into the mailbox's sent folder and say whether it arrived.",
        ),
        OutboxState.FAILED: ("outbox_failed", Level.HOLDS, "{} failed in the last 14 days.", "See why."),
        OutboxState.EXPIRED: (
            "approvals_expired",
            Level.HOLDS,
            "{} approved in the last 14 days could not leave in time, so that approval is too old.",
            "See what held them; later touches are drafted anew.",
        ),
        OutboxState.CANCELLED: (
            "outbox_cancelled",
            Level.NOTE,
            "{} of the last 14 days will not be sent: a rule forbids it, or something overtook it.",
            "",
        ),
    }
    for state, (code, level, text, fix) in said.items():
        if rows := found.get(state):
            count = sum(row[2] for row in rows)
            parts = tuple(Part(reason or "no reason was kept", number) for _, reason, number in rows[:_PARTS])
            yield Gate(code, level, text.format(mails(count)), fix, "outbox", count, parts=parts)


def _mails_of(scope: Scope) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = [col(OutboxItem.kind) == outbox.MAIL]
    if scope.mailbox_id is not None:
        where.append(col(OutboxItem.mailbox_id) == scope.mailbox_id)
    if scope.lead_id is not None:
        where.append(col(OutboxItem.subject_id) == scope.lead_id)
    return where


def _ready(scope: Scope) -> list[sa.ColumnElement[bool]]:
    return [*_mails_of(scope), col(OutboxItem.state) == OutboxState.READY]


def _autonomy(scope: Scope, kind: str) -> Autonomy:
    known = {action.value for action in ActionClass}
    return scope.policy.autonomy_of(ActionClass(kind)) if kind in known else Autonomy.APPROVE


def _sum(rows: Sequence[Any]) -> int:
    return sum(int(row[2]) for row in rows)


def _by_kind(rows: Sequence[Any]) -> tuple[Part, ...]:
    return tuple(Part(_NAMES.get(row[1], row[1]), int(row[2])) for row in rows)
