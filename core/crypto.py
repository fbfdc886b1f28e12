"""Secrets and personal fields at rest: AES-256-GCM in an envelope of keys, and blind indexes to find them by.

    master key (KEK, from settings or a key file)   wraps   data keys (DEK) and the index key of a workspace
    data key, the newest                             seals   fields;  every older one still opens what it sealed
    index key, never rotated with the data keys      keys    HMAC-SHA-256 blind indexes

A sealed field is bound to its workspace, table, column and row by the authenticated data, so that a ciphertext
copied to another row does not open there. This module knows no database: the store keeps the `WrappedKey`s.

Sources: NIST SP 800-38D §8.2.2 and §8.3 (random 96-bit nonces, at most 2³² messages a key); RFC 5869 (HKDF).
"""

import binascii
import hashlib
import hmac
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import FixConfiguration

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_VERSION = "v1"

Entropy = Callable[[int], bytes]


class Tampered(FixConfiguration):
    """A sealed value was changed, or stands where it was not written. Whoever runs SalesOS restores it."""

    code = "tampered"


class KeyPurpose(StrEnum):
    SEAL = "seal"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key of a workspace as the store keeps it: readable only with the master key `kek_id`."""

    id: str  # 16 hex digits
    purpose: KeyPurpose
    kek_id: str
    wrapped: str  # base64url(nonce || ciphertext || tag), 80 characters


class MasterKeys:
    """Keys that wrap keys, by id, in order: the first wraps, all of them unwrap."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Raises ValueError when there is none, or one is not 32 bytes long."""
        if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
            raise ValueError(f"Master keys are {KEY_BYTES} bytes each, and at least one.")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._keys = tuple(keys.values())
        self.current_id = next(iter(keys))

    def __repr__(self) -> str:
        return f"MasterKeys({', '.join(self._ciphers)})"

    def derive(self, purpose: str) -> tuple[bytes, ...]:
        """A secret of 32 bytes for each master key, the current one first, useful for `purpose` and nothing else
        (RFC 5869): what signs links and audit heads, so that a rotation of the master key breaks none of them."""
        info = f"salesos derived {purpose}".encode()
        return tuple(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key) for key in self._keys)

    def wrap(self, key: bytes, *, key_id: str, purpose: KeyPurpose, workspace_id: UUID) -> WrappedKey:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self.current_id].encrypt(nonce, key, _wrapping_context(key_id, purpose, workspace_id))
        return WrappedKey(key_id, purpose, self.current_id, _encode(nonce + sealed))

    def unwrap(self, key: WrappedKey, *, workspace_id: UUID) -> bytes:
        """The key itself. Raises FixConfiguration when its master key is absent, Tampered when it does not fit."""
        cipher = self._ciphers.get(key.kek_id)
        if cipher is None:
            raise FixConfiguration(
                f"Data key {key.id} is wrapped under master key {key.kek_id!r}, which was not given.",
                hint="Put it back into SALESOS_MASTER_KEYS, behind the current one, until every key is re-wrapped.",
            )
        raw = _decode(key.wrapped)
        try:
            return cipher.decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _wrapping_context(key.id, key.purpose, workspace_id)
            )
        except (InvalidTag, ValueError) as error:
            raise Tampered(
                f"Data key {key.id} does not open under master key {key.kek_id!r}.",
                hint="Either the master key of that id is another one, or the row was changed: compare with a backup.",
            ) from error


def new_key(
    purpose: KeyPurpose, *, workspace_id: UUID, master: MasterKeys, entropy: Entropy = os.urandom
) -> WrappedKey:
    """A fresh key of a workspace. `entropy` is replaced only by the seeded world, never where data is real."""
    key = entropy(KEY_BYTES)
    return master.wrap(key, key_id=key_fingerprint(key), purpose=purpose, workspace_id=workspace_id)


def rewrap(key: WrappedKey, *, workspace_id: UUID, master: MasterKeys) -> WrappedKey:
    """The same key under the current master key; itself when it already is. No field needs to be sealed again."""
    if key.kek_id == master.current_id:
        return key
    secret = master.unwrap(key, workspace_id=workspace_id)
    return master.wrap(secret, key_id=key.id, purpose=key.purpose, workspace_id=workspace_id)


def key_fingerprint(key: bytes) -> str:
    """An id that tells nothing about the key (a 64-bit prefix of a hash of 256 random bits)."""
    return hashlib.sha256(b"salesos key id\x00" + key).hexdigest()[:16]


