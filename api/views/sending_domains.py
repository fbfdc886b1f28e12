"""DKIM keys as people see them: the record to publish, and which of them sign."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from agents.context import AgentContext
from agents.sending_domains import record_of
from store.models import SendingDomain
from store.queries import sending_domains


class DnsRecord(BaseModel):
    host: str
    type: str
    value: str  # whole: a DNS console splits it at 255 octets itself


class SigningKeyOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0d3c9e3a-7f0f-4d50-9d36-6a1f6a3c6c11",
                    "domain": "company.example",
                    "selector": "salesos1",
                    "algorithm": "rsa",
                    "signs": False,
                    "record": {
                        "host": "salesos1._domainkey.company.example",
                        "type": "TXT",
                        "value": "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
                    },
                    "published_at": None,
                    "checked_at": None,
                    "check_problem": "",
                    "created_at": "2026-06-02T14:00:00Z",
                }
            ]
        }
    )

    id: UUID
    domain: str
    selector: str
    algorithm: str
    signs: bool  # the newest key of its algorithm whose record was seen
    record: DnsRecord
    published_at: datetime | None
    checked_at: datetime | None
    check_problem: str
    created_at: datetime


class SigningKeysOut(BaseModel):
    items: list[SigningKeyOut]


def keys_out(session: Session, context: AgentContext, domains: Sequence[str] = ()) -> list[SigningKeyOut]:
    """By domain, the newest first; of every domain where none is named."""
    rows = sending_domains.of_domains(session, domains)
    signing = {row.id for domain in {row.domain for row in rows} for row in sending_domains.signing(session, domain)}
    return [key_out(context, row, signs=row.id in signing) for row in rows]


def key_out(context: AgentContext, row: SendingDomain, *, signs: bool) -> SigningKeyOut:
    record = record_of(context, row)
    return SigningKeyOut(
        id=row.id,
        domain=row.domain,
        selector=row.selector,
        algorithm=row.algorithm,
        signs=signs,
        record=DnsRecord(host=record.host, type=record.type, value=record.value),
        published_at=row.published_at,
        checked_at=row.checked_at,
        check_problem=row.check_problem,
        created_at=row.created_at,
    )
