"""Plain text: "Anna Berg: …" on a line, or a line of a name and a time with the words below it (Teams, Otter, Zoom)."""

import re
from collections.abc import Sequence
from typing import Final

from tools.transcripts.turns import Turns, is_name, named

_CLOCK = r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)(?:[.,]\d{1,3})?(?:\s*[ap]\.?m\.?)?"
_TIME: Final = re.compile(rf"[\[(]?{_CLOCK}[\])]?", re.I)
_BEFORE: Final = re.compile(rf"[\[(]?{_CLOCK}[\])]?\s*[-–—:]?\s+(?=\S)", re.I)
_AFTER: Final = re.compile(rf"^(.{{1,80}}?)\s*[-–—,|]?\s*[\[(]?{_CLOCK}[\])]?\s*(:?)\s*(.*)$", re.I)


def read_lines(lines: Sequence[str], turns: Turns) -> None:
    """What stands before the first name is a heading, and nobody said it."""
    at: float | None = None
    for number, line in enumerate(lines, start=1):
        text = line.strip().lstrip("-*•>").strip().replace("**", "")
        if not text:
            continue
        if alone := _TIME.fullmatch(text):
            at = _seconds(*alone.groups()[:3])
            continue
        if before := _BEFORE.match(text):
            stamped = text[before.end() :]
            if named(stamped)[0] or is_name(stamped):
                at, text = _seconds(*before.groups()[:3]), stamped
        speaker, said = named(text)
        if speaker:
            turns.say(speaker, said, number, at) if said else turns.open(speaker)
            continue
        header = _AFTER.match(text)
        if header is not None and is_name(header[1].strip("[]() :")) and (header[5] or not header[6]):
            at = _seconds(header[2], header[3], header[4])
            turns.open(header[1].strip("[]() :"))
            if header[6]:
                turns.go_on(header[6], number, at)
            continue
        if turns.speaking:
            turns.go_on(text, number, at)


def _seconds(hours: str | None, minutes: str, seconds: str) -> float:
    return float(int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds))
