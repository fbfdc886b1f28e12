"""What a person's reply leads to: what the policy says of each intent in it, and never less than its floors.

The first intent says how the thread goes on; the tasks and alerts of all of them are made. Nobody whom a reply names is
ever written to because of it: a task shows the name to a person.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from agents import attention, colleague, stopping
from agents.later import stated_later
from agents.never_again import never_again
from agents.policy import load_policy
from agents.reply_case import Case
from agents.reply_policy import ReplyAction
from agents.step import Outcome, Trigger
from scoring.engagement import ActorClass, EngagementKind
from store import feed
from store.models import Contact, Draft, DraftState, LeadStage, Meeting, MeetingState
from tools.mail.intents import Intent

NOT_NOW_DAYS = 90  # a quarter: budgets and priorities are made anew
_EVENT_OF = {
    Intent.INTERESTED: EngagementKind.REPLY_POSITIVE,
    Intent.WANTS_MEETING: EngagementKind.REPLY_POSITIVE,
    Intent.NEGATIVE: EngagementKind.REPLY_NEGATIVE,
    Intent.WRONG_PERSON: EngagementKind.REPLY_NEGATIVE,
    Intent.HOSTILE: EngagementKind.REPLY_NEGATIVE,
}
_POSITIVE = (Intent.INTERESTED, Intent.WANTS_MEETING)
# A reply does not take back what was agreed since.
_BEYOND_REPLIED = (LeadStage.MEETING_BOOKED, LeadStage.MEETING_HELD, LeadStage.WON)
_SILENCED = {
    Intent.OPT_OUT: "They asked not to be written to again.",
    Intent.ERASURE: "They asked that their data be erased.",
    Intent.LEGAL_THREAT: "They threatened with the law.",
}
_STOPPED = {
    Intent.NEGATIVE: "They said no.",
    Intent.WRONG_PERSON: "They are the wrong person.",
    Intent.HOSTILE: "They are angry.",
    Intent.ALREADY_CUSTOMER: "They say that they are a customer already.",
}
# (key, kind, title) of the task that an intent makes; any other is to be answered.
_TASKS = {
    Intent.ERASURE: ("erase", "erase", "Erase what is kept of them: they asked, and the law gives a month"),
    Intent.LEGAL_THREAT: ("legal", "legal", "They threaten with the law: read it before anybody writes"),
    Intent.HOSTILE: ("angry", "read", "An angry answer: read it"),
    Intent.WRONG_PERSON: ("successor", "find_successor", "Wrong person: find who is responsible"),
    Intent.ALREADY_CUSTOMER: ("customer", "check_customer", "They say they are a customer: check it"),
    Intent.NEGATIVE: ("no", "read", "They said no: read why"),
    Intent.REFERRAL: ("refer_to", "refer_to", "They named somebody else: decide whether to write to them"),
}
_NAMES = (Intent.REFERRAL, Intent.WRONG_PERSON)


def read_reply(case: Case) -> Outcome:
    policy = load_policy(case.session)
    follows = {intent: policy.on_reply(intent) for intent in case.intents}
    silencing = next((intent for intent, actions in follows.items() if ReplyAction.SUPPRESS in actions), None)
    first = silencing or next(iter(follows))
    by_colleague = case.by_colleague and case.lead is not None
    if silencing is None and not by_colleague:
        kind = colleague.WROTE if case.by_stranger else _EVENT_OF.get(first, EngagementKind.REPLY_NEUTRAL)
        case.event(kind, ActorClass.HUMAN, {"intents": [intent.value for intent in follows]})
    for intent, actions in follows.items():
        if ReplyAction.ALERT in actions:
            _alert(case, intent)
        if ReplyAction.TASK in actions and (intent in _TASKS or (intent is not first and not by_colleague)):
            _task(case, intent)
    if silencing is not None:
        return opted_out(case, attention.OPT_OUT, _SILENCED.get(silencing, f"They wrote ({silencing.value})."))
    if by_colleague:
        return colleague.answered(case)
    if ReplyAction.STOP in follows[first]:
        return _stopped(case, first)
    if ReplyAction.PAUSE in follows[first]:
        return _not_now(case, answer=ReplyAction.ANSWER in follows[first])
    return _talks(case, first, follows[first])


def opted_out(case: Case, kind: str, text: str) -> Outcome:
    """Never written to again, and everything that is queued taken back, in the transaction of the message."""
    if case.by_stranger:
        return colleague.opted_out(case, text)
    case.event(kind, ActorClass.HUMAN)
    contact = case.session.get(Contact, (case.context.workspace_id, case.contact_id))
    if contact is not None:
        source = f"message:{case.message.id}"
        never_again(case.session, case.context, contact, reason=kind, source=source, except_for=case.subject.id)
    if case.lead is not None and case.lead.contact_id != case.contact_id:
        # A colleague speaks for this thread: whom we wrote to is left alone as well.
        stopping.stop_lead(case.session, case.context, case.lead, LeadStage.STOPPED, text)
    return case.outcome(Trigger.OPTED_OUT, text)


def _task(case: Case, intent: Intent) -> None:
    key, kind, title = _TASKS.get(intent, ("answer", "answer", "Answer what they wrote"))
    due_at = None
    if intent is Intent.ERASURE and case.by_stranger:  # what is kept of them is this mail
        key, kind, title = "erase_mail", "read", "A colleague of theirs asks to be erased: the law gives a month"
        due_at = a_month_later(case.message.at)
    elif intent is Intent.ERASURE:  # the key names whom: the task leads to their page, where they are erased
        key, due_at = f"{key}:{case.contact_id}", a_month_later(case.message.at)
    case.task(key, kind, title, due_at, _named(case) if intent in _NAMES else "")


def _alert(case: Case, intent: Intent) -> None:
    level = "critical" if intent is Intent.LEGAL_THREAT else "warning"
    case.alert(f"reply:{intent.value}:{case.message.id}", level, f"A reply needs a manager's eye: {intent.value}.")


def a_month_later(at: datetime) -> datetime:
    """GDPR Art. 12(3): one month from receipt. The same day of the next month, or its last one."""
    year, month = at.year + at.month // 12, at.month % 12 + 1
    for day in range(at.day, 27, -1):
        try:
            return at.replace(year=year, month=month, day=day)
        except ValueError:
            continue
    return at.replace(year=year, month=month, day=min(at.day, 28))


def _named(case: Case) -> str:
    """Whom they named, in their words, for a person's eyes."""
    body = case.body
    names = [body[int(one["start"]) : int(one["end"])] for one in case.message.reading.get("refers_to", [])]
    if not names:
        return ""
    named = ", ".join(dict.fromkeys(names))
    return f"They named: {named}.\nNobody was added: find a legal basis before you write to them."


