"""Suppressing by lists and by hand: keys, what is pending taken back, and the one careful way out.

Set-based and safe to repeat; the caller gives a batch of at most some thousand entries and a transaction.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import by_hand
from agents.context import AgentContext
from agents.jurisdiction import Basis
from core.errors import Conflict, NotFound, Rejected
from store.models import Company, Contact, LegalBasis, NumberUse, Suppression
from store.queries import suppression
from tools.phone_numbers import normalise

ADDRESS, DOMAIN, COMPANY, DIGEST = suppression.ADDRESS, suppression.DOMAIN, suppression.COMPANY, suppression.DIGEST
KEYED: Final = "_key"  # a kind with this behind it: the value is the keyed hash itself, as an export of ours has it
NUMBER = suppression.NUMBER
KINDS: Final = (ADDRESS, DOMAIN, COMPANY, DIGEST, NUMBER)
SAID_NO: Final = frozenset({"opt_out", "objection", "complaint"})
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_DOMAIN: Final = re.compile(r"(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_AT_ONCE: Final = 300  # people whose pending work is taken back by one round of statements


@dataclass(frozen=True, slots=True)
class Entry:
    """`kind`: address, number (of a phone, with its country's prefix), domain (`*.acme.example`: only what is below
    it), company (an id), sha256 (of a lower-case address), or one of these with `_key` behind it."""

    kind: str
    value: str
    reason: str = "manual"


def keys_of(context: AgentContext, entry: Entry) -> list[tuple[str, str]]:
    """What an entry is kept as. Raises Rejected where it is none."""
    sealer, value = context.sealer, entry.value.strip().lower()
    match entry.kind:
        case suppression.ADDRESS if value.count("@") == 1 and all(value.split("@")) and " " not in value:
            return [(ADDRESS, key) for key in suppression.address_keys(sealer, value)]
        case suppression.DOMAIN if _DOMAIN.fullmatch(value):
            return [(DOMAIN, suppression.domain_key(sealer, value))]
        case suppression.COMPANY if (company_id := _uuid(value)) is not None:
            return [(COMPANY, suppression.company_key(sealer, company_id))]
        case suppression.DIGEST if _HEX.fullmatch(value):
            return [(DIGEST, suppression.digest_key(sealer, value))]
    if entry.kind == NUMBER:
        return [(NUMBER, suppression.number_key(context.sealer, normalise(entry.value).e164))]
    bare = entry.kind.removesuffix(KEYED)
    if entry.kind.endswith(KEYED) and bare in (*KINDS, suppression.PERSON) and _HEX.fullmatch(value):
        return [(bare, value)]
    raise Rejected(
        f"“{value[:60]}” is no {entry.kind}.",
        hint="Kinds: address, domain, company (its id), number (+1…), sha256 (of a lower-case address); or *_key.",
        code="invalid_entry",
    )


def suppress(session: Session, context: AgentContext, entries: Sequence[Entry], *, source: str, actor: str) -> int:
    """Never write to these again, and take back what is pending for the people that are known. Returns how many keys
    were new: 0 the second time. Raises Rejected, naming the first entry that is wrong, and does nothing then."""
    keyed = [(entry, keys_of(context, entry)) for entry in entries]
    by_reason: dict[str, list[tuple[str, str]]] = {}
    for entry, keys in keyed:
        by_reason.setdefault(entry.reason, []).extend(keys)
    new = sum(
        suppression.suppress_keys(session, context.clock, keys, reason=reason, source=source)
        for reason, keys in by_reason.items()
    )
    if new:
        people = _people(session, context, keyed)
        for start in range(0, len(people), _AT_ONCE):
            some = people[start : start + _AT_ONCE]
            by_hand.take_back(session, context, some, "They are on the list of who is never written to.", actor)
    return new


def release(session: Session, context: AgentContext, entry: Entry) -> int:
    """Takes an entry off the list. Never of a person who said no, unless they consented since; never of one who was
    erased. Returns how many keys went. Raises NotFound, Conflict, Rejected."""
    keys = keys_of(context, entry)
    where = sa.or_(*((col(Suppression.kind) == kind) & (col(Suppression.key_index) == key) for kind, key in keys))
    rows = session.exec(select(Suppression).where(where).with_for_update()).all()
    if not rows:
        raise NotFound(
            "This is not on the list.", hint="A domain above it may be; look with `salesos suppression list`."
        )
    if any(row.reason == suppression.ERASED for row in rows):
        raise Conflict("This person was erased: nobody may find or write to them again.", code="erased")
    said = [row.created_at for row in rows if row.reason in SAID_NO]
    if said and not _consented_since(session, keys, max(said)):
        raise Conflict(
            "This person said that they want no more messages.",
            hint="Only a consent of their own, given and recorded since, takes that back.",
            code="said_no",
        )
    for row in rows:
        session.delete(row)
    if entry.kind in (DOMAIN, COMPANY):
        companies = _companies(session, [entry])
        session.execute(
            sa.update(Company)
            .where(col(Company.id).in_(companies))
            .values(excluded_at=None, updated_at=context.clock.now())
            .execution_options(synchronize_session="fetch")
        )
    return len(rows)


def _consented_since(session: Session, keys: Sequence[tuple[str, str]], since: object) -> bool:
    """An express consent to mail of the person with this address, or to texts of who is reached at this number, given
    after they said no, that still holds."""
    indexes = [key for kind, key in keys if kind == ADDRESS]
    numbers = [key for kind, key in keys if kind == NUMBER]
    reached = sa.select(col(NumberUse.contact_id)).where(col(NumberUse.number_index).in_(numbers))
    query = (
        sa.select(col(LegalBasis.id))
        .join(Contact, col(Contact.id) == col(LegalBasis.contact_id))
        .where(
            sa.or_(
                sa.and_(col(Contact.email_index).in_(indexes), col(LegalBasis.channel) == "mail"),
                sa.and_(col(Contact.id).in_(reached), col(LegalBasis.channel) == "sms"),
            ),
            col(LegalBasis.basis) == Basis.CONSENT.value,
            col(LegalBasis.evidence_sealed).is_not(None),
            col(LegalBasis.withdrawn_at).is_(None),
            col(LegalBasis.given_at) > since,
        )
    )
    return bool(indexes or numbers) and session.execute(query.limit(1)).first() is not None


def _people(
    session: Session, context: AgentContext, keyed: Sequence[tuple[Entry, Sequence[tuple[str, str]]]]
) -> list[UUID]:
    """Those of our contacts whom the entries name. A digest names nobody we could find: the dispatcher asks it."""
    indexes = sorted({key for _, keys in keyed for kind, key in keys if kind == ADDRESS})
    found = set(session.exec(select(Contact.id).where(col(Contact.email_index).in_(indexes)))) if indexes else set()
    companies = _companies(session, [entry for entry, _ in keyed])
    if companies:
        now = context.clock.now()
        session.execute(
            sa.update(Company)
            .where(col(Company.id).in_(companies), col(Company.excluded_at).is_(None))
            .values(excluded_at=now, updated_at=now)
            .execution_options(synchronize_session="fetch")
        )
        found.update(session.exec(select(Contact.id).where(col(Contact.company_id).in_(companies))))
    return sorted(found)


def _companies(session: Session, entries: Sequence[Entry]) -> list[UUID]:
    """The companies that entries name, by id or by domain."""
    ids = [found for entry in entries if entry.kind == COMPANY and (found := _uuid(entry.value)) is not None]
    named = [entry.value.strip().lower() for entry in entries if entry.kind == DOMAIN]
    where: list[sa.ColumnElement[bool]] = [col(Company.id).in_(ids)] if ids else []
    if whole := [domain for domain in named if not domain.startswith("*.")]:
        where.append(col(Company.domain).in_(whole))
    where += [col(Company.domain).endswith(f".{d.removeprefix('*.')}", autoescape=True) for d in named]
    return list(session.exec(select(Company.id).where(sa.or_(*where)))) if where else []


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None
