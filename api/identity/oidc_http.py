"""What is asked of an OpenID provider over the network: its description, its keys, a code turned into tokens.

The issuer is what an admin typed, and every other address is what that server says: so the same care as for pages of
strangers (tools.providers.web_fetch). https only, the name looked up once and every address public, the connection
pinned to those, no redirects, a bound on time and size. `SALESOS_SSO_PRIVATE` allows providers within one's own
network, and plain http where the issuer is this very machine (development).
"""

import ssl
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from urllib.parse import urlencode

import httpcore2
import httpx2
import orjson
from authlib.oauth2.auth import ClientAuth
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from core.errors import Rejected
from tools.ports import Unknown
from tools.providers.web_fetch.addresses import Target, parse_target
from tools.providers.web_fetch.lookup import Lookup
from tools.providers.web_fetch.pinned import Answer, Deadline, dial, exchange

MAX_SECONDS: Final = 5.0  # for each question; a sign-in asks three at most
MAX_BYTES: Final = 256_000  # of an answer: descriptions and key sets have some ten thousand
_FRESH: Final = 3_600.0  # seconds that a description and keys are kept: providers announce new keys days before
_KEYS_AGAIN: Final = 30.0  # seconds between two looks for an unknown key: made-up key ids must not become a flood
_MOST: Final = 1_000  # providers kept
_SMALLEST_RSA: Final = 2_048  # bits (NIST SP 800-131A)
_PORTS: Final = frozenset(range(1, 65_536)) - {22, 23, 25, 53, 110, 143, 465, 587, 993, 995}
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_CAN_VERIFY: Final = (RSAKey, ECKey, OKPKey)


class ProviderUnusable(Rejected):
    """The provider cannot be asked, or says something that is not OpenID Connect."""

    code = "provider_unusable"


