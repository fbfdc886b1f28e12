"""What one person said without another in between, and when each part of it was said."""

import re
from dataclasses import dataclass

from core.errors import Rejected

MOST_TURN = 20_000  # characters: nobody speaks longer in one go; what is longer goes on in another turn
_MOST_NAME = 80
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_PARTICLE = r"(?:von|van|der|den|de|del|della|di|da|du|la|le|el|al|bin|ibn|zu|zum|und|y|e|dos|das|ter|ten)"
_WORD = r"(?:[^\W\d_](?:[\w'’.-]*[\w.])?)"
# "Anna Berg", "Berg, Anna", "Anna Berg (Acme)", "Speaker 3", an address: each word has a capital, or is a particle.
_NAME = re.compile(
    rf"(?:{_WORD}(?:,?\s+(?:{_PARTICLE}|{_WORD}|\d{{1,3}})){{0,5}}(?:\s*(?:\([^()]{{1,60}}\)"
    rf"|\[[^\[\]]{{1,60}}\]|\|[^|]{{1,60}}))?"
    r"|[^\s@:]{1,64}@[^\s@:]{1,200})"
)
# Words before a colon that name no person, whatever their capital says.
_NOT_A_NAME = frozenset(
    [
        "note",
        "notes",
        "question",
        "answer",
        "problem",
        "issue",
        "example",
        "warning",
        "update",
        "summary",
        "agenda",
        "topic",
        "date",
        "time",
        "subject",
        "fact",
        "reason",
        "result",
        "first",
        "second",
        "third",
        "also",
        "but",
        "and",
        "so",
        "then",
        "okay",
        "ok",
        "yes",
        "no",
        "today",
        "tomorrow",
        "system",
        "user",
        "http",
        "https",
        "hinweis",
        "frage",
        "antwort",
        "beispiel",
        "thema",
        "datum",
        "zusammenfassung",
        "problème",
        "réponse",
        "exemple",
        "remarque",
        "nota",
        "pregunta",
        "respuesta",
        "ejemplo",
        "tema",
        "resumen",
        "transcript",
        "transcription",
        "attendees",
        "participants",
        "invited",
        "recording",
        "duration",
    ]
)


@dataclass(frozen=True, slots=True)
class Mark:
    """From character `offset` of a turn on: line `line` (from 1) of the file, `at` seconds in; None: not said."""

    offset: int
    line: int
    at: float | None


@dataclass(frozen=True, slots=True)
class Turn:
    """`speaker` as the file has it; "": it names nobody. `marks`: at least one, in order."""

    speaker: str
    text: str
    marks: tuple[Mark, ...]

    def mark_at(self, offset: int) -> Mark:
        """The one that the character stands under."""
        return next((mark for mark in reversed(self.marks) if mark.offset <= offset), self.marks[0])


def clean(text: str) -> str:
    """One line without control characters and signs that turn the direction of text."""
    return " ".join(_CONTROLS.sub("", text).split())


def named(text: str) -> tuple[str, str]:
    """("Anna Berg", what she says) of "Anna Berg: …"; ("", text): no name stands before a colon."""
    name, colon, said = text.partition(":")
    name = name.strip()
    clock = name[-1:].isdigit() and said[:1].isdigit()  # "Anna Berg 0:02"
    if not colon or clock or said.startswith("//") or not is_name(name):
        return "", text
    return name, said.strip()


def is_name(text: str) -> bool:
    if not text or len(text) > _MOST_NAME or not _NAME.fullmatch(text):
        return False
    if "@" in text:
        return True
    bare = re.split(r"[(\[|]", text)[0]
    words = [word for word in re.findall(r"[^\s,]+", bare) if not word.isdigit()]
    if not words or words[0].casefold() in _NOT_A_NAME:
        return False
    return all(not word.islower() or _is_particle(word) for word in words)


def _is_particle(word: str) -> bool:
    return re.fullmatch(_PARTICLE, word) is not None


class Turns:
    """Gathers what is said, cue by cue; captions that go on with the same speaker are one turn."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._done: list[Turn] = []
        self._speaker = ""
        self._parts: list[str] = []
        self._marks: list[Mark] = []
        self._length = 0

    def say(self, speaker: str, text: str, line: int, at: float | None) -> None:
        """Raises Rejected past the most turns."""
        text = clean(text)
        if not text:
            return
        speaker = clean(speaker)[:_MOST_NAME]
        if self._parts and (speaker != self._speaker or self._length + len(text) > MOST_TURN):
            self._end(line)
        self._speaker = speaker
        for start in range(0, len(text), MOST_TURN):
            piece = text[start : start + MOST_TURN]
            if start:
                self._end(line)
            self._marks.append(Mark(self._length + bool(self._parts), line, at))
            self._length += len(piece) + bool(self._parts)
            self._parts.append(piece)

    def go_on(self, text: str, line: int, at: float | None = None) -> None:
        """The same speaker."""
        self.say(self._speaker, text, line, at if at is not None else (self._marks[-1].at if self._marks else None))

    def open(self, speaker: str) -> None:
        """Who speaks from here on; the words follow."""
        speaker = clean(speaker)[:_MOST_NAME]
        if speaker != self._speaker:
            self._end(0)
        self._speaker = speaker

    @property
    def speaking(self) -> bool:
        """Has anybody been named, or said a word?"""
        return bool(self._speaker or self._parts)

    def all(self) -> tuple[Turn, ...]:
        self._end(0)
        return tuple(self._done)

    def _end(self, line: int) -> None:
        if self._parts:
            if len(self._done) >= self._most:
                raise Rejected(
                    f"The transcript has more than {self._most:,} turns: line {line}.",
                    hint="Split it: one file is one meeting.",
                )
            self._done.append(Turn(self._speaker, " ".join(self._parts), tuple(self._marks)))
        self._parts, self._marks, self._length = [], [], 0
