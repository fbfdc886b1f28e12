"""A text → the times it names, and what of it must be asked back. Pure: the same answer always."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

from tools.calendar.time_phrases.groups import Grouper, folded
from tools.calendar.time_phrases.items import Length
from tools.calendar.time_phrases.joins import joined
from tools.calendar.time_phrases.lexicon import LANGUAGES, Atom, atoms, plain
from tools.calendar.time_phrases.questions import ask
from tools.calendar.time_phrases.resolve import Asked, Resolver
from tools.calendar.time_phrases.scan import Scanner
from tools.calendar.time_phrases.windows import Ambiguous, Conventions, Times, Why, Window
from tools.calendar.time_phrases.zones import offset_name, zone_of

_MAX_TEXT = 8_000
_MAX_FOUND = 20
_MAX_SENTENCE = 400  # atoms; a longer one is read in pieces, so that a wall of text costs no more than its length
_STRONG = frozenset({"wd", "month", "rel", "tonight", "unit", "part", "daypart", "hourword", "next", "this", "wds"})


def read_times(
    text: str,
    sent_at: datetime,
    *,
    theirs: str | None = "",
    ours: str = "",
    language: str = "",
    conventions: Conventions | None = None,
) -> Times:
    """What a text that somebody wrote says about when to meet.

    `sent_at`: the Date of their mail, aware; "tomorrow" is counted from its day on their clock. `theirs`, `ours`: IANA
    zones of the writer and of who reads ("your time"); empty: their offset in `sent_at` stands in for `theirs`, and
    words that need `ours` are asked back. `theirs` None: nobody knows where they are, so hours without a zone of their
    own are asked back. `language`: ISO 639-1; empty or unknown: told by the words of time.
    At most 20 windows and questions, of the first 8,000 characters. Raises nothing for any text; ValueError for a
    `sent_at` without a zone.
    """
    if sent_at.tzinfo is None:
        raise ValueError("sent_at must have a zone")
    words, places = plain(text[:_MAX_TEXT])
    spoken = language if language in LANGUAGES else _language_of(words)
    unknown = theirs is None
    theirs = theirs if theirs and _exists(theirs) else _offset_of(sent_at)
    ours = ours if ours and _exists(ours) else ""
    conventions = conventions or Conventions()
    local = sent_at.astimezone(zone_of(theirs))
    resolver = Resolver(local, theirs, ours, spoken, conventions, unknown)
    windows: list[Window] = []
    asked: list[Asked] = []
    length: timedelta | None = None
    for sentence in _sentences(atoms(words, spoken), spoken):
        items = joined(Scanner(sentence, local.date(), conventions.month_first, spoken).items(), local)
        minutes = next((one.minutes for one in items if isinstance(one, Length) and one.minutes), 0)
        groups = Grouper(folded(items)).run()
        got = resolver.sentence(groups, minutes)
        windows += got.windows
        asked += got.asked
        if length is None and 0 < minutes <= 8 * 60 and not got.used_length:
            length = timedelta(minutes=minutes)
    back = [_shifted(one, places, text) for one in dict.fromkeys(windows)]
    questions = [_question(one, places, text, spoken) for one in asked]
    return Times(tuple(back[:_MAX_FOUND]), tuple(dict.fromkeys(questions))[:_MAX_FOUND], length, spoken)


def _exists(zone: str) -> bool:
    if not zone:
        return False
    try:
        zone_of(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _offset_of(at: datetime) -> str:
    offset = at.utcoffset() or timedelta()
    if not offset:
        return "UTC"
    minutes = int(abs(offset).total_seconds()) // 60
    return offset_name("+" if offset > timedelta() else "-", minutes // 60, minutes % 60) or "UTC"


def _language_of(words: str) -> str:
    """The language whose words of time stand most often in the text; English where they tie."""
    counted = {name: sum(one.kind in _STRONG for one in atoms(words[:2_000], name)) for name in LANGUAGES}
    return max(counted, key=lambda name: counted[name])


def _sentences(found: list[Atom], language: str) -> list[list[Atom]]:
    """Split where a sentence ends; a dot behind a short name or a number of a day ends none."""
    sentences: list[list[Atom]] = []
    current: list[Atom] = []
    for place, atom in enumerate(found):
        if atom.kind == "stop" and not _inside(found, place, language):
            sentences.append(current)
            current = []
        else:
            current.append(atom)
    sentences.append(current)
    return [one[at : at + _MAX_SENTENCE] for one in sentences for at in range(0, len(one), _MAX_SENTENCE)]


def _inside(found: list[Atom], place: int, language: str) -> bool:
    if found[place].value.strip() != "." or place == 0 or place + 1 >= len(found):
        return False
    before, after = found[place - 1], found[place + 1]
    if before.is_("month", "wd", "mark"):
        return after.kind in ("number", "clock", "ord", "num", "comma", "pair") and len(before.word) <= 4
    if language == "de" and before.kind in ("number", "pair"):
        return after.is_("month", "or", "and", "to", "number", "fill", "comma", "at", "op", "clock", "part", "dash")
    return False


def _shifted(window: Window, places: list[int], text: str) -> Window:
    start, end = places[window.start], places[min(window.end, len(places) - 1) - 1] + 1
    fields = {name: getattr(window, name) for name in Window.__slots__}
    return Window(**{**fields, "start": start, "end": min(end, len(text))})


def _question(asked: Asked, places: list[int], text: str, language: str) -> Ambiguous:
    start, end = places[asked.start], min(places[min(asked.end, len(places) - 1) - 1] + 1, len(text))
    options = tuple(_shifted(one, places, text) for one in asked.options)
    quote = text[start:end] if asked.why is not Why.ZONE_NAME else asked.quote or text[start:end]
    return Ambiguous(start, end, asked.why, ask(asked.why, quote, options, language), options)
