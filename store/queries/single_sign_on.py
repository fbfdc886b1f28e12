"""A workspace's connection to its OpenID provider: one, or none."""

from sqlmodel import Session, col, select

from store.models import SsoConnection


def connection(session: Session) -> SsoConnection | None:
    return session.exec(select(SsoConnection).order_by(col(SsoConnection.created_at)).limit(1)).first()


def is_required(session: Session) -> bool:
    """Whether only admins may use a password."""
    found = connection(session)
    return found is not None and found.required
