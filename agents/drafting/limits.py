"""How long and how loud a draft may be, by kind: shared by the gate, the prompt and the page."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from agents.drafting.types import DraftKind

MAX_WORDS = 200  # no mail of ours is longer, whatever its kind
FIRST_MAIL_WORDS = 120  # a stranger gives it about thirty seconds
FOLLOW_UP_WORDS = 90  # it stands under the first one
MEETING_WORDS = 110
REPLY_WORDS = 150
INTERVENTION_WORDS = 150
RECAP_WORDS = 200  # it lists what was agreed

MAX_SUBJECT_CHARS = 78  # the length a header line should have (RFC 5322 §2.1.1); phones show half of it
MAX_EXCLAMATIONS = 1
MAX_SHOUTED_WORDS = 2  # words of four or more capitals that no fact has
REWRITTEN_SENTENCE_WORDS = 32
SHORTEST_SENTENCE_WORDS = 3  # of a model


class Limits(NamedTuple):
    words: int
    calls_to_action: int = 1
    needs_call_to_action: bool = True


LIMITS: Mapping[DraftKind, Limits] = MappingProxyType({
    DraftKind.FIRST_MAIL: Limits(FIRST_MAIL_WORDS),
    DraftKind.FOLLOW_UP: Limits(FOLLOW_UP_WORDS),
    # The question and the link to all times ask for the same thing.
    DraftKind.MEETING_PROPOSAL: Limits(MEETING_WORDS, calls_to_action=2),
    DraftKind.REPLY: Limits(REPLY_WORDS, needs_call_to_action=False),
    DraftKind.INTERVENTION: Limits(INTERVENTION_WORDS),
    DraftKind.MISSED_MEETING: Limits(MEETING_WORDS, calls_to_action=2),
    DraftKind.MEETING_RECAP: Limits(RECAP_WORDS, needs_call_to_action=False),
})  # fmt: skip
