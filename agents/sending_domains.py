"""DKIM keys of the domains we send from: made, published by a person, seen in the DNS, and only then signing.

make → its record is published by whoever owns the DNS → check sees it → it signs, and the key before it stops
"""

from typing import Final
from uuid import UUID

from sqlmodel import Session

from agents.context import AgentContext
from core.errors import Conflict, NotFound
from store import audit, bulk
from store.models import SendingDomain
from store.queries import sending_domains
from tools.deliverability.dkim_key import key_finding
from tools.deliverability.findings import Publish, Severity
from tools.deliverability.tag_list import tags
from tools.mail.dkim import DkimKey, KeyKind, generate_pem, load_key
from tools.mail.headers import ascii_domain
from tools.ports import Unknown
from tools.ports.domain_records import RecordType

# Services that are reached by their own API sign what they send, for a domain that was set up there.
SIGNED_BY_US: Final = frozenset({"smtp"})
_MOST: Final = 10  # keys of one domain that wait for their record: more are a mistake
_PREFIX: Final = "salesos"  # of selectors: who finds it in their DNS knows whose it is


def make(session: Session, context: AgentContext, domain: str, *, kind: KeyKind, by: str) -> SendingDomain:
    """A new key under a selector of its own; it signs nothing before its record was seen. Raises Rejected (no domain),
    Conflict (too many wait already)."""
    name = ascii_domain(domain.strip().lower())
    rows = sending_domains.of_domain(session, name)
    if sum(row.published_at is None for row in rows) >= _MOST:
        raise Conflict(f"{name} has {_MOST} keys that nobody published.", hint="Publish the record of one of them.")
    taken = {row.selector for row in rows}
    selector = next(found for n in range(1, len(taken) + 2) if (found := f"{_PREFIX}{n}") not in taken)
    key_id = context.ids.new()
    row = {
        "id": key_id,
        "domain": name,
        "selector": selector,
        "algorithm": kind.value,
        "private_key_sealed": context.sealer.seal(
            generate_pem(kind).decode(), context=sending_domains.key_context(key_id)
        ),
        "created_by": by,
        "created_at": context.clock.now(),
    }
    bulk.insert(session, SendingDomain, [row])
    made = session.get_one(SendingDomain, (context.workspace_id, key_id))
    _audit(session, context, made, "sending_domain.made", by)
    return made


def key_of(context: AgentContext, row: SendingDomain) -> DkimKey:
    """Raises Tampered."""
    pem = context.sealer.open(row.private_key_sealed, context=sending_domains.key_context(row.id))
    return load_key(pem.encode(), domain=row.domain, selector=row.selector)


def record_of(context: AgentContext, row: SendingDomain) -> Publish:
    """What is to be published, to the letter."""
    return key_of(context, row).publish()


def check(context: AgentContext, key_id: UUID, *, by: str) -> SendingDomain:
    """Asks the DNS, outside of any transaction. Seen as it should be: the key signs from now on.

    A key that signs goes on even where its record is gone now: a DNS that is wrong for a minute must not send mail
    unsigned; what is wrong stands in `check_problem`. Raises NotFound, Conflict (look-ups are off).
    """
    with context.database.read(context.workspace_id) as session:
        row = session.get(SendingDomain, (context.workspace_id, key_id))
    if row is None:
        raise NotFound("There is no such key.")
    if not context.settings.web_fetch:
        raise Conflict(
            "DNS look-ups are off: nothing can be looked at.", hint="Set SALESOS_WEB_FETCH=true.", code="look_ups_off"
        )
    problem = _problem(context, record_of(context, row))
    with context.database.write(context.workspace_id) as session:
        row = session.get(SendingDomain, (context.workspace_id, key_id), with_for_update=True)
        if row is None:
            raise NotFound("There is no such key.")
        row.checked_at, row.check_problem = context.clock.now(), problem
        if not problem and row.published_at is None:
            row.published_at = row.checked_at
            _audit(session, context, row, "sending_domain.signs", by)
        session.add(row)
        session.flush()
    return row


def _problem(context: AgentContext, wanted: Publish) -> str:
    """Empty: the record is there and is ours."""
    answer = context.tools.domain_records.look_up(wanted.host, RecordType.TXT)
    if isinstance(answer, Unknown):
        return f"{wanted.host} could not be asked for: {answer.reason}."
    if not answer:
        return f"{wanted.host} holds no record yet. A new one may take an hour to be seen everywhere."
    if len(answer) > 1:
        return f"{wanted.host} holds {len(answer)} TXT records; keep ours alone."
    found, ours = tags(answer[0]), tags(wanted.value)
    if found is None or ours is None or "".join(found.get("p", "").split()) != ours["p"]:
        return f"{wanted.host} holds another key, or ours was cut off or split wrongly. Publish it again, whole."
    finding = key_finding(wanted.host, answer[0])
    return finding.what if finding.severity is Severity.WRONG else ""


def _audit(session: Session, context: AgentContext, row: SendingDomain, action: str, by: str) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=action,
        subject_kind="sending_domain",
        subject_id=row.id,
        details={"domain": row.domain, "selector": row.selector, "algorithm": row.algorithm},
    )
