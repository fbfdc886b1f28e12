"""The public key that a selector publishes (RFC 6376 §3.6.1; RFC 8301 on sizes; RFC 8463 on Ed25519)."""

import base64
import binascii
from collections.abc import Iterator, Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tools.deliverability.findings import Finding, Severity
from tools.deliverability.tag_list import tags
from tools.ports import Unknown
from tools.ports.domain_records import DomainRecords, RecordType

# Where the large services put their keys: asked when nobody names a selector. From each service's own set-up page.
USUAL_SELECTORS = ("google", "selector1", "selector2", "s1", "s2", "k1", "k2", "default", "dkim", "mail", "salesos")
_CHECK = "dkim"
_RECORD = "RFC 6376 §3.6.1"


def findings_of_keys(records: DomainRecords, domain: str, selectors: Sequence[str]) -> Iterator[Finding]:
    """Of the selectors named; with none, of the usual ones. That none of those is there proves nothing."""
    if selectors:
        for selector in selectors:
            yield from _findings_of(records, domain, selector, named=True)
        return
    found = [
        finding for selector in USUAL_SELECTORS for finding in _findings_of(records, domain, selector, named=False)
    ]
    if found:
        yield from found
    else:
        what = f"No DKIM key of {domain} stands at the usual selectors; name the one that signs (--selector)."
        yield Finding(_CHECK, Severity.UNKNOWN, what, "RFC 6376 §3.6.2.1")


def _findings_of(records: DomainRecords, domain: str, selector: str, *, named: bool) -> Iterator[Finding]:
    host = f"{selector}._domainkey.{domain}"
    answer = records.look_up(host, RecordType.TXT)
    if isinstance(answer, Unknown):
        if named:
            yield Finding(_CHECK, Severity.UNKNOWN, f"{host}: {answer.reason}.", "RFC 6376 §3.6.2")
    elif not answer:
        if named:
            what = f"{host} holds no key: nobody can verify what is signed with it. Publish the key of that selector."
            yield Finding(_CHECK, Severity.WRONG, what, "RFC 6376 §3.6.2.2; Gmail, Yahoo and Microsoft sender rules")
    elif len(answer) > 1:
        what = f"{host} holds {len(answer)} TXT records; which one is read is left to chance. Keep one."
        yield Finding(_CHECK, Severity.WRONG, what, "RFC 6376 §3.6.2.2")
    else:
        yield key_finding(host, answer[0])


def key_finding(host: str, text: str) -> Finding:
    """What is to say of the record of one key: the worst that is true of it."""

    def wrong(what: str, source: str = _RECORD) -> Finding:
        return Finding(_CHECK, Severity.WRONG, f"{host}: {what}", source)

    found = tags(text)
    if found is None or "p" not in found:
        return wrong("this is no key record: it must read “v=DKIM1; k=rsa; p=…”.")
    if "v" in found and (found["v"] != "DKIM1" or next(iter(found)) != "v"):
        return wrong("v= must be DKIM1 and stand first.")
    octets = "".join(found["p"].split())
    if not octets:
        return wrong("the key is revoked (p= is empty). Sign with another selector, or publish its key.")
    kind = found.get("k", "rsa")
    if kind not in ("rsa", "ed25519"):
        return wrong(f"the key type {kind[:40]!r} is none that verifiers know.")
    if "sha256" not in [each.strip() for each in found.get("h", "sha256").split(":")]:
        return wrong("h= does not allow sha256, the only hash still accepted.", "RFC 8301 §3.1")
    if not {"*", "email"} & {each.strip() for each in found.get("s", "*").split(":")}:
        return wrong("s= does not allow the key for mail.")
    size = _bits(kind, octets)
    if size is None:
        return wrong(f"p= holds no {kind} key; it may be cut off or split wrongly.")
    if size < 1024 and kind == "rsa":
        return wrong(f"the RSA key has {size} bits; verifiers must refuse less than 1024.", "RFC 8301 §3.2")
    if "y" in [each.strip() for each in found.get("t", "").split(":")]:
        what = f"{host}: t=y says that DKIM is only tried out; receivers may treat the mail as unsigned. Take it away."
        return Finding(_CHECK, Severity.WEAK, what, _RECORD)
    if kind == "rsa" and size < 2048:
        what = f"{host}: the RSA key has {size} bits; make one of 2048."
        return Finding(_CHECK, Severity.WEAK, what, "RFC 8301 §3.2; Gmail sender rules")
    if kind == "ed25519":
        what = f"{host}: an Ed25519 key. Many receivers cannot verify it: sign with an RSA key as well."
        return Finding(_CHECK, Severity.GOOD, what, "RFC 8463 §3")
    return Finding(_CHECK, Severity.GOOD, f"{host}: an RSA key of {size} bits.", _RECORD)


def _bits(kind: str, octets: str) -> int | None:
    try:
        raw = base64.b64decode(octets, validate=True)
        if kind == "ed25519":
            return 256 if len(raw) == 32 else None
        key = load_der_public_key(raw)  # SubjectPublicKeyInfo, or the bare RSAPublicKey of RFC 8017
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return None
    return key.key_size if isinstance(key, RSAPublicKey) else None
