"""The supervisor's policy: (subject, stage, trigger) → the next node, and why. A table, no model, no I/O.

The first row that matches decides; ANY matches every stage. What no row matches ends the thread, saying so.
"""

from dataclasses import dataclass
from typing import Final

from agents.step import SubjectKind, Trigger

ANY: Final = "*"
END: Final = "__end__"

# Node names are stored in checkpoints. Adding is free; renaming or removing one strands parked threads
# (graphs.parked finds them at start-up).
LEAD_SOURCE: Final = "lead_source"
ENRICHMENT: Final = "enrichment"
CONTACT_FINDER: Final = "contact_finder"
SCORER: Final = "scorer"
EMAIL: Final = "email"
CALENDAR: Final = "calendar"
CRM: Final = "crm"
ENGAGEMENT: Final = "engagement"
CHURN: Final = "churn"
INTERVENTION: Final = "intervention"
DISCOVERY: Final = "discovery"
APPROVAL: Final = "approval"  # interrupts, and does nothing else
OUTBOX: Final = "outbox"  # queues what was approved, and does nothing else

AGENTS: Final = (
    LEAD_SOURCE,
    ENRICHMENT,
    CONTACT_FINDER,
    SCORER,
    EMAIL,
    CALENDAR,
    CRM,
    ENGAGEMENT,
    CHURN,
    INTERVENTION,
    DISCOVERY,
)


@dataclass(frozen=True, slots=True)
class Route:
    next: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    subject: SubjectKind
    stage: str
    trigger: Trigger
    next: str
    reason: str


_RUN, _COHORT, _LEAD, _CUSTOMER = SubjectKind.RUN, SubjectKind.COHORT, SubjectKind.LEAD, SubjectKind.CUSTOMER

