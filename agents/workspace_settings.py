"""What a workspace says of itself, checked and written in one place: for the command line, the API and the console."""

from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from sqlmodel import Session, col, select

from agents.offer import OfferSettings
from core.clock import Clock
from core.errors import Conflict, NotFound
from core.ids import Ids
from store import audit
from store.models import Budget, Deal, SpendEntry, Workspace
from store.queries import approval_rank
from store.session import workspace_of

LARGEST_DEAL = 10**14  # minor units: a sum of such still fits 64 bits


def _letters(length: int, what: str) -> AfterValidator:
    def check(code: str) -> str:
        if not (len(code) == length and code.isascii() and code.isalpha()):
            raise ValueError(what)
        return code.upper()

    return AfterValidator(check)


def _country(code: str) -> str:
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise ValueError("two letters of ISO 3166-1, such as IE or US, or nothing")
    return code.upper()


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone: an IANA name, such as Europe/Dublin") from None
    return name


def _plain(text: str) -> str:
    if any(character < " " or character == "\x7f" for character in text.replace("\n", "")):
        raise ValueError("it holds a control character")
    return text


def _line(text: str) -> str:
    if "\n" in text:
        raise ValueError("one line, please")
    return text


def _trimmed(value: Any) -> Any:
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


_Typed = BeforeValidator(_trimmed)
Name = Annotated[str, _Typed, Field(min_length=1, max_length=200), AfterValidator(_plain), AfterValidator(_line)]
Address = Annotated[str, _Typed, Field(min_length=1, max_length=500), AfterValidator(_plain)]
Country = Annotated[str, _Typed, Field(max_length=2), AfterValidator(_country)]
Zone = Annotated[str, _Typed, Field(min_length=1, max_length=64), AfterValidator(_zone)]
Currency = Annotated[str, _Typed, Field(max_length=3), _letters(3, "three letters of ISO 4217, such as EUR or USD")]
Hour = Annotated[int, Field(ge=0, le=23)]  # of a day
HoursBefore = Annotated[int, Field(ge=0, le=48)]
DealValue = Annotated[int, Field(ge=0, le=LARGEST_DEAL)]


class WorkspaceSettings(BaseModel):
    """Everything about a workspace that a person sets. `offer` None: nothing is said yet, so nothing is drafted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    postal_address: Address = ""
    country: Country = ""
    time_zone: Zone = "UTC"
    currency: Currency = "USD"
    deal_value_minor: DealValue = 0
    preparation_hour: Hour = 7
    preparation_hours_before: HoursBefore = 2
    offer: OfferSettings | None = None


def change(session: Session, clock: Clock, ids: Ids, wanted: Mapping[str, Any], *, by: str) -> list[str]:
    """Writes what differs, with an audit entry, and says which fields did. `wanted`: checked values by field.

    What waits for approval is ranked anew where a deal is worth something else. Raises Conflict: money was counted in
    the present currency.
    """
    workspace = session.get(Workspace, workspace_of(session), with_for_update=True)
    if workspace is None:
        raise NotFound("There is no such workspace.")
    changed = []
    for name in WorkspaceSettings.model_fields:
        if name not in wanted:
            continue
        value = wanted[name]
        if name == "offer":
            value = _stored(value)
        if value != getattr(workspace, name):
            if name == "currency" and _counted(session):
                raise Conflict(
                    f"Money was counted in {workspace.currency} already: budgets, spend or deals would change worth.",
                    hint="Another currency needs a workspace of its own.",
                    code="currency_in_use",
                )
            setattr(workspace, name, value)
            changed.append(name)
    if not changed:
        return []
    session.add(workspace)
    session.flush()
    if "deal_value_minor" in changed:
        approval_rank.rerank(session)
    audit.append(
        session,
        clock,
        ids,
        actor=by,
        action="workspace.changed",
        subject_kind="workspace",
        subject_id=workspace.id,
        details={"fields": changed},
    )
    return changed


def _stored(offer: OfferSettings | Mapping[str, Any] | None) -> dict[str, Any]:
    """Only what was said: a default that changes later then holds for it too."""
    if isinstance(offer, OfferSettings):
        return offer.model_dump(mode="json", exclude_defaults=True)
    return dict(offer or {})


def _counted(session: Session) -> bool:
    for query in (
        select(SpendEntry.id).limit(1),
        select(Deal.id).limit(1),
        select(Budget.id).where(col(Budget.limit_micros) > 0).limit(1),
    ):
        if session.exec(query).first() is not None:
            return True
    return False
