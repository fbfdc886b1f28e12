"""Hours: from atoms to clocks, as they were written. Which half of the day it is decides who puts them together."""

from tools.calendar.time_phrases.items import Clock
from tools.calendar.time_phrases.lexicon import Atom

_THOUSANDS = frozenset(["hundred", "thousand", "million", "hundert", "tausend", "cent", "mille", "cien", "mil"])
_FRACTIONS = {
    "half": 30, "quarter": 15, "quarterpast": 15, "quarterto": 45, "dreiviertel": 45, "threequarters": 45,
}  # fmt: skip
_FIVES = (5, 10, 15, 20, 25)
_LONG_CLOCK = 24  # languages whose clock runs to 24 in writing


def number_of(atoms: list[Atom], place: int) -> tuple[int, int] | None:
    """A number in figures or words ("twenty one" too), at most two thousand, and the place after it."""
    if not 0 <= place < len(atoms):
        return None
    atom = atoms[place]
    if place + 1 < len(atoms) and atoms[place + 1].word in _THOUSANDS:
        return None
    if atom.kind == "number":
        return int(atom.value), place + 1
    if not atom.is_("num"):
        return None
    number = int(atom.as_("num"))
    if number in (20, 30, 40, 50) and place + 1 < len(atoms) and atoms[place + 1].is_("num"):
        unit = int(atoms[place + 1].as_("num"))
        if unit < 10 and atoms[place + 1].word not in ("a", "an"):
            return number + unit, place + 2
    return number, place + 1


def clock_at(atoms: list[Atom], place: int, language: str) -> tuple[Clock, int] | None:
    """The hour that begins at `place`, and the place after it; None where there is none."""
    for rule in (_word, _fraction, _written, _numbers):
        read = rule(atoms, place, language)
        if read is not None:
            clock, after = read
            return _closed(atoms, clock, after, language)
    return None


def _is(atoms: list[Atom], place: int, *kinds: str) -> bool:
    return 0 <= place < len(atoms) and atoms[place].is_(*kinds)


def _closed(atoms: list[Atom], clock: Clock, after: int, language: str) -> tuple[Clock, int] | None:
    """The mark behind an hour: am, pm, Uhr, heures, o'clock; and "et demie", "y media" behind that."""
    if clock.hour > 24 or clock.minute > 59 or (clock.hour == 24 and clock.minute):
        return None
    begins = next((at for at in range(after - 1, -1, -1) if atoms[at].start == clock.start), after - 1)
    hours = _is(atoms, after, "hourword") and not (language == "en" and atoms[after].is_("unit"))
    if hours or hour_letter(atoms, begins, after, language):
        clock.end, clock.bare, after = atoms[after].end, False, after + 1
        read = number_of(atoms, after)
        if (
            read is not None
            and language in ("de", "fr", "nl")
            and clock.minute == 0
            and read[0] < 60
            and atoms[after - 1].end + 1 >= atoms[after].start
            and not _is(atoms, read[1], "hourword", "unit", "month", "part", "mark")
        ):
            clock.minute, clock.end, after = read[0], atoms[read[1] - 1].end, read[1]
    if _is(atoms, after, "frac") and clock.minute == 0:
        kind = atoms[after].as_("frac")
        shift = {"halfafter": 30, "quarterafter": 15, "quarterbefore": -15}.get(str(kind))
        if shift is not None:
            clock.hour, clock.minute = (clock.hour, shift) if shift > 0 else ((clock.hour - 1) % 24, 45)
            clock.end, clock.bare, after = atoms[after].end, False, after + 1
    if _is(atoms, after, "mark"):
        if not 1 <= clock.hour <= 12 and clock.half != "24":
            return None
        if clock.hour > 12 and clock.minute == 0 and ":" not in atoms[after - 1].word:
            return None  # "13 pm": of 1-3 pm, or of 13:00
        if clock.hour > 12:
            clock.half = "24"
        else:
            clock.half = str(atoms[after].value)
            clock.hour = clock.hour % 12 + (12 if clock.half == "pm" else 0)
        clock.end, clock.bare, after = atoms[after].end, False, after + 1
        if _is(atoms, after, "mark"):  # "7ampm"
            return None
    if clock.hour == 24:
        clock.hour = 0
    if _is(atoms, after, "ish"):
        clock.around, clock.bare, clock.end, after = True, False, atoms[after].end, after + 1
    if clock.half == "" and (clock.hour > 12 or clock.hour == 0):
        clock.half = "24"
    return clock, after


