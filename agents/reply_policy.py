"""What each intent of a reply leads to: data of the policy, with floors that no policy takes away.

Several actions may follow one intent, and several intents may stand in one reply: the first of them, in the order of
`Intent`, says how the thread goes on; the tasks and alerts of the others are made as well.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from tools.mail.intents import Intent


class ReplyAction(StrEnum):
    """In the order in which the first one present decides how the thread goes on."""

    SUPPRESS = "suppress"  # never written to again, by anybody of the workspace
    STOP = "stop"  # the sequence ends
    PAUSE = "pause"  # the sequence waits for the day they named, or a quarter
    PROPOSE_MEETING = "propose_meeting"  # three times are held and proposed
    ANSWER = "answer"  # a suggested answer is drafted, with claims and a gate like any other
    TASK = "task"  # a person gets a task
    ALERT = "alert"  # managers hear of it


_S, _P = ReplyAction.SUPPRESS, ReplyAction.STOP
_T, _A = ReplyAction.TASK, ReplyAction.ALERT

# GDPR Art. 17 and 21, CAN-SPAM § 7704(a)(4), and a letter from a lawyer: who says this is left alone, whatever a
# policy says.
FLOORS: Final[Mapping[Intent, frozenset[ReplyAction]]] = {
    Intent.OPT_OUT: frozenset({_S, _P}),
    Intent.ERASURE: frozenset({_S, _P, _T}),
    Intent.LEGAL_THREAT: frozenset({_S, _P, _A}),
}
CAREFUL: Final[Mapping[Intent, frozenset[ReplyAction]]] = {
    Intent.OPT_OUT: frozenset({_S, _P}),
    Intent.ERASURE: frozenset({_S, _P, _T}),
    Intent.LEGAL_THREAT: frozenset({_S, _P, _T, _A}),
    Intent.HOSTILE: frozenset({_P, _A}),
    Intent.WRONG_PERSON: frozenset({_P, _T}),
    Intent.ALREADY_CUSTOMER: frozenset({_P, _T}),
    Intent.NEGATIVE: frozenset({_P}),
    Intent.NOT_NOW: frozenset({ReplyAction.PAUSE}),
    Intent.REFERRAL: frozenset({ReplyAction.ANSWER, _T}),
    Intent.WANTS_MEETING: frozenset({ReplyAction.PROPOSE_MEETING}),
    Intent.INTERESTED: frozenset({ReplyAction.PROPOSE_MEETING}),
    Intent.QUESTION: frozenset({ReplyAction.ANSWER, _T}),
    Intent.OBJECTION: frozenset({ReplyAction.ANSWER, _T}),
    Intent.UNKNOWN: frozenset({ReplyAction.ANSWER, _T}),
}
# What cannot follow: an answer to somebody who is not written to any more, times for somebody who said no.
_AFTER_THE_END: Final = frozenset({ReplyAction.ANSWER, ReplyAction.PROPOSE_MEETING, ReplyAction.PAUSE})


def in_order(actions: Iterable[ReplyAction]) -> list[ReplyAction]:
    found = set(actions)
    return [action for action in ReplyAction if action in found]


def actions_on(chosen: Mapping[Intent, Iterable[ReplyAction]], intent: Intent) -> list[ReplyAction]:
    """What follows this intent: what was chosen, or the careful default, and its floor in any case."""
    found = frozenset(chosen.get(intent, CAREFUL[intent])) | FLOORS.get(intent, frozenset())
    if found & {_S, _P}:
        found -= _AFTER_THE_END
    return in_order(found) or [_T]  # a reply that leads to nothing would be lost: a person reads it


def below_floor(chosen: Mapping[Intent, Iterable[ReplyAction]]) -> list[str]:
    """Floors that somebody tries to take away, in words."""
    return [
        f"{intent.value} always leads to {', '.join(action.value for action in in_order(floor))}"
        for intent, floor in FLOORS.items()
        if intent in chosen and not floor <= frozenset(chosen[intent])
    ]