@dataclass(frozen=True, slots=True)
class Provider:
    """What its description says (OpenID Connect Discovery 1.0 §3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    client_auth: str = "client_secret_basic"  # how the client says who it is at the token endpoint
    says_issuer: bool = False  # its answers carry `iss` (RFC 9207)


@dataclass(slots=True)
class _Kept:
    provider: Provider
    until: float
    keys: KeySet | None = None
    keys_until: float = 0.0
    keys_asked: float = float("-inf")


class OidcHttp:
    """Safe to share between threads; keeps descriptions and keys for an hour."""

    def __init__(
        self, *, allow_private: bool = False, max_seconds: float = MAX_SECONDS, tls: ssl.SSLContext | None = None
    ) -> None:
        self._allow_private = allow_private
        self._lookup = Lookup(allow_private=allow_private)
        self._seconds = max_seconds
        self._tls = tls or httpx2.create_ssl_context(trust_env=False)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = Lock()

    def refusal(self, issuer: str) -> str:
        """Why this cannot be an issuer, as far as the URL itself says; "" where it can. Asks no network."""
        target = self._target(issuer, issuer)
        if isinstance(target, str):
            return target
        return "An issuer has no query and no fragment." if "?" in issuer or "#" in issuer else ""

    def discover(self, issuer: str, *, afresh: bool = False) -> Provider:
        """Raises ProviderUnusable, in words for an admin."""
        with self._lock:
            kept = self._kept.get(issuer)
        if kept is not None and not afresh and time.monotonic() < kept.until:
            return kept.provider
        url = issuer.rstrip("/") + "/.well-known/openid-configuration"
        provider = self._described(issuer, self._json("description", "GET", url, issuer))
        with self._lock:
            self._kept[issuer] = _Kept(provider, time.monotonic() + _FRESH)
            self._kept.move_to_end(issuer)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return provider

    def keys(self, provider: Provider, kid: str | None) -> KeySet:
        """Its keys; asked again, once, where none of the kept has this id. Raises ProviderUnusable."""
        with self._lock:
            kept = self._kept.get(provider.issuer) or _Kept(provider, 0.0)
            now = time.monotonic()
            fresh = kept.keys is not None and now < kept.keys_until
            known = fresh and kept.keys is not None and (kid is None or any(key.kid == kid for key in kept.keys))
            if kept.keys is not None and (known or (fresh and now - kept.keys_asked < _KEYS_AGAIN)):
                return kept.keys
            kept.keys_asked = now
        keys = self._key_set(self._json("keys", "GET", provider.jwks_uri, provider.issuer))
        with self._lock:
            kept.keys, kept.keys_until = keys, time.monotonic() + _FRESH
        return keys

    def redeem(
        self, provider: Provider, *, code: str, verifier: str, redirect_uri: str, client_id: str, secret: str
    ) -> Mapping[str, Any]:
        """The token answer. Raises ProviderUnusable, also where the provider refuses the code."""
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        method = provider.client_auth if secret else "none"
        sent = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({**fields, "code_verifier": verifier})
        url, sent, body = ClientAuth(client_id, secret, method).prepare("POST", provider.token_endpoint, sent, body)
        return self._json("answer to the code", "POST", url, provider.issuer, sent, body.encode())

    def userinfo(self, provider: Provider, access_token: str) -> Mapping[str, Any]:
        """Raises ProviderUnusable."""
        sent = {"Authorization": f"Bearer {access_token}"}
        return self._json("facts about the person", "GET", provider.userinfo_endpoint, provider.issuer, sent)

    # -- below: one question

    def _described(self, issuer: str, found: Mapping[str, Any]) -> Provider:
        if found.get("issuer") != issuer:
            raise ProviderUnusable(
                f"The provider calls itself {str(found.get('issuer'))[:300]!r}, not {issuer!r}.",
                hint="Write the issuer exactly as the provider does, also a slash at its end.",
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
            if name == "userinfo_endpoint" and not found.get(name):
                continue
            value = found.get(name)
            said = self._target(value, issuer) if isinstance(value, str) else "It is missing."
            if isinstance(said, str):
                raise ProviderUnusable(f"The provider's description has no good {name}: {said}")
        methods = found.get("code_challenge_methods_supported")
        if isinstance(methods, list) and "S256" not in methods:
            raise ProviderUnusable("The provider does not know PKCE with S256.", hint="Switch it on there.")
        auth = found.get("token_endpoint_auth_methods_supported")
        # In the body where it may be: how the header encodes odd characters, providers read differently.
        in_body = isinstance(auth, list) and "client_secret_post" in auth
        return Provider(
            issuer=issuer,
            authorization_endpoint=found["authorization_endpoint"],
            token_endpoint=found["token_endpoint"],
            jwks_uri=found["jwks_uri"],
            userinfo_endpoint=found.get("userinfo_endpoint") or "",
            client_auth="client_secret_post" if in_body else "client_secret_basic",
            says_issuer=found.get("authorization_response_iss_parameter_supported") is True,
        )

    def _key_set(self, found: Mapping[str, Any]) -> KeySet:
        listed = found.get("keys")
        if not isinstance(listed, list):
            raise ProviderUnusable("The provider's keys are no key set.")
        good = []
        for one in listed[:100]:
            # A set may hold keys for other purposes and of kinds that nobody here knows: those are passed over.
            if not isinstance(one, dict) or one.get("kty") not in ("RSA", "EC", "OKP") or one.get("use") == "enc":
                continue
            try:
                good += [key for key in KeySet.import_key_set({"keys": [one]}) if _is_strong(key)]
            except (JoseError, ValueError, TypeError, KeyError):
                continue
        if not good:
            raise ProviderUnusable("The provider has no key that signatures could be checked with.")
        return KeySet(good)

    def _json(
        self,
        what: str,
        method: str,
        url: str,
        issuer: str,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> Mapping[str, Any]:
        answer = self._ask(what, method, url, issuer, headers or {}, content)
        try:
            found = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            found = None
        if answer.status != 200:
            # An error's code is from a list of OAuth's; its description is a stranger's text and stays there.
            code = found.get("error") if isinstance(found, dict) else None
            said = f" ({code[:60]})" if isinstance(code, str) and code.isascii() and code.isprintable() else ""
            raise ProviderUnusable(f"The provider's {what} could not be had: status {answer.status}{said}.")
        if not isinstance(found, dict):
            raise ProviderUnusable(f"The provider's {what} is not a JSON object.")
        return found

    def _ask(self, what: str, method: str, url: str, issuer: str, headers: Mapping[str, str], content: bytes) -> Answer:
        target = self._target(url, issuer)
        if isinstance(target, str):
            raise ProviderUnusable(f"The provider's {what} cannot be asked for: {target}")
        deadline = Deadline(self._seconds)
        sent = {"User-Agent": "SalesOS/1", "Accept": "application/json", **headers}
        if content:
            sent["Content-Length"] = str(len(content))
        try:
            addresses = self._lookup.addresses(target.host, deadline)
            if isinstance(addresses, Unknown):
                raise ProviderUnusable(f"The provider's {what} was {addresses.reason}.")
            answer = exchange(
                target, addresses, sent,
                dial=dial, deadline=deadline, tls=self._tls, max_bytes=MAX_BYTES, wanted=lambda *_: "",
                method=method, content=content,
            )  # fmt: skip
        except (TimeoutError, httpcore2.TimeoutException):
            raise ProviderUnusable(
                f"The provider did not answer within {self._seconds:g} seconds.", hint="Try again later."
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise ProviderUnusable(f"The provider's certificate is not valid ({error.verify_message}).") from None
        except OSError as error:
            said = error.strerror or type(error).__name__
            raise ProviderUnusable(f"The provider cannot be reached ({said}).", hint="Try again later.") from None
        except httpcore2.ProtocolError:
            raise ProviderUnusable("The provider's answer is not HTTP as it should be.") from None
        if isinstance(answer, Unknown):
            raise ProviderUnusable(f"The provider's {what} was {answer.reason}.")
        if 300 <= answer.status < 400:
            raise ProviderUnusable(
                f"The provider's {what} has moved: redirects are not followed.", hint="Use the address it moved to."
            )
        return answer

    def _target(self, url: str, issuer: str) -> Target | str:
        """Where to ask, or why not."""
        target = parse_target(url, _PORTS)
        if isinstance(target, Unknown):
            return target.reason.replace("not fetched because", "It cannot be used because") + "."
        if target.scheme == "https":
            return target
        home = parse_target(issuer, _PORTS)
        local = not isinstance(home, Unknown) and home.host in _LOOPBACK and target.host in _LOOPBACK
        return target if local and self._allow_private else "It cannot be used because it is not https."


def _is_strong(key: object) -> bool:
    if not isinstance(key, _CAN_VERIFY):
        return False
    return not isinstance(key, RSAKey) or int(key.public_key.key_size) >= _SMALLEST_RSA