RULES: Final = (
    Rule(_RUN, "sourced", Trigger.READY, END, "Every page of the source was read; its cohorts go on by themselves."),
    Rule(_RUN, ANY, Trigger.RUN_STEP, LEAD_SOURCE, "The run wants companies."),
    Rule(_RUN, ANY, Trigger.MORE, END, "The next page has a trigger of its own."),
    Rule(_COHORT, "sourced", Trigger.RUN_STEP, ENRICHMENT, "Companies are known by name only."),
    Rule(_COHORT, "enriched", Trigger.READY, CONTACT_FINDER, "What is true of the companies is known; people are not."),
    Rule(_COHORT, "enriched", Trigger.RUN_STEP, CONTACT_FINDER, "Goes on where it stopped, after enrichment."),
    Rule(_COHORT, "contacts_found", Trigger.READY, SCORER, "People are known; nobody is ranked."),
    Rule(_COHORT, "contacts_found", Trigger.RUN_STEP, SCORER, "Goes on where it stopped, after contact finding."),
    Rule(_COHORT, "scored", Trigger.READY, CRM, "Leads are ranked and sequences chosen; the CRM should know."),
    Rule(_COHORT, "scored", Trigger.RUN_STEP, CRM, "Goes on where it stopped, after scoring."),
    Rule(_COHORT, "done", Trigger.MIRRORED, END, "The cohort is done."),
    Rule(_COHORT, "done", Trigger.RUN_STEP, END, "The cohort was already done."),
    Rule(_LEAD, "in_sequence", Trigger.TOUCH_DUE, EMAIL, "A planned touch is due."),
    Rule(_LEAD, ANY, Trigger.TOUCH_DUE, END, "A touch came due, but the lead is no longer in its sequence."),
    Rule(_LEAD, ANY, Trigger.DRAFTED, APPROVAL, "A person decides before anything leaves."),
    Rule(_LEAD, ANY, Trigger.APPROVED, OUTBOX, "Approved: these bytes may be queued."),
    Rule(_LEAD, ANY, Trigger.REJECTED, CRM, "Rejected: nothing is sent, and the CRM should know."),
    Rule(_LEAD, ANY, Trigger.QUEUED, CRM, "Queued for sending; the CRM should know."),
    Rule(_LEAD, ANY, Trigger.TASKED, CRM, "A rep got a task; the CRM should know."),
    Rule(_LEAD, ANY, Trigger.BLOCKED, CRM, "A rule forbids it; the CRM should know why."),
    Rule(_LEAD, ANY, Trigger.INBOUND, ENGAGEMENT, "A message arrived; what does it say?"),
    Rule(_LEAD, ANY, Trigger.INTERESTED, CALENDAR, "They want to talk: hold three times."),
    Rule(_LEAD, ANY, Trigger.SLOTS_HELD, EMAIL, "Three times are held; propose them."),
    Rule(_LEAD, ANY, Trigger.QUESTION, EMAIL, "They asked something; draft an answer for the rep."),
    Rule(_LEAD, ANY, Trigger.NOT_NOW, CRM, "Not now: the sequence waits, and the CRM should know."),
    Rule(_LEAD, ANY, Trigger.NEGATIVE, CRM, "They said no: the sequence stopped, and the CRM should know."),
    Rule(_LEAD, ANY, Trigger.OPTED_OUT, CRM, "They opted out: suppressed at once, and the CRM should know."),
    Rule(_LEAD, ANY, Trigger.BOUNCED, CRM, "The mail bounced; the CRM should know."),
    Rule(_LEAD, ANY, Trigger.AUTO_REPLY, CRM, "Nobody read it yet: the sequence waits for their return."),
    Rule(_LEAD, ANY, Trigger.SLOT_PICKED, CALENDAR, "They picked a time: book it."),
    Rule(_LEAD, ANY, Trigger.BOOKED, CRM, "Booked, and the invitation is queued; the CRM should know."),
    Rule(_LEAD, ANY, Trigger.MEETING_ENDED, ENGAGEMENT, "The meeting is over; what does it change?"),
    Rule(_LEAD, ANY, Trigger.MISSED, CALENDAR, "Nobody came: hold new times."),
    Rule(_LEAD, ANY, Trigger.TRANSCRIPT_KEPT, DISCOVERY, "A meeting's transcript came; what was said in it?"),
    Rule(_LEAD, ANY, Trigger.RECAP_ASKED, EMAIL, "A person wants what was agreed in a mail; draft it."),
    Rule(_LEAD, ANY, Trigger.ASSESSED, CRM, "Engagement changed; the CRM should know."),
    Rule(_LEAD, ANY, Trigger.DEAL_CLOSED, CRM, "The deal closed; the CRM should know."),
    Rule(_LEAD, ANY, Trigger.MIRRORED, END, "Everything that happened is mirrored."),
    Rule(_CUSTOMER, ANY, Trigger.DAILY, CHURN, "A new day of usage: how is the customer?"),
    Rule(_CUSTOMER, "at_risk", Trigger.ASSESSED, INTERVENTION, "At risk: is there a play for the main driver?"),
    Rule(_CUSTOMER, ANY, Trigger.ASSESSED, CRM, "Not at risk; the CRM should know the health."),
    Rule(_CUSTOMER, ANY, Trigger.PLAYED, CRM, "A play is running; the CRM should know."),
    Rule(_CUSTOMER, ANY, Trigger.DRAFTED, APPROVAL, "A person decides before anything leaves."),
    Rule(_CUSTOMER, ANY, Trigger.APPROVED, OUTBOX, "Approved: these bytes may be queued."),
    Rule(_CUSTOMER, ANY, Trigger.REJECTED, CRM, "Rejected: nothing is sent, and the CRM should know."),
    Rule(_CUSTOMER, ANY, Trigger.QUEUED, CRM, "Queued for sending; the CRM should know."),
    Rule(_CUSTOMER, ANY, Trigger.BLOCKED, CRM, "A rule forbids it; the CRM should know why."),
    Rule(_CUSTOMER, ANY, Trigger.INBOUND, ENGAGEMENT, "A customer wrote; what does it say?"),
    Rule(_CUSTOMER, ANY, Trigger.QUESTION, CRM, "Their CSM answers; the CRM should know."),
    Rule(_CUSTOMER, ANY, Trigger.INTERESTED, CRM, "Their CSM goes on; the CRM should know."),
    Rule(_CUSTOMER, ANY, Trigger.NOT_NOW, CRM, "Not now; the CRM should know."),
    Rule(_CUSTOMER, ANY, Trigger.NEGATIVE, CRM, "An unhappy customer; the CRM should know."),
    Rule(_CUSTOMER, ANY, Trigger.OPTED_OUT, CRM, "They opted out: suppressed at once, and the CRM should know."),
    Rule(_CUSTOMER, ANY, Trigger.BOUNCED, CRM, "The mail bounced; the CRM should know."),
    Rule(_CUSTOMER, ANY, Trigger.AUTO_REPLY, CRM, "Nobody read it yet; the CRM should know."),
    Rule(_CUSTOMER, ANY, Trigger.MIRRORED, END, "Everything that happened is mirrored."),
)

