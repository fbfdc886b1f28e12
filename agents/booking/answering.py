"""Answers to our invitations that calendar programs send by mail (RFC 5546): accepted, declined, another time.

Read by tools.calendar.itip when the mail came; here it is decided whether to act. Only who was invited speaks, from the
address that was invited, about the version that stands. Another time is a wish: a person answers it.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from agents.booking import changes
from agents.reply_case import Case
from agents.step import Outcome, Trigger
from store.models import Meeting, MeetingState, Message
from tools.calendar.itip import Answer, ItipMethod
from tools.mail.intents import Intent

_WRITTEN: Final = "contact"  # as workers.thread_match says who wrote; an alias was not invited
_LOOKED_AT: Final = 50  # of their mails, for a newer answer that came before this one
# Words of a person that weigh more than what their calendar says.
_FIRST: Final = frozenset({Intent.OPT_OUT, Intent.ERASURE, Intent.LEGAL_THREAT, Intent.HOSTILE})


def answered(case: Case) -> Outcome | None:
    """What the mail's calendar part changes. None: nothing of ours, so the mail is read as any other."""
    if case.lead is None or case.by_colleague or _FIRST.intersection(case.intents):
        return None
    for said in case.message.reading.get("calendar", []):
        meeting = case.session.get(Meeting, (case.context.workspace_id, UUID(said["meeting_id"])))
        if meeting is None or not _speaks(case, meeting, said):
            continue
        if _is_overtaken(case, meeting, said):
            return case.outcome(Trigger.NOTHING, "Their calendar answers an older version of the invitation.")
        if said["method"] == ItipMethod.REPLY:
            return _reply(case, meeting, said)
        if said["method"] == ItipMethod.COUNTER:
            return _counter(case, meeting, said)
    return None


def _speaks(case: Case, meeting: Meeting, said: dict[str, Any]) -> bool:
    own = bool(said["own"]) and case.message.reading.get("writer") == _WRITTEN
    return own and meeting.contact_id == case.contact_id and meeting.lead_id == case.subject.id


def _is_overtaken(case: Case, meeting: Meeting, said: dict[str, Any]) -> bool:
    """Who accepted Tuesday did not accept Thursday; and what they sent later counts, however it arrives."""
    if int(said["sequence"]) < meeting.ics_sequence:
        return True
    query = (
        select(Message)
        .where(Message.contact_id == case.contact_id, Message.direction == "in", Message.id != case.message.id)
        .order_by(col(Message.at).desc(), col(Message.id))
        .limit(_LOOKED_AT)
    )
    others = [
        other
        for message in case.session.exec(query)
        for other in message.reading.get("calendar", [])
        if other["meeting_id"] == said["meeting_id"] and other["own"]
    ]
    return any(_order(other) > _order(said) for other in others)


def _order(said: dict[str, Any]) -> tuple[int, str]:
    return int(said["sequence"]), str(said["stamp"] or "")  # instants in UTC, so their texts are in order too


def _reply(case: Case, meeting: Meeting, said: dict[str, Any]) -> Outcome:
    if said["answer"] != Answer.DECLINED:
        word = {Answer.ACCEPTED: "accepted", Answer.TENTATIVE: "may come"}.get(said["answer"], "answered")
        return case.outcome(Trigger.NOTHING, f"Their calendar says: {word}. The meeting stands.")
    found = changes.locked(case.session, case.context, meeting.id)
    if found is None or not changes.cancel(case.session, case.context, found, actor=changes.PROSPECT, why="declined"):
        return case.outcome(Trigger.NOTHING, "They declined a meeting that does not stand any more.")
    return case.outcome(
        Trigger.NOTHING, "They declined the invitation: the meeting is called off, and the rep is told."
    )


def _counter(case: Case, meeting: Meeting, said: dict[str, Any]) -> Outcome:
    if meeting.state is not MeetingState.BOOKED:
        return case.outcome(Trigger.NOTHING, "They propose another time for a meeting that does not stand any more.")
    when = ""
    if said["starts_at"]:
        when = f"They propose {datetime.fromisoformat(said['starts_at']):%Y-%m-%d %H:%M} UTC. "
    case.task(
        "counter",
        "answer",
        "They propose another time for the meeting",
        script=f"{when}Until the meeting is moved, its time stands.",
    )
    return case.outcome(Trigger.NOTHING, "Their calendar proposes another time: the rep answers.")
