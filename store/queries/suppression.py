"""Who is never written to again. Only keyed hashes are kept, so the list survives the erasure of a person.

An address is matched as it is and without its tag: who opted out as `a@b.example` is not written to as `a+x@b.example`,
nor the other way round. A suppressed domain covers the domains below it.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from core.clock import Clock
from core.crypto import Sealer
from core.ids import stable_id
from store import bulk
from store.models import Suppression
from store.session import workspace_of

ADDRESS, DOMAIN, PERSON = "address", "domain", "person"
ERASED = "erased"  # the reason that also keeps an import from bringing the person back
_CHUNK = 5_000


def is_suppressed(session: Session, sealer: Sealer, address: str) -> bool:
    return address in suppressed_among(session, sealer, [address])


def suppressed_among(session: Session, sealer: Sealer, addresses: Iterable[str]) -> dict[str, str]:
    """Of these addresses, those that must not be written to, each with the reason. A query per 5,000 keys."""
    keys = {address: _keys(sealer, address) for address in addresses}
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
        keys = [(DOMAIN, sealer.blind_index("domain", _domain(domain)))]
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
    return len(bulk.insert_ignore(session, Suppression, rows))


def erased_keys(session: Session, keys: Iterable[str]) -> set[str]:
    """Of these keyed hashes, those of erased people: an import passes them over."""
    return {key for (_, key), reason in _reasons(session, {("", key) for key in keys}).items() if reason == ERASED}


def address_keys(sealer: Sealer, address: str) -> list[str]:
    """The keyed hashes an address is found by: as it is, and without its tag."""
    text = address.strip().lower()
    local, _, domain = text.rpartition("@")
    forms = [text, f"{local.partition('+')[0]}@{domain}"] if local.partition("+")[0] else [text]
    return [sealer.blind_index("email", form) for form in dict.fromkeys(forms)]


def person_key(sealer: Sealer, company_id: UUID, person_index: str) -> str:
    """The keyed hash of an erased person without an address: their name at their company."""
    return sealer.blind_index("person", f"{company_id}|{person_index}")


def _keys(sealer: Sealer, address: str) -> list[tuple[str, str]]:
    labels = _domain(address.rpartition("@")[2]).split(".")
    domains = [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]
    return [(ADDRESS, key) for key in address_keys(sealer, address)] + [
        (DOMAIN, sealer.blind_index("domain", domain)) for domain in domains
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


def _domain(text: str) -> str:
    return text.strip().strip(".").lower()
