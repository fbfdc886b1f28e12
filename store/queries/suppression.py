"""Who is never written to again. Only keyed hashes are kept, so the list survives the erasure of a person.

An address is matched as it is and without its tag: who opted out as `a@b.example` is not written to as `a+x@b.example`,
nor the other way round. A suppressed domain covers the domains below it; `*.b.example` covers only those below. A
suppressed company covers everybody who is known to work there, whatever their address.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.clock import Clock
from core.crypto import Sealer
from core.ids import stable_id
from store import bulk, feed
from store.feed_kinds import Kind, SuppressionData, code_of
from store.models import Company, Suppression
from store.session import workspace_of

ADDRESS, DOMAIN, PERSON, COMPANY = "address", "domain", "person", "company"
NUMBER = "number"  # of a phone, in E.164: no text, no call
DIGEST = "sha256"  # of a lower-case address: how lists are exchanged without showing whom they name
ERASED = "erased"  # the reason that also keeps an import from bringing the person back
_CHUNK = 5_000
_WORD = re.compile(r"[^\W\d_]+")
_SCHEME = re.compile(r"^(?:https?://)?(?:www\.|[a-z]{2}\.)?")  # "de.linkedin.com" is the same page in German


def is_suppressed(session: Session, sealer: Sealer, address: str) -> bool:
    return address in suppressed_among(session, sealer, [address])


def companies_among(session: Session, sealer: Sealer, company_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Of these companies, those at which nobody is written to, each with the reason."""
    keys = {company_id: (COMPANY, company_key(sealer, company_id)) for company_id in company_ids}
    reasons = _reasons(session, set(keys.values()))
    return {company_id: reasons[key] for company_id, key in keys.items() if key in reasons}


def suppressed_among(session: Session, sealer: Sealer, addresses: Iterable[str]) -> dict[str, str]:
    """Of these addresses, those that must not be written to, each with the reason. A query per 5,000 keys."""
    return suppressed_by(session, keyed(sealer, addresses))


