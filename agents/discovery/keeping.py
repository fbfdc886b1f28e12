"""Keeps a transcript, sealed, and what its readers find in it, as proposals.

A finding is one row a meeting, kind and quote: the same file again, or another file of the same words, proposes nothing
twice, and what a person decided stays decided. A later reading supersedes what nobody decided and it does not find.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from uuid import UUID

from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.discovery import rules
from agents.discovery.kinds import Found, Side, Spoken
from agents.discovery.sides import sides_of
from agents.step import Trigger
from core.errors import Conflict, NotFound, Rejected
from core.ids import stable_id
from store import audit
from store.models import (
    Company,
    Contact,
    Finding,
    FindingState,
    Meeting,
    MeetingState,
    Transcript,
    User,
    Workspace,
)
from store.queries import triggers
from tools.calendar.slots import zone_of
from tools.transcripts import Mark, Turn, read_transcript

_MOST_COLLEAGUES = 200  # of a company, to know a speaker by
_SAYABLE = (MeetingState.BOOKED, MeetingState.HELD)


@dataclass(frozen=True, slots=True)
class Kept:
    transcript_id: UUID
    new: bool  # False: the same words are there already
    found: int
    unknown: tuple[str, ...]  # speakers whose side nobody knows


def keep(context: AgentContext, meeting_id: UUID, data: bytes, by: str) -> Kept:
    """Reads a file, keeps its words and proposes what the rules find. The newest transcript of a meeting counts.

    Raises NotFound, Conflict (the meeting was not booked, or has not begun), Rejected (with the line, if any).
    """
    read = read_transcript(data)
    said = json.dumps([_row(turn) for turn in read.turns], ensure_ascii=False)
    content = context.sealer.blind_index("transcript", said)
    transcript_id = stable_id("transcript", context.workspace_id, meeting_id, content)
    with context.database.write(context.workspace_id) as session:
        meeting = session.get(Meeting, (context.workspace_id, meeting_id), with_for_update=True)
        if meeting is None:
            raise NotFound("There is no such meeting.")
        if meeting.state not in _SAYABLE:
            raise Conflict(f"The meeting is {meeting.state.value}: nobody spoke in it.", code="not_booked")
        if meeting.starts_at is None or meeting.starts_at > context.clock.now():
            raise Conflict("The meeting has not begun yet.", hint="Upload its transcript afterwards.", code="not_begun")
        known = session.get(Transcript, (context.workspace_id, transcript_id))
        if known is not None and known.turns_sealed is not None:
            unknown = _unknown(spoken_of(session, context, known, meeting))
            return Kept(transcript_id, False, _count(session, transcript_id), unknown)
        row = known or Transcript(
            workspace_id=context.workspace_id,
            id=transcript_id,
            meeting_id=meeting_id,
            contact_id=meeting.contact_id,
            company_id=meeting.company_id,
            content_index=content,
            format=read.format.value,
            created_by=by,
            created_at=context.clock.now(),
        )
        row.turns = len(read.turns)
        row.turns_sealed = context.sealer.seal(said, context=f"transcript|turns|{transcript_id}")
        session.add(row)
        session.flush()
        spoken = spoken_of(session, context, row, meeting)
        found = _read(session, context, row, meeting, spoken)
        _ask_model(session, context, row, meeting)
        details = {"format": row.format, "turns": row.turns, "found": found}
        _audit(session, context, by, "transcript.kept", row, details)
        return Kept(transcript_id, True, found, _unknown(spoken))


def say_sides(context: AgentContext, transcript_id: UUID, sides: Mapping[str, Side], by: str) -> int:
    """Whose side speakers are on, as a person says; the transcript is read anew. Returns how many findings it has.

    Raises NotFound, Rejected (nobody of that name speaks in it).
    """
    with context.database.write(context.workspace_id) as session:
        row = session.get(Transcript, (context.workspace_id, transcript_id), with_for_update=True)
        meeting = session.get(Meeting, (context.workspace_id, row.meeting_id), with_for_update=True) if row else None
        if row is None or meeting is None or row.turns_sealed is None:
            raise NotFound("There is no such transcript.")
        speakers = {turn.speaker for turn in turns_of(context, row)}
        if strange := sorted(set(sides) - speakers):
            raise Rejected(f"Nobody called {strange[0][:80]!r} speaks in it.", hint="Names as the transcript has them.")
        known = {**_said(context, row), **sides}
        text = json.dumps({name: side.value for name, side in known.items() if side is not Side.UNKNOWN})
        row.sides_sealed = context.sealer.seal(text, context=f"transcript|sides|{row.id}")
        row.reading = {**row.reading, "version": int(row.reading.get("version", 0)) + 1}
        session.add(row)
        session.flush()
        found = _read(session, context, row, meeting, spoken_of(session, context, row, meeting))
        _ask_model(session, context, row, meeting)
        _audit(session, context, by, "transcript.sides_said", row, {"speakers": len(sides)})
        return found


def spoken_of(session: Session, context: AgentContext, row: Transcript, meeting: Meeting) -> Spoken:
    """Opened, with everybody's side. Raises Tampered."""
    turns = turns_of(context, row)
    workspace = session.get(Workspace, context.workspace_id)
    company = session.get(Company, (context.workspace_id, row.company_id))
    rep = session.get(User, (context.workspace_id, meeting.user_id))
    ours = [user.name for user in session.exec(select(User).order_by(col(User.id)))]
    sides = sides_of(
        tuple(dict.fromkeys(turn.speaker for turn in turns if turn.speaker)),
        ours=ours,
        theirs=_colleagues(session, context, row),
        our_company=workspace.name if workspace else "",
        their_company=company.name if company else "",
        said=_said(context, row),
    )
    zone = rep.time_zone if rep is not None and zone_of(rep.time_zone) else "UTC"
    at = (meeting.starts_at or row.created_at).astimezone(zone_of(zone) or UTC)
    product = str((workspace.offer or {}).get("product", "")) if workspace else ""
    names = (workspace.name if workspace else "", product, company.name if company else "", *ours)
    return Spoken(turns, sides, at, zone, tuple(name for name in names if name))