def _stopped(case: Case, intent: Intent) -> Outcome:
    text = _STOPPED.get(intent, f"They wrote ({intent.value}): the policy stops here.")
    if case.lead is not None:
        stage = LeadStage.LOST if intent is Intent.NEGATIVE else LeadStage.STOPPED
        stopping.stop_lead(case.session, case.context, case.lead, stage, text)
    elif intent is not Intent.ALREADY_CUSTOMER:
        case.task("unhappy", "call", "An unhappy customer wrote: call them")
        case.alert(f"unhappy:{case.message.id}", "warning", "A customer wrote that they do not want to go on.")
    return case.outcome(Trigger.NEGATIVE, text)


def _not_now(case: Case, *, answer: bool) -> Outcome:
    day = stated_later(case.body, case.message.at)
    until = case.morning(day) if day else case.message.at + timedelta(days=NOT_NOW_DAYS)
    text = f"Not now: {'they named' if day else 'no date named, so a quarter later,'} {until.date().isoformat()}."
    waits = case.lead is not None and stopping.wait_until(case.session, case.context, case.lead, until, text)
    if not waits:
        case.task("later", "write_again", "They asked to be written to again", until)
    if answer and case.lead is not None:
        return case.outcome(Trigger.QUESTION, text, answer=Intent.NOT_NOW.value)
    return case.outcome(Trigger.NOT_NOW, text)


def _talks(case: Case, intent: Intent, actions: list[ReplyAction]) -> Outcome:
    positive, lead = ReplyAction.PROPOSE_MEETING in actions, case.lead
    found = attention.reassess(case.session, case.context, case.contact_id)
    if lead is None:
        case.task("answer", "answer", "Answer what the customer wrote")
        text = "A customer is interested." if intent in _POSITIVE else "A customer wrote: a person answers."
        return case.outcome(Trigger.INTERESTED if intent in _POSITIVE else Trigger.QUESTION, text, found)
    if lead.stage is LeadStage.STOPPED:
        case.task("answer", "answer", "A stopped lead wrote: read it")
        return case.outcome(Trigger.NOTHING, f"They wrote, but are stopped ({lead.stop_reason}): a person reads it.")
    proposed = positive and _holds_an_open_proposal(case.session, lead.id)
    agreed = lead.stage in _BEYOND_REPLIED or proposed
    if lead.stage not in _BEYOND_REPLIED and not proposed:
        feed.publish(case.session, case.context.clock, [feed.lead_moved(lead, LeadStage.REPLIED)])
        lead.stage, lead.stop_reason, lead.updated_at = LeadStage.REPLIED, "", case.context.clock.now()
        case.session.add(lead)
    stopping.stop_sequence(case.session, lead.id, "They answered: a person goes on.")
    stopping.pause_colleagues(case.session, case.context, lead, colleague.ANSWERED)
    if positive and not agreed:
        return case.outcome(Trigger.INTERESTED, f"They want to talk ({intent.value}).", found)
    if positive or (ReplyAction.TASK in actions and intent not in _TASKS):
        case.task("answer", "answer", "Answer what they wrote")
    why = " They hold a proposal or a meeting already." if positive else ""
    if positive or ReplyAction.ANSWER in actions:
        text = f"They wrote ({intent.value}): a person answers.{why}"
        return case.outcome(Trigger.QUESTION, text, found, answer=intent.value)
    return case.outcome(Trigger.ASSESSED, f"They wrote ({intent.value}): a person reads it.", found)


def _holds_an_open_proposal(session: Session, lead_id: UUID) -> bool:
    """Times that really reached them: a draft that their reply overtook proposed nothing."""
    sent = (
        select(Meeting.id)
        .join(
            Draft, (col(Draft.workspace_id) == col(Meeting.workspace_id)) & (col(Draft.meeting_id) == col(Meeting.id))
        )
        .where(Meeting.lead_id == lead_id, Meeting.state == MeetingState.PROPOSED, Draft.state == DraftState.SENT)
    )
    return session.exec(sent).first() is not None
