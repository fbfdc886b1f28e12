"""The brakes: a mailbox, or all mailboxes of a domain, that send nothing because of what came back.

Asked in the very transaction that claims a mail (agents.mailbox_limits), over what really happened: addresses that do
not exist, refusals of us, complaints. A brake is not a paused mailbox: its inbox is still read, so that replies and
opt-outs are seen. A person lifts it with a reason; what was counted before counts no more.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from agents.brake_measures import LIMITS, SEVERAL, WINDOW, Cause, Measure, in_words, measures
from agents.context import AgentContext
from agents.delivery_policy import Closes, Rule
from core.errors import Conflict, NotFound, Rejected
from core.ids import stable_id
from store import audit, bulk, feed
from store.feed_kinds import Kind, MailboxData
from store.models import Alert, Brake, DeliveryVerdict, Mailbox
from store.queries import deliverability
from tools.mail.verdicts import Verdict

_LONGEST_REASON = 500


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def scope_of(mailbox_id: UUID | None, domain: str) -> str:
    return f"mailbox:{mailbox_id}" if mailbox_id else f"domain:{domain}"


def note(
    session: Session,
    context: AgentContext,
    mailbox: Mailbox,
    verdict: Verdict,
    *,
    source: str,
    accepted: bool,
    code: str,
) -> bool:
    """Keeps one verdict about one mail; told of again, by whatever way, it is the same. `source`: "outbox:<id>"."""
    about = "complaint" if verdict is Verdict.COMPLAINT else "bounce"
    key = f"{about}:{source}"
    row = {
        "id": stable_id("delivery_verdict", context.workspace_id, key),
        "mailbox_id": mailbox.id,
        "domain": domain_of(mailbox.address),
        "verdict": verdict.value,
        "source_key": key,
        "accepted": accepted,
        "code": code[:32],
        "at": context.clock.now(),
    }
    return bool(bulk.insert_ignore(session, DeliveryVerdict, [row]))


def standing_on(session: Session, mailboxes: Sequence[Mailbox], now: datetime) -> dict[UUID, Brake]:
    """The brake that holds each mailbox, its own or its domain's; one that none holds is not named. One statement."""
    found: dict[UUID, Brake] = {}
    domains = {domain_of(mailbox.address) for mailbox in mailboxes}
    standing = [brake for brake in deliverability.brakes_of(session, domains, now) if _holds(brake, now)]
    for mailbox in mailboxes:
        for brake in standing:
            if brake.mailbox_id == mailbox.id or (
                brake.mailbox_id is None and brake.domain == domain_of(mailbox.address)
            ):
                kept = found.get(mailbox.id)
                # The one that a person has to lift is the one to be told of; else the one that ends last.
                if kept is None or (kept.until is not None and (brake.until is None or brake.until > kept.until)):
                    found[mailbox.id] = brake
    return found


def hold(session: Session, context: AgentContext, mailbox: Mailbox) -> Brake | None:
    """The brake that stands on a mailbox now, or is put on now because of what came back. Two statements while nothing
    came back. The mailbox's row is locked by the caller."""
    now = context.clock.now()
    domain = domain_of(mailbox.address)
    known = deliverability.brakes_of(session, [domain], now - WINDOW)
    for brake in known:
        if _holds(brake, now) and brake.mailbox_id in (None, mailbox.id):
            return brake
    return _braked_now(session, context, domain, known, mailbox.id)


def look_at_all(session: Session, context: AgentContext) -> None:
    """The same without a mail that wants to leave: so that people hear of it early. For each domain that anything
    came back to."""
    now = context.clock.now()
    for domain in deliverability.domains_with_verdicts(session, now - WINDOW):
        known = deliverability.brakes_of(session, [domain], now - WINDOW)
        _braked_now(session, context, domain, known, None)


def close(session: Session, context: AgentContext, mailbox: Mailbox, rule: Rule, said: str) -> None:
    """What a verdict closes (agents.delivery_policy), with the server's own words. Closed already: nothing more."""
    domain = domain_of(mailbox.address)
    until = context.clock.now() + rule.closed_for if rule.closed_for is not None else None
    scope = None if rule.closes is Closes.DOMAIN else mailbox.id
    _put_on(
        session, context, domain, scope, Cause(rule.verdict.value), f"{rule.means} The server says: {said}", until=until
    )


def lift(session: Session, context: AgentContext, brake_id: UUID, reason: str, *, by: str) -> Brake:
    """What was counted before counts no more. Raises NotFound, Rejected (no reason), Conflict (lifted already)."""
    brake = session.get(Brake, (context.workspace_id, brake_id), with_for_update=True)
    if brake is None:
        raise NotFound("There is no such brake.")
    if not reason.strip():
        raise Rejected("A brake is lifted with a reason.", hint="Say what was found and what was done about it.")
    if brake.lifted_at is not None:
        raise Conflict("The brake is lifted already.", hint="Nothing is left to do.")
    brake.lifted_at, brake.lifted_by = context.clock.now(), by
    brake.lift_reason = reason.strip()[:_LONGEST_REASON]
    session.add(brake)
    session.flush()
    _audit(session, context, brake, "brake.lifted", by)
    if brake.mailbox_id is not None:
        told = feed.Event(Kind.MAILBOX_RESUMED, brake.mailbox_id, MailboxData(by_us=False), by)
        feed.publish(session, context.clock, [told])
    return brake


