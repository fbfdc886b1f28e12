"""The second factor: a code of an authenticator app (RFC 6238: six digits, 30 seconds), or a recovery code.

A code counts once, and one step early or late, because clocks differ. Recovery codes have 50 random bits, are kept as a
keyed hash, and each gets its owner in once. Wrong codes are counted with wrong passwords.
"""

import hmac
import io
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import pyotp
import segno
import sqlalchemy as sa
from sqlmodel import Session, col

from api.dependencies import Dependencies, Principal, Unauthenticated
from api.identity import passwords, sessions
from api.identity.proof import own_account, prove_password, record
from api.permissions import Permission
from core.crypto import Sealer
from core.errors import Conflict, NotFound, Rejected
from store.models import RecoveryCode, User
from store.queries import workspaces

_STEP: Final = 30  # seconds
_AROUND: Final = (0, -1, 1)  # steps
_CODES: Final = 10
_LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: none looks like another


@dataclass(frozen=True, slots=True)
class SetUp:
    """What the app needs; shown on one page, to one person."""

    secret: str  # base32, for those who cannot scan
    qr: str  # <svg>


@dataclass(frozen=True, slots=True)
class State:
    since: datetime | None  # None: off
    codes_left: int


def state_of(session: Session, user: User) -> State:
    left = session.execute(
        sa.select(sa.func.count())
        .select_from(RecoveryCode)
        .where(col(RecoveryCode.user_id) == user.id, col(RecoveryCode.used_at).is_(None))
    ).scalar_one()
    return State(user.totp_confirmed_at, int(left))


def begin(deps: Dependencies, principal: Principal, password: str) -> SetUp:
    """A new secret, which serves only once a code has proven it. Raises Forbidden, Rejected, Conflict."""
    prove_password(deps, principal, password)
    secret = pyotp.random_base32()
    with deps.database.write(principal.workspace_id) as session:
        user = own_account(session, principal)
        if user.totp_confirmed_at is not None:
            raise _on_already()
        user.totp_secret_sealed = _sealer(deps, user).seal(secret, context=_context(user))
        session.add(user)
    return _shown(deps, principal, secret, user.email)


def begun(deps: Dependencies, principal: Principal) -> SetUp:
    """The set-up again, after a wrong code. Raises NotFound."""
    with deps.database.read(principal.workspace_id) as session:
        user = own_account(session, principal)
    if user.totp_confirmed_at is not None or not user.totp_secret_sealed:
        raise NotFound("No second factor is being set up.", hint="Begin again on your account's page.")
    return _shown(deps, principal, _secret(deps, user), user.email)


def confirm(deps: Dependencies, principal: Principal, code: str) -> list[str]:
    """On from now, with recovery codes that are shown once. Sessions opened by the password alone end.

    Raises NotFound (nothing was begun), Rejected (wrong code), Conflict.
    """
    with deps.database.write(principal.workspace_id) as session:
        user = own_account(session, principal, lock=True)
        if user.totp_confirmed_at is not None:
            raise _on_already()
        if not user.totp_secret_sealed:
            raise NotFound("No second factor is being set up.", hint="Begin again on your account's page.")
        step = _step_of(deps, user, _plain(code))
        if step is None:
            raise _wrong()
        user.totp_confirmed_at, user.totp_last_step = deps.clock.now(), step
        session.add(user)
        codes = _new_codes(session, deps, user)
        sessions.end_others(session, user.id, principal.session_id)
        record(session, deps, principal.actor, "user.second_factor_on", user.id)
    return codes


def turn_off(deps: Dependencies, principal: Principal, password: str, code: str) -> None:
    """Raises Rejected (password or code), Conflict (it is off)."""
    prove_password(deps, principal, password)
    _prove_code(deps, principal, code)
    with deps.database.write(principal.workspace_id) as session:
        user = own_account(session, principal, lock=True)
        _clear(session, user)
        record(session, deps, principal.actor, "user.second_factor_off", user.id)


def renew_codes(deps: Dependencies, principal: Principal, password: str) -> list[str]:
    """Ten new ones; the old ones end. Raises Rejected, Conflict."""
    prove_password(deps, principal, password)
    with deps.database.write(principal.workspace_id) as session:
        user = own_account(session, principal, lock=True)
        if user.totp_confirmed_at is None:
            raise _off()
        codes = _new_codes(session, deps, user)
        record(session, deps, principal.actor, "user.recovery_codes_renewed", user.id)
    return codes


def reset(deps: Dependencies, principal: Principal, user_id: UUID) -> User:
    """Of somebody who lost the device and the codes: off, and signed out everywhere. Twice changes nothing.

    Raises Forbidden, NotFound.
    """
    principal.require(Permission.USERS)
    with deps.database.write(principal.workspace_id) as session:
        user = session.get(User, (principal.workspace_id, user_id), with_for_update=True)
        if user is None:
            raise NotFound("There is no such user.", hint="`GET /api/v1/users` lists them.")
        if user.totp_secret_sealed:
            _clear(session, user)
            sessions.end_all(session, user.id)
            record(session, deps, principal.actor, "user.second_factor_reset", user.id)
    return user


