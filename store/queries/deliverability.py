"""What servers said no to and what brakes stand, for many mailboxes in few statements."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from store.models import Brake, DeliveryVerdict, Mailbox, MailDomain

Counted = tuple[int, int]  # (hits, of them refused at the door, so not among what was sent)


def hits_since(
    session: Session, domain: str, verdicts: Collection[str], since: Mapping[UUID, datetime], default: datetime
) -> dict[UUID, Counted]:
    """Of each mailbox of the domain after its own moment, else after `default`. A mailbox without any is not named."""
    row = DeliveryVerdict
    moment = _moment(since, default)
    query = (
        sa.select(
            col(row.mailbox_id),
            sa.func.count(),
            sa.func.sum(sa.case((col(row.accepted), 0), else_=1)),
        )
        .where(col(row.domain) == domain, col(row.verdict).in_(verdicts), col(row.at) > default, col(row.at) > moment)
        .group_by(col(row.mailbox_id))
    )
    return {
        mailbox_id: (int(count), int(at_the_door or 0)) for mailbox_id, count, at_the_door in session.execute(query)
    }


def verdicts_since(session: Session, mailbox_ids: Sequence[UUID], since: datetime) -> dict[UUID, dict[str, int]]:
    row = DeliveryVerdict
    query = (
        sa.select(col(row.mailbox_id), col(row.verdict), sa.func.count())
        .where(col(row.mailbox_id).in_(mailbox_ids), col(row.at) > since)
        .group_by(col(row.mailbox_id), col(row.verdict))
    )
    found: dict[UUID, dict[str, int]] = {}
    for mailbox_id, verdict, count in session.execute(query):
        found.setdefault(mailbox_id, {})[verdict] = int(count)
    return found


def domains_with_verdicts(session: Session, since: datetime) -> list[str]:
    row = DeliveryVerdict
    query = sa.select(col(row.domain)).where(col(row.at) > since).distinct().order_by(col(row.domain))
    return list(session.execute(query).scalars())


def mailboxes_of(session: Session, domains: Iterable[str]) -> dict[str, list[UUID]]:
    """The mailboxes of each domain."""
    wanted = set(domains)
    found: dict[str, list[UUID]] = {}
    for mailbox_id, address in session.execute(sa.select(col(Mailbox.id), col(Mailbox.address))):
        domain = str(address).rpartition("@")[2].lower()
        if domain in wanted:
            found.setdefault(domain, []).append(mailbox_id)
    return found


def brakes_of(session: Session, domains: Collection[str], since: datetime) -> list[Brake]:
    """The open ones of these domains and their mailboxes, and those lifted after `since`, the newest first."""
    query = (
        select(Brake)
        .where(
            col(Brake.domain).in_(domains),
            sa.or_(col(Brake.lifted_at).is_(None), col(Brake.lifted_at) > since),
        )
        .order_by(col(Brake.made_at).desc(), col(Brake.id))
    )
    return list(session.exec(query))


def mail_domain(session: Session, domain: str, *, lock: bool = False) -> MailDomain | None:
    query = select(MailDomain).where(MailDomain.domain == domain)
    return session.exec(query.with_for_update() if lock else query).first()


def _moment(since: Mapping[UUID, datetime], default: datetime) -> sa.ColumnElement[datetime]:
    if not since:
        return sa.literal(default, sa.inspect(DeliveryVerdict).columns["at"].type)
    kind = sa.inspect(DeliveryVerdict).columns["at"].type
    cases = [(col(DeliveryVerdict.mailbox_id) == key, sa.literal(at, kind)) for key, at in since.items()]
    return sa.case(*cases, else_=sa.literal(default, kind))
