"""Text → atoms: words, numbers and clocks with what they mean for time, whatever the language.

Each alternative of the one pattern is of bounded length, and matching goes forward only, so that reading costs time in
proportion to the text. A phrase of several words wins over a shorter one.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from tools.calendar.time_phrases import words_de, words_en, words_es, words_fr, words_it, words_nl
from tools.calendar.time_phrases.zones import NAMED, SEVERAL, cities

LANGUAGES = {
    "en": words_en.WORDS, "de": words_de.WORDS, "fr": words_fr.WORDS, "es": words_es.WORDS, "it": words_it.WORDS,
    "nl": words_nl.WORDS,
}  # fmt: skip
_COMPOUNDS = {"de": words_de.COMPOUNDS, "nl": words_nl.COMPOUNDS}
# "Dec.15", "16.Nov", "Tue,9am", "Nov 16,2016"
_STUCK = re.compile(
    r"(?<=[^\W\d_]{3})[.,](?=\d)|(?<=\d)\.(?=[^\W\d_]{3})|(?<=[\w ]\d{2}),(?=(?:19|20)\d\d\b)|(?<!\w)'(?=s\s)"
)
_INVISIBLE = frozenset(["Cf", "Cc", "Mn"])
_LONGEST_PHRASE = 5
_TOKEN = re.compile(
    r"(?P<iso>(?<!\d)\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)|(?<![\w.,/-])20\d\d(?P<b> ?)[01]\d(?P=b)[0-3]\d(?![\w/]))"
    r"|(?P<date>(?<![\d.])\d{1,2}\s?(?P<s>[./-])\s?\d{1,2}\s?(?P=s)\s?(?:\d{4}|\d\d)(?![\d/]|-(?!\d{1,2}[./-]\d)))"
    r"|(?P<monthyear>(?<![\d/.-])(?:\d{1,2}[/-]20\d\d|20\d\d[/-]\d{1,2})(?![\d/.:-]))"
    r"|(?P<money>[$€£]\s?\d[\d.,]*)"
    r"|(?P<offset>\b(?:utc|gmt)\s?[+-]\s?\d{1,2}(?::?\d\d)?(?!\d)|(?<=\s)[+-]\d\d:?\d\d(?!\d))"
    r"|(?P<clock>(?<![\d.,])\d{1,2}(?:\s?:\s?|\s?h\s?(?=\d))\d\d(?::\d\d)?(?![\d%]))"
    r"|(?P<pair>(?<![\d.,])\d{1,2}[./]\d{1,2}(?![\d%/]|\.\d|,\d{3}))"
    r"|(?P<mark>(?<=[\d\s])[ap]\s?\.?\s?m(?![^\W\d_])\.?)"
    r"|(?P<short>(?<=\d)[ap](?![^\W_])(?:m\b)?)"
    r"|(?P<ordinal>(?<![\d.,])\d{1,2}\s?(?:st|nd|rd|th|er|º|ª)(?![^\W\d_]))"
    r"|(?P<number>(?<![\d.,])\d{1,4}(?![\d%]|[.,]\d))"
    r"|(?P<figure>\d[\d.,/%-]*)"
    r"|(?P<word>w/c\b|[^\W\d_]+(?:['-][^\W\d_]+)*'?)"
    r"|(?P<dash>\s?[-~\u2013\u2014]+\s?)"
    r"|(?P<stop>\n\s*\n|[.!?;](?=\s|$)|\n\s*[*•-])"
    r"|(?P<comma>[,():\n/])"
    r"|(?P<sign>(?<![\w/<>])[<>]=?(?![<>])|[@$€&=])"
    r"|(?P<other>[^\s])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Atom:
    kind: str
    value: Any
    start: int
    end: int
    word: str = ""
    also: tuple[tuple[str, str], ...] = ()  # other meanings: "of" and "in", "at" and "to"

    def is_(self, *kinds: str) -> bool:
        return self.kind in kinds or any(kind in kinds for kind, _ in self.also)

    def as_(self, kind: str) -> Any:
        return self.value if self.kind == kind else next((value for name, value in self.also if name == kind), None)


@cache
def phrases(language: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """Phrase → its meanings, those of the first lines first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in LANGUAGES[language].strip().replace("\n  |", " |").splitlines():
        kind, value, listed = line.split(" ", 2)
        for phrase in listed.split("|"):
            meanings = found.setdefault(" ".join(phrase.split()), [])
            if (kind, value) not in meanings:
                meanings.append((kind, value))
    for word, (day, part) in _COMPOUNDS.get(language, {}).items():
        found.setdefault(word, [("daypart", f"{day} {part}")])
    for name, zone in NAMED.items():
        if (name not in found and name not in ("et", "est", "mt", "ct", "z", "west", "pt")) or language == "en":
            found.setdefault(name, [("zone", zone)])
    for name in SEVERAL:
        if language == "en" or name not in ("ist",):
            found.setdefault(name, [("zones", name)])
    return {phrase: tuple(meanings) for phrase, meanings in found.items()}


def plain(text: str) -> tuple[str, list[int]]:
    """The text with one form for each character, and for each character left where it stood before.

    Invisible and direction marks are gone, digits of any script are 0–9, typographic signs are the plain ones.
    """
    kept: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if ord(character) < 128:
            if character >= " " or character in "\n\t":
                kept.append(character)
                places.append(place)
            continue
        category = unicodedata.category(character)
        if category in _INVISIBLE:
            if category == "Mn" and kept:  # an accent written by itself
                joined = unicodedata.normalize("NFC", kept[-1] + character)
                kept[-1] = joined if len(joined) == 1 else kept[-1]
            continue
        digit = unicodedata.digit(character, None) if category == "Nd" else None
        form = str(digit) if digit is not None else _FORMS.get(character) or unicodedata.normalize("NFKC", character)
        for one in form:
            kept.append(one)
            places.append(place)
    places.append(len(text))
    return "".join(kept), places


