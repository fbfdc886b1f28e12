"""STOP, by the words that carriers take for it: the number and the person's consents, in one transaction."""

import re
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from agents.by_phone.queueing import CALL_TASKS, TEXT_TASKS
from agents.context import AgentContext
from store import audit
from store.models import Lead, Task, TaskState
from store.queries import legal_bases, suppression, telephony

# https://help.twilio.com/articles/223134027 (what Twilio itself takes for STOP), the CTIA's words, and the FCC's of
# 47 CFR 64.1200(a)(10); and the same in languages that we read.
_STOPS: Final = frozenset(
    [
        "stop",
        "stopall",
        "stopp",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "revoke",
        "optout",
        "opt-out",
        "remove",
        "abmelden",
        "abbestellen",
        "arret",
        "arrêt",
        "désabonner",
        "baja",
        "alto",
        "cancelar",
        "parar",
        "sair",
        "basta",
        "cancella",
        "stoppa",
    ]
)
_STARTS: Final = frozenset({"start", "unstop", "yes"})
_HELPS: Final = frozenset({"help", "info"})
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
OPT_OUT: Final = "opt_out"


def says_stop(text: str) -> bool:
    """The whole text is such a word, whatever stands around it: "Stop.", "STOP please", "please stop"."""
    words = [word.casefold() for word in _WORD.findall(text[:200])]
    left = [word for word in words if word not in ("please", "bitte", "pls", "now", "all", "me", "texting", "messages")]
    return bool(left) and len(words) <= 4 and all(word in _STOPS for word in left)


def keyword_of(text: str) -> str:
    """stop, start, help, or "": the person's own words."""
    if says_stop(text):
        return "stop"
    words = [word.casefold() for word in _WORD.findall(text[:200])]
    if len(words) == 1 and words[0] in _STARTS:
        return "start"
    return "help" if len(words) == 1 and words[0] in _HELPS else ""


def stop(session: Session, context: AgentContext, e164: str, *, source: str, told_at: object = None) -> list[UUID]:
    """No text and no call at this number again; consents of whoever is reached there are withdrawn; what waits is taken
    back. By OR: nothing here is undone by START. Returns the contacts. Again: changes nothing."""
    clock, key = context.clock, suppression.number_key(context.sealer, e164)
    keys = [(suppression.NUMBER, key)]
    new = suppression.suppress_keys(session, clock, keys, reason=OPT_OUT, source=source[:100])
    contacts = telephony.contacts_of(session, key)
    for contact_id in contacts:
        for channel in ("sms", "phone"):
            legal_bases.withdraw(session, clock, contact_id, by=source[:100], channel=channel)
    telephony.cancel_for(session, contacts, "They said STOP.")
    _drop_tasks(session, contacts)
    if new:
        for contact_id in contacts:
            audit.append(
                session,
                clock,
                context.ids,
                actor="agent:engagement",
                action="contact.number_stopped",
                subject_kind="contact",
                subject_id=contact_id,
                details={"source_kind": source.partition(":")[0]},
            )
    return contacts


def _drop_tasks(session: Session, contacts: list[UUID]) -> None:
    leads = sa.select(col(Lead.id)).where(col(Lead.contact_id).in_(contacts))
    session.execute(
        sa.update(Task)
        .where(
            col(Task.subject_id).in_(leads),
            col(Task.kind).in_((*TEXT_TASKS, *CALL_TASKS)),
            col(Task.state) == TaskState.OPEN,
        )
        .values(state=TaskState.DROPPED)
        .execution_options(synchronize_session="fetch")
    )
