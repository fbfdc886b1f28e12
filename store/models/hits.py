"""The ledger of hits: every request for a link or an image of ours in a mail, as it came."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from store.models.base import WorkspaceRow, index, refers, text_field


class Hit(WorkspaceRow, table=True):
    """Raw and kept for good; who it was is a label by a version of rules, which a better version replaces."""

    __tablename__ = "hit"
    __table_args__ = (
        refers("contact_id", "contact", ondelete="CASCADE"),
        index("draft_id", "at"),
        index("contact_id"),
        index("rules_version", "draft_id"),
        index("network_index", "at", where="trap"),
    )

    contact_id: UUID
    draft_id: UUID
    kind: str = Field(max_length=8)  # click, open
    link: int  # its place among the links of the draft, from 0; -1: the trap, or an image
    trap: bool = False  # the link that no person sees
    method: str = Field(max_length=8)
    raw_sealed: str | None = text_field(None)  # address, agent and headers, as "hit|raw|<id>"
    network_index: str = Field(default="", max_length=64)  # keyed hash of the network it came from
    actor: str = Field(max_length=8)  # human, machine, unknown
    rule: str = Field(max_length=64)  # scoring.hit_rules: the one that said so
    rules_version: str = Field(max_length=32)
    at: datetime
