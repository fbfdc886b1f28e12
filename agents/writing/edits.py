"""What a person changed in a draft, as small changes that can be counted. Pure: two texts in, changes out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from agents.drafting.plan import screen
from agents.drafting.text import sentences, words
from agents.drafting.tokens import TokenKind, tokens
from agents.drafting.types import Field
from agents.drafting.wording import words_and_signs
from prompts.marks import without_marks

MAX_WORDS = 6  # of a small change: more is another sentence, and needs a person each time
MAX_SENTENCE_WORDS = 30  # a whole sentence may be left out, or a question be another one
MAX_CHARS = 240
SHORTER_BY = 0.8
_SAME_SENTENCE = 0.5  # of its words: below, it is another sentence
_GREETINGS = frozenset({"hi", "hello", "dear", "hey", "good", "morning", "afternoon"})
_SIGN_OFFS = frozenset({"best", "kind", "warm", "regards", "cheers", "sincerely", "thanks", "thank", "wishes"})
_SOFT = frozenset(
    {"just", "maybe", "perhaps", "really", "very", "quite", "simply", "please", "kindly", "would", "could", "might"}
)
_CONTRACTED = re.compile(r"\w['’](?:m|s|re|ve|ll|d|t)\b", re.IGNORECASE)
_NEVER_FOUND = (TokenKind.NAME, TokenKind.ADDRESS, TokenKind.LINK)


class EditKind(StrEnum):
    SHORTER = "shorter"  # of the whole mail: said of a draft, never a rule
    GREETING = "greeting"
    SIGN_OFF = "sign_off"
    REMOVED_PHRASE = "removed_phrase"
    REPLACED_WORD = "replaced_word"
    TONE = "tone"
    REMOVED_SENTENCE = "removed_sentence"
    CHANGED_QUESTION = "changed_question"
    CORRECTED_FACT = "corrected_fact"  # a number, name, date or link: never a rule
    REWRITTEN = "rewritten"  # too much to be a small change


@dataclass(frozen=True, slots=True)
class Change:
    kind: EditKind
    field: Field
    find: str
    put: str


def changes(before: tuple[str, str], after: tuple[str, str]) -> list[Change]:
    """What differs between two (subject, body), in the order of the text."""
    found = list(_in_sentence("subject", before[0], after[0])) if before[0] != after[0] else []
    found += _in_body(before[1], after[1])
    if len(words(after[1])) < SHORTER_BY * len(words(before[1])):
        found.append(Change(EditKind.SHORTER, "body", "", ""))
    return found


def refused(change: Change) -> str:
    """Why no rule may be made of it; empty: one may. What the gate would find in a draft is not even tried."""
    find, put = change.find, change.put
    if change.kind in (EditKind.SHORTER, EditKind.CORRECTED_FACT, EditKind.REWRITTEN):
        return "It is about this one mail."
    most = MAX_SENTENCE_WORDS if not put or change.kind is EditKind.CHANGED_QUESTION else MAX_WORDS
    if not find.strip() or max(len(find), len(put)) > MAX_CHARS or max(_count(find), _count(put)) > most:
        return "It is not a small change."
    if "\n" in find + put or without_marks(put) != put:
        return "It is more than a line."
    if any(token.kind in _NEVER_FOUND for token in tokens(_plain(find))):
        return "It is about a name or a link."
    if tokens(_plain(put)):
        return "It would put a name, number, date or link."
    asks = change.kind is EditKind.CHANGED_QUESTION
    if put and (why := screen(put.replace("?", "") if asks else put)) is not None:
        return f"What it would put is not fit for a mail: {why}."
    return ""


def token_distance(before: str, after: str) -> int:
    """Words and signs to be put in, taken out or changed: Levenshtein's distance over them."""
    left = [found.group() for found in words_and_signs(before)]
    right = [found.group() for found in words_and_signs(after)]
    # An edit is small: what is the same at both ends need not be compared.
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    same = next((i for i, (one, other) in enumerate(zip(left, right, strict=False)) if one != other), None)
    start = min(len(left), len(right)) if same is None else same
    left, right = left[start:], right[start:]
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, start=1):
        corner, row[0] = row[0], i
        for j, other in enumerate(right, start=1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (one != other))
    return row[-1]


def _in_body(before: str, after: str) -> Iterator[Change]:
    old, new = [piece.text for piece in sentences(before)], [piece.text for piece in sentences(after)]
    for what, i, end, j, other_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        left = list(range(j, other_end))
        for number in range(i, end):
            pair = max(left, key=lambda k: _alike(old[number], new[k]), default=None)
            alike = _alike(old[number], new[pair]) if pair is not None else 0.0
            both_ask = pair is not None and old[number].endswith("?") and new[pair].endswith("?")
            if pair is not None and (alike >= _SAME_SENTENCE or both_ask or _greets(old[number], new[pair])):
                left.remove(pair)
                yield from _in_sentence("body", old[number], new[pair])
            else:
                yield Change(EditKind.REMOVED_SENTENCE, "body", old[number], "")


def _in_sentence(part: Field, before: str, after: str) -> Iterator[Change]:
    if part == "body" and before.endswith("?") and after.endswith("?") and _alike(before, after) < _SAME_SENTENCE:
        yield Change(EditKind.CHANGED_QUESTION, part, before, after)
        return
    old, new = words_and_signs(before), words_and_signs(after)
    left, right = [found.group() for found in old], [found.group() for found in new]
    for what, i, end, j, other_end in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        if what == "insert":  # it needs a word to stand by
            if i > 0:
                i, j = i - 1, j - 1
            elif end < len(old):
                end, other_end = end + 1, other_end + 1
        find, put = _stretch(before, old, i, end), _stretch(after, new, j, other_end)
        yield Change(_kind(before, find, put), part, find, put)


def _stretch(text: str, found: list[re.Match[str]], start: int, end: int) -> str:
    return text[found[start].start() : found[end - 1].end()] if start < end else ""


def _kind(sentence: str, find: str, put: str) -> EditKind:
    removed, added = ({word.text.casefold() for word in words(text)} for text in (find, put))
    if sentence.endswith(",") and (removed | added) & _GREETINGS:
        return EditKind.GREETING
    if (removed | added) & _SIGN_OFFS and len(words(sentence)) <= MAX_WORDS:
        return EditKind.SIGN_OFF
    old, new = _facts(find), _facts(put)
    if old != new:
        return EditKind.CORRECTED_FACT
    if put and max(len(removed), len(added)) > MAX_WORDS:
        return EditKind.REWRITTEN
    soft = (removed ^ added) and (removed ^ added) <= _SOFT
    if soft or bool(_CONTRACTED.search(find)) != bool(_CONTRACTED.search(put)):
        return EditKind.TONE
    return EditKind.REPLACED_WORD if put else EditKind.REMOVED_PHRASE


def _facts(text: str) -> list[str]:
    return sorted(token.text.casefold() for token in tokens(_plain(text)))


def _plain(text: str) -> str:
    """Words of greetings are written with a capital and name nobody."""
    known = _GREETINGS | _SIGN_OFFS
    return " ".join(word.lower() if word.strip(",.").casefold() in known else word for word in text.split(" "))


def _greets(before: str, after: str) -> bool:
    return all(text.endswith(",") and _first(text) in _GREETINGS for text in (before, after))


def _first(text: str) -> str:
    found = words(text)
    return found[0].text.casefold() if found else ""


def _alike(before: str, after: str) -> float:
    left, right = ([found.group() for found in words_and_signs(text)] for text in (before, after))
    return SequenceMatcher(None, left, right, autojunk=False).ratio()


def _count(text: str) -> int:
    return len(words(text))
