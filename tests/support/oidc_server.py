"""A real OpenID provider on loopback: description, authorization, token endpoint with PKCE, keys, facts. One person is
signed in at it (`person`). The `wrong` dictionary turns single things wrong, for tests of those who must notice.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "salesos", "the provider's secret, sealed here"
_MAKE: dict[str, Callable[[], Any]] = {
    "RS256": lambda: RSAKey.generate_key(2048),
    "PS256": lambda: RSAKey.generate_key(2048),
    "ES256": lambda: ECKey.generate_key("P-256"),
    "EdDSA": lambda: OKPKey.generate_key("Ed25519"),
}


@dataclass
class OidcServer:
    issuer: str
    person: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "00u1",
            "email": "ada@sender.example",
            "email_verified": True,
            "name": "Ada Lovelace",
        }
    )
    wrong: dict[str, Any] = field(default_factory=dict)
    alg: str = "RS256"
    key: Any = None
    clock: Any = time.time
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.new_key()

    def new_key(self, alg: str = "") -> None:
        """What a rotation is: from now on this key signs, and only it is published."""
        self.alg = alg or self.alg
        self.key = _MAKE[self.alg]()
        self.key.ensure_kid()

    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            **self.wrong.get("description", {}),
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes back to."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        if "error" in self.wrong:
            return f"{query['redirect_uri']}?{urlencode({'error': self.wrong['error'], 'state': query['state']})}"
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.issuer, **self.wrong.get("back", {})}
        return f"{query['redirect_uri']}?{urlencode({k: v for k, v in back.items() if v is not None})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        in_body = (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        if authorization != f"Basic {expected}" and not in_body:
            return 401, {"error": "invalid_client"}
        begun = self._codes.pop(form.get("code", ""), None)  # once
        if begun is None or begun["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != begun["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        return 200, {
            "access_token": "an access token",
            "token_type": "Bearer",
            "id_token": self.id_token(begun["nonce"]),
        }

    def id_token(self, nonce: str) -> str:
        now = int(self.clock())
        thin = {"sub": self.person["sub"]} if self.wrong.get("thin") else self.person
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce, **thin}
        claims |= self.wrong.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.alg, "kid": self.key.kid, **self.wrong.get("header", {})}
        if header["alg"] == "none":
            parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
            return b".".join([*parts, b""]).decode()
        key = self.wrong.get("key", self.key)
        if header["alg"] == "HS256":  # the published key as the secret: what a careless verifier accepts
            key = OctKey.import_key(self.key.as_pem(private=False))
        return jwt.encode(header, claims, key, algorithms=[header["alg"]])


@contextmanager
def oidc_server() -> Iterator[OidcServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            server.asked.append(parts.path)
            if delay := server.wrong.get("slow"):
                time.sleep(delay)
            if parts.path == "/.well-known/openid-configuration":
                if "moved" in server.wrong:
                    return self._redirect(f"{server.issuer}/elsewhere")
                body = json.dumps(server.description()).encode() + b" " * server.wrong.get("huge", 0)
                return self._answer(200, body)
            if parts.path == "/keys":
                return self._answer(200, json.dumps(KeySet([server.key]).as_dict(private=False)).encode())
            if parts.path == "/userinfo":
                assert self.headers["Authorization"] == "Bearer an access token"
                return self._answer(200, json.dumps({**server.person, **server.wrong.get("userinfo", {})}).encode())
            if parts.path == "/authorize":
                return self._redirect(server.authorize({k: v[0] for k, v in parse_qs(parts.query).items()}))
            return self._answer(404, b"{}")

        def do_POST(self) -> None:
            server.asked.append(self.path)
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, found = server.token({k: v[0] for k, v in form.items()}, self.headers.get("Authorization", ""))
            self._answer(status, json.dumps(found).encode())

        def _redirect(self, url: str) -> None:
            self.send_response(302)
            self.send_header("Location", url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    server = OidcServer(f"http://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join(timeout=300)
