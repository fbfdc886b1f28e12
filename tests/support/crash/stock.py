"""Thousands of approved mails in an office's outbox, written at once: the rows that approving one by one leaves."""

from collections.abc import Sequence
from datetime import timedelta

from core.ids import stable_id
from store import bulk
from store.models import Approval, ApprovalState, Draft, DraftState, OutboxItem, SendingDomain, Touch, TouchState
from store.queries import outbox, sending_domains
from tests.support.crash.office import SENDER, Office
from tools.mail.compose import content_hash, message_id
from tools.mail.dkim import KeyKind, generate_pem

WORDS = (
    "your team put 14 lorries on the road in May, and each of them comes back with a pile of delivery notes. Most "
    "companies of your size type them in twice.\n\nWe read them with the phone's camera, so that the invoice leaves "
    "on the same day. Would a quarter of an hour next week suit you to see it on your own papers?\n\nAnn"
)


def stock(office: Office, numbers: Sequence[int], *, touch: int = 0) -> list[str]:
    """Approved and queued mails to these people, due now; their Message-IDs."""
    context, now = office.context, office.context.clock.now()
    sealer, drafts, approvals, items, ids = context.sealer, [], [], [], []
    for number in numbers:
        person = office.people[number]
        draft_id, approval_id = context.ids.new(), context.ids.new()
        subject, body = f"Delivery notes at Company {number}", f"Hello Pat {number},\n\n{WORDS}"
        digest = content_hash(
            recipient=person.address, sender=SENDER, subject=subject, body=body, links=[], policy_version=0
        )
        ids.append(message_id(context.workspace_id, draft_id, 1, SENDER.partition("@")[2]))

        def sealed(column: str, text: str, of: object = draft_id) -> str:
            return sealer.seal(text, context=f"draft|{column}|{of}")

        drafts.append(
            {
                "id": draft_id,
                "thread_key": f"first_mail:{person.touch_ids[touch]}",
                "kind": "first_mail" if touch == 0 else "follow_up",
                "touch_id": person.touch_ids[touch],
                "lead_id": person.lead_id,
                "contact_id": person.contact_id,
                "mailbox_id": office.mailbox_id,
                "recipient_sealed": sealed("recipient", person.address),
                "subject_sealed": sealed("subject", subject),
                "body_sealed": sealed("body", body),
                "policy_number": 0,
                "content_hash": digest,
                "message_id": ids[-1],
                "state": DraftState.APPROVED,
                "created_at": now,
            }
        )
        approvals.append(
            {
                "id": approval_id,
                "draft_id": draft_id,
                "lead_id": person.lead_id,
                "content_hash": digest,
                "state": ApprovalState.APPROVED,
                "decided_by": "user:ann",
                "decided_at": now,
                "created_at": now,
            }
        )
        items.append(
            {
                "id": stable_id("outbox", context.workspace_id, f"mail:{draft_id}"),
                "key": f"mail:{draft_id}",
                "kind": outbox.MAIL,
                "subject_kind": "lead",
                "subject_id": person.lead_id,
                "draft_id": draft_id,
                "approval_id": approval_id,
                "contact_id": person.contact_id,
                "mailbox_id": office.mailbox_id,
                "message_id": ids[-1],
                "not_before": now,
                "expires_at": now + timedelta(days=30),
                "created_at": now,
            }
        )
    touches = [{"id": office.people[number].touch_ids[touch], "state": TouchState.QUEUED} for number in numbers]
    with context.database.write(context.workspace_id) as session:
        bulk.insert(session, Draft, drafts)
        bulk.insert(session, Approval, approvals)
        bulk.update(session, Touch, touches, columns=["state"])
        bulk.insert(session, OutboxItem, items)
    return ids


def sign_for(office: Office, *, pem: bytes | None = None, kind: KeyKind = KeyKind.RSA, selector: str = "s1") -> bytes:
    """A published key of the sender's domain; the mailbox sends by SMTP. Gives the key."""
    context, now = office.context, office.context.clock.now()
    pem = pem or generate_pem(kind)
    domain = SENDER.partition("@")[2]
    key_id = stable_id("sending_domain", context.workspace_id, domain, selector)
    row = {
        "id": key_id,
        "domain": domain,
        "selector": selector,
        "algorithm": kind.value,
        "private_key_sealed": context.sealer.seal(pem.decode(), context=sending_domains.key_context(key_id)),
        "published_at": now,
        "created_by": "user:ann",
        "created_at": now,
    }
    with context.database.write(context.workspace_id) as session:
        bulk.insert(session, SendingDomain, [row])
    return pem
