"""Seeds, and where test mails of a mailbox landed."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from core.crypto import Sealer
from core.errors import NotFound
from store.models import Mailbox, Place, PlacementResult, PlacementState, PlacementTest, SeedAddress
from store.queries import placement
from store.session import workspace_of

_SEED: dict[str, Any] = {
    "id": "0192c1a0-0000-7000-8000-000000000003",
    "address": "ours@gmail.example",
    "provider": "gmail",
    "host": "imap.gmail.example",
    "port": 993,
    "username": "ours@gmail.example",
    "created_by": "user:1",
    "created_at": "2026-06-02T14:00:00Z",
}
_SHOWN = 10  # tests on a mailbox's page, and of a list


class SeedOut(BaseModel):
    """An address of ours at a provider. Its password is never shown."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SEED]})

    id: UUID
    address: str
    provider: str
    host: str
    port: int
    username: str
    created_by: str
    created_at: datetime


class PlacementOut(BaseModel):
    """Where the mail to one seed landed."""

    address: str
    provider: str
    place: Place
    folder: str = Field(description="As the provider calls it.")
    sent_at: datetime | None
    found_at: datetime | None = Field(description="When a reading found it; each running test is read once a minute.")
    problem: str


class ProviderPlacement(BaseModel):
    provider: str
    inbox: int
    promotions: int
    spam: int
    elsewhere: int
    missing: int
    unknown: int = Field(description="It did not leave, its folders could not be read, or it is still looked for.")


class PlacementTestOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": _SEED["id"], "state": "finished", "subject": "Your invoices"}]}
    )

    id: UUID
    mailbox_id: UUID
    state: PlacementState
    source: str = Field(description="Whose words: template:<name>, or given.")
    subject: str
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    providers: list[ProviderPlacement]
    mails: list[PlacementOut]


def seed_of(row: SeedAddress) -> SeedOut:
    return SeedOut.model_validate(row, from_attributes=True)


def seeds(session: Session) -> list[SeedOut]:
    return [seed_of(row) for row in placement.seeds(session)]


def test(session: Session, sealer: Sealer, test_id: UUID) -> PlacementTestOut:
    """Raises NotFound."""
    row = session.get(PlacementTest, (workspace_of(session), test_id))
    if row is None:
        raise NotFound("There is no such placement test.")
    return _test(row, sealer, placement.results_of(session, [row.id])[row.id])


def tests_of_mailbox(session: Session, sealer: Sealer, mailbox_id: UUID) -> list[PlacementTestOut]:
    """The newest ten. Raises NotFound."""
    if session.get(Mailbox, (workspace_of(session), mailbox_id)) is None:
        raise NotFound("There is no such mailbox.")
    rows = placement.tests_of(session, mailbox_id, _SHOWN)
    results = placement.results_of(session, [row.id for row in rows]) if rows else {}
    return [_test(row, sealer, results[row.id]) for row in rows]


def _test(row: PlacementTest, sealer: Sealer, results: Sequence[PlacementResult]) -> PlacementTestOut:
    return PlacementTestOut(
        id=row.id,
        mailbox_id=row.mailbox_id,
        state=row.state,
        source=row.source,
        subject=sealer.open(row.subject_sealed, context=f"placement_test|subject|{row.id}"),
        created_by=row.created_by,
        created_at=row.created_at,
        finished_at=row.finished_at,
        providers=[_of_provider(name, results) for name in sorted({each.provider for each in results})],
        mails=[PlacementOut.model_validate(each, from_attributes=True) for each in results],
    )


def _of_provider(name: str, results: Sequence[PlacementResult]) -> ProviderPlacement:
    found = Counter(each.place for each in results if each.provider == name)
    named = (Place.INBOX, Place.PROMOTIONS, Place.SPAM, Place.ELSEWHERE, Place.MISSING)
    counts = {place.value: found[place] for place in named}
    return ProviderPlacement(provider=name, unknown=found.total() - sum(counts.values()), **counts)
