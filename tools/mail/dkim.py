"""DKIM signatures on frozen mails (RFC 6376, relaxed/relaxed; RSA by RFC 8301, Ed25519 by RFC 8463).

The same mail, key and instant give the same bytes, so that what is signed can be frozen and recorded. Our own because
dkimpy stamps the clock of the machine and does RSA in Python (16 ms a mail where OpenSSL takes 0.7); dkimpy verifies
in the tests what is signed here.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from core.errors import Rejected
from tools.deliverability.findings import Publish
from tools.mail.headers import ascii_domain

RSA_BITS = 2048  # more does not fit one answer of the DNS, and Gmail asks for no more
SIGNED = (
    "from", "to", "reply-to", "subject", "date", "message-id", "in-reply-to", "references", "list-unsubscribe",
    "list-unsubscribe-post", "auto-submitted", "mime-version", "content-type",
)  # fmt: skip
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*?)\r\n(?![ \t])", re.DOTALL)
_BLANKS = re.compile(rb"[ \t]+")
_LINE = 72


class KeyKind(StrEnum):
    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key and where its public half is published. Never printed."""

    domain: str
    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey = field(repr=False)

    @property
    def kind(self) -> KeyKind:
        return KeyKind.RSA if isinstance(self.private, RSAPrivateKey) else KeyKind.ED25519

    def publish(self) -> Publish:
        """The record that lets others verify."""
        if isinstance(self.private, RSAPrivateKey):
            public = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            public = self.private.public_key().public_bytes_raw()
        value = f"v=DKIM1; k={self.kind}; p={base64.b64encode(public).decode('ascii')}"
        return Publish(f"{self.selector}._domainkey.{self.domain}", "TXT", value)


def generate_pem(kind: KeyKind = KeyKind.RSA) -> bytes:
    """A new private key (PKCS #8, not encrypted: seal it before it is kept)."""
    private: RSAPrivateKey | Ed25519PrivateKey
    if kind is KeyKind.RSA:
        private = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    else:
        private = Ed25519PrivateKey.generate()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def load_key(pem: bytes, *, domain: str, selector: str) -> DkimKey:
    """Raises Rejected for what is no key, an RSA key of less than 2048 bits, and names that cannot be published."""
    if not _SELECTOR.fullmatch(selector):
        raise Rejected(f"{selector[:80]!r} is no selector.", hint="Use small letters, digits and hyphens: s1.")
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Rejected("This is no private key that can be read.", hint="Give it as PEM, without a password.") from None
    if not isinstance(private, RSAPrivateKey | Ed25519PrivateKey):
        raise Rejected("DKIM knows RSA and Ed25519 keys only.", hint="Make a new key.")
    if isinstance(private, RSAPrivateKey) and private.key_size < RSA_BITS:
        raise Rejected(f"The RSA key has {private.key_size} bits.", hint=f"Make one of {RSA_BITS} (RFC 8301 §3.2).")
    return DkimKey(ascii_domain(domain), selector, private)


def sign(mime: bytes, keys: Sequence[DkimKey], *, at: datetime) -> bytes:
    """The mail with one DKIM-Signature a key on top; its own bytes stay as they are.

    `at` is aware: the mail's date, so that signing again gives the same. From is signed once more than it stands, so
    that nobody can add one. Raises Rejected for bytes that are no mail, or have not exactly one From.
    """
    if at.tzinfo is None:
        raise Rejected("The instant of a signature has no zone.", hint="Pass an aware instant.")
    head, middle, body = mime.partition(b"\r\n\r\n")
    lines = mime.count(b"\r\n")
    if not middle or not lines == mime.count(b"\r") == mime.count(b"\n"):
        raise Rejected("What is to be signed is no mail with CRLF lines.", hint="Sign what `compose` gives.")
    fields = [(match[1].lower(), _relaxed(match[2])) for match in _FIELD.finditer(head + b"\r\n")]
    if sum(name == b"from" for name, _ in fields) != 1:
        raise Rejected("A mail that is signed has exactly one From.", hint="Sign what `compose` gives.")
    names, covered = _covered(fields)
    body_hash = base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()).decode("ascii")
    signatures = [_signature(key, names, covered, body_hash, int(at.timestamp())) for key in keys]
    return b"".join(signatures) + mime


def _covered(fields: Sequence[tuple[bytes, bytes]]) -> tuple[list[str], bytes]:
    """The names of h= and what they stand for: of a name that stands several times the last comes first (§5.4.2)."""
    of: dict[bytes, list[bytes]] = {}
    for found, value in reversed(fields):
        of.setdefault(found, []).append(value)
    names, covered = ["from"], b""
    for name in SIGNED:
        key = name.encode("ascii")
        for value in of.get(key, ()):
            names.append(name)
            covered += key + b":" + value + b"\r\n"
    return names, covered


def _signature(key: DkimKey, names: Sequence[str], covered: bytes, body_hash: str, at: int) -> bytes:
    lines = [f"DKIM-Signature: v=1; a={key.kind}-sha256; c=relaxed/relaxed; d={key.domain};"]
    lines.append(f" s={key.selector}; t={at}; bh={body_hash};")
    lines.append(f" h={names[0]}")
    for name in names[1:]:
        if len(lines[-1]) + len(name) > _LINE:
            lines[-1] += ":"
            lines.append(f" {name}")
        else:
            lines[-1] += f":{name}"
    lines[-1] += ";"
    unsigned = "\r\n".join([*lines, " b="]).encode("ascii")
    # §3.7: the field itself comes last, with an empty b= and without its own CRLF.
    data = covered + b"dkim-signature:" + _relaxed(unsigned.partition(b":")[2])
    if isinstance(key.private, RSAPrivateKey):
        raw = key.private.sign(data, PKCS1v15(), SHA256())
    else:
        raw = key.private.sign(hashlib.sha256(data).digest())  # RFC 8463 §3: the hash is what is signed
    text = base64.b64encode(raw)
    chunks = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return unsigned + b"\r\n ".join(chunks) + b"\r\n"


def _relaxed(value: bytes) -> bytes:
    """§3.4.2, of a value."""
    return _one_blank(value.replace(b"\r\n", b"")).strip(b" ")


def _one_blank(text: bytes) -> bytes:
    """Most texts have no run of blanks to shorten, and to look is faster than to replace each blank by itself."""
    return _BLANKS.sub(b" ", text) if b"  " in text or b"\t" in text else text


def _relaxed_body(body: bytes) -> bytes:
    """§3.4.4: blanks run together, none at the end of a line, no empty lines at the end."""
    text = _one_blank(body).replace(b" \r\n", b"\r\n").removesuffix(b" ").rstrip(b"\r\n")
    return text + b"\r\n" if text else b""
