"""What was said in a meeting, and what is proposed from it, as API and console show it."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlmodel import Session, col

from agents.context import AgentContext
from agents.discovery import keeping
from agents.discovery.kinds import TO_DO, Kind
from api.dependencies import Principal
from api.permissions import Permission
from core.errors import NotFound
from store.models import Draft, DraftState, Finding, FindingState, Meeting, MeetingState, Transcript

_ORDER: Final = {kind.value: place for place, kind in enumerate(Kind)}
_SHOWN: Final = (FindingState.PROPOSED, FindingState.CONFIRMED, FindingState.DISMISSED)


class FindingItem(BaseModel):
    """Words of strangers: shown, never linked or run."""

    id: UUID
    kind: str
    detail: str = Field(description="Of an objection, which: price, timing, competitor, need, trust, effort, terms.")
    text: str = Field(description="What is proposed, or what a person made of it.")
    quote: str = Field(description="What was said, letter by letter.")
    speaker: str
    side: str = Field(description="Of who spoke: us or prospect.")
    who: str = Field(description="Who is to do it: us or prospect.")
    at_seconds: float | None = Field(description="Into the meeting; null where the file does not say.")
    line: int = Field(description="Of the file.")
    due_on: date | None
    by: str = Field(description="rules, or which model.")
    state: FindingState
    edited: bool
    decided_at: datetime | None


class Speaker(BaseModel):
    name: str
    side: str = Field(description="us, prospect, other or unknown. Nothing is found of one who is unknown.")


class TranscriptView(BaseModel):
    id: UUID
    meeting_id: UUID
    format: str
    turns: int
    created_at: datetime
    speakers: list[Speaker]
    findings: list[FindingItem] = Field(description="By kind; proposed ones wait for a person's word.")
    read_by: str = Field(description="rules, or rules and a model; and why a model gave up.")
    may_recap: bool = Field(description="There are confirmed steps that a mail can sum up, and none was written yet.")


def transcript_view(
    session: Session, context: AgentContext, principal: Principal, meeting_id: UUID
) -> TranscriptView | None:
    """Of the newest; None: there is none. Raises Forbidden (the words of people), NotFound (the meeting)."""
    principal.require(Permission.PEOPLE)
    meeting = session.get(Meeting, (context.workspace_id, meeting_id))
    if meeting is None:
        raise NotFound("There is no such meeting.")
    newest = sa.select(Transcript).where(
        col(Transcript.meeting_id) == meeting_id, col(Transcript.turns_sealed).is_not(None)
    )
    newest = newest.order_by(col(Transcript.created_at).desc(), col(Transcript.id)).limit(1)
    row = session.execute(newest).scalars().first()
    if row is None:
        return None
    spoken = keeping.spoken_of(session, context, row, meeting)
    query = sa.select(Finding).where(
        col(Finding.meeting_id) == meeting_id, col(Finding.state).in_(_SHOWN), col(Finding.words_sealed).is_not(None)
    )
    findings = [_item(context, one) for one in session.execute(query.order_by(col(Finding.turn))).scalars()]
    findings.sort(key=lambda one: (one.state is not FindingState.PROPOSED, _ORDER.get(one.kind, 99)))
    steps = any(one.state is FindingState.CONFIRMED and one.kind in TO_DO for one in findings)
    return TranscriptView(
        id=row.id,
        meeting_id=meeting_id,
        format=row.format,
        turns=row.turns,
        created_at=row.created_at,
        speakers=[Speaker(name=name, side=side.value) for name, side in spoken.sides.items()],
        findings=findings,
        read_by=_read_by(row),
        may_recap=steps and meeting.state is MeetingState.HELD and not _recapped(session, meeting_id),
    )


def _item(context: AgentContext, one: Finding) -> FindingItem:
    words = keeping.words_of(context, one)
    fields = (
        "id", "kind", "detail", "side", "who", "at_seconds", "line", "due_on", "by", "state", "edited", "decided_at",
    )  # fmt: skip
    return FindingItem(
        **{name: getattr(one, name) for name in fields},
        text=words["text"],
        quote=words["quote"],
        speaker=words["speaker"],
    )


def _read_by(row: Transcript) -> str:
    if "by_model" not in row.reading:
        return "rules"
    gave_up = str(row.reading.get("gave_up") or "")
    return f"rules and a model{f'; it gave up: {gave_up}' if gave_up else ''}"


def _recapped(session: Session, meeting_id: UUID) -> bool:
    open_ = (DraftState.PENDING, DraftState.APPROVED, DraftState.SENT)
    query = sa.select(col(Draft.id)).where(col(Draft.thread_key) == f"recap:{meeting_id}", col(Draft.state).in_(open_))
    return session.execute(query.limit(1)).first() is not None