class Sealer:
    """Seals and opens the fields of one workspace. Immutable, thread-safe; make one a workspace and keep it."""

    def __init__(self, workspace_id: UUID, *, data_keys: Mapping[str, bytes], index_key: bytes) -> None:
        """`data_keys` by id, oldest first: the last one seals. Raises ValueError when there is none."""
        if not data_keys:
            raise ValueError("A sealer needs at least one data key.")
        self.workspace_id = workspace_id
        self._ciphers = {
            key_id: (AESGCM(key), f"{_VERSION}|{key_id}|{workspace_id}|") for key_id, key in data_keys.items()
        }
        self._current_id = list(data_keys)[-1]
        self._index_key = index_key
        self._index_keys: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"Sealer({self.workspace_id}, seals with {self._current_id})"

    @classmethod
    def unlock(cls, workspace_id: UUID, *, keys: Iterable[WrappedKey], master: MasterKeys) -> "Sealer":
        """From the store's wrapped keys, oldest first. Raises FixConfiguration when some are missing or do not open."""
        opened: dict[KeyPurpose, dict[str, bytes]] = {purpose: {} for purpose in KeyPurpose}
        for key in keys:
            opened[key.purpose][key.id] = master.unwrap(key, workspace_id=workspace_id)
        if not opened[KeyPurpose.SEAL] or len(opened[KeyPurpose.INDEX]) != 1:
            raise FixConfiguration(
                f"Workspace {workspace_id} has {len(opened[KeyPurpose.SEAL])} data keys and "
                f"{len(opened[KeyPurpose.INDEX])} index keys; it needs at least one and exactly one.",
                hint="Its data_key rows were lost: restore them from a backup.",
            )
        (index_key,) = opened[KeyPurpose.INDEX].values()
        return cls(workspace_id, data_keys=opened[KeyPurpose.SEAL], index_key=index_key)

    def seal(self, plaintext: str, *, context: str) -> str:
        """`v1.<key id>.<base64url(nonce || ciphertext || tag)>`.

        `context` says where the value will stand: "<table>|<column>|<row id>", the column without `_sealed`.
        The length of the text stays visible, to the byte.
        """
        cipher, bound = self._ciphers[self._current_id]
        nonce = os.urandom(_NONCE_BYTES)
        # surrogatepass: text of a broken encoding comes back as it was, instead of failing to be kept.
        sealed = cipher.encrypt(nonce, plaintext.encode("utf-8", "surrogatepass"), _bind(bound, context))
        return f"{_VERSION}.{self._current_id}.{_encode(nonce + sealed)}"

    def open(self, token: str, *, context: str) -> str:
        """What was sealed. Raises Tampered when it was changed, or stands in another workspace, row or column."""
        version, _, rest = token.partition(".")
        key_id, _, body = rest.partition(".")
        entry = self._ciphers.get(key_id)
        if version != _VERSION or entry is None:
            raise Tampered(
                f"A sealed field ({_place(context)}) names a key or version that this workspace does not have.",
                hint="It belongs to another workspace, or a data_key row was lost: compare with a backup.",
            )
        cipher, bound = entry
        raw = _decode(body)
        try:
            plain = cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bind(bound, context))
        except (InvalidTag, ValueError) as error:
            raise Tampered(
                f"A sealed field ({_place(context)}) was changed, or was written for another row or column.",
                hint="Compare the row with a backup; nothing is shown or sent from it until then.",
            ) from error
        return plain.decode("utf-8", "surrogatepass")

    def is_current(self, token: str) -> bool:
        """Whether `token` was sealed by the newest data key; a rotation seals the others again with `reseal`."""
        return token.startswith(f"{_VERSION}.{self._current_id}.")

    def reseal(self, token: str, *, context: str) -> str:
        """The same text under the newest data key; the token itself when it already is. Raises Tampered."""
        return token if self.is_current(token) else self.seal(self.open(token, context=context), context=context)

    def blind_index(self, kind: str, normalised: str) -> str:
        """64 hex digits that are equal for equal values of one kind in one workspace, and tell nothing else.

        Kinds are keyed apart: the index of a domain says nothing about an address that happens to be spelled so.
        """
        key = self._index_keys.get(kind)
        if key is None:
            info = f"salesos blind index|{self.workspace_id}|{kind}".encode()
            key = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._index_key)
            self._index_keys[kind] = key
        return hmac.digest(key, normalised.encode("utf-8", "surrogatepass"), "sha256").hex()


def _bind(bound: str, context: str) -> bytes:
    # The ids before the context hold no "|", so no two (workspace, context) pairs are spelled alike.
    if not context:
        raise ValueError("A sealed field needs its context: table|column|row id.")
    return (bound + context).encode()


def _place(context: str) -> str:
    """Table and column, for messages: the row id may be a person's."""
    return "|".join(context.split("|")[:2])


def _wrapping_context(key_id: str, purpose: KeyPurpose, workspace_id: UUID) -> bytes:
    return f"{_VERSION}|data key|{workspace_id}|{purpose}|{key_id}".encode()


# Straight from binascii: a mail seals and opens a dozen fields, and base64's own checks would take longer than AES.
_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def _encode(raw: bytes) -> str:
    return _encoded(raw).decode("ascii")


def _encoded(raw: bytes) -> bytes:
    return binascii.b2a_base64(raw, newline=False).translate(_TO_URL).rstrip(b"=")


def _decode(text: str) -> bytes:
    """Raises Tampered unless `text` is base64url exactly as `_encode` writes it, and long enough."""
    try:
        given = text.encode("ascii")
        raw = binascii.a2b_base64(given.translate(_FROM_URL) + b"=" * (-len(given) % 4), strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise Tampered(
            "A sealed value is not base64url.", hint="The row was changed: compare with a backup."
        ) from error
    if len(raw) < _NONCE_BYTES + _TAG_BYTES or _encoded(raw) != given:
        raise Tampered("A sealed value is cut short.", hint="The row was changed: compare with a backup.")
    return raw