_FORMS = {
    "’": "'",
    "‘": "'",
    "′": "'",
    "ʼ": "'",
    "：": ":",
    "\u00a0": " ",
    "\u2013": "-",
    "\u2014": "-",
    "º": "º",
    "ª": "ª",
}


def atoms(text: str, language: str) -> list[Atom]:
    """Every atom of a plain text, in order; words without a meaning are atoms of kind "word"."""
    table = phrases(language)
    text = _STUCK.sub(" ", text)
    known = _known_words(language)
    tokens = [token for match in _TOKEN.finditer(text) for token in _tokens(match, known)]
    found: list[Atom] = []
    place = 0
    while place < len(tokens):
        atom, taken = _phrase(tokens, place, table)
        if atom is None:
            atom, taken = _single(tokens[place]), 1
        if found and found[-1].is_("afternext") and found[-1].word == "after next" and atom.is_("unit", "wd", "month"):
            found[-1:] = _after_next(found[-1])
        found.append(atom)
        place += taken
    return found


def _after_next(atom: Atom) -> list[Atom]:
    """ "after next week" begins where next week ends; "the week after next" is another."""
    cut = atom.start + len("after")
    return [Atom("op", "after", atom.start, cut, "after"), Atom("next", "-", cut + 1, atom.end, "next")]


# "so", "do", "mi", "sun" and "jeu" are words of their own as well: a day only in capitals and before a dot or figures.
_SHORT_DAYS = frozenset(
    [
        "mo",
        "di",
        "mi",
        "do",
        "fr",
        "sa",
        "so",
        "sun",
        "sat",
        "jeu",
        "lun",
        "ven",
        "ma",
        "wo",
        "vr",
        "za",
        "zo",
        "dom",
        "gio",
    ]
)


def _stands_for_a_day(tokens: list["Token"], place: int) -> bool:
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    figures = ("stop", "number", "clock", "date", "pair", "ordinal", "iso", "mark")
    close = following is None or following.kind in figures or following.text in (",", "/", "(", ")")
    return tokens[place].text[0].isupper() and close


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


@cache
def _known_words(language: str) -> frozenset[str]:
    return frozenset(word for phrase in phrases(language) for word in phrase.split())


def _kind_of(match: re.Match[str]) -> str:
    return next(name for name, found in match.groupdict().items() if found is not None and len(name) > 1)


def _tokens(match: re.Match[str], known: frozenset[str]) -> Iterator[Token]:
    """A match is a token; of a word with hyphens that is none of ours, each part ("mid-November")."""
    kind, text, start = _kind_of(match), match.group(), match.start()
    if kind != "word" or "-" not in text or text.casefold() in known:
        yield Token(kind, text, start, match.end())
        return
    for number, part in enumerate(text.split("-")):
        if number and not _one_number(text):
            yield Token("dash", "-", start - 1, start)
        yield Token("word", part, start, start + len(part))
        start += len(part) + 1


_TENS = ("twenty", "thirty", "forty", "fifty")
_MINUTES = ("ten", "fifteen", "twenty", "thirty", "forty", "fifty")


def _one_number(text: str) -> bool:
    """ "twenty-one" is a number and "three-thirty" an hour; "Monday-Friday" is a range."""
    first, *rest = text.casefold().split("-")
    return first in _TENS or (bool(rest) and rest[0] in _MINUTES)


def _phrase(tokens: list[Token], place: int, table: dict[str, tuple[tuple[str, str], ...]]) -> tuple[Any, int]:
    words: list[str] = []
    best: tuple[Any, int] = (None, 0)
    for taken, token in enumerate(tokens[place : place + _LONGEST_PHRASE], start=1):
        if token.kind not in ("word", "sign", "mark", "short") and not (words and token.text == "\n"):
            break
        if token.text == "\n":
            continue
        words.append(token.text.casefold())
        meanings = table.get(" ".join(words))
        if (
            meanings
            and meanings[0][0] == "wd"
            and taken == 1
            and words[0] in _SHORT_DAYS
            and not _stands_for_a_day(tokens, place)
        ):
            continue
        if meanings:
            start, end = tokens[place].start, token.end
            atom = Atom(meanings[0][0], meanings[0][1], start, end, " ".join(words), meanings[1:])
            best = (atom, taken)
    if best[0] is None and words:
        best = _city(tokens, place)
    return best


def _city(tokens: list[Token], place: int) -> tuple[Any, int]:
    """A city is a zone only where the word time stands beside it ("Berlin time", "heure de Paris"): zones.py."""
    for taken in (3, 2, 1):
        listed = tokens[place : place + taken]
        if len(listed) == taken and all(one.kind == "word" for one in listed):
            name = " ".join(one.text.casefold() for one in listed)
            # "Londoner Zeit", "Londense tijd"
            name = name if name in cities() or not name.endswith(("er", "se")) else name[:-2]
            if name in cities():
                return Atom("city", cities()[name], listed[0].start, listed[-1].end, name), taken
    return None, 0


def _single(token: Token) -> Atom:
    kind, text = token.kind, token.text
    value: Any = text
    if kind == "number":
        value = int(text)
    elif kind == "ordinal":
        kind, value = "ord", int(re.sub(r"\D", "", text))
    elif kind in ("mark", "short"):
        kind, value = "mark", text[0].casefold() + "m"
    return Atom(kind, value, token.start, token.end, text.casefold())