def enter(deps: Dependencies, half: Principal, code: str, *, old_cookie: str, browser: str = "") -> sessions.SignedIn:
    """The second step of signing in, of a session whose factor is due: a new one. Raises Unauthenticated."""
    signed_in = None
    with deps.database.write(half.workspace_id) as session:
        user = own_account(session, half, lock=True)
        waits = passwords.count_try(session, deps.clock, deps.ids, user)
        how = "" if waits else _accepted(session, deps, user, code)
        if how:
            passwords.forget_tries(session, user)
            signed_in = sessions.start(
                session, deps.clock, deps.ids, user, browser=browser, old_cookie=old_cookie, how=how
            )
    if signed_in is None:
        raise Unauthenticated(
            "This code is wrong, was used already, or there were too many tries.",
            hint="Wait for the next code; after five wrong tries wait half a minute, then longer.",
        )
    return signed_in


def _prove_code(deps: Dependencies, principal: Principal, code: str) -> None:
    with deps.database.write(principal.workspace_id) as session:
        user = own_account(session, principal, lock=True)
        if user.totp_confirmed_at is None:
            raise _off()
        waits = passwords.count_try(session, deps.clock, deps.ids, user)
        right = not waits and bool(_accepted(session, deps, user, code))
        if right:
            passwords.forget_tries(session, user)
    if not right:
        raise _wrong()


def _accepted(session: Session, deps: Dependencies, user: User, code: str) -> str:
    """ "code" or "recovery_code", used up; empty: wrong."""
    if user.totp_confirmed_at is None:
        return ""
    plain = _plain(code)
    if (step := _step_of(deps, user, plain)) is not None:
        user.totp_last_step = step
        session.add(user)
        return "code"
    used = session.execute(
        sa.update(RecoveryCode)
        .where(
            col(RecoveryCode.user_id) == user.id,
            col(RecoveryCode.code_hash) == _sealer(deps, user).blind_index("recovery_code", plain),
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=deps.clock.now())
        .returning(col(RecoveryCode.id))
    ).all()
    return "recovery_code" if used else ""


def _step_of(deps: Dependencies, user: User, plain: str) -> int | None:
    """The step whose code this is, where none as late was used."""
    if len(plain) != 6 or not (plain.isascii() and plain.isdigit()):
        return None
    totp, now = pyotp.TOTP(_secret(deps, user)), int(deps.clock.now().timestamp()) // _STEP
    for step in (now + shift for shift in _AROUND):
        if step > user.totp_last_step and hmac.compare_digest(totp.generate_otp(step), plain):
            return step
    return None


def _new_codes(session: Session, deps: Dependencies, user: User) -> list[str]:
    session.execute(sa.delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id))
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(10)) for _ in range(_CODES)]
    sealer = _sealer(deps, user)
    session.add_all(
        RecoveryCode(
            workspace_id=user.workspace_id,
            id=deps.ids.new(),
            user_id=user.id,
            code_hash=sealer.blind_index("recovery_code", code),
            created_at=deps.clock.now(),
        )
        for code in codes
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _clear(session: Session, user: User) -> None:
    user.totp_secret_sealed, user.totp_confirmed_at, user.totp_last_step = "", None, 0
    session.add(user)
    session.execute(sa.delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id))


def _plain(code: str) -> str:
    """As it is kept: without spaces and dashes, and with what people read for what is written."""
    return "".join(code.split()).replace("-", "").lower().translate(str.maketrans("oil", "011"))[:32]


def _shown(deps: Dependencies, principal: Principal, secret: str, email: str) -> SetUp:
    with deps.database.unscoped() as session:
        workspace = workspaces.get(session, principal.workspace_id).name
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=f"SalesOS {workspace}"[:60].replace(":", " "))
    out = io.BytesIO()
    # Dark on light in both themes: many apps cannot read the reverse.
    segno.make(uri, error="m", micro=False).save(
        out,
        kind="svg",
        scale=5,
        border=4,
        light="#ffffff",
        xmldecl=False,
        svgns=False,
        nl=False,
        svgclass="qr",
        omitsize=True,
    )
    return SetUp(secret, out.getvalue().decode())


def _secret(deps: Dependencies, user: User) -> str:
    return _sealer(deps, user).open(user.totp_secret_sealed, context=_context(user))


def _sealer(deps: Dependencies, user: User) -> Sealer:
    return deps.context_for(user.workspace_id).sealer


def _context(user: User) -> str:
    return f"user_account|totp_secret|{user.id}"


def _wrong() -> Rejected:
    return Rejected(
        "This code is wrong or was used already.",
        hint="Wait for the next one. If none is right, set the clock of the device to the network's time.",
        code="wrong_code",
    )


def _on_already() -> Conflict:
    return Conflict("The second factor is on already.", hint="Turn it off first to use another device.")


def _off() -> Conflict:
    return Conflict("The second factor is off.", hint="Reload the page.")
