"""From rows to the bytes that leave: the words as approved, opened, and one MIME of them, composed once."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from agents.jurisdiction import Ruling
from agents.notice import notice
from core.crypto import Sealer
from store.models import Contact, Draft, Mailbox, OutboxItem, Workspace
from store.queries import outbox
from store.queries.starting import Frozen
from tools.mail.compose import OutboundMail, compose, content_hash, message_id
from tools.mail.dkim import DkimKey
from tools.mail.tracking import TrackedLinks
from workers.signing import signed

# (workspace, contact, draft) → the page that stops it: made by whoever holds the key of the tokens.
UnsubscribeUrl = Callable[[UUID, UUID, UUID | None], str]
# (workspace, draft, its links, clicks, opens) → what its HTML leads through.
Track = Callable[[UUID, UUID, Sequence[str], bool, bool], TrackedLinks]


NOTICE = "notice"  # in an item's payload: the rule whose notice its frozen bytes carry


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says, opened: personal, so it never goes into a log, a payload or a checkpoint."""

    action: str  # agents.policy.ActionClass
    recipient: str
    subject: str
    text: str
    links: tuple[str, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    ics: str = ""  # base64
    ics_method: str = "REQUEST"


def words_of_draft(sealer: Sealer, draft: Draft) -> Words | None:
    """None where the draft's words were erased."""
    if draft.recipient_sealed is None or draft.subject_sealed is None or draft.body_sealed is None:
        return None
    return Words(
        action=draft.kind,
        recipient=sealer.open(draft.recipient_sealed, context=f"draft|recipient|{draft.id}"),
        subject=sealer.open(draft.subject_sealed, context=f"draft|subject|{draft.id}"),
        text=sealer.open(draft.body_sealed, context=f"draft|body|{draft.id}"),
        links=tuple(draft.links),
        in_reply_to=draft.in_reply_to,
        references=tuple(draft.references.split()),
    )


def words_of_payload(sealer: Sealer, item: OutboxItem) -> Words | None:
    """Of an item without a draft: a meeting's invitation. None where there are no words."""
    if item.payload_sealed is None:
        return None
    found: Mapping[str, Any] = orjson.loads(sealer.open(item.payload_sealed, context=outbox.payload_context(item.id)))
    return Words(
        action=str(item.payload.get("action", "meeting_invitation")),
        recipient=found["recipient"],
        subject=found["subject"],
        text=found["text"],
        links=tuple(found.get("links", ())),
        in_reply_to=found.get("in_reply_to", ""),
        references=tuple(found.get("references", ())),
        ics=found.get("ics", ""),
        ics_method=found.get("ics_method", "REQUEST"),
    )


def hash_of(words: Words, sender: str, policy_number: int) -> str:
    return content_hash(
        recipient=words.recipient,
        sender=sender,
        subject=words.subject,
        body=words.text,
        links=words.links,
        policy_version=policy_number,
    )


def message_id_for(item: OutboxItem, draft: Draft | None, mailbox: Mailbox) -> str:
    """Ours and always the same, so that "was it taken?" can be asked after a crash."""
    if item.message_id or (draft is not None and draft.message_id):
        return item.message_id or (draft.message_id if draft is not None else "")
    version = draft.version if draft is not None else 1
    return message_id(item.workspace_id, item.draft_id or item.id, version, mailbox.address.rpartition("@")[2])


def letter_of(
    *,
    words: Words,
    item: OutboxItem,
    draft: Draft | None,
    contact: Contact,
    mailbox: Mailbox,
    workspace: Workspace,
    ruling: Ruling,
    sealer: Sealer,
    unsubscribe_url: UnsubscribeUrl,
    now: datetime,
    tracked: TrackedLinks | None = None,
) -> OutboundMail:
    """All that the bytes are made of, opened. Raises Tampered."""
    name = sealer.open(contact.name_sealed, context=f"contact|name|{contact.id}") if contact.name_sealed else ""
    return OutboundMail(
        message_id=message_id_for(item, draft, mailbox),
        date=now,
        sender_address=mailbox.address,
        recipient_address=words.recipient,
        subject=words.subject,
        text=words.text,
        unsubscribe_url=unsubscribe_url(item.workspace_id, contact.id, item.draft_id),
        postal_address=workspace.postal_address,
        sender_name=mailbox.display_name,
        sender_organisation=workspace.name,
        recipient_name=name,
        links=words.links,
        tracked=tracked,
        notice=notice(contact, ruling),
        in_reply_to=words.in_reply_to,
        references=words.references,
        ics=base64.b64decode(words.ics) if words.ics else None,
        ics_method=words.ics_method,
    )


def freeze(
    sealer: Sealer, item: OutboxItem, letter: OutboundMail, keys: Sequence[DkimKey], rule: str
) -> tuple[bytes, Frozen]:
    """What leaves, and the same sealed, to be kept before it does. `rule`: whose notice it carries; "": no one's.

    Raises core.errors.Rejected for what cannot be sent without harm.
    """
    mime = signed(compose(letter), keys, letter.date)
    payload = {**item.payload, NOTICE: rule} if rule else item.payload
    return mime, Frozen(seal_mime(sealer, item.id, mime), sha256(mime).hexdigest(), letter.message_id, payload)


def seal_mime(sealer: Sealer, outbox_item_id: UUID, mime: bytes) -> str:
    return sealer.seal(base64.b64encode(mime).decode("ascii"), context=outbox.mime_context(outbox_item_id))


def open_mime(sealer: Sealer, item: OutboxItem) -> bytes:
    return base64.b64decode(sealer.open(item.mime_sealed or "", context=outbox.mime_context(item.id)))
