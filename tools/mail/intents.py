"""What a reply wants, by rules, several wants at once, each with the words that decided.

A lexicon instead of a model, because an opt-out must be honoured when no model answers, and because it can be read.
A sentence that refuses wishes for nothing: "not interested" is never interest, nor "no time for a call" a meeting.
"""

import re
import unicodedata
from dataclasses import dataclass

from tools.mail.intent_lexicon import Intent, rules_of
from tools.mail.intent_words_of_leaving import without_keeps

__all__ = ["Intent", "IntentHit", "read_intents"]


@dataclass(frozen=True, slots=True)
class IntentHit:
    intent: Intent
    quote: str  # the sentence that decided, at most 200 characters; tainted


# Rights that somebody exercises: not when they deny it, nor when they speak of somebody else's.
_RIGHTS = (Intent.OPT_OUT, Intent.ERASURE, Intent.LEGAL_THREAT)
_REFUSALS = (
    Intent.OPT_OUT,
    Intent.ERASURE,
    Intent.LEGAL_THREAT,
    Intent.HOSTILE,
    Intent.WRONG_PERSON,
    Intent.NEGATIVE,
    Intent.NOT_NOW,
)
# A sentence: short enough that no rule runs away on a wall of text.
_SENTENCE = re.compile(r"[^.!?\n]{1,400}[.!?]*")
_SHORTHAND = ((r"\bplz\b|\bpls\b", "please"), (r"\bw/\s", "with "), (r"\bu\b", "you"), (r"\bthx\b", "thanks"))
_OPT_OUT_SUBJECT = re.compile(
    r"(?:please )?(?:un-?subscribe(?: me| \S{20,})?|abmelden|abmeldung|désabonnement|désinscription|baja|darme de baja"
    r"|opt[- ]?out|remove me|stop)[.!]*",
    re.IGNORECASE,
)
# A line that a mail program broke: it is long, and does not end a sentence.
_SOFT_BREAK = re.compile(r"(?<=[^\n]{40})(?<![.!?:])\n(?=[^\s>*-])")
_URL = re.compile(r"https?://\S+")


def read_intents(text: str, subject: str = "") -> tuple[IntentHit, ...]:
    """Every intent with the sentence that decided, in the order of `Intent`. UNKNOWN alone when no rule speaks.

    `subject` counts for opt-outs only: the rest of it is usually ours.
    """
    hits: dict[Intent, IntentHit] = {}
    if _is_opt_out_subject(subject):
        hits[Intent.OPT_OUT] = IntentHit(Intent.OPT_OUT, subject.strip()[:200])
    for match in _SENTENCE.finditer(_SOFT_BREAK.sub(" ", text[:20_000])):
        sentence = match.group().strip()
        if sentence:
            for intent in _intents_of(sentence):
                hits.setdefault(intent, IntentHit(intent, sentence[:200]))
    if not hits:
        return (IntentHit(Intent.UNKNOWN, ""),)
    return tuple(hits[intent] for intent in Intent if intent in hits)


def _intents_of(sentence: str) -> list[Intent]:
    words = _normalised(sentence)
    wishes = without_keeps(words)
    found = [
        intent
        for intent in Intent
        if any(rule.search(wishes if intent in _RIGHTS else words) for rule in rules_of(intent))
    ]
    if any(intent in _REFUSALS for intent in found):
        found = [intent for intent in found if intent not in (Intent.INTERESTED, Intent.WANTS_MEETING)]
    return found


def _normalised(sentence: str) -> str:
    text = unicodedata.normalize("NFKC", sentence).translate({0x2019: "'", 0x2018: "'", 0x2032: "'"})
    for pattern, replacement in _SHORTHAND:
        text = re.sub(pattern, replacement, text, flags=re.IGNORECASE)
    return _URL.sub("https://", " ".join(text.split()))


def _is_opt_out_subject(subject: str) -> bool:
    """The whole subject says so: a part of it may be the subject of our own mail."""
    bare = re.sub(r"^(?:(?:re|aw|fwd?|wg|sv|antw|rv|tr)\s*:\s*)+", "", subject.strip(), flags=re.IGNORECASE)
    return _OPT_OUT_SUBJECT.fullmatch(bare) is not None
