"""Setting up single sign-on: the connection to an OpenID provider, trying it, taking it away, loosening one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlmodel import Session, col

from api import etags
from api.dependencies import Dependencies, Principal
from api.identity import sso
from api.identity.oidc_http import ProviderUnusable
from api.permissions import Permission
from api.problems import Invalid
from api.views.sso import SsoOut, SsoTest, sso_out
from core.errors import NotFound
from store import audit
from store.models import Role, SsoConnection, User, Workspace
from store.queries import single_sign_on as connections

MOST_DOMAINS = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    issuer: str
    client_id: str
    client_secret: str | None  # None: the one that is kept; empty: a public client, which has none
    email_domains: Sequence[str]
    new_user_role: Role | None = None
    required: bool = False


def get(deps: Dependencies, principal: Principal) -> SsoOut:
    """Raises Forbidden, NotFound."""
    principal.require(Permission.USERS)
    with deps.database.read(principal.workspace_id) as session:
        return sso_out(deps, _connection(session))


def put(deps: Dependencies, principal: Principal, wanted: Wanted, *, if_match: str | None = None) -> SsoOut:
    """The same again changes nothing. Raises Forbidden, Invalid, PreconditionFailed."""
    principal.require(Permission.USERS)
    domains = _checked(deps, wanted)
    with deps.database.write(principal.workspace_id) as session:
        _one_at_a_time(session, principal.workspace_id)
        found = connections.connection(session)
        etags.check(if_match, sso_out(deps, found)) if found else None
        before = _of(found) if found else None
        moved = found is None or found.issuer != wanted.issuer
        if moved and wanted.client_secret is None:
            # A kept secret is for the provider that gave it: sent to another, it would be told.
            raise _invalid("client_secret", "Give the client secret that this provider made (empty: it made none).")
        if found is None:
            found = SsoConnection(
                workspace_id=principal.workspace_id,
                id=deps.ids.new(),
                issuer=wanted.issuer,
                client_id=wanted.client_id,
                created_by=principal.actor,
                created_at=deps.clock.now(),
            )
        found.issuer, found.client_id, found.email_domains = wanted.issuer, wanted.client_id, domains
        found.new_user_role, found.required = wanted.new_user_role, wanted.required
        new_secret = wanted.client_secret is not None and _is_new(deps, found, wanted.client_secret)
        if new_secret:
            sealer = deps.context_for(principal.workspace_id).sealer
            context = sso.secret_context(found.id)
            found.client_secret_sealed = (
                sealer.seal(wanted.client_secret, context=context) if wanted.client_secret else ""
            )
        if before is not None and moved:
            _loosen_all(session)
        session.add(found)
        session.flush()
        if before != _of(found) or new_secret:
            _record(
                deps,
                principal,
                session,
                "sso.set",
                found.id,
                {
                    "required": found.required,
                    "new_user_role": found.new_user_role.value if found.new_user_role else None,
                    "provider_changed": moved,
                    "credentials_changed": new_secret,
                },
            )
        return sso_out(deps, found)


def remove(deps: Dependencies, principal: Principal) -> None:
    """Sessions go on; people without a password cannot sign in any more. A second time changes nothing."""
    principal.require(Permission.USERS)
    with deps.database.write(principal.workspace_id) as session:
        _one_at_a_time(session, principal.workspace_id)
        found = connections.connection(session)
        if found is None:
            return
        _loosen_all(session)
        session.delete(found)
        session.flush()
        _record(deps, principal, session, "sso.removed", found.id, {})


def test(deps: Dependencies, principal: Principal) -> SsoTest:
    """Asks the provider now. Takes up to ten seconds, and holds no session meanwhile. Raises Forbidden, NotFound."""
    principal.require(Permission.USERS)
    with deps.database.read(principal.workspace_id) as session:
        issuer = _connection(session).issuer
    endpoint, count, problem = "", 0, ""
    try:
        provider = deps.oidc.discover(issuer, afresh=True)
        endpoint, count = provider.authorization_endpoint, len(deps.oidc.keys(provider, None).keys)
    except ProviderUnusable as error:
        problem = str(error)
    return SsoTest(ok=not problem, problem=problem, authorization_endpoint=endpoint, keys=count, at=deps.clock.now())


def loosen(deps: Dependencies, principal: Principal, user_id: UUID) -> None:
    """The next single sign-on with this person's address links them anew. Raises Forbidden, NotFound."""
    principal.require(Permission.USERS)
    with deps.database.write(principal.workspace_id) as session:
        user = session.get(User, (principal.workspace_id, user_id))
        if user is None:
            raise NotFound("There is no such user.", hint="`GET /api/v1/users` lists them.")
        if not user.sso_subject:
            return
        user.sso_subject = ""
        session.add(user)
        session.flush()
        audit.append(
            session,
            deps.clock,
            deps.ids,
            actor=principal.actor,
            action="user.single_sign_on_loosened",
            subject_kind="user",
            subject_id=user_id,
        )