# What each node may answer. Graphs draw it, and refuse an answer that is not here.
EMITS: Final[dict[str, tuple[Trigger, ...]]] = {
    LEAD_SOURCE: (Trigger.MORE, Trigger.READY, Trigger.NOTHING),
    ENRICHMENT: (Trigger.READY, Trigger.NOTHING),
    CONTACT_FINDER: (Trigger.READY, Trigger.NOTHING),
    SCORER: (Trigger.READY, Trigger.NOTHING),
    EMAIL: (Trigger.DRAFTED, Trigger.APPROVED, Trigger.TASKED, Trigger.BLOCKED, Trigger.NOTHING),
    CALENDAR: (Trigger.SLOTS_HELD, Trigger.BOOKED, Trigger.BLOCKED, Trigger.NOTHING),
    CRM: (Trigger.MIRRORED,),
    ENGAGEMENT: (
        Trigger.INTERESTED,
        Trigger.QUESTION,
        Trigger.NOT_NOW,
        Trigger.NEGATIVE,
        Trigger.OPTED_OUT,
        Trigger.BOUNCED,
        Trigger.AUTO_REPLY,
        Trigger.MISSED,
        Trigger.ASSESSED,
        Trigger.NOTHING,
    ),
    CHURN: (Trigger.ASSESSED, Trigger.NOTHING),
    INTERVENTION: (Trigger.DRAFTED, Trigger.APPROVED, Trigger.PLAYED, Trigger.NOTHING),
    DISCOVERY: (Trigger.NOTHING,),
    APPROVAL: (Trigger.APPROVED, Trigger.REJECTED, Trigger.NOTHING),
    OUTBOX: (Trigger.QUEUED, Trigger.BLOCKED, Trigger.NOTHING),
}

_BY_KEY: Final = {(rule.subject, rule.stage, rule.trigger): rule for rule in reversed(RULES)}


def route(subject: SubjectKind, stage: str, trigger: Trigger) -> Route:
    """Where the thread goes next. Total: every combination has an answer."""
    rule = _BY_KEY.get((subject, stage, trigger)) or _BY_KEY.get((subject, ANY, trigger))
    if rule is not None:
        return Route(rule.next, rule.reason)
    if trigger is Trigger.NOTHING:
        return Route(END, "There was nothing left to do.")
    return Route(END, f"No rule for a {subject} in stage {stage} on {trigger}: the thread rests until a person looks.")


def destinations(node: str) -> tuple[str, ...]:
    """Every node that may follow `node`, and END: for LangGraph's drawing and for the reader."""
    triggers = set(EMITS[node])
    found = {rule.next for rule in RULES if rule.trigger in triggers} | {END}
    return tuple(sorted(found))


def entries() -> tuple[str, ...]:
    """Every node that a trigger from the store may enter a thread at."""
    answers = {trigger for emitted in EMITS.values() for trigger in emitted}
    found = {rule.next for rule in RULES if rule.trigger not in answers or rule.next == OUTBOX} | {CRM}
    return tuple(sorted(found - {END}))