def turns_of(context: AgentContext, row: Transcript) -> tuple[Turn, ...]:
    """Empty where it was erased. Raises Tampered."""
    if row.turns_sealed is None:
        return ()
    rows = json.loads(context.sealer.open(row.turns_sealed, context=f"transcript|turns|{row.id}"))
    return tuple(Turn(speaker, text, tuple(Mark(*mark) for mark in marks)) for speaker, text, marks in rows)


def propose(
    session: Session, context: AgentContext, row: Transcript, found: Sequence[Found], *, by_model: bool = False
) -> int:
    """Writes what was found; supersedes what the same reader proposed before and does not find now. Returns how many
    are proposed or decided."""
    standing = {one.id: one for one in session.exec(select(Finding).where(Finding.meeting_id == row.meeting_id))}
    seen: set[UUID] = set()
    for one in found:
        finding_id = _id(context, row, one)
        seen.add(finding_id)
        known = standing.get(finding_id)
        if known is None:
            known = standing[finding_id] = _new(context, row, one, finding_id)
        elif known.state in (FindingState.PROPOSED, FindingState.SUPERSEDED):
            known.transcript_id, known.state = row.id, FindingState.PROPOSED
            known.side, known.who, known.due_on = one.side.value, one.who.value, one.due
            known.words_sealed = _sealed(context, one, finding_id)
        session.add(known)
    for known in standing.values():
        same_reader = known.by.startswith("model:") == by_model or known.transcript_id != row.id
        if known.id not in seen and known.state is FindingState.PROPOSED and same_reader:
            known.state = FindingState.SUPERSEDED
            session.add(known)
    session.flush()
    return len(seen)


def words_of(context: AgentContext, row: Finding) -> dict[str, str]:
    """{"quote", "speaker", "text"}; empty where they were erased. Raises Tampered."""
    if row.words_sealed is None:
        return {}
    found: dict[str, str] = json.loads(context.sealer.open(row.words_sealed, context=f"finding|words|{row.id}"))
    return found


