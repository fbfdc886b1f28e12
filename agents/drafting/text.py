"""Sentences, words and normal forms: how the gate reads text."""

import re
import unicodedata
from dataclasses import dataclass

from agents.drafting.words import STARTERS

_ABBREVIATIONS = frozenset(
    "inc ltd co corp llc dr mr mrs ms st no vs e.g i.e etc approx gmbh jr sr u.s u.k a.m p.m".split()  # noqa: SIM905
)
_BREAK = re.compile(r"[.!?]+[”\"’')\]]*(?=\s+)")
_QUOTED = re.compile(r"[“\"„«]([^“”\"„«»\n]+)[”\"“»]")
_WORD = re.compile(r"[^\W_](?:\w|[’'&.+#/-](?=\w))*[+#]*")
# English prose of this length without one of its commonest words is not English prose.
_LANGUAGE_SAMPLE_WORDS = 6
_COMMON_ENGLISH = frozenset(
    "a an and are as at be by for from has have i in is it of on or our that the this to we with".split()  # noqa: SIM905
)
_QUOTE_MARKS = str.maketrans("", "", "“”\"„«»‘’'`")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text with its place: `end` is exclusive."""

    text: str
    start: int
    end: int


def sentences(text: str) -> list[Piece]:
    """Sentences in order, whitespace trimmed. A line break always ends one: greetings have no full stop."""
    found: list[Piece] = []
    offset = 0
    for line in text.split("\n"):
        start = 0
        for mark in _BREAK.finditer(line):
            before = line[start : mark.start()].rsplit(None, 1)
            last = before[-1].lower().lstrip("(“\"'") if before else ""
            abbreviated = last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha() and last != "i")
            following = _WORD.search(line, mark.end())
            # "Series C. After …" ends a sentence although "J. Smith" does not: the next word tells.
            ends = following is None or following.group().lower() in STARTERS
            if mark.group().startswith(".") and abbreviated and not ends:
                continue
            _append(found, line, start, mark.end(), offset)
            start = mark.end()
        _append(found, line, start, len(line), offset)
        offset += len(line) + 1
    return found


def _append(found: list[Piece], line: str, start: int, end: int, offset: int) -> None:
    raw = line[start:end]
    text = raw.strip()
    if text:
        begin = offset + start + (len(raw) - len(raw.lstrip()))
        found.append(Piece(text, begin, begin + len(text)))


def words(text: str) -> list[Piece]:
    return [Piece(found.group(), found.start(), found.end()) for found in _WORD.finditer(text)]


def quotations(text: str) -> list[Piece]:
    """What stands in quotation marks, without them."""
    return [Piece(found.group(1), found.start(1), found.end(1)) for found in _QUOTED.finditer(text)]


def normal(text: str) -> str:
    """For comparing: compatibility form, case folded, no quotation marks, one space between words."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_QUOTE_MARKS)
    return " ".join(folded.split())


def contains(haystack: str, needle: str) -> bool:
    """Is `needle` in `haystack` as whole words? Both in normal form. An empty needle is in nothing."""
    position = haystack.find(needle) if needle else -1
    while position >= 0:
        end = position + len(needle)
        left = position == 0 or not (haystack[position - 1].isalnum() and needle[0].isalnum())
        right = end == len(haystack) or not (haystack[end].isalnum() and needle[-1].isalnum())
        if left and right:
            return True
        position = haystack.find(needle, position + 1)
    return False


def stem(word: str) -> str:
    """A crude English stem, enough to match 'hires' with 'hiring'."""
    base = word.casefold().replace("’", "'").removesuffix("'s")
    for ending in ("ations", "ation", "ings", "ing", "ies", "ers", "ed", "er", "es", "s", "e", "y"):
        if base.endswith(ending) and len(base) - len(ending) >= 3:
            return base.removesuffix(ending)
    return base


def reads_as_english(text: str) -> bool:
    """False only for a passage long enough to tell. Names and short phrases have no language of their own."""
    said = [word.text.casefold() for word in words(text)]
    return len(said) < _LANGUAGE_SAMPLE_WORDS or not _COMMON_ENGLISH.isdisjoint(said)


def one_line(text: str) -> str:
    return " ".join(text.split())


def bad_characters(text: str) -> list[Piece]:
    """Control, format (zero-width, bidi), private-use and unassigned characters; a line feed is none of these."""
    return [
        Piece(character, index, index + 1)
        for index, character in enumerate(text)
        if character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp")
    ]


def scripts(word: str) -> set[str]:
    """The alphabets a word's letters come from, as Unicode names them: LATIN, CYRILLIC, GREEK …"""
    return {
        unicodedata.name(letter, "UNKNOWN").split()[0] for letter in word if letter.isalpha() and letter not in "ªºµ"
    }
