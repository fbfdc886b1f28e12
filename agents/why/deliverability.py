"""Gates of deliverability: brakes, and what a domain publishes wrongly."""

from collections.abc import Iterator

from sqlmodel import col, select

from agents import brakes
from agents.why.types import Gate, Level, Part, Scope
from store.models import Brake, Mailbox, MailboxState, MailDomain
from tools.deliverability.findings import Severity

_PARTS = 10


def braked(scope: Scope) -> Iterator[Gate]:
    """Those that a person lifts, and those that time does."""
    active = _active(scope)
    standing = brakes.standing_on(scope.session, active, scope.now)
    for code, level, by_time, text, fix in (
        (
            "braked",
            Level.HOLDS,
            False,
            "is braked because of what came back.",
            "See what bounced or who complained, end the cause, and lift the brake with the reason.",
        ),
        ("resting", Level.WAITS, True, "rests because its server takes no more for now.", "It goes on by itself."),
    ):
        held = [
            (m, standing[m.id]) for m in active if m.id in standing and (standing[m.id].until is not None) is by_time
        ]
        if not held:
            continue
        stops = level is Level.HOLDS and len(held) == len(active)
        yield Gate(
            code,
            Level.STOPS if stops else level,
            f"{'A mailbox' if len(held) == 1 else f'Each of {len(held)} mailboxes'} {text}",
            fix,
            "mailboxes",
            len(held),
            since=min(brake.made_at for _, brake in held),
            until=min((brake.until for _, brake in held if brake.until is not None), default=None),
            parts=tuple(_part(mailbox, brake) for mailbox, brake in held[:_PARTS]),
        )


def domains(scope: Scope) -> Iterator[Gate]:
    """What was found wrong when a domain was last looked at: mail leaves, and is refused or hidden."""
    active = _active(scope)
    by_domain = {brakes.domain_of(mailbox.address): mailbox for mailbox in active}
    query = select(MailDomain).where(col(MailDomain.domain).in_(by_domain)).order_by(col(MailDomain.domain))
    wrong = [
        (row, finding)
        for row in scope.session.exec(query)
        for finding in row.findings
        if finding["severity"] == Severity.WRONG.value
    ]
    if wrong:
        yield Gate(
            "domain_wrong",
            Level.NOTE,
            "What a domain publishes lets receivers refuse or hide its mail.",
            "Publish the records that the mailbox's page names.",
            "mailboxes",
            len(wrong),
            since=min((row.made_at for row, _ in wrong if row.made_at is not None), default=None),
            parts=tuple(
                Part(f"{row.domain}, {finding['check'].upper()}: {finding['what']}", id=by_domain[row.domain].id)
                for row, finding in wrong[:_PARTS]
            ),
        )


def _part(mailbox: Mailbox, brake: Brake) -> Part:
    return Part(f"{mailbox.address}: {brake.reason}", until=brake.until, id=mailbox.id)


def _active(scope: Scope) -> list[Mailbox]:
    query = select(Mailbox).where(Mailbox.state == MailboxState.ACTIVE).order_by(col(Mailbox.address))
    if scope.mailbox_id is not None:
        query = query.where(Mailbox.id == scope.mailbox_id)
    return list(scope.session.exec(query))
