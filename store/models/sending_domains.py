"""The domains that mail is signed for, and the keys that sign it."""

from datetime import datetime

from sqlmodel import Field

from store.models.base import WorkspaceRow, text_field, unique


class SendingDomain(WorkspaceRow, table=True):
    """One DKIM key: signs from the moment its public half was seen in the DNS. A rotation adds another one."""

    __tablename__ = "sending_domain"
    __table_args__ = (unique("domain", "selector"),)

    domain: str = Field(max_length=255)
    selector: str = Field(max_length=63)
    algorithm: str = Field(max_length=16)  # tools.mail.dkim.KeyKind
    private_key_sealed: str = text_field()
    published_at: datetime | None = None  # when its record was first seen; None: nobody could verify what it signs
    checked_at: datetime | None = None  # when the DNS was last asked
    check_problem: str = text_field()  # what was wrong then; empty: nothing
    created_by: str = Field(max_length=100)
    created_at: datetime