def _ranged(atoms: list[Atom], place: int) -> bool:
    """ "0900-1700": four figures on both sides of the dash."""

    def four(at: int) -> bool:
        return 0 <= at < len(atoms) and atoms[at].kind == "number" and len(atoms[at].word) == 4

    opened = four(place - 2) and (_is(atoms, place - 3, "op") or _is(atoms, place - 1, "dash"))
    return (_is(atoms, place + 1, "dash") and four(place + 2)) or (_is(atoms, place - 1, "and", "dash") and opened)


def hour_letter(atoms: list[Atom], place: int, after: int, language: str) -> bool:
    """ "16h", "at 9h", "15:30h"; "for 8 h" says how long. `place`: of the number, `after`: of the letter."""
    if language != "en" or not (0 < after < len(atoms)) or atoms[after].word not in ("h", "hrs", "hours"):
        return False
    before = atoms[place - 1].word if place else ""
    counted = _is(atoms, place - 1, "in", "within", "next", "of") or before in ("for", "of", "lasting", "every")
    stuck = atoms[after].start == atoms[after - 1].end
    if atoms[after].word != "h" and not counted:  # "19:00 hours", "1900 hrs", "at 19 hrs"
        four = atoms[place].kind == "number" and len(atoms[place].word) == 4
        return atoms[place].kind == "clock" or four or (_is(atoms, place - 1, "at") and atoms[place].kind == "number")
    if counted or not stuck:
        return False
    hour = atoms[place].value if atoms[place].kind == "number" else 0
    told = _is(atoms, place - 1, "at", "op", "to", "dash", "around", "wd")
    return atoms[place].kind == "clock" or 12 < hour < 24 or (told and hour < 24)


def _word(atoms: list[Atom], place: int, language: str) -> tuple[Clock, int] | None:
    """noon, midnight; "12 noon" is noon as well."""
    shift = 1 if _is(atoms, place, "number") and atoms[place].value == 12 and _is(atoms, place + 1, "clock") else 0
    atom = atoms[place + shift] if place + shift < len(atoms) else None
    if atom is None or atom.kind != "clock" or atom.value not in ("12:00", "00:00") or atom.word[:1].isdigit():
        return None
    if language == "fr" and _is(atoms, place + shift + 1, "frac"):
        clock = Clock(atoms[place].start, atom.end, 12 if atom.value == "12:00" else 0, 30, half="24")
        return clock, place + shift + 2
    return Clock(atoms[place].start, atom.end, int(atom.value[:2]), 0, half="24"), place + shift + 1


def _fraction(atoms: list[Atom], place: int, language: str) -> tuple[Clock, int] | None:
    """half past seven, quarter to four, 20 past eight; halb vier, Viertel nach drei, dreiviertel vier."""
    if _is(atoms, place, "frac"):
        kind = str(atoms[place].as_("frac"))
        told = _hour_told(atoms, place + 1)
        if told is None:
            return None
        hour, after = told[0], told[1]
        minute = _FRACTIONS.get(kind)
        if minute is None or (kind == "half" and language == "en" and atoms[place].word != "half past"):
            return None
        if kind in ("quarterto", "dreiviertel") or (kind == "half" and language in ("de", "nl")):
            hour = (hour - 2) % 12 + 1
        return Clock(atoms[place].start, atoms[after - 1].end, hour, minute), after
    read = number_of(atoms, place)
    if read is None or language not in ("en", "nl", "de"):
        return None
    half = _beside_half(atoms, place, read, language)
    if half is not None:
        return half
    after = read[1] + (1 if _is(atoms, read[1], "unit") and atoms[read[1]].as_("unit") == "minute" else 0)
    word = atoms[after].word if after < len(atoms) else ""
    told = _hour_told(atoms, after + 1)
    if told is None or not 1 <= read[0] <= 59:
        return None
    if word in ("past", "over") or (word in ("after", "nach") and read[0] in _FIVES):
        return Clock(atoms[place].start, atoms[told[1] - 1].end, told[0], read[0], half=told[2]), told[1]
    before = word in ("to", "before", "till", "voor", "vor")
    # "ten to noon"; "nine to five" is a range
    if before and (told[2] or word in ("voor", "vor")) and read[0] in _FIVES:
        return Clock(atoms[place].start, atoms[told[1] - 1].end, (told[0] - 2) % 12 + 1, 60 - read[0], half=""), told[1]
    return None