def _connection(session: Session) -> SsoConnection:
    found = connections.connection(session)
    if found is None:
        raise NotFound("No single sign-on is set up.", hint="PUT /api/v1/sso sets it up.")
    return found


def _checked(deps: Dependencies, wanted: Wanted) -> list[str]:
    """The domains as they are kept. Raises Invalid, with all that is wrong."""
    problems = []
    if said := deps.oidc.refusal(wanted.issuer):
        problems.append({"path": "issuer", "message": said})
    if not wanted.client_id.strip() or not wanted.client_id.isprintable():
        problems.append({"path": "client_id", "message": "The provider shows it where the application is registered."})
    domains = []
    for text in wanted.email_domains:
        domain = _domain(text)
        if not domain:
            problems.append({"path": "email_domains", "message": f"{text.strip()[:100]!r} is not a domain."})
        elif domain not in domains:
            domains.append(domain)
    if not wanted.email_domains:
        problems.append(
            {
                "path": "email_domains",
                "message": "Name one at least: else everybody with an account there could come in.",
            }
        )
    if len(domains) > MOST_DOMAINS:
        problems.append({"path": "email_domains", "message": f"At most {MOST_DOMAINS}."})
    if wanted.new_user_role is Role.ADMIN:
        problems.append({"path": "new_user_role", "message": "Nobody becomes an admin by signing in: make them one."})
    if problems:
        raise Invalid("Single sign-on cannot be set up like this.", problems, hint="Nothing was changed.")
    return domains


def _domain(text: str) -> str:
    """As addresses have it, so that both can be compared; empty where it is none."""
    try:
        found = validate_email(
            f"somebody@{text.strip().removeprefix('@')}", check_deliverability=False, test_environment=True
        )
    except EmailNotValidError:
        return ""
    return found.normalized.rpartition("@")[2].lower()


def _invalid(path: str, message: str) -> Invalid:
    problems = [{"path": path, "message": message}]
    return Invalid("Single sign-on cannot be set up like this.", problems, hint="Nothing was changed.")


def _is_new(deps: Dependencies, found: SsoConnection, secret: str | None) -> bool:
    return sso.client_secret(deps, found) != secret


def _of(found: SsoConnection) -> tuple[object, ...]:
    return found.issuer, found.client_id, tuple(found.email_domains), found.new_user_role, found.required


def _one_at_a_time(session: Session, workspace_id: UUID) -> None:
    """Two who set it up at once must not make two."""
    session.execute(sa.select(col(Workspace.id)).where(col(Workspace.id) == workspace_id).with_for_update())


def _loosen_all(session: Session) -> None:
    """Subjects are good with the provider that gave them: with the next one people are found by address again."""
    session.execute(sa.update(User).where(col(User.sso_subject) != "").values(sso_subject=""))


def _record(
    deps: Dependencies, principal: Principal, session: Session, action: str, subject: UUID, details: dict[str, object]
) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=action,
        subject_kind="sso_connection",
        subject_id=subject,
        details=details,
    )
