"""Signing in with an OpenID provider: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0 §3.1).

What is under way stands in a signed cookie of ten minutes, so nothing is stored for those who never come back. Who
comes back is known by the provider's subject; only the first time is a person found by a verified address of an allowed
domain.
"""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from itsdangerous import BadSignature, URLSafeSerializer
from joserfc import jws, jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from sqlmodel import Session, col, select

from api.dependencies import Dependencies, Unauthenticated
from api.identity import sessions
from api.identity.accounts import create_user, normal_email
from api.identity.oidc_http import Provider
from core.clock import Clock
from core.errors import NotFound, Rejected
from core.ids import Ids
from store import audit
from store.models import Invitation, SsoConnection, User
from store.queries import single_sign_on as connections
from store.queries import workspaces

CALLBACK: Final = "/sign-in/single/back"
ALGORITHMS: Final = ["RS256", "ES256", "PS256", "EdDSA", "Ed25519"]  # never none; never HS*, whose key is the client's
SECONDS: Final = 600  # from leaving for the provider to coming back
_LEEWAY: Final = 60  # seconds by which two clocks may differ
_MOST_USED: Final = 20_000
_VERIFIED: Final = (True, "true")
# Microsoft Entra has no email_verified: its own claim says that the tenant owns the address's domain.
_ENTRA: Final = "https://login.microsoftonline.com/"
_ENTRA_VERIFIED: Final = (True, "true", 1, "1")


class SingleSignOnFailed(Unauthenticated):
    code = "single_sign_on_failed"


@dataclass(frozen=True, slots=True)
class Leaving:
    url: str  # the provider's
    cookie: str


@dataclass(frozen=True, slots=True)
class Arrived:
    signed_in: sessions.SignedIn
    next: str


@dataclass(frozen=True, slots=True)
class _Person:
    subject: str  # "<issuer>|<sub>"
    email: str  # empty: none that the provider vouches for
    name: str


def issuer_host(deps: Dependencies, slug: str) -> str:
    """For the button on the sign-in page; empty where this workspace has no connection, or there is none such."""
    try:
        workspace_id = workspaces.by_slug(deps.database, slug.strip().lower()).id
    except NotFound:
        return ""
    with deps.database.read(workspace_id) as session:
        found = connections.connection(session)
    return urlsplit(found.issuer).hostname or "" if found else ""


def leave(deps: Dependencies, workspace_id: UUID, *, next: str) -> Leaving:
    """Raises NotFound where the workspace has no connection, ProviderUnusable."""
    with deps.database.read(workspace_id) as session:
        connection = connections.connection(session)
    if connection is None:
        raise NotFound("No single sign-on is set up there.", hint="Sign in with your password.")
    provider = deps.oidc.discover(connection.issuer)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    client = _client(deps, connection)
    url, _ = client.create_authorization_url(
        provider.authorization_endpoint, state=state, nonce=nonce, code_verifier=verifier
    )
    cookie = _serializer(deps).dumps(
        {
            "workspace": workspace_id.hex,
            "issuer": connection.issuer,  # answers of another provider are not taken for this one's
            "state": state,
            "nonce": nonce,
            "verifier": verifier,
            "next": next,
            "at": int(deps.clock.now().timestamp()),
        }
    )
    return Leaving(url, str(cookie))


def arrive(deps: Dependencies, cookie: str, answer: Mapping[str, str], *, old_session: str, browser: str) -> Arrived:
    """`answer`: the query that the provider sent the person back with.

    Raises SingleSignOnFailed, which says why and what to do, and ProviderUnusable.
    """
    begun = _begun(deps, cookie)
    if not hmac.compare_digest(begun["state"].encode(), answer.get("state", "").encode()):
        raise _failed("The answer does not belong to the sign-in that this browser began.")
    _used.once(begun["state"])
    workspace_id = UUID(hex=begun["workspace"])
    with deps.database.read(workspace_id) as session:
        connection = connections.connection(session)
    if connection is None or connection.issuer != begun["issuer"]:
        raise _failed("Single sign-on was changed while you signed in.")
    if answer.get("error"):
        denied = answer["error"] == "access_denied"
        raise _failed("The provider let nobody in." if denied else "The provider could not sign you in.")
    provider = deps.oidc.discover(connection.issuer)
    said = answer.get("iss")
    if (said is None and provider.says_issuer) or (said is not None and said != provider.issuer):
        raise _failed("The answer is another provider's.")
    if not answer.get("code"):
        raise _failed("The provider's answer has no code.")
    person = _person(deps, connection, provider, begun, answer["code"])
    with deps.database.write(workspace_id) as session:
        user = _user_of(session, deps.clock, deps.ids, connection, person)
        signed_in = sessions.start(
            session, deps.clock, deps.ids, user, browser=browser, old_cookie=old_session, how="sso"
        )
    return Arrived(signed_in, begun["next"])