def _beside_half(atoms: list[Atom], place: int, read: tuple[int, int], language: str) -> tuple[Clock, int] | None:
    """ "fünf vor halb vier", "tien over half drie"."""
    word = atoms[read[1]].word if read[1] < len(atoms) else ""
    at = read[1] + 1
    if language == "en" or word not in ("vor", "voor", "nach", "over") or not _is(atoms, at, "frac"):
        return None
    hour = number_of(atoms, at + 1)
    if atoms[at].as_("frac") != "half" or hour is None or not 1 <= hour[0] <= 12 or read[0] > 15:
        return None
    minute = 30 + read[0] * (-1 if word in ("vor", "voor") else 1)
    return Clock(atoms[place].start, atoms[hour[1] - 1].end, (hour[0] - 2) % 12 + 1, minute), hour[1]


def _hour_told(atoms: list[Atom], place: int) -> tuple[int, int, str] | None:
    """The hour that minutes are counted from: a number from 1 to 12, or noon."""
    if _is(atoms, place, "clock") and atoms[place].value == "12:00" and not atoms[place].word[:1].isdigit():
        return 12, place + 1, "24"
    read = number_of(atoms, place)
    return (read[0], read[1], "") if read is not None and 1 <= read[0] <= 12 else None


def _written(atoms: list[Atom], place: int, language: str) -> tuple[Clock, int] | None:
    """15:30, 15h30, 8.30."""
    atom = atoms[place]
    if atom.kind not in ("clock", "pair") or not atom.word[:1].isdigit():
        return None
    text = atom.word.replace("h", ":").replace(".", ":").replace(" ", "")
    hour, minute, *rest = text.split(":") if ":" in text else (text, "99")
    second = int(rest[0]) if rest and rest[0].isdigit() and int(rest[0]) < 60 else 0
    if len(minute) != 2 or int(minute) > 59 or int(hour) > 24:
        return None
    bare = atom.kind == "pair" and not _is(atoms, place + 1, "mark", "hourword")
    half = "24" if int(hour) > 12 or int(hour) == 0 or (hour[0] == "0" and len(hour) == 2) else ""
    return Clock(atom.start, atom.end, int(hour), int(minute), second, half, bare), place + 1


def _numbers(atoms: list[Atom], place: int, language: str) -> tuple[Clock, int] | None:
    """3pm, 15 Uhr, three thirty, 1140 a.m., 0730; a number by itself is bare."""
    read = number_of(atoms, place)
    if read is None or atoms[place].word in ("a", "an", "un", "une", "una", "ein", "eine", "einen", "einer", "einem"):
        return None
    number, after = read
    atom = atoms[place]
    if atom.kind == "number" and len(atom.word) in (3, 4) and number % 100 < 60:
        marked = _is(atoms, after, "mark") or hour_letter(atoms, place, after, language)
        if not marked and not (
            _is(atoms, place - 1, "at")
            or (len(atom.word) == 4 and (_is(atoms, place - 1, "op", "to", "dash") or _ranged(atoms, place)))
        ):
            return None
        if not marked and 1900 <= number <= 2100:
            return None
        half = "24" if number >= 1300 or atom.word[0] == "0" else ""
        return Clock(atom.start, atom.end, number // 100, number % 100, 0, half, not marked), after
    if number > _LONG_CLOCK:
        return None
    if atom.is_("num") and language == "en":
        minutes = number_of(atoms, after)
        if (
            minutes is not None
            and 10 <= minutes[0] < 60
            and atoms[after].is_("num")
            and not _is(atoms, minutes[1], "unit")
        ):
            return Clock(atom.start, atoms[minutes[1] - 1].end, number, minutes[0]), minutes[1]
    half = "24" if number > 12 or number == 0 or (atom.word[0] == "0" and len(atom.word) == 2) else ""
    return Clock(atom.start, atoms[after - 1].end, number, 0, 0, half, bare=True), after