def _braked_now(
    session: Session, context: AgentContext, domain: str, known: Sequence[Brake], asking: UUID | None
) -> Brake | None:
    """Puts on what the measures ask for; returns the one that holds the mailbox that asks."""
    now = context.clock.now()
    holds: Brake | None = None
    found = measures(session, domain, known, now)
    new: set[UUID] = set()
    for key, by_cause in found.items():
        for measure in by_cause.values():
            if measure.brakes:
                made = _put_on(
                    session, context, domain, key, measure.cause, in_words(measure, key is None), measure=measure
                )
                if made is not None and key in (None, asking):
                    holds = made
                if made is not None and key is not None:
                    new.add(key)
            elif measure.warns:
                _warn(session, context, domain, key, measure)
    # Those that stood when a person lifted the domain's brake are settled with it.
    lifted = max((b.lifted_at for b in known if b.mailbox_id is None and b.lifted_at is not None), default=None)
    for brake in known:
        counted = brake.cause in LIMITS and (lifted is None or brake.made_at > lifted)
        if brake.mailbox_id is not None and counted and _holds(brake, now):
            new.add(brake.mailbox_id)
    if len(new) >= SEVERAL and not any(brake.mailbox_id is None and _holds(brake, now) for brake in known):
        text = f"{len(new)} mailboxes of {domain} are braked: the fault is the domain's or the list's."
        holds = _put_on(session, context, domain, None, Cause.BOUNCES, text) or holds
    return holds


def _put_on(
    session: Session,
    context: AgentContext,
    domain: str,
    mailbox_id: UUID | None,
    cause: Cause,
    reason: str,
    *,
    until: datetime | None = None,
    measure: Measure | None = None,
) -> Brake | None:
    """None: the same stands already. With one alert, in the audit chain."""
    now, scope = context.clock.now(), scope_of(mailbox_id, domain)
    # What time ended is written down as ended, so that there is one open brake of a kind at most.
    session.execute(
        sa.update(Brake)
        .where(col(Brake.scope) == scope, col(Brake.lifted_at).is_(None), col(Brake.until) <= now)
        .values(lifted_at=col(Brake.until), lifted_by="time")
        .execution_options(synchronize_session="fetch")
    )
    brake_id = stable_id("brake", context.workspace_id, f"{scope}:{cause}:{now.isoformat()}")
    row = {
        "id": brake_id,
        "scope": scope,
        "domain": domain,
        "mailbox_id": mailbox_id,
        "cause": cause.value,
        "reason": reason[:1_000],
        "hits": measure.hits if measure else 0,
        "sent": measure.sent if measure else 0,
        "since": measure.since if measure else None,
        "made_at": now,
        "until": until,
    }
    if not bulk.insert_ignore(session, Brake, [row]):
        return None
    brake = session.get(Brake, (context.workspace_id, brake_id))
    if brake is None:
        return None
    what = f"All mailboxes of {domain} are braked" if mailbox_id is None else "A mailbox is braked"
    then = "" if until is None else " It goes on by itself."
    _alert(session, context, brake, "critical" if until is None else "warning", f"{what}. {reason[:700]}{then}")
    _audit(session, context, brake, "brake.put_on", "system")
    if mailbox_id is not None:
        feed.publish(session, context.clock, [feed.Event(Kind.MAILBOX_PAUSED, mailbox_id, MailboxData(by_us=True))])
    return brake


def _holds(brake: Brake, now: datetime) -> bool:
    return brake.lifted_at is None and (brake.until is None or brake.until > now)


def _warn(session: Session, context: AgentContext, domain: str, key: UUID | None, measure: Measure) -> None:
    """Once a week for a mailbox and a cause."""
    now, scope = context.clock.now(), scope_of(key, domain)
    who = f"The domain {domain}" if key is None else "A mailbox"
    name = f"brake_warning:{scope}:{measure.cause}:{now:%G-%V}"
    row = {
        "id": stable_id("alert", context.workspace_id, name),
        "source_key": name,
        "subject_kind": "mailbox",
        "subject_id": key or context.workspace_id,
        "level": "warning",
        "text": f"{who} comes near its brake: {in_words(measure, key is None)}",
        "created_at": now,
    }
    bulk.insert_ignore(session, Alert, [row])


def _alert(session: Session, context: AgentContext, brake: Brake, level: str, text: str) -> None:
    row = {
        "id": stable_id("alert", context.workspace_id, f"brake:{brake.id}"),
        "source_key": f"brake:{brake.id}",
        "subject_kind": "mailbox",
        "subject_id": brake.mailbox_id or context.workspace_id,
        "level": level,
        "text": text[:1_000],
        "created_at": context.clock.now(),
    }
    bulk.insert_ignore(session, Alert, [row])


def _audit(session: Session, context: AgentContext, brake: Brake, action: str, by: str) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=action,
        subject_kind="brake",
        subject_id=brake.id,
        details={"cause": brake.cause, "scope": brake.scope, "hits": brake.hits, "sent": brake.sent},
    )