def keyed(sealer: Sealer, addresses: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Of each address every (kind, keyed hash) that would suppress it."""
    return {address: _keys(sealer, address) for address in addresses}


def suppressed_by(session: Session, keys: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, str]:
    """As `suppressed_among`, where the keys are at hand."""
    reasons = _reasons(session, {key for found in keys.values() for key in found})
    return {
        address: reason
        for address, found in keys.items()
        if (reason := next((reasons[key] for key in found if key in reasons), None)) is not None
    }


def suppress(
    session: Session,
    clock: Clock,
    sealer: Sealer,
    *,
    address: str = "",
    domain: str = "",
    reason: str,
    source: str = "",
) -> int:
    """Never write to this address, or to this domain, again. Returns how many keys were new: 0 the second time."""
    if bool(address) == bool(domain):
        raise ValueError("Suppress either an address or a domain.")
    if address:
        keys = [(ADDRESS, key) for key in address_keys(sealer, address)]
    else:
        keys = [(DOMAIN, domain_key(sealer, domain))]
        _mark_excluded(session, clock, _domain(domain))
    return suppress_keys(session, clock, keys, reason=reason, source=source)


def suppress_keys(
    session: Session, clock: Clock, keys: Sequence[tuple[str, str]], *, reason: str, source: str = ""
) -> int:
    """The same for keyed hashes (kind, key) that are at hand already. The first reason stays."""
    workspace_id = workspace_of(session)
    rows = [
        {
            "id": stable_id("suppression", workspace_id, kind, key),
            "kind": kind,
            "key_index": key,
            "reason": reason,
            "source": source,
            "created_at": clock.now(),
        }
        for kind, key in dict.fromkeys(keys)
    ]
    new = bulk.insert_ignore(session, Suppression, rows)
    if new:
        told = SuppressionData(reason=code_of(reason), keys_new=len(new))
        feed.publish(session, clock, [feed.Event(Kind.SUPPRESSION_ADDED, min(new), told)])
    return len(new)


def outrank(session: Session, key: str, milder: Sequence[str], reason: str) -> None:
    """The reason of a key that is suppressed for a milder one."""
    session.execute(
        sa.update(Suppression)
        .where(col(Suppression.key_index) == key, col(Suppression.kind) == ADDRESS, col(Suppression.reason).in_(milder))
        .values(reason=reason)
        .execution_options(synchronize_session=False)
    )


def keys_known(session: Session, keys: Sequence[str]) -> set[str]:
    """Of these keyed hashes of addresses, those that are suppressed."""
    return {key for kind, key in _reasons(session, {(ADDRESS, key) for key in keys})}


def company_key(sealer: Sealer, company_id: UUID) -> str:
    return sealer.blind_index("company", str(company_id))


def digest_key(sealer: Sealer, digest: str) -> str:
    """Of the SHA-256 of a lower-case address, in hex."""
    return sealer.blind_index("sha256", digest.strip().lower())


def number_key(sealer: Sealer, e164: str) -> str:
    return sealer.blind_index("phone", e164)


def number_reason(session: Session, sealer: Sealer, e164: str) -> str:
    """Why nobody is texted or called at this number; empty: nothing says so."""
    return _reasons(session, {(NUMBER, number_key(sealer, e164))}).get((NUMBER, number_key(sealer, e164)), "")


def domain_key(sealer: Sealer, domain: str) -> str:
    return sealer.blind_index("domain", _domain(domain))


def erased_keys(session: Session, keys: Iterable[str]) -> set[str]:
    """Of these keyed hashes, those of erased people: an import passes them over."""
    return {key for (_, key), reason in _reasons(session, {("", key) for key in keys}).items() if reason == ERASED}


def address_keys(sealer: Sealer, address: str) -> list[str]:
    """The keyed hashes an address is found by: as it is, and without its tag."""
    return [sealer.blind_index("email", form) for form in _forms(address)]


def person_key(sealer: Sealer, company_id: UUID, person_index: str) -> str:
    """The keyed hash of an erased person without an address: their name at their company."""
    return sealer.blind_index("person", f"{company_id}|{person_index}")


def identity_keys(sealer: Sealer, company_id: UUID, *, name: str = "", profile_url: str = "") -> list[str]:
    """The keyed hashes that an erased person is known again by where another source spells them otherwise: their name
    at their company whatever the order of its words, initials and accents; and their profile's page."""
    keys = []
    words = _WORD.findall(_bare(name))
    if len(long := sorted(word for word in words if len(word) > 1)) > 1:
        keys.append(sealer.blind_index("person", f"{company_id}|words|{' '.join(long)}"))
    if page := _SCHEME.sub("", profile_url.strip().lower()).partition("?")[0].partition("#")[0].rstrip("/"):
        keys.append(sealer.blind_index("person", f"profile|{page}"))
    return keys


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _mark_excluded(session: Session, clock: Clock, domain: str) -> None:
    """On the companies of the domain, so that lists can be narrowed by it."""
    below = sa.or_(col(Company.domain) == domain, col(Company.domain).endswith(f".{domain}", autoescape=True))
    session.execute(
        sa.update(Company)
        .where(below, col(Company.excluded_at).is_(None))
        .values(excluded_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )


def _keys(sealer: Sealer, address: str) -> list[tuple[str, str]]:
    labels = _domain(address.rpartition("@")[2]).split(".")
    domains = [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]
    domains += [f"*.{domain}" for domain in domains[1:]]
    forms = _forms(address)
    return [
        *((ADDRESS, sealer.blind_index("email", form)) for form in forms),
        *((DOMAIN, sealer.blind_index("domain", domain)) for domain in domains),
        *((DIGEST, digest_key(sealer, sha256(form.encode()).hexdigest())) for form in forms),
    ]


def _reasons(session: Session, keys: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Reasons by (kind, key). A kind of "" matches any."""
    wanted = sorted({key for _, key in keys})
    found: dict[tuple[str, str], str] = {}
    for start in range(0, len(wanted), _CHUNK):
        query = select(Suppression.kind, Suppression.key_index, Suppression.reason)
        for kind, key, reason in session.exec(
            query.where(col(Suppression.key_index).in_(wanted[start : start + _CHUNK]))
        ):
            if (kind, key) in keys:
                found[kind, key] = reason
            if ("", key) in keys:
                found["", key] = reason
    return found


def _forms(address: str) -> list[str]:
    text = address.strip().lower()
    local, _, domain = text.rpartition("@")
    forms = [text, f"{local.partition('+')[0]}@{domain}"] if local.partition("+")[0] else [text]
    return list(dict.fromkeys(forms))


def _domain(text: str) -> str:
    return text.strip().strip(".").lower()
