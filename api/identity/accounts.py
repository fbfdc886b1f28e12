"""Accounts: made, given a password, found by their address."""

from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlmodel import Session, select

from api.identity import sessions
from api.identity.passwords import hash_password
from core.clock import Clock
from core.errors import Conflict, NotFound, Rejected
from core.ids import Ids
from store import audit
from store.models import Role, User
from store.session import workspace_of


def create_user(
    session: Session,
    clock: Clock,
    ids: Ids,
    *,
    email: str,
    name: str,
    role: Role,
    password: str = "",
    password_hash: str = "",
    time_zone: str = "UTC",
    actor: str = "system",
) -> User:
    """A person of this workspace. Without a password they cannot sign in by one. Raises Rejected, Conflict."""
    address = normal_email(email)
    if session.exec(select(User.id).where(User.email == address)).first() is not None:
        raise Conflict("Somebody with this address is in the workspace already.", hint="Change their role instead.")
    user = User(
        workspace_id=workspace_of(session),
        id=ids.new(),
        email=address,
        name=name.strip() or address.partition("@")[0],
        role=role,
        password_hash=hash_password(password) if password else password_hash,
        time_zone=time_zone,
        created_at=clock.now(),
    )
    session.add(user)
    session.flush()
    audit.append(
        session,
        clock,
        ids,
        actor=actor,
        action="user.created",
        subject_kind="user",
        subject_id=user.id,
        details={"role": role.value},
    )
    return user


def set_password(session: Session, user_id: UUID, password: str) -> None:
    """Ends every session of theirs. Raises NotFound, Rejected."""
    user = session.get(User, (workspace_of(session), user_id))
    if user is None:
        raise NotFound("There is no such user.")
    user.password_hash, user.failed_sign_ins, user.locked_until = hash_password(password), 0, None
    session.add(user)
    sessions.end_all(session, user_id)


def normal_email(email: str) -> str:
    """Raises Rejected."""
    try:
        return validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise Rejected("This is not an e-mail address.", hint=str(error)) from error
