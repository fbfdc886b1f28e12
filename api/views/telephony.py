"""Telephony accounts as people see them, and what would leave from a task."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from agents.by_phone.queueing import Planned, last_of
from core.crypto import Sealer
from core.errors import NotFound
from store.models import InboundEndpoint, OutboxState, RepPhone, Task, TelephonyAccount, TelephonyState
from store.queries import inbound, outbox, telephony
from store.session import workspace_of
from tools.phone_numbers import normalise


class TelephonyAccountOut(BaseModel):
    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "id": "0192c1a0-0000-7000-8000-000000000061",
                    "vendor": "twilio",
                    "name": "Main number",
                    "sender": "+12025550100",
                    "state": "active",
                }
            ]
        },
    )

    id: UUID
    vendor: str
    name: str
    account_sid: str
    key_sid: str = Field(description="Of an API key; empty: the account's auth token is used.")
    sender: str = Field(description="The number that people see, in E.164; empty: texts alone, by the service.")
    service_sid: str = Field(description="The messaging service that chooses the number of a text; empty: none.")
    daily_texts: int = Field(description="At most so many texts within 24 hours.")
    daily_calls: int
    text_cost_micros: int = Field(description="What one part of a text costs, in millionths of the minor unit.")
    call_cost_micros: int = Field(description="What one call costs, both legs.")
    state: TelephonyState
    pause_reason: str
    reports_to: str = Field(description="Paste it at the vendor as the webhook of texts that come. Signed, and secret.")
    texts_in_24_hours: int
    calls_in_24_hours: int
    created_at: datetime


class OutgoingOut(BaseModel):
    """What leaves when its `digest` is said yes to."""

    kind: str = Field(description="`text` or `call`.")
    recipient: str = Field(description="The number, as people read it.")
    sender: str
    body: str = Field(description="Of a text, word by word, with who writes and the way out. Of a call empty.")
    parts: int = Field(description="As how many texts it is charged.")
    digest: str = Field(description="Of recipient, sender, words and policy: send it back to let exactly this leave.")
    leaves_at: datetime = Field(description="Not before: the recipient's hours.")
    rule: str = Field(description="The rule of the law that allows it.")
    basis: str


class PhoneItemOut(BaseModel):
    """A text or call from a task."""

    id: UUID
    kind: str
    state: OutboxState
    state_reason: str
    not_before: datetime
    sent_at: datetime | None


class OwnPhoneOut(BaseModel):
    number: str = Field(description="In E.164; empty: none is known, and no call can be placed for you.")


def account_row(session: Session, account_id: UUID, *, lock: bool = False) -> TelephonyAccount:
    """Raises NotFound."""
    row = telephony.account_row(session, account_id, lock=lock)
    if row is None:
        raise NotFound("There is no such telephony account.", hint="GET /api/v1/telephony-accounts lists them.")
    return row


def account(
    session: Session, sealer: Sealer, public_url: str, row: TelephonyAccount, now: datetime
) -> TelephonyAccountOut:
    endpoint = session.get(InboundEndpoint, (workspace_of(session), row.endpoint_id))
    address = ""
    if endpoint is not None:
        token = sealer.open(endpoint.token_sealed, context=inbound.token_under(endpoint.id))
        address = f"{public_url.rstrip('/')}/webhooks/{endpoint.vendor}/{token}"
    counts = {
        kind: len(telephony.started_since(session, row.id, kind, now - telephony.DAY)) for kind in outbox.BY_PHONE
    }
    shown = {name: getattr(row, name) for name in TelephonyAccountOut.model_fields if hasattr(row, name)}
    return TelephonyAccountOut(
        **shown,
        reports_to=address,
        texts_in_24_hours=counts[outbox.TEXT],
        calls_in_24_hours=counts[outbox.CALL],
    )


def accounts(session: Session, sealer: Sealer, public_url: str, now: datetime) -> list[TelephonyAccountOut]:
    return [account(session, sealer, public_url, row, now) for row in telephony.accounts(session)]


def outgoing(planned: Planned) -> OutgoingOut:
    return OutgoingOut(
        kind=planned.kind,
        recipient=planned.shown,
        sender=planned.words.sender,
        body=planned.words.body,
        parts=planned.parts,
        digest=planned.digest,
        leaves_at=planned.leaves_at,
        rule=planned.rule,
        basis=planned.basis,
    )


def last_item(session: Session, task: Task) -> PhoneItemOut | None:
    found = last_of(session, task)
    if found is None:
        return None
    return PhoneItemOut(**{name: getattr(found, name) for name in PhoneItemOut.model_fields})


def own_phone(session: Session, sealer: Sealer, user_id: UUID | None) -> OwnPhoneOut:
    row = session.get(RepPhone, (workspace_of(session), user_id)) if user_id is not None else None
    number = sealer.open(row.number_sealed, context=telephony.phone_under(row.id)) if row is not None else ""
    return OwnPhoneOut(number=normalise(number).e164 if number else "")