def seal_words(context: AgentContext, finding_id: UUID, words: Mapping[str, str]) -> str:
    return context.sealer.seal(json.dumps(dict(words), ensure_ascii=False), context=f"finding|words|{finding_id}")


def _read(session: Session, context: AgentContext, row: Transcript, meeting: Meeting, spoken: Spoken) -> int:
    found = rules.read(spoken)
    row.reading = {**row.reading, "by_rules": len(found), "unknown_speakers": len(_unknown(spoken))}
    session.add(row)
    for one in session.exec(select(Finding).where(Finding.transcript_id == row.id)):
        # What the model found of somebody who turns out to be on another side is not proposed any more.
        turn = spoken.turns[one.turn] if one.turn < len(spoken.turns) else None
        if one.state is FindingState.PROPOSED and turn and spoken.side_of(turn.speaker).value != one.side:
            one.state = FindingState.SUPERSEDED
            session.add(one)
    return propose(session, context, row, found)


def _ask_model(session: Session, context: AgentContext, row: Transcript, meeting: Meeting) -> None:
    """The second reader is asked by a worker: it may take a while."""
    triggers.add_trigger(
        session,
        context.clock,
        subject_kind="lead",
        subject_id=meeting.lead_id,
        kind=Trigger.TRANSCRIPT_KEPT,
        key=f"transcript:{row.id}:{row.reading.get('version', 0)}",
        payload={"transcript_id": str(row.id)},
    )


def _colleagues(session: Session, context: AgentContext, row: Transcript) -> list[str]:
    query = select(Contact).where(Contact.company_id == row.company_id, col(Contact.name_sealed).is_not(None))
    people = session.exec(query.order_by(col(Contact.id) != row.contact_id, col(Contact.id)).limit(_MOST_COLLEAGUES))
    return [context.sealer.open(one.name_sealed or "", context=f"contact|name|{one.id}") for one in people]


def _said(context: AgentContext, row: Transcript) -> dict[str, Side]:
    if row.sides_sealed is None:
        return {}
    found = json.loads(context.sealer.open(row.sides_sealed, context=f"transcript|sides|{row.id}"))
    return {name: Side(side) for name, side in found.items()}


def _unknown(spoken: Spoken) -> tuple[str, ...]:
    return tuple(name for name, side in spoken.sides.items() if side is Side.UNKNOWN)


def _count(session: Session, transcript_id: UUID) -> int:
    rows = session.exec(select(Finding.state).where(Finding.transcript_id == transcript_id)).all()
    return sum(state is not FindingState.SUPERSEDED for state in rows)


def _id(context: AgentContext, row: Transcript, one: Found) -> UUID:
    quote = context.sealer.blind_index("finding", " ".join(one.quote.casefold().split()))
    return stable_id("finding", context.workspace_id, row.meeting_id, one.kind.value, quote)


def _new(context: AgentContext, row: Transcript, one: Found, finding_id: UUID) -> Finding:
    return Finding(
        workspace_id=context.workspace_id,
        id=finding_id,
        transcript_id=row.id,
        meeting_id=row.meeting_id,
        contact_id=row.contact_id,
        kind=one.kind.value,
        detail=one.detail if one.kind.value == "objection" else "",
        side=one.side.value,
        who=one.who.value,
        words_sealed=_sealed(context, one, finding_id),
        turn=one.turn,
        line=one.line,
        at_seconds=one.at,
        due_on=one.due,
        by=one.by,
        created_at=context.clock.now(),
    )


def _sealed(context: AgentContext, one: Found, finding_id: UUID) -> str:
    text = one.detail if one.kind.value == "competitor" else one.quote
    return seal_words(context, finding_id, {"quote": one.quote, "speaker": one.speaker, "text": text})


def _row(turn: Turn) -> list[object]:
    return [turn.speaker, turn.text, [[mark.offset, mark.line, mark.at] for mark in turn.marks]]


def _audit(
    session: Session, context: AgentContext, by: str, action: str, row: Transcript, details: dict[str, object]
) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=action,
        subject_kind="meeting",
        subject_id=row.meeting_id,
        details=details,
    )