def check_id_token(
    deps: Dependencies,
    provider: Provider,
    token: str,
    *,
    client_id: str,
    nonce: str,
    began_at: int,
    access_token: str = "",
) -> Mapping[str, Any]:
    """Its claims, once signature, issuer, audience, times and nonce are right (§3.1.3.7). Raises SingleSignOnFailed."""
    try:
        header = jws.extract_compact(token.encode()).headers()
        if header.get("alg") not in ALGORITHMS:
            raise _failed("The provider signs in a way that is not accepted.")
        kid = header.get("kid")
        keys = deps.oidc.keys(provider, kid if isinstance(kid, str) else None)
        found = jwt.decode(token, keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            found.claims,
            found.header,
            options={
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            },
            params={"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(now=int(deps.clock.now().timestamp()), leeway=_LEEWAY)
    except InvalidKeyIdError as error:
        raise _failed("The provider signed with a key that it does not publish.") from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise _failed("What the provider says of you could not be verified.") from error
    if claims["iat"] < began_at - _LEEWAY:
        raise _failed("What the provider says of you is older than this sign-in.")
    if not 0 < len(claims["sub"]) <= 255:
        raise _failed("The provider did not say who you are.")
    return dict(claims)


def _person(
    deps: Dependencies, connection: SsoConnection, provider: Provider, begun: Mapping[str, Any], code: str
) -> _Person:
    secret = client_secret(deps, connection)
    tokens = deps.oidc.redeem(
        provider,
        code=code,
        verifier=begun["verifier"],
        redirect_uri=redirect_uri(deps),
        client_id=connection.client_id,
        secret=secret,
    )
    id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
    if not isinstance(id_token, str):
        raise _failed("The provider did not say who you are.")
    access_token = access_token if isinstance(access_token, str) else ""
    claims = check_id_token(
        deps,
        provider,
        id_token,
        client_id=connection.client_id,
        nonce=begun["nonce"],
        began_at=begun["at"],
        access_token=access_token,
    )
    facts = claims
    if not claims.get("email") and access_token and provider.userinfo_endpoint:
        found = deps.oidc.userinfo(provider, access_token)
        if found.get("sub") != claims["sub"]:  # §5.3.2: else another person's facts could be put in
            raise _failed("The provider's facts are of another person.")
        facts = found
    verified = facts.get("email_verified") in _VERIFIED
    if provider.issuer.startswith(_ENTRA):
        verified = verified or claims.get("xms_edov") in _ENTRA_VERIFIED
    email, name = facts.get("email"), facts.get("name")
    return _Person(
        f"{provider.issuer}|{claims['sub']}",
        _address(email) if verified and isinstance(email, str) else "",
        name.strip()[:200] if isinstance(name, str) else "",
    )


def _address(email: str) -> str:
    try:
        return normal_email(email.strip())
    except Rejected:
        return ""


def _user_of(session: Session, clock: Clock, ids: Ids, connection: SsoConnection, person: _Person) -> User:
    """Who this is here. Raises SingleSignOnFailed."""
    user = session.exec(select(User).where(User.sso_subject == person.subject)).first()
    if user is None:
        user = _first_time(session, clock, ids, connection, person)
    if not user.active:
        raise _failed("This account has been closed.", hint="An admin of the workspace can open it again.")
    return user


def _first_time(session: Session, clock: Clock, ids: Ids, connection: SsoConnection, person: _Person) -> User:
    if not person.email:
        raise _failed(
            "The provider does not vouch for your e-mail address.",
            hint="Confirm the address there. An admin finds what the provider must send in docs/single-sign-on.md.",
        )
    if person.email.rpartition("@")[2] not in connection.email_domains:
        raise _failed("People with your e-mail domain do not sign in here.", hint="Use your account at work.")
    user = session.exec(select(User).where(User.email == person.email)).first()
    if user is None:
        user = _new(session, clock, ids, connection, person)
    elif not user.active:
        return user
    elif user.sso_subject.startswith(f"{connection.issuer}|"):
        # The same address, another person at the provider: addresses are given to newcomers, accounts must not be.
        raise _failed(
            "Your address belongs to another account of the provider here.",
            hint="An admin can loosen the old account from it, on the page of single sign-on.",
        )
    user.sso_subject = person.subject
    session.add(user)
    session.flush()
    audit.append(
        session,
        clock,
        ids,
        actor=f"user:{user.id}",
        action="user.single_sign_on_linked",
        subject_kind="user",
        subject_id=user.id,
    )
    return user


def _new(session: Session, clock: Clock, ids: Ids, connection: SsoConnection, person: _Person) -> User:
    now = clock.now()
    invitation = session.exec(
        select(Invitation)
        .where(Invitation.email == person.email, col(Invitation.user_id).is_(None))
        .where(col(Invitation.accepted_at).is_(None), col(Invitation.revoked_at).is_(None))
        .where(col(Invitation.expires_at) > now)
        .order_by(col(Invitation.created_at).desc())
    ).first()
    role = invitation.role if invitation else connection.new_user_role
    if role is None:
        raise _failed("You have no account here yet.", hint="Ask an admin of the workspace to invite you.")
    if invitation:
        invitation.accepted_at = now
        session.add(invitation)
    name = person.name or (invitation.name if invitation else "")
    return create_user(session, clock, ids, email=person.email, name=name, role=role)


def redirect_uri(deps: Dependencies) -> str:
    """What has to be registered at the provider."""
    return deps.settings.public_url + CALLBACK


def secret_context(connection_id: UUID) -> str:
    return f"sso_connection|client_secret|{connection_id}"


def client_secret(deps: Dependencies, connection: SsoConnection) -> str:
    """Empty: a public client, whose codes PKCE alone guards."""
    if not connection.client_secret_sealed:
        return ""
    sealer = deps.context_for(connection.workspace_id).sealer
    return sealer.open(connection.client_secret_sealed, context=secret_context(connection.id))


def _client(deps: Dependencies, connection: SsoConnection) -> OAuth2Client:
    return OAuth2Client(
        None,
        client_id=connection.client_id,
        redirect_uri=redirect_uri(deps),
        scope="openid email profile",
        code_challenge_method="S256",
    )


def _serializer(deps: Dependencies) -> URLSafeSerializer:
    return URLSafeSerializer(list(reversed(deps.sso_keys)), salt="single sign-on")  # the last one signs


def _begun(deps: Dependencies, cookie: str) -> Mapping[str, Any]:
    try:
        found = _serializer(deps).loads(cookie)
    except BadSignature:
        raise _failed("This browser began no sign-in, or it was too long ago.") from None
    if not 0 <= deps.clock.now().timestamp() - found["at"] <= SECONDS:
        raise _failed("The sign-in took longer than ten minutes.")
    return dict(found)


class _Used:
    """States that came back: each counts once. Another process does not know; there the code's own single use holds."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def once(self, state: str) -> None:
        """Raises SingleSignOnFailed the second time."""
        with self._lock:
            if state in self._seen:
                raise _failed("This answer of the provider was used already.")
            self._seen[state] = None
            while len(self._seen) > _MOST_USED:
                self._seen.popitem(last=False)


_used = _Used()


def _failed(message: str, *, hint: str = "Start again from the sign-in page.") -> SingleSignOnFailed:
    return SingleSignOnFailed(message, hint=hint)
