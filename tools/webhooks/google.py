"""Gmail's word that something changed in a mailbox, pushed by Pub/Sub. It carries no mail: the inbox is read for it.

https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions. Each push bears a token that Google signed
(RS256): for the audience that the subscription names, of its service account. Both are the endpoint's secret, so that
nobody else's subscription, signed by Google too, is taken for ours.
"""

import base64
import binascii
import json
import re
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from core.errors import FixConfiguration, Forbidden, Rejected, RetryAt
from store.queries.inbound import NewEvent
from tools.ports.inbox_watch import MailArrived
from tools.providers.vendor.account import Wire

CERTIFICATES: Final = "https://www.googleapis.com/oauth2/v3/certs"
_ISSUERS: Final = frozenset({"https://accounts.google.com", "accounts.google.com"})
_LEEWAY: Final = timedelta(minutes=1)
_FRESH: Final = timedelta(hours=1)  # Google announces new keys days before it signs with them
_AGAIN: Final = timedelta(seconds=30)  # between two looks for an unknown key: made-up ids must not become a flood
_MOST_BYTES: Final = 256_000
_KIND: Final = "arrived"
_SECRET = re.compile(r"(?P<audience>\S+)\s+(?P<account>[^\s@]+@[^\s@]+)")


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Message(_Part):
    data: str
    message_id: str = Field(min_length=1)
    publish_time: AwareDatetime


class _Push(_Part):
    message: _Message
    subscription: str = Field(min_length=1)


class _Change(_Part):
    email_address: str = Field(min_length=3, max_length=254)
    history_id: int | str


class GooglePush:
    """One endpoint. Thread-safe."""

    def __init__(self, secret: str, wire: Wire) -> None:
        """`secret`: the audience and the service account. Raises FixConfiguration where they cannot be those."""
        found = _SECRET.fullmatch(secret.strip())
        if found is None:
            raise FixConfiguration(
                "That is no audience with a service account behind it.",
                hint="Both stand in the Pub/Sub subscription under “Enable authentication”, with a space between here.",
            )
        self._audience, self._account = found["audience"], found["account"].lower()
        self._wire = wire
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        self._asked_at: datetime | None = None

    def receive(self, raw: bytes, headers: Mapping[str, str]) -> Sequence[NewEvent]:
        """Raises Forbidden, Rejected, RetryAt (Google's keys cannot be had now)."""
        self._verify(headers.get("Authorization", ""))
        try:
            message = _Push.model_validate_json(raw).message
            change = base64.b64decode(message.data, validate=True)
            address = _Change.model_validate_json(change).email_address
        except (ValidationError, binascii.Error, ValueError):
            raise Rejected("That is nothing that Gmail publishes.") from None
        return [NewEvent(message.message_id, _KIND, change, message.publish_time, address)]

    def _verify(self, header: str) -> None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > 8_192:
            raise Forbidden("The push bears no token: switch authentication on in the Pub/Sub subscription.")
        try:
            key_id = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "==")).get("kid")
            claims = jwt.decode(token, self._known(key_id), algorithms=["RS256"]).claims
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise Forbidden("The token is not signed by Google.") from None
        self._check(claims)

    def _check(self, claims: Mapping[str, Any]) -> None:
        now = self._wire.clock.now().timestamp()
        began, ends, leeway = claims.get("iat"), claims.get("exp"), _LEEWAY.total_seconds()
        if claims.get("iss") not in _ISSUERS:
            raise Forbidden("The token is not Google's.")
        if claims.get("aud") != self._audience:
            raise Forbidden("The token is for another audience than the endpoint's.")
        if claims.get("email_verified") is not True or str(claims.get("email", "")).lower() != self._account:
            raise Forbidden("The token is of another service account than the endpoint's.")
        if not isinstance(began, int) or not isinstance(ends, int) or not began - leeway <= now < ends + leeway:
            raise Forbidden("The token ran out, or is of the future.")

    def _known(self, key_id: object) -> KeySet:
        """Google's keys, asked for again where none of those kept has this id. Raises RetryAt."""
        with self._lock:
            now = self._wire.clock.now()
            age = now - self._asked_at if self._asked_at is not None else None
            fresh = age is not None and timedelta(0) <= age < _FRESH
            asked_just_now = age is not None and age < _AGAIN
            if self._keys and fresh and (asked_just_now or any(key.kid == key_id for key in self._keys)):
                return self._keys
            self._keys, self._asked_at = self._asked(), now
            return self._keys

    def _asked(self) -> KeySet:
        try:
            with self._wire.http.stream("GET", CERTIFICATES, timeout=10.0, follow_redirects=False) as answer:
                raw = bytearray()
                for piece in answer.iter_bytes():
                    raw += piece
                    if len(raw) > _MOST_BYTES:
                        raise ValueError("too long")
                if answer.status_code != 200:
                    raise ValueError(f"status {answer.status_code}")
            return KeySet.import_key_set(json.loads(raw))
        except (httpx2.HTTPError, OSError, ValueError, TypeError, KeyError, JoseError) as error:
            raise RetryAt("Google's keys cannot be had now: whether this is Google's cannot be known.") from error


def read(raw: bytes) -> Sequence[MailArrived]:
    """Of an event that was received. Raises Rejected."""
    try:
        return [MailArrived(_Change.model_validate_json(raw).email_address.strip().lower(), "gmail")]
    except ValidationError:
        raise Rejected("That is nothing that Gmail publishes.") from None
