"""DKIM at the moment of freezing: what was approved is what is signed, frozen and sent."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlmodel import Session

from agents.sending_domains import SIGNED_BY_US
from core.crypto import Sealer
from store.models import Mailbox
from store.queries import sending_domains
from tools.mail.dkim import DkimKey, load_key, sign

_KEYS_KEPT = 256


def keys_for(session: Session, sealer: Sealer, mailbox: Mailbox) -> Sequence[DkimKey]:
    """Of the domain in the mailbox's From: the newest published key of each algorithm. Raises Tampered."""
    if mailbox.transport not in SIGNED_BY_US:
        return ()
    domain = mailbox.address.rpartition("@")[2].lower()
    return [
        _loaded(sealer, row.private_key_sealed, sending_domains.key_context(row.id), row.domain, row.selector)
        for row in sending_domains.signing(session, domain)
    ]


@lru_cache(maxsize=_KEYS_KEPT)
def _loaded(sealer: Sealer, sealed: str, context: str, domain: str, selector: str) -> DkimKey:
    """Reading a key takes longer than signing with it."""
    return load_key(sealer.open(sealed, context=context).encode(), domain=domain, selector=selector)


def signed(mime: bytes, keys: Sequence[DkimKey], at: datetime) -> bytes:
    return sign(mime, keys, at=at) if keys else mime
