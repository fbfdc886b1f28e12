"""The DKIM keys of domains: which sign now, and which are only waiting for their record in the DNS."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from store.models import SendingDomain


def key_context(key_id: UUID) -> str:
    return f"sending_domain|private_key|{key_id}"


def of_domain(session: Session, domain: str) -> list[SendingDomain]:
    """The newest first."""
    query = select(SendingDomain).where(SendingDomain.domain == domain)
    return list(session.exec(query.order_by(col(SendingDomain.created_at).desc(), col(SendingDomain.id))))


def of_domains(session: Session, domains: Sequence[str]) -> list[SendingDomain]:
    """By domain, the newest first; of all domains where none is named."""
    query = select(SendingDomain)
    if domains:
        query = query.where(col(SendingDomain.domain).in_(domains))
    return list(
        session.exec(
            query.order_by(col(SendingDomain.domain), col(SendingDomain.created_at).desc(), col(SendingDomain.id))
        )
    )


def signing(session: Session, domain: str) -> list[SendingDomain]:
    """Of each algorithm the newest key whose record was seen: an older one signs until then. RSA, which everybody
    verifies, comes last, so that it stands on top."""
    published = [row for row in of_domain(session, domain) if row.published_at is not None]
    newest = {row.algorithm: row for row in reversed(published)}
    return [newest[algorithm] for algorithm in sorted(newest)]
